"""The exception tree. Every message says what failed, for which opaque id, and what to do next."""

from __future__ import annotations


class WaymarkError(Exception):
    """Base of all errors that Waymark raises on purpose."""


class SettingsError(WaymarkError):
    """A setting is missing or wrong; the message names the variable and the remedy."""


class SetupError(WaymarkError):
    """Something that set-up should have made is missing; the message names the command to run."""


class NotFound(WaymarkError):
    """No such row within the caller's scope. Missing and forbidden look alike."""


class NotVerified(WaymarkError):
    """The conversation has no running identity session."""


class Refused(WaymarkError):
    """An identity check did not succeed; the reason is never told apart to the outside."""


class UnreadableInput(WaymarkError):
    """A file, catalogue or payload cannot be used; the message says where and why."""
