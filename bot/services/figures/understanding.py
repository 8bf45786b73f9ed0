"""How often the bot didn't understand, of the whole site: the bot belongs to no team.

Counted are messages that patients typed and the bot answered: a tap is always understood, and
while a coordinator holds the chat the bot doesn't try.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from bot.records.chat_models import Conversation, Message
from bot.services.figures.asked import Asked
from bot.services.figures.table import Column, Figure, Value
from bot.services.site_days import start_of

NOT_UNDERSTOOD = ("utter_not_understood", "utter_out_of_scope", "utter_offer_person")
"""The last one is said the second time in a row."""
MEASURED = (
    Column("messages", "count"),
    Column("not_understood", "count"),
    Column("share_not_understood", "share"),
)


def understanding(session: Session, asked: Asked) -> Figure:
    """By day, or by week when the period is longer than one."""
    steps = asked.period.steps
    found = _counted(session, asked, _step_number([start_of(day) for day in steps]))
    rows = tuple(
        (day.isoformat(), *_measure(*found.get(number, (0, 0)))) for number, day in enumerate(steps)
    )
    return Figure("understanding", (Column("from", "day"), *MEASURED), rows)


def understanding_by_language(session: Session, asked: Asked) -> Figure:
    """By the language of the conversation, the most written first."""
    found = _counted(session, asked, Conversation.language)
    rows = sorted(
        ((language, *_measure(*counts)) for language, counts in found.items()),
        key=lambda row: (-row[1], row[0] or ""),
    )
    columns = (Column("language", "language"), *MEASURED)
    return Figure("understanding_by_language", columns, tuple(rows), True)


def _counted(session: Session, asked: Asked, group: Any) -> dict[Any, tuple[int, int]]:
    """By group: messages that the bot answered, and those of them not understood."""
    answer = aliased(Message)
    to_it = and_(answer.reply_to_id == Message.id, answer.sender == "bot")
    missed = and_(to_it, or_(*(answer.response.contains(name) for name in NOT_UNDERSTOOD)))
    not_understood = case((exists().where(missed), 1), else_=0)
    asked_for = (
        select(group.label("which"), not_understood.label("missed"))
        .select_from(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Message.sender == "patient",
            Message.payload.is_(None),
            Message.created_at >= asked.period.start,
            Message.created_at < asked.period.end,
            exists().where(to_it),
        )
        .subquery()
    )
    query = select(asked_for.c.which, func.count(), func.sum(asked_for.c.missed))
    found = session.execute(query.group_by(asked_for.c.which)).all()
    return {which: (messages, int(missing)) for which, messages, missing in found}


def _step_number(starts: list[datetime]) -> Any:
    """SQL for the number of the step that a message falls into."""
    before = [(Message.created_at < start, n) for n, start in enumerate(starts[1:])]
    return case(*before, else_=len(starts) - 1) if before else case((Message.id > 0, 0))


def _measure(messages: int, missed: int) -> tuple[Value, ...]:
    return messages, missed, missed / messages if messages else None
