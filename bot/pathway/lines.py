"""One line of an answer, and the lines that every answer about a referral ends with.

Called by `answers`; `language/render` turns a line into the patient's language. A value that
starts with `@` is the name of a response to be rendered in its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from bot.pathway.facts import AppointmentFacts, Contact, ReferralFacts
from bot.pathway.limits import DATED, Holder
from bot.pathway.next_step import NextStep
from bot.pathway.states import State

Value = str | int | float | list[str]

# The treatment functions that have everyday words (`term_specialty_<code>`).
SPECIALTIES = frozenset(
    {
        "C_100",
        "C_101",
        "C_110",
        "C_120",
        "C_130",
        "C_140",
        "C_150",
        "C_160",
        "C_170",
        "C_300",
        "C_301",
        "C_320",
        "C_330",
        "C_340",
        "C_400",
        "C_410",
        "C_430",
        "C_502",
        "X03",
        "X04",
    }
)
# Names of clinics and teams can hold the label that no patient is told by a machine.
_LABEL = re.compile(r"2\s*-?\s*ww|(two|2)[\s-]*week|cancer|oncolog|tumou?r", re.IGNORECASE)
# The patient may well manage without the GP practice: "if you need help", not "call".
NEEDS_NO_CALL = frozenset({State.TO_BOOK, State.DISCHARGED, State.CANNOT_SEE})


@dataclass(frozen=True)
class Line:
    """A paragraph of one chat message: a response's name and its values, JSON-able.

    Dates and datetimes are ISO strings, weeks int, a percentage float 0 to 1, a list one of names.
    """

    response: str
    values: dict[str, Value] = field(default_factory=dict)


def shown(text: str | None, fallback: str) -> str:
    """Text of the record that may be shown, or the fallback term.

    >>> shown("Triage - 2WW", "@term_see_letter")
    '@term_see_letter'
    """
    clean = " ".join((text or "").split()).lstrip("@ ")
    return fallback if not clean or _LABEL.search(clean) else clean


def provider(facts: ReferralFacts) -> str:
    """The hospital's name, or the term for "the hospital"."""
    return shown(facts.provider, "@term_the_hospital")


def specialty(facts: ReferralFacts) -> str:
    """Treatment function code with everyday words, else "other"."""
    return facts.specialty_code if facts.specialty_code in SPECIALTIES else "other"


def starts_at(appointment: AppointmentFacts, now: datetime) -> str | None:
    """ISO datetime in the site's time zone; None without a date."""
    start = appointment.starts_at
    return None if start is None else start.astimezone(now.tzinfo).isoformat()


def contact_of(facts: ReferralFacts, whom: Holder) -> Contact | None:
    """The contact of the GP practice or the hospital; None: not in the record."""
    return facts.hospital_contact if whom is Holder.HOSPITAL else facts.gp_contact


def phone_of(facts: ReferralFacts, whom: Holder) -> str:
    """A phone number, or the term that says where to look for it."""
    contact = contact_of(facts, whom)
    fallback = "@term_phone_hospital" if whom is Holder.HOSPITAL else "@term_phone_gp"
    return shown(contact.phone if contact else None, fallback)


def cannot_come_by(facts: ReferralFacts, step: NextStep) -> bool:
    """Whether `chase_on` is the day to say "I cannot come" to an appointment with a date."""
    has_date = facts.appointment is not None and facts.appointment.starts_at is not None
    return facts.state in DATED and has_date and not step.past


def chase_line(facts: ReferralFacts, step: NextStep) -> Line:
    """By when to call, whom, and what to do if it gets worse."""
    values: dict[str, Value] = {
        "chase_on": step.chase_on.isoformat(),
        "phone": phone_of(facts, step.chase_whom),
    }
    if cannot_come_by(facts, step):
        return Line("utter_chase_cannot_come", values)
    whom = "hospital" if step.chase_whom is Holder.HOSPITAL else "gp"
    return Line(f"utter_chase_{whom}_{_kind(step)}", values)


def _kind(step: NextStep) -> str:
    if step.urgent and step.state is not State.DISCHARGED:
        if step.call_today:
            return "urgent_today"
        return "urgent_overdue" if step.overdue else "urgent"
    if step.call_today:
        return "today"
    if step.overdue:
        return "overdue"
    if step.state in NEEDS_NO_CALL:
        return "help"
    return "act" if step.patient_acts else "wait"


def checked_line(facts: ReferralFacts, step: NextStep, now: datetime) -> Line:
    """How old the record is; a stale one adds that it may have changed."""
    checked = facts.checked_at.astimezone(now.tzinfo).date().isoformat()
    return Line("utter_checked_stale" if step.stale else "utter_checked", {"checked": checked})
