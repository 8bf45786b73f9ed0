"""What coordinators fill in about interface issues; the services check once more."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from wtforms import DateField, Form, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from bot.pathway.interface_issues import HEADINGS, KINDS, REPORTERS, STATES, heading_of
from bot.records.issue_queries import IssueFilter
from bot.services.interface_issues import LONGEST_TEXT
from bot.services.issue_reports import Report
from bot.services.site_days import start_of

Choices = list[tuple[str, str]]
BY_KIND = "Choose by what went wrong"
LENGTH = Length(max=LONGEST_TEXT, message=f"Shorten it to {LONGEST_TEXT:,} characters.")


def _stripped(value: str | None) -> str:
    return (value or "").strip()


class FilterForm(Form):
    """Which issues the list shows: part of the address, so that it can be kept or sent."""

    heading = SelectField("Heading", choices=[("", "All headings"), *HEADINGS.items()])
    state = SelectField("State", choices=[("", "All states"), *STATES.items()])
    organisation = SelectField("Organisation")
    team = SelectField("Team")
    first = DateField("Recorded from", [Optional()])
    last = DateField("Recorded until", [Optional()])

    def offer(self, organisations: Choices, teams: Choices) -> None:
        """The choices that depend on who asks."""
        self.organisation.choices = [("", "All organisations"), *organisations]
        self.team.choices = [("", "All my teams"), *teams]

    def validate(self, extra_validators: Any = None) -> bool:
        """An empty choice is no error, and the days come in order."""
        for field in (self.heading, self.state, self.organisation, self.team):
            field.data = field.data or ""
        good = bool(super().validate(extra_validators))
        for field in (self.first, self.last):
            if field.errors:
                field.errors = ["Write the date as year, month and day, such as 2026-05-31."]
        if good and self.first.data and self.last.data and self.first.data > self.last.data:
            self.last.errors = ["The last day comes before the first one."]
            return False
        return good

    def wanted(self) -> IssueFilter:
        """What it says, of the fields that can be read."""
        day: date | None = self.last.data
        chosen = {
            name: None if field.errors else field.data or None
            for name, field in self._fields.items()
        }
        return IssueFilter(
            heading=chosen["heading"],
            state=chosen["state"],
            organisation_id=chosen["organisation"],
            team_id=chosen["team"],
            since=start_of(chosen["first"]) if chosen["first"] else None,
            before=start_of(day + timedelta(days=1)) if day and chosen["last"] else None,
        )


class ReportForm(Form):
    """A new issue. issue_id is made with the form, so that a second click records nothing."""

    issue_id = HiddenField(validators=[Regexp(r"[0-9a-f]{32}\Z")])
    kind = RadioField(
        "What went wrong",
        [InputRequired("Choose what went wrong.")],
        choices=list(KINDS.items()),
    )
    heading = SelectField("Heading", choices=[("", BY_KIND), *HEADINGS.items()])
    reported_by = RadioField(
        "Who reports it",
        [InputRequired("Choose who reports it.")],
        choices=list(REPORTERS.items()),
    )
    organisation = SelectField("Whom it is about")
    team = SelectField("Team")
    description = TextAreaField(
        "What happened", [DataRequired("Say what went wrong."), LENGTH], filters=[_stripped]
    )

    def offer(self, organisations: Choices, teams: Choices) -> None:
        """The choices that depend on the hand-off, or on who asks."""
        self.organisation.choices = organisations
        self.team.choices = teams

    def validate(self, extra_validators: Any = None) -> bool:
        """ "Something else" says nothing about its heading."""
        for field in (self.heading, self.organisation):
            field.data = field.data or ""
        good = bool(super().validate(extra_validators))
        if not self.heading.data and self.kind.data and heading_of(self.kind.data) is None:
            self.heading.errors = ["Choose a heading for something else."]
            return False
        return good

    def report(self) -> Report:
        """What was filled in; only after it was found good."""
        return Report(
            heading=self.heading.data or heading_of(self.kind.data) or "",
            description=self.description.data,
            kind=self.kind.data,
            reported_by=self.reported_by.data,
            organisation_id=self.organisation.data or None,
            issue_id=self.issue_id.data,
        )


class ChangeForm(Form):
    """How an issue goes on. seen: the version that the form was made from."""

    seen = HiddenField()
    heading = SelectField("Heading", choices=list(HEADINGS.items()))
    state = RadioField("State", choices=list(STATES.items()))
    outcome = TextAreaField("Outcome", [LENGTH], filters=[_stripped])

    def validate(self, extra_validators: Any = None) -> bool:
        """Closed means that there is an outcome."""
        good = bool(super().validate(extra_validators))
        if good and self.state.data == "closed" and not self.outcome.data:
            self.outcome.errors = ["Say what the outcome is before you close the issue."]
            return False
        return good


def errors_of(form: Form) -> dict[str, str]:
    """The first error of each field, by the field's id."""
    return {name: str(field.errors[0]) for name, field in form._fields.items() if field.errors}
