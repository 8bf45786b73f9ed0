"""The quick replies under an answer about an appointment, and its calendar file.

Called by `actions.referral`.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from actions.turn import now, say
from bot.pathway.requests import ABOUT_ONE
from bot.records import queries
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Referral
from bot.services.calendar_file import CALENDAR_PREFIX, for_calendar
from bot.services.explain_referral import appointment_shown

CALENDAR = "calendar"
ASKED_WITH = ("ask_appointment",)
REQUESTS = (
    ("button_confirm", "confirm_appointment"),
    ("button_cannot_come", "cancel_appointment"),
    ("button_another_day", "reschedule_appointment"),
)


def choices_under(
    session: Session, identity: IdentitySession, referral: Referral | None, question: str
) -> list[dict[str, Any]]:
    """What can be done about the coming appointment that an answer told of.

    Args:
        referral: None: the answer is about an appointment without one.
        question: the intent that was answered.
    """
    if question not in ASKED_WITH:
        return []
    row = appointment_shown(session, identity, referral, now())
    coming = queries.coming_appointments_of(session, identity, now())
    if row is None or row.id not in [one.id for one in coming]:
        return []
    choices = []
    asked = {
        one.kind
        for one in queries.open_requests_of(session, identity)
        if one.appointment_id == row.id
    }
    if asked.isdisjoint(ABOUT_ONE):  # else the line about the request has its own
        choices = [_about(response, intent, row) for response, intent in REQUESTS]
    choices.append(_choice("button_directions", '/ask_appointment{"wish":"directions"}'))
    if for_calendar(row, now()):
        payload = f'/ask_appointment{{"wish":"{CALENDAR}","appointment":"{row.id}"}}'
        choices.append(_choice("button_calendar", payload))
    return choices


def say_calendar(
    session: Session,
    identity: IdentitySession,
    dispatcher: CollectingDispatcher,
    appointment_id: str | None,
) -> None:
    """The calendar file of an appointment of the patient's, or that there is none."""
    coming = queries.coming_appointments_of(session, identity, now())
    row = next((one for one in coming if one.id == appointment_id), None)
    if row is None or not for_calendar(row, now()):
        say(dispatcher, "utter_calendar_none", private=True)
        return
    attachment = f"{CALENDAR_PREFIX}{row.id}"
    say(dispatcher, "utter_calendar_file", private=True, attachment=attachment)


def _about(response: str, intent: str, row: Appointment) -> dict[str, Any]:
    return _choice(response, f'/{intent}{{"appointment":"{row.id}"}}')


def _choice(response: str, payload: str) -> dict[str, Any]:
    return {"response": response, "values": {}, "payload": payload}
