"""How much a channel tells from the record: "all", or "little".

Little is where a referral stands, its dates and the next step, without what names the hospital or
the kind of care: no hospital, specialty, clinic, address, phone number, or words the hospital
wrote (design.md, section 6). Pure; applied by `services.explain_referral` before and after
`answers`, and by `services.updates`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from bot.pathway.facts import ReferralFacts
from bot.pathway.lines import Line

Level = Literal["little", "all"]
Told = Literal["news", "little", "all"]
"""What an update tells: "news" is only that there is news."""

UNNAMED = {
    name: f"{name}_unnamed"
    for name in (
        "utter_status_to_book",
        "utter_status_hospital_to_book",
        "utter_status_in_triage",
        "utter_status_accepted_to_book",
        "utter_status_waiting_list",
        "utter_status_booked",
        "utter_status_admission_booked",
        "utter_appointment_visit",
        "utter_appointment_remote",
    )
}
"""Sentences that name the hospital or the kind of care, and those that say the rest of them."""
NAMES = ("provider", "specialty")


def told_by_update(*, on_page: bool, verified: bool) -> Told:
    """How much an update tells a conversation.

    Args:
        on_page: the web page; else a messenger, on a phone that its owner locks.
        verified: an identity session of the same patient runs in the conversation.

    "all" goes from the page when the patient signs out. A messenger is told "little" whatever it
    is told in answers: those are taken back half an hour after the last word, and an update would
    be gone before it is read.

    >>> told_by_update(on_page=True, verified=False)
    'news'
    """
    if not on_page:
        return "little"
    return "all" if verified else "news"


def told_facts(facts: ReferralFacts, level: Level) -> ReferralFacts:
    """The facts that answers of this level may be made of. What is left out reads as if the
    record didn't say it: "see your letter"."""
    if level == "all":
        return facts
    appointment = facts.appointment
    if appointment is not None:
        appointment = replace(appointment, clinic=None, address=None, instructions=None)
    return replace(
        facts,
        specialty_code=None,
        specialty=None,
        provider=None,
        referrer=None,
        gp_contact=None,
        hospital_contact=None,
        appointment=appointment,
    )


def told_lines(lines: list[Line], level: Level) -> list[Line]:
    """The lines without a place for a name that is not told."""
    if level == "all":
        return lines
    return [_unnamed(line) for line in lines]


def _unnamed(line: Line) -> Line:
    values = {name: value for name, value in line.values.items() if name not in NAMES}
    return Line(UNNAMED.get(line.response, line.response), values)
