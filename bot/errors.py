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


class AlreadyClaimed(WaymarkError):
    """Another coordinator holds the hand-off; `by` is their first name, None when it is closed."""

    def __init__(self, message: str, by: str | None = None) -> None:
        super().__init__(message)
        self.by = by


class NotHolder(WaymarkError):
    """Only the coordinator who holds the hand-off may do this."""


class StaffError(WaymarkError):
    """An account or team can't be made or changed as asked; the message says why."""


class TranslationFailed(WaymarkError):
    """A free text was not translated: show the original with a notice, and don't wait.

    reason:
        "none": no translator is set up; "slow", "down": it did not answer in time or at all;
        "busy": it is not asked for now, or asks for fewer requests; "unsupported": it doesn't
        take this language or this text; "nonsense": its answer can't be a translation.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The text was not translated ({reason}). Show the original.")
        self.reason = reason
