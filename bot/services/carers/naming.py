"""Names the person that an answer is about, in an answer to a carer.

Called by `bot.services.transcript` for every answer from a record, so that none goes without.
"""

from __future__ import annotations

from bot.language.sentences import sentence
from bot.records.carer_models import CarerAccess

FOR_PERSON = "utter_for_person"
NAME_THEMSELVES = frozenset(
    {"utter_carer_asking_for", "utter_carer_one_person", "utter_carer_appointments_only"}
)
"""Answers that say the name in their own words."""
UNNAMED = "@term_person_asked_for"
"""In place of a given name that the record doesn't say."""


def name_of(access: CarerAccess) -> str:
    """The given name, no more of it on any channel."""
    return access.patient.given_name or UNNAMED


def opening_line(access: CarerAccess, language: str) -> str:
    """ "For Amina:" in a language."""
    return sentence(FOR_PERSON, language, {"person": name_of(access)}).text
