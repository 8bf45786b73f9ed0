"""A team at its desk, and a patient who waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.session import transaction
from bot.records.staff_models import OutboxItem, Staff, Team
from bot.services.handoffs import open_handoff
from bot.services.teams import default_team
from tests.records.making import NOW, a_conversation, a_coordinator, a_team


@dataclass
class Desk:
    """The front desk with Amara and Ben; Carla belongs to another team."""

    session: Session
    team: Team
    other: Team
    amara: Staff
    ben: Staff
    carla: Staff
    opened: int = 0

    def chat(self, language: str = "pl", **fields: object) -> Handoff:
        """A patient asks for a person."""
        talk = a_conversation(self.session, language=language)
        row = open_handoff(self.session, talk.id, "chat", "asked_for", NOW, **fields)  # type: ignore[arg-type]
        self.opened += 1
        row.created_at = NOW + timedelta(microseconds=self.opened)  # no two at the same moment
        self.session.flush()
        return row

    def said(self, handoff: Handoff) -> list[str]:
        """The responses that the patient was told, in order."""
        query = select(Message).where(Message.conversation_id == handoff.conversation_id)
        rows = self.session.execute(query.order_by(Message.seq)).scalars()
        return [row.response for row in rows if row.sender == "bot"]

    def texts(self, handoff: Handoff) -> list[str]:
        """All texts of the conversation."""
        query = select(Message.text).where(Message.conversation_id == handoff.conversation_id)
        return list(self.session.execute(query.order_by(Message.seq)).scalars())

    def slots(self, handoff: Handoff) -> list[bool]:
        """The slot events queued for Rasa, in order."""
        query = select(OutboxItem).where(
            OutboxItem.kind == "slot", OutboxItem.conversation_id == handoff.conversation_id
        )
        rows = self.session.execute(query.order_by(OutboxItem.id)).scalars()
        return [row.payload["with_coordinator"] for row in rows]

    def mails(self) -> list[tuple[str, str]]:
        """Who is mailed, and what."""
        query = select(OutboxItem).where(OutboxItem.kind == "mail").order_by(OutboxItem.id)
        rows = self.session.execute(query).scalars()
        return [(row.payload["to"][0], row.payload["name"]) for row in rows]

    def talk(self, handoff: Handoff) -> Conversation:
        """The hand-off's conversation."""
        return self.session.get(Conversation, handoff.conversation_id)


@pytest.fixture
def desk(engine: Engine) -> Iterator[Desk]:
    with transaction(engine) as session:
        yield at_the_desk(session)


def at_the_desk(session: Session) -> Desk:
    """The same in a session of the caller's own."""
    team = default_team(session)
    team.email = "desk@example.org"
    other = a_team(session, "Another team")
    amara = a_coordinator(session, "Amara", team)
    ben = a_coordinator(session, "Ben", team)
    carla = a_coordinator(session, "Carla", other)
    return Desk(session, team, other, amara, ben, carla)
