"""One page for a verified patient to take along or to be read to: where each referral stands.

Called by the console. The sentences are those of the chat (`bot.pathway.answers`), in the
patient's language from the catalogues, with the English ones beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.errors import NotVerified
from bot.language.catalogues import SOURCE_LANGUAGE, direction, get_catalogues
from bot.language.sentences import sentence
from bot.pathway import answers, lines
from bot.pathway.facts import ReferralFacts
from bot.pathway.limits import DATED, working_day
from bot.pathway.lines import Line
from bot.pathway.states import State
from bot.records import queries
from bot.records.models import Patient
from bot.records.staff_models import Staff
from bot.records.staff_queries import handoff_of
from bot.services.audit import audit
from bot.services.explain_referral import (
    facts_of,
    lone_appointment_of,
    lone_facts_of,
    site_intervals,
)
from bot.services.known_patient import KnownPatient, known_patient
from bot.settings import get_settings

WITH_APPOINTMENT = DATED | {State.APPOINTMENT_OFFERED, State.CHANGE_PENDING}

EVERYTHING = "all"
"""The scope of a carer who may read all that the patient may."""


@dataclass(frozen=True)
class Paragraph:
    """A sentence in the patient's language and in English."""

    text: str
    english: str


@dataclass(frozen=True)
class Part:
    """One referral; heading: None when nothing is seen."""

    heading: Paragraph | None
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class StatusSheet:
    """The page: a part for each referral, the most urgent first.

    until: when the patient's identity session ended; None: verified now.
    """

    patient: Patient
    language: str
    direction: str
    parts: tuple[Part, ...]
    until: datetime | None


def status_sheet(session: Session, staff: Staff, handoff_id: str, now: datetime) -> StatusSheet:
    """The sheet of a hand-off's patient; making it is audited.

    Raises:
        NotFound: none that this person may see.
        NotVerified: nobody knows whose record it would be.
    """
    handoff = handoff_of(session, staff, handoff_id)
    known = known_patient(session, handoff, now)
    if known is None:
        raise NotVerified("The patient isn't verified. Verify them first; then print the status.")
    access = known.identity.carer_access
    if access is not None and access.scope != EVERYTHING:
        raise NotVerified("This person may ask about appointments only. Tell them by mouth.")
    wanted = handoff.conversation.language or known.patient.language or SOURCE_LANGUAGE
    language = wanted if wanted in get_catalogues().states else SOURCE_LANGUAGE
    here = now.astimezone(ZoneInfo(get_settings().time_zone))
    audit(session, f"staff:{staff.id}", "status_sheet_made", "handoff", handoff.id)
    return StatusSheet(
        known.patient,
        language,
        direction(language),
        tuple(_parts(session, known, here, language)),
        known.until,
    )


def _parts(session: Session, known: KnownPatient, here: datetime, language: str) -> list[Part]:
    """`here`: now, in the site's time zone."""
    parts = []
    for referral in queries.referrals_of(session, known.identity):
        facts = facts_of(session, known.identity, referral, here)
        parts.append(Part(_heading(facts, language), _said(facts, here, language)))
    lone = None if parts else lone_appointment_of(session, known.identity, here)
    if lone is not None:
        facts = lone_facts_of(session, known.identity, lone)
        parts.append(Part(_heading(facts, language), _said(facts, here, language)))
    if not parts:
        ask_by = working_day(here.date()).isoformat()
        unseen = Line("utter_no_referral", {"chase_on": ask_by})
        parts.append(Part(None, (_paragraph(unseen, language),)))
    return parts


def _heading(facts: ReferralFacts, language: str) -> Paragraph:
    named: dict[str, lines.Value] = {
        "provider": lines.provider(facts),
        "specialty": lines.specialty(facts),
    }
    if facts.referred_on is None:
        return _paragraph(Line("button_referral_undated", named), language)
    month = facts.referred_on.isoformat()
    return _paragraph(Line("button_referral", {**named, "month": month}), language)


def _said(facts: ReferralFacts, here: datetime, language: str) -> tuple[Paragraph, ...]:
    dated = facts.appointment is not None and facts.state in WITH_APPOINTMENT
    explain = answers.appointment_answer if dated else answers.status_answer
    return tuple(_paragraph(line, language) for line in explain(facts, here, site_intervals()))


def _paragraph(line: Line, language: str) -> Paragraph:
    return Paragraph(
        sentence(line.response, language, line.values).text,
        sentence(line.response, SOURCE_LANGUAGE, line.values).text,
    )
