"""The bilingual transcript: each message as the patient has it, with English beside it.

Called by `bot.console.chat` inside its transaction; `_message.html.j2` shows the entries. A
sealed identifier becomes a piece of its own, which the holder may reveal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.console.message_sides import Side, from_patient, from_staff, from_waymark
from bot.console.words import RED_FLAG_CARDS
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.pathway.red_flags import Outcome
from bot.records.chat_models import Handoff, Message
from bot.records.identity_models import IdentitySession
from bot.records.staff_models import MessageTranslation, Staff
from bot.records.staff_queries import translations_for
from bot.services.known_patient import KnownPatient
from bot.services.transcript import CARD_PREFIX


@dataclass(frozen=True)
class Entry:
    """One message.

    english: None when the original is English, or when `missing` says why there is none.
    retry: the translation failed and may be asked for again. marks: what stands out about it.
    hidden: it tells from a record that isn't this hand-off's patient's.
    """

    id: int
    seq: int
    revision: int
    sender: str
    who: str
    at: datetime
    original: Side
    english: Side | None
    missing: str | None = None
    retry: bool = False
    marks: tuple[str, ...] = ()
    undelivered: bool = False
    from_record: bool = False
    hidden: bool = False

    @property
    def said(self) -> str:
        """Who says what, in English where there is any: for a screen reader."""
        side = self.english or self.original
        parts = (
            f"[{piece.identifier}]" if piece.identifier else piece.text for piece in side.pieces
        )
        return f"{self.who}: {''.join(parts)}"

    @property
    def digest(self) -> str:
        """Changes when anything that is shown does."""
        return f"{crc32(repr(self).encode()):08x}"


def entries(
    session: Session, handoff: Handoff, messages: list[Message], known: KnownPatient | None
) -> list[Entry]:
    """The messages as entries, in their order."""
    ids = [row.id for row in messages]
    languages = {row.language for row in messages if row.sender == "coordinator" and row.language}
    to_patient: dict[int, MessageTranslation] = {}
    for language in languages - {SOURCE_LANGUAGE}:
        to_patient |= translations_for(session, ids, language)
    to_english = translations_for(session, ids, SOURCE_LANGUAGE)
    names = _authors(session, messages)
    owners = _owners(session, messages)
    return [
        _entry(row, handoff, known, owners, names, to_english.get(row.id), to_patient.get(row.id))
        for row in messages
    ]


def _authors(session: Session, messages: list[Message]) -> dict[str, str]:
    """Names of the staff who wrote, by id."""
    ids = {row.staff_id for row in messages} - {None}
    rows = session.execute(select(Staff).where(Staff.id.in_(ids))).scalars()
    return {staff.id: f"{staff.first_name} {staff.family_name}" for staff in rows}


def _owners(session: Session, messages: list[Message]) -> dict[str, str]:
    """Whose record the answers in a transcript are from: patients by identity session."""
    ids = {row.identity_session_id for row in messages} - {None}
    rows = session.execute(select(IdentitySession).where(IdentitySession.id.in_(ids))).scalars()
    return {row.id: row.patient_id for row in rows}


def _entry(
    row: Message,
    handoff: Handoff,
    known: KnownPatient | None,
    owners: dict[str, str],
    names: dict[str, str],
    to_english: MessageTranslation | None,
    to_patient: MessageTranslation | None,
) -> Entry:
    private = row.identity_session_id is not None
    hidden = private and not _may_be_read(row, known, owners[row.identity_session_id])
    if row.sender == "patient":
        original, english, missing = from_patient(row, handoff, to_english)
    elif row.sender == "coordinator":
        original, english, missing = from_staff(row, handoff, to_patient)
    else:
        original, english, missing = from_waymark(row)
    if hidden:
        original, english, missing = Side("", (), {}), None, None
    return Entry(
        id=row.id,
        seq=row.seq,
        revision=row.revision,
        sender=row.sender,
        who=_who(row, names),
        at=row.created_at,
        original=original,
        english=english,
        missing=missing,
        retry=to_english is not None and to_english.state == "failed" and not hidden,
        marks=_marks(row),
        undelivered=row.status == "queued",
        from_record=private and row.sender == "bot",
        hidden=hidden,
    )


def _may_be_read(row: Message, known: KnownPatient | None, owner: str) -> bool:
    """Answers from a record only while it is known whose hand-off this is; a colleague's message
    unless it went to somebody else."""
    if known is None:
        return row.sender != "bot"
    return owner == known.patient.id


def _who(row: Message, names: dict[str, str]) -> str:
    if row.sender == "patient":
        return "Patient"
    if row.sender == "coordinator":
        return names.get(row.staff_id or "", "A coordinator")
    return "Waymark (automatic)"


def _marks(row: Message) -> tuple[str, ...]:
    marks = []
    flag = row.red_flag or {}
    if flag.get("outcome") == Outcome.CARD.value:
        card = RED_FLAG_CARDS.get(flag.get("card", ""), "emergency")
        marks.append(f"Red flag: {card}")
    elif flag.get("outcome") == Outcome.ASK.value:
        marks.append("Possible red flag: the patient was asked")
    if any(name.startswith(CARD_PREFIX) for name in (row.response or "").split(",")):
        marks.append("Emergency card")
    if flag.get("too_long"):
        marks.append("Cut: it was longer than can be kept")
    return tuple(marks)
