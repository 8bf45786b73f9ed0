"""How to get there and what to bring: from the record, by channel, and nothing invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bot.pathway.directions import directions_answer
from bot.pathway.facts import AppointmentFacts, ReferralFacts
from bot.pathway.states import State
from bot.pathway.telling import told_facts

PAST = datetime(2026, 5, 1, 9, 0, tzinfo=timezone.utc)


@pytest.fixture
def facts(moment: datetime) -> ReferralFacts:
    return ReferralFacts(
        State.BOOKED,
        moment,
        provider="Guy's",
        appointment=AppointmentFacts(
            starts_at=moment + timedelta(days=9),
            status="booked",
            clinic="Heart Clinic",
            address="London SE1 7EH",
            instructions="Do not eat before.",
        ),
    )


def names(facts: ReferralFacts, moment: datetime) -> list[str]:
    return [line.response for line in directions_answer(facts, moment)]


def test_the_place_and_what_the_hospital_wrote_are_told(
    facts: ReferralFacts, moment: datetime
) -> None:
    where, wrote, *rest = directions_answer(facts, moment)
    assert where.values == {"provider": "Guy's", "place": "Heart Clinic, London SE1 7EH"}
    assert wrote.values == {"instructions": "Do not eat before"}
    assert [line.response for line in rest] == ["utter_bring", "utter_checked"]


def test_a_channel_that_tells_little_names_no_place(facts: ReferralFacts, moment: datetime) -> None:
    lines = directions_answer(told_facts(facts, "little"), moment)
    assert [line.response for line in lines] == [
        "utter_directions_letter",
        "utter_bring",
        "utter_checked",
    ]


@pytest.mark.parametrize("medium", ["telephone", "video"])
def test_nobody_is_sent_to_a_hospital_for_a_call(
    facts: ReferralFacts, moment: datetime, medium: str
) -> None:
    remote = replace(facts, appointment=replace(facts.appointment, medium=medium))
    told = names(remote, moment)
    assert told[0] == f"utter_directions_{medium}"
    assert "utter_bring_remote" in told and "utter_bring" not in told


@pytest.mark.parametrize(
    "change",
    [{"status": "cancelled_by_hospital"}, {"starts_at": PAST}],
)
def test_a_cancelled_or_past_appointment_sends_nobody_anywhere(
    facts: ReferralFacts, moment: datetime, change: dict[str, object]
) -> None:
    gone = replace(facts, appointment=replace(facts.appointment, **change))
    assert names(gone, moment)[0] == "utter_directions_none"


def test_a_clinic_that_names_the_urgent_pathway_is_not_told(
    facts: ReferralFacts, moment: datetime
) -> None:
    labelled = replace(facts.appointment, clinic="2WW clinic", address=None)
    assert names(replace(facts, appointment=labelled), moment)[0] == "utter_directions_hospital"
