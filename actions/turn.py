"""What the actions share: the turn's conversation, its moment, and ways to answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.pathway.lines import Line
from bot.records.base import utc_now

IDENTITY_FORM = "identity_form"


def now() -> datetime:
    """The moment of this turn, in UTC."""
    return utc_now()


def intent_of(tracker: Tracker) -> str:
    """The newest message's intent."""
    return str((tracker.latest_message.get("intent") or {}).get("name"))


def entity_of(tracker: Tracker, entity: str) -> str | None:
    """The newest message's value of an entity; None when it has none."""
    return next(tracker.get_latest_entity_values(entity), None)


def in_form(tracker: Tracker) -> bool:
    """True while the patient is being asked who they are."""
    return (tracker.active_loop or {}).get("name") == IDENTITY_FORM


def text_of(tracker: Tracker) -> str:
    """The newest message's text, identifiers sealed."""
    return tracker.latest_message.get("text") or ""


def say(
    dispatcher: CollectingDispatcher,
    *names: str,
    values: dict[str, Any] | None = None,
    choices: Iterable[dict[str, Any]] = (),
    private: bool = False,
    language: str | None = None,
    attachment: str | None = None,
) -> None:
    """One message of one or several responses, each a paragraph.

    Args:
        private: it tells something from the record.
        language: when it is not the conversation's so far.
        attachment: what goes with it, "calendar:" and an appointment's id.
    """
    first, *also = names
    dispatcher.utter_message(
        response=first,
        also=also,
        values=values or {},
        choices=list(choices),
        private=private,
        language=language,
        attachment=attachment,
    )


def say_lines(
    dispatcher: CollectingDispatcher,
    lines: list[Line],
    *before: str,
    after: Iterable[str] = (),
    choices: Iterable[dict[str, Any]] = (),
) -> None:
    """One message of the pathway's lines: an answer from the record."""
    values: dict[str, Any] = {}
    for line in lines:
        values |= line.values
    names = [*before, *(line.response for line in lines), *after]
    say(dispatcher, *names, values=values, choices=choices, private=True)


def typed_words(tracker: Tracker) -> str:
    """The newest message as it was typed, identifiers sealed; "" for a quick reply."""
    text = text_of(tracker)
    return "" if text.startswith("/") else text


def last_said(tracker: Tracker) -> str | None:
    """The response (its last paragraph) that the bot said last."""
    said = last_message(tracker)
    return said[-1] if said else None


def last_message(tracker: Tracker) -> list[str]:
    """The responses, each a paragraph, of the bot's newest message."""
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            made = (event.get("metadata") or {}).get("answer") or {}
            return list(made.get("responses") or [])
    return []
