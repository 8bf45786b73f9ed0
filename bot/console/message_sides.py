"""The two sides of a message: as the patient has it, and in English; or why there is none.

Called by `bot.console.transcript`. Where a text comes from is always said: written by somebody,
from the catalogues, or by a machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.console.words import IDENTIFIERS, fault, language_name, provider_name, writing
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.language.identifiers import TOKEN
from bot.language.identify import words_of
from bot.records.chat_models import Handoff, Message
from bot.records.staff_models import MessageTranslation
from bot.services.reveal import NEVER_SHOWN
from bot.settings import get_settings

EXACT = "Waymark's own English"


@dataclass(frozen=True)
class Piece:
    """A part of a text; with `identifier` it stands for a sealed value: what kind it is.

    token: what to ask for to see the value; None: it is never shown.
    """

    text: str = ""
    identifier: str | None = None
    token: str | None = None


@dataclass(frozen=True)
class Side:
    """A text in one language. writing: its `lang` and `dir`."""

    label: str
    pieces: tuple[Piece, ...]
    writing: dict[str, str]


Sides = tuple[Side, "Side | None", "str | None"]
"""The original, the English, and what is said in place of a missing one."""


def from_patient(row: Message, handoff: Handoff, translation: MessageTranslation | None) -> Sides:
    """What the patient wrote, or the quick reply that they pressed."""
    language = row.language or handoff.conversation.language
    quick_reply = row.payload is not None
    label = f"{'Quick reply' if quick_reply else 'As written'}, {language_name(language)}"
    # A quick reply is our own sentence; what is typed may be in any language.
    side = Side(label, pieces(row.text), writing(language) if quick_reply else {"dir": "auto"})
    if row.english:
        return side, _english(EXACT, row.english), None
    if translation is not None and translation.state == "done":
        return side, _machine(translation.text or "", translation, SOURCE_LANGUAGE), None
    if translation is not None:
        return side, None, _why_none(translation)
    settings = get_settings()
    if (language or settings.default_language) == SOURCE_LANGUAGE or not words_of(row.text):
        return side, None, None
    none = settings.translator == "none"
    return side, None, "No translator is configured." if none else "Not translated yet."


def from_staff(row: Message, handoff: Handoff, translation: MessageTranslation | None) -> Sides:
    """What a coordinator wrote: as the patient reads it, and the English original."""
    if row.language == SOURCE_LANGUAGE:
        spoken = handoff.conversation.language
        other = spoken not in (None, SOURCE_LANGUAGE)
        label = (
            f"Sent in English: the patient reads {language_name(spoken)}" if other else "English"
        )
        return Side(label, pieces(row.text), writing(SOURCE_LANGUAGE)), None, None
    if translation is not None:
        side = _machine(row.text, translation, row.language)
        return side, _english("As written, English", row.english or ""), None
    label = f"Canned reply, {language_name(row.language)}"
    side = Side(label, pieces(row.text), writing(row.language))
    return side, _english(EXACT, row.english or ""), None


def from_waymark(row: Message) -> Sides:
    """What the assistant said; its English is exact, not a translation of the translation."""
    side = Side(language_name(row.language), pieces(row.text), writing(row.language))
    if row.language == SOURCE_LANGUAGE:
        return side, None, None
    if row.english is None:
        return side, None, "The English of this older message is not stored."
    return side, _english(EXACT, row.english), None


def _english(label: str, text: str) -> Side:
    return Side(label, pieces(text), writing(SOURCE_LANGUAGE))


def _machine(text: str, translation: MessageTranslation, language: str) -> Side:
    made_by = f"Machine translation ({provider_name(translation.provider)})"
    return Side(f"{made_by}, {language_name(language)}", pieces(text), writing(language))


def _why_none(translation: MessageTranslation) -> str:
    if translation.state == "pending":
        return "Being translated …"
    return f"Not translated: {fault(translation.reason)}."


def pieces(text: str) -> tuple[Piece, ...]:
    """A text parted at its sealed identifiers.

    >>> [piece.identifier or piece.text for piece in pieces("My number is [nhs-number#8646].")]
    ['My number is ', 'NHS number', '.']
    """
    found: list[Piece] = []
    position = 0
    for match in TOKEN.finditer(text):
        if match.start() > position:
            found.append(Piece(text[position : match.start()]))
        token = None if match[1] in NEVER_SHOWN else match[0]
        found.append(Piece(identifier=IDENTIFIERS[match[1]], token=token))
        position = match.end()
    if position < len(text):
        found.append(Piece(text[position:]))
    return tuple(found)
