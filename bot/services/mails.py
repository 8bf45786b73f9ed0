"""The mails to staff: what they say, made of an outbox item.

`bot.services.handoffs` puts the items, `bot.services.send_mails` sends what is made here. A mail
holds no patient data: a fixed sentence, a priority in words, minutes, a day, and a link behind
sign-in.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from string import Template
from typing import Any, NamedTuple

from bot.errors import UnreadableInput
from bot.language.render import format_value
from bot.records.staff_models import OutboxItem
from bot.services.site_days import local_day
from bot.settings import get_settings

ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
PRIORITIES = {1: "urgent", 2: "high", 3: "normal", 4: "low"}
CLOSING = """
Waymark sent this mail by itself. It holds no patient data: sign in to read more.
"""


class Wording(NamedTuple):
    """A mail's subject and text; `$priority`, `$minutes`, `$since` and `$link` are filled in."""

    subject: str
    text: str


WORDINGS = {
    "team_waiting": Wording(
        "Waymark: nobody has taken a hand-off ($priority priority)",
        "A hand-off of $priority priority has waited for $minutes minutes, and nobody has "
        "taken it.\n\nTake it: $link\n",
    ),
    "red_flag": Wording(
        "Waymark: a red flag ($priority priority)",
        "A patient wrote words that may mean an emergency or a safeguarding need. Waymark has "
        "told them whom to call.\n\nLook at it now: $link\n",
    ),
    "reopened": Wording(
        "Waymark: a hand-off is open again ($priority priority)",
        "Something was left to be done by a day that has passed, and the record has not moved."
        "\n\nTake it: $link\n",
    ),
    "stale_feed": Wording(
        "Waymark: the record has not been updated since $since",
        "Waymark has had no new records since $since. Until it has, nothing is judged overdue and "
        "no updates are sent to patients.\n\nTell who looks after the import of records. The "
        "queue: $link\n",
    ),
}


def make_mail(item: OutboxItem) -> EmailMessage:
    """The mail of one outbox item, the same each time, under the same Message-ID.

    Args:
        item: its payload is {"to": addresses, "name": one of WORDINGS, "values": {"handoff": id,
            "priority": 1 to 4, "minutes": whole minutes}}; of "stale_feed" the values are
            {"since": a moment in ISO 8601}.

    Raises:
        UnreadableInput: an unknown name, a value that is missing, or no address in it.
    """
    payload = item.payload
    try:
        wording = WORDINGS[payload["name"]]
        filled = _of_feed(payload) if payload["name"] == "stale_feed" else _of_handoff(payload)
        to = [address for address in payload["to"] if ADDRESS.fullmatch(address)]
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableInput(
            f"Mail {item.id} can't be written ({type(error).__name__}). Its payload needs to, "
            "name and values; see bot/services/mails.py."
        ) from error
    if not to:
        raise UnreadableInput(
            f"Mail {item.id} has no address. Give the team one, or WAYMARK_CLINICAL_CONTACT."
        )
    sender = get_settings().mail_from
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Subject"] = Template(wording.subject).substitute(filled)
    mail["Date"] = format_datetime(item.created_at)
    made = int(item.created_at.timestamp() * 1000)
    mail["Message-ID"] = f"<waymark.{item.id}.{made}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(Template(wording.text).substitute(filled) + CLOSING)
    return mail


def _of_handoff(payload: dict[str, Any]) -> dict[str, Any]:
    values = payload["values"]
    return {
        "priority": PRIORITIES[values["priority"]],
        "minutes": int(values["minutes"]),
        "link": f"{get_settings().console_url}/handoffs/{values['handoff']}",
    }


def _of_feed(payload: dict[str, Any]) -> dict[str, Any]:
    since = local_day(datetime.fromisoformat(payload["values"]["since"]))
    return {
        "since": format_value(since, "date", "en"),
        "link": f"{get_settings().console_url}/queue/waiting",
    }
