"""Reminders: on their days, of what is booked, and of nothing that has changed since."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.engine import Engine

from bot.records.models import Appointment
from bot.records.session import transaction
from bot.services.updates.reminders import note_reminders
from bot.settings import get_settings
from tests.records.making import NOW
from tests.services.updates.conftest import Subscribed

STARTS = datetime(2026, 5, 20, 8, 40, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def at_nine(day: int) -> datetime:
    """10:00 in London on a day of May."""
    return datetime(2026, 5, day, 9, 0, tzinfo=timezone.utc)


def remind(one: Subscribed, at: datetime) -> int:
    """The worker's rounds at a moment; returns how many messages were written."""
    with transaction(one.engine) as session:
        note_reminders(session, at)
    return one.tell(at)


def test_a_patient_is_reminded_a_week_and_a_day_before(on_telegram: Subscribed) -> None:
    row = on_telegram.appointment(STARTS)
    told = {}
    for day in range(10, 21):
        at = at_nine(day) if day < 20 else STARTS - timedelta(hours=1)
        on_telegram.change(Appointment, row, checked_at=at)
        told[day] = remind(on_telegram, at) + remind(on_telegram, at + timedelta(minutes=5))
    assert {day: count for day, count in told.items() if count} == {13: 1, 19: 1}


def test_a_reminder_says_when_and_has_three_answers(on_page: Subscribed) -> None:
    starts = NOW + DAY
    row = on_page.appointment(starts, medium="face_to_face", clinic="Clinic 3")
    remind(on_page, NOW)
    (told,) = on_page.said()
    assert told.text.startswith(
        "Your appointment is soon.\n\nYour appointment: Tuesday, 5 May 2026"
    )
    assert "Clinic 3" in told.text and "Phone: 020 7946 0100" in told.text
    assert [(b["title"], b["payload"]) for b in told.buttons] == [
        ("I will come", f'/confirm_appointment{{"appointment":"{row}"}}'),
        ("I cannot come", f'/cancel_appointment{{"appointment":"{row}"}}'),
        ("I would like another day", f'/reschedule_appointment{{"appointment":"{row}"}}'),
        ("Stop these messages", "/unsubscribe_updates"),
    ]


def test_telegram_is_reminded_of_the_date_without_the_place(on_telegram: Subscribed) -> None:
    on_telegram.appointment(NOW + DAY, medium="face_to_face", clinic="Clinic 3")
    remind(on_telegram, NOW)
    (told,) = on_telegram.said()
    assert "Tuesday, 5 May 2026" in told.text
    for name in ("Clinic 3", "Hospital RZ520", "020 7946"):
        assert name not in told.text


def test_an_appointment_without_a_referral_is_reminded_of_too(on_page: Subscribed) -> None:
    on_page.appointment(NOW + DAY, referral_id=None)
    assert remind(on_page, NOW) == 1
    assert "Tuesday, 5 May 2026" in on_page.said()[0].text


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "cancelled_by_hospital"},
        {"status": "change_pending"},
        {"starts_at": NOW + 3 * DAY},
    ],
)
def test_a_reminder_of_what_has_changed_is_dropped(
    on_page: Subscribed, engine: Engine, fields: dict[str, object]
) -> None:
    row = on_page.appointment(NOW + DAY)
    with transaction(engine) as session:
        assert note_reminders(session, NOW) == 1
        assert note_reminders(session, NOW) == 0
    on_page.change(Appointment, row, **fields)
    assert on_page.tell() == 0
    assert on_page.updates() == [("reminder", False, "overtaken")]


def test_a_reminder_that_waited_until_the_appointment_began_is_dropped(
    on_page: Subscribed, engine: Engine
) -> None:
    on_page.appointment(NOW + DAY, checked_at=NOW - 3 * DAY)
    with transaction(engine) as session:
        note_reminders(session, NOW)
    assert on_page.tell() == 0
    assert on_page.tell(NOW + DAY) == 0
    assert on_page.updates() == [("reminder", False, "past")]


def test_a_day_of_downtime_loses_no_reminder(on_telegram: Subscribed) -> None:
    row = on_telegram.appointment(STARTS)
    for day, count in ((12, 0), (14, 1), (15, 0)):
        on_telegram.change(Appointment, row, checked_at=at_nine(day))
        assert remind(on_telegram, at_nine(day)) == count


def test_a_site_may_send_no_reminders(on_page: Subscribed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "reminder_days", [])
    on_page.appointment(NOW + DAY)
    assert remind(on_page, NOW) == 0
