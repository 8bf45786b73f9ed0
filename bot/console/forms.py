"""What coordinators fill in beside a chat, checked field by field.

Errors stand beside their fields and nothing typed is lost; the services check once more.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import DateField, Form, IntegerField, RadioField, SelectField, StringField
from wtforms import TextAreaField as TextArea
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from bot.console.words import CALL_STATES, LEFT_WITH, VERIFIED_BY
from bot.language.dates import find_dates
from bot.language.identifiers import POSTCODE, valid_nhs_number
from bot.pathway.folding import digits_to_ascii
from bot.records.base import utc_now
from bot.services.identity import Claim
from bot.services.interpreters import LONGEST_MINUTES

TEXT_LENGTH = 4000
NAME_LENGTH = 100
REFERENCE_LENGTH = 60


def _stripped(value: str | None) -> str:
    return (value or "").strip()


class TransferForm(Form):
    """To whom, and why. `to`: "staff:<id>" or "team:<id>"."""

    to = SelectField("Transfer to", [DataRequired("Choose a colleague or a team.")])
    note = TextArea(
        "What your colleague needs to know",
        [DataRequired("Write what your colleague needs to know."), Length(max=TEXT_LENGTH)],
        filters=[_stripped],
    )


class ResolveForm(Form):
    """What was done, who owns what is left, by when."""

    done = TextArea(
        "What was done",
        [DataRequired("Write what was done."), Length(max=TEXT_LENGTH)],
        filters=[_stripped],
    )
    left_with = RadioField(
        "Who owns what is left",
        [InputRequired("Choose who owns what is left.")],
        choices=list(LEFT_WITH.items()),
    )
    left_due_on = DateField("By when", [Optional()])

    def validate(self, extra_validators: Any = None) -> bool:
        """A day is needed for what is left, and it lies ahead."""
        good = bool(super().validate(extra_validators))
        left = self.left_with.data not in (None, "nobody")
        problem = ""
        if self.left_due_on.errors:
            problem = "Write the date as a day, such as 31 5 2026."
        elif left and self.left_due_on.data is None:
            problem = "Say by when the rest should be done."
        elif left and self.left_due_on.data < utc_now().date():
            problem = "Choose today or a later day."
        if problem:
            self.left_due_on.errors = [problem]
        return good and not problem


class NoteForm(Form):
    """A note for colleagues."""

    text = TextArea(
        "Note for colleagues",
        [DataRequired("Write something into the note first."), Length(max=TEXT_LENGTH)],
        filters=[_stripped],
    )


class VerifyForm(Form):
    """Who the patient is, and how the coordinator made sure."""

    nhs_number = StringField("NHS number", [Optional()], filters=[_stripped])
    family_name = StringField("Family name", [Optional(), Length(max=NAME_LENGTH)])
    birth_date = StringField(
        "Date of birth", [DataRequired("Write the date of birth.")], filters=[_stripped]
    )
    postcode = StringField("Postcode", [DataRequired("Write the postcode.")], filters=[_stripped])
    way = RadioField(
        "How you made sure who it is",
        [InputRequired("Say how you made sure who it is.")],
        choices=list(VERIFIED_BY.items()),
    )

    def claim(self) -> Claim | None:
        """Who they say they are; None, with errors beside the fields, when it can't be read."""
        good = self.validate()
        number = digits_to_ascii(self.nhs_number.data).replace(" ", "").replace("-", "")
        if number and not valid_nhs_number(number):
            self.nhs_number.errors = ["This is not an NHS number: it has 10 digits."]
        elif not number and not _stripped(self.family_name.data):
            self.nhs_number.errors = ["Write the NHS number, or the family name."]
        born = read_birth_date(self.birth_date.data) if self.birth_date.data else None
        if self.birth_date.data and born is None:
            self.birth_date.errors = ["Write day, month and year, such as 3 5 1961."]
        if self.postcode.data and not POSTCODE.fullmatch(self.postcode.data):
            self.postcode.errors = ["Write the whole postcode, such as SE17 1AA."]
        wrong = any(field.errors for field in self)
        if not good or wrong or born is None:
            return None
        return Claim(
            born,
            nhs_number=number or None,
            family_name=None if number else self.family_name.data,
            postcode=" ".join(self.postcode.data.upper().split()),
        )


def read_birth_date(text: str) -> date | None:
    """A whole date as people write it; None: it can't be read."""
    found = find_dates(text, utc_now().date(), compact=True)
    return found[0].value if len(found) == 1 else None


class CallForm(Form):
    """What became of an interpreter call."""

    state = SelectField(
        "What happened",
        choices=[(code, word) for code, word in CALL_STATES.items() if code != "requested"],
    )
    provider = StringField("Interpreting service", [Optional(), Length(max=NAME_LENGTH)])
    reference = StringField("Reference", [Optional(), Length(max=REFERENCE_LENGTH)])
    minutes = IntegerField(
        "Minutes",
        [
            Optional(),
            NumberRange(1, LONGEST_MINUTES, f"Write a number from 1 to {LONGEST_MINUTES}."),
        ],
    )
