"""Carries slot events from the outbox into Rasa's trackers, under the conversation's lock.

A claim or resolve queues one in its own transaction (`bot.services.handoffs`), so one that
happened while Rasa was down is made good at its start. Rasa's HTTP API stays off: this runs in
Rasa's own process. A slot that is right already is not written again.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from rasa.core.agent import Agent
from rasa.shared.core.events import SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.delivery import POLL_SECONDS
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.records.staff_models import OutboxItem
from bot.services import outbox
from bot.trackers import slot_of

logger = logging.getLogger(__name__)


async def run(agent: Agent) -> None:
    """Write slot events as they come, for as long as the server runs."""
    while True:
        try:
            for item in await asyncio.to_thread(_due):
                await _write(agent, item)
        except Exception:  # the loop goes on whatever one round meets
            logger.exception("Writing slot events failed; trying again.")
        await asyncio.sleep(POLL_SECONDS)


async def _write(agent: Agent, item: OutboxItem) -> None:
    try:
        async with agent.lock_store.lock(item.conversation_id):
            tracker = await agent.tracker_store.retrieve(item.conversation_id)
            missing = _missing(tracker, item.payload) if tracker else {}
            if tracker and missing:
                for name, value in missing.items():
                    tracker.update(SlotSet(name, value))
                await agent.tracker_store.save(tracker)
    except Exception:
        logger.exception("A slot event of conversation %s was not written.", item.conversation_id)
        await asyncio.to_thread(_settle, item, False)
        return
    await asyncio.to_thread(_settle, item, True)


def _missing(tracker: DialogueStateTracker, wanted: dict[str, Any]) -> dict[str, Any]:
    """The slots that the tracker's raw events don't have at the wanted value."""
    return {name: value for name, value in wanted.items() if slot_of(tracker, name) != value}


def _due() -> list[OutboxItem]:
    with transaction() as session:
        return outbox.due(session, "slot", utc_now())


def _settle(item: OutboxItem, written: bool) -> None:
    with transaction() as session:
        settle = outbox.done if written else outbox.failed
        settle(session, item, utc_now())
