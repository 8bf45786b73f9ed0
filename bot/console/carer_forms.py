"""What staff fill in about who may ask for a patient, checked field by field.

`bot.services.carers.recording` checks once more.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from wtforms import DateField, Form, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from bot.console.forms import NAME_LENGTH, read_birth_date
from bot.console.words import BASES, SCOPES, WITHDRAWAL_REASONS
from bot.language.identifiers import POSTCODE
from bot.pathway.carer_rules import (
    CONSENT,
    LONGEST_REVIEW_MONTHS,
    USUAL_REVIEW_MONTHS,
    basis_holds,
    months_after,
)
from bot.pathway.folding import digits_to_ascii
from bot.services.carers.recording import CarerDetails, Consent, wrong_age

PHONE = re.compile(r"\+?[\d ()-]{10,25}")
LEAST_DIGITS, MOST_DIGITS = 10, 15
YES, NO = "yes", "no"


def _stripped(value: str | None) -> str:
    return " ".join((value or "").split())


class AccessForm(Form):
    """Who may ask for the patient, by what right, and how the patient was asked."""

    given_name = StringField(
        "Given name",
        [DataRequired("Write the given name."), Length(max=NAME_LENGTH)],
        filters=[_stripped],
    )
    family_name = StringField(
        "Family name",
        [DataRequired("Write the family name."), Length(max=NAME_LENGTH)],
        filters=[_stripped],
    )
    birth_date = StringField(
        "Date of birth", [DataRequired("Write the date of birth.")], filters=[_stripped]
    )
    postcode = StringField("Postcode", [DataRequired("Write the postcode.")], filters=[_stripped])
    phone = StringField(
        "Mobile phone", [DataRequired("Write the phone number.")], filters=[_stripped]
    )
    basis = RadioField(
        "By what right", [InputRequired("Choose by what right.")], choices=list(BASES.items())
    )
    scope = RadioField(
        "What may be told",
        [InputRequired("Choose what may be told.")],
        choices=list(SCOPES.items()),
    )
    review_on = DateField("Review date")
    asked_alone = RadioField(
        "I asked the patient alone",
        [InputRequired("Say whether you asked the patient alone.")],
        choices=[(YES, "Yes"), (NO, "No")],
    )
    interpreter_used = RadioField(
        "With a professional interpreter where one was needed",
        [InputRequired("Say whether a professional interpreter was there, if one was needed.")],
        choices=[(YES, "Yes, or none was needed"), (NO, "No")],
    )

    def suggest(self, today: date) -> None:
        """The usual review date."""
        self.review_on.data = months_after(today, USUAL_REVIEW_MONTHS)

    def recorded(self, born: date | None, today: date) -> tuple[CarerDetails, Consent] | None:
        """What it says; None, with errors beside the fields, when it can't be taken so.

        Args:
            born: the patient's date of birth.
        """
        good = self.validate()
        own_birth = self._birth_date(today)
        self._check_phone_and_postcode()
        self._check_consent(born, today)
        if not good or own_birth is None or self.problems():
            return None
        details = CarerDetails(
            self.given_name.data,
            self.family_name.data,
            own_birth,
            self.postcode.data.upper(),
            self.phone.data,
        )
        consent = Consent(
            self.basis.data,
            self.scope.data,
            self.review_on.data,
            asked_alone=self.asked_alone.data == YES,
            interpreter_used=self.interpreter_used.data == YES,
        )
        return details, consent

    def problems(self) -> dict[str, str]:
        """The first error of each field, for the summary."""
        return {field.id: str(field.errors[0]) for field in self if field.errors}

    def _birth_date(self, today: date) -> date | None:
        typed = self.birth_date.data
        found = read_birth_date(typed) if typed else None
        if typed and (found is None or found >= today):
            self.birth_date.errors = ["Write day, month and year, such as 3 5 1961."]
            return None
        return found

    def _check_phone_and_postcode(self) -> None:
        if self.postcode.data and not POSTCODE.fullmatch(self.postcode.data):
            self.postcode.errors = ["Write the whole postcode, such as SE17 1AA."]
        phone = digits_to_ascii(self.phone.data or "")
        digits = re.sub(r"\D", "", phone)
        readable = PHONE.fullmatch(phone) and LEAST_DIGITS <= len(digits) <= MOST_DIGITS
        if phone and not readable:
            self.phone.errors = ["Write the whole phone number, such as 07700 900123."]
        self.phone.data = phone

    def _check_consent(self, born: date | None, today: date) -> None:
        chosen: Any = self.basis.data
        if chosen in BASES and not basis_holds(chosen, born, today):
            self.basis.errors = [wrong_age(chosen)]
        if chosen == CONSENT and self.asked_alone.data == NO:
            self.asked_alone.errors = ["Ask the patient alone first: only then consent counts."]
        latest = months_after(today, LONGEST_REVIEW_MONTHS)
        if self.review_on.errors or self.review_on.data is None:
            self.review_on.errors = ["Write the review date as a day, such as 31 5 2027."]
        elif not today <= self.review_on.data <= latest:
            self.review_on.errors = [
                f"Choose a day from today on, within {LONGEST_REVIEW_MONTHS} months."
            ]


class WithdrawForm(Form):
    """Why an access ends."""

    reason = RadioField(
        "Why it ends",
        [InputRequired("Choose why the access ends.")],
        choices=list(WITHDRAWAL_REASONS.items()),
    )
