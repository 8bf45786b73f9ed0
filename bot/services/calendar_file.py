"""The calendar file (RFC 5545) of one appointment, as much as the patient's channel may tell.

Asked by the channels when a message with an attachment goes out or is opened. What is in it is
read then, so that it is as new as the record. Calendars are shared and synchronised, so it never
names the kind of care; on a channel that tells little, no hospital and no place either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.language.sentences import sentence
from bot.pathway.lines import shown
from bot.records import queries
from bot.records.chat_models import Conversation, Message
from bot.records.models import Appointment
from bot.services.audit import audit
from bot.services.identity import current_identity
from bot.services.telling_level import level_of
from bot.services.visible_messages import is_visible

CALENDAR_PREFIX = "calendar:"
FILE_NAME = "appointment.ics"
MIME_TYPE = "text/calendar"
STANDS = ("booked", "change_pending")
"""An offered appointment isn't the patient's yet; a cancelled one isn't any more."""
LASTS = timedelta(minutes=30)
"""When the record gives no end: calendars show an event without one as a point [D]."""
REMIND_BEFORE = timedelta(days=1)


@dataclass(frozen=True)
class CalendarFile:
    """The file that goes with a message."""

    name: str
    content: bytes


def for_calendar(row: Appointment, now: datetime) -> bool:
    """Whether there is something to put in a calendar: it stands, has a time and is to come."""
    return row.status in STANDS and row.starts_at is not None and row.starts_at >= now


def file_of(session: Session, row: Message, now: datetime) -> CalendarFile | None:
    """The file that goes with a message now; None: it has none, may not be shown any more, or its
    appointment doesn't stand any more. Reading it is audited."""
    attachment = row.attachment or ""
    identity = current_identity(session, row.conversation_id, now)
    if identity is None or not attachment.startswith(CALENDAR_PREFIX):
        return None
    if not is_visible(session, row, now):
        return None
    try:
        wanted = attachment.removeprefix(CALENDAR_PREFIX)
        appointment = queries.appointment_of(session, identity, wanted)
    except NotFound:
        return None
    if not for_calendar(appointment, now):
        return None
    actor = f"patient:{row.conversation_id}"
    audit(session, actor, "appointment_read", "appointment", appointment.id, question="calendar")
    conversation = session.get(Conversation, row.conversation_id)
    named = level_of(session, row.conversation_id) == "all"
    language = row.language or conversation.language
    return CalendarFile(FILE_NAME, calendar_of(appointment, language, now, named=named))


def calendar_of(row: Appointment, language: str | None, now: datetime, *, named: bool) -> bytes:
    """The bytes of the file. Its UID stays the same for an appointment, so that the file of a moved
    one takes the old one's place.

    Args:
        row: with a time.
        named: with hospital and place.
    """
    event = Event()
    event.add("uid", f"{row.id}@waymark")
    event.add("sequence", int(now.timestamp()) // 60)  # a later file counts as a newer version
    event.add("dtstamp", now)
    event.add("dtstart", row.starts_at)
    event.add("dtend", _end_of(row))
    title = "term_calendar_title" if named else "term_calendar_title_little"
    event.add("summary", sentence(title, language).text)
    event.add("description", sentence("term_calendar_note", language).text)
    event.add("class", "PRIVATE")
    place = _place_of(row) if named else ""
    if place:
        event.add("location", place)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -REMIND_BEFORE)
    alarm.add("description", sentence(title, language).text)
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Waymark//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()


def _end_of(row: Appointment) -> datetime:
    later = row.ends_at is not None and row.ends_at > row.starts_at
    return row.ends_at if later else row.starts_at + LASTS


def _place_of(row: Appointment) -> str:
    """Clinic, hospital and address, but for names that hold a label no machine tells."""
    if row.medium in ("telephone", "video"):
        return ""
    parts = (row.clinic, row.provider.name if row.provider else None, row.address)
    return ", ".join(part for part in (shown(one, "") for one in parts) if part)
