"""One import, an update for each of many Telegram chats, and Rasa killed twice meanwhile.

`WAYMARK_UPDATES=1000` plays the whole; the suite plays fewer. Telegram has no way to ask whether a
message arrived, so one that was accepted in the very moment of a kill comes twice: at most one for
each kill. Figures of a run are printed (`pytest -s`).
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.records.base import utc_now
from bot.records.models import Patient
from bot.records.session import transaction
from bot.records.update_models import Subscription, Update
from bot.services.import_records import import_records
from bot.services.telegram_chats import open_chat
from tests.site.running import Site
from tests.site.sentences import sentence
from tests.site.telegram_api import TelegramApi

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
MANY = int(os.environ.get("WAYMARK_UPDATES", "60"))
KILLS = 2
FLOOD_PER_SECOND = 30
"""Telegram's own limit for a bot, in all chats."""
PATIENCE_SECONDS = 60 + MANY
FIRST_CHAT, FIRST_UBRN = 860_000_001, 860_000_000_001
PAYLOAD = Path(__file__).parent.parent / "payloads" / "ers_stu3" / "referral_not_booked.json"


def numbers() -> list[str]:
    """Valid NHS numbers of the 999 range that no other test uses."""
    found: list[str] = []
    candidate = 860_000
    while len(found) < MANY:
        digits = f"999{candidate:06}"
        check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
        if check != 10:
            found.append(digits + str(check % 11))
        candidate += 1
    return found


def import_all(folder: Path, state: str, version: int) -> float:
    """One import with everybody's referral in a state; returns its seconds."""
    original = PAYLOAD.read_text()
    for place, number in enumerate(numbers()):
        made = json.loads(original)
        made["id"], made["meta"]["versionId"] = str(FIRST_UBRN + place), str(version)
        made["subject"]["identifier"]["value"] = number
        made["identifier"][0]["value"] = f"r.many-{place}"
        for extension in made["extension"]:
            for inner in extension.get("extension", ()):
                if inner["url"] == "state":
                    inner["valueCoding"]["code"] = state
        (folder / f"{place:05}.json").write_text(json.dumps(made))
    began = time.monotonic()
    with transaction() as session:
        report = import_records(session, [folder], utc_now())
    assert report.as_dict()["imported"]["referrals"] == MANY, report.rejected[:3]
    return time.monotonic() - began


def subscribe_all(telegram: TelegramApi) -> None:
    """A chat for every patient, subscribed an hour ago and signed out since."""
    with transaction() as session:
        for place, number in enumerate(numbers()):
            telegram.chat(FIRST_CHAT + place)
            talk = open_chat(session, FIRST_CHAT + place, utc_now())
            patient = session.execute(
                select(Patient).where(Patient.nhs_number == number)
            ).scalar_one()
            patient.birth_date = date(1970, 1, 2)
            known = {"conversation_id": talk.id, "patient_id": patient.id}
            session.add(Subscription(**known, started_at=utc_now() - timedelta(hours=1)))


def heard(telegram: TelegramApi) -> dict[int, list[float]]:
    """When each chat got its updates."""
    opening = sentence("utter_update_state")
    return {
        number: [m.at for m in telegram.chats[number].of_bot() if m.text.startswith(opening)]
        for number in range(FIRST_CHAT, FIRST_CHAT + MANY)
    }


def wait_for(telegram: TelegramApi, chats: int) -> None:
    """Until so many chats have got theirs."""
    end = time.monotonic() + PATIENCE_SECONDS
    while sum(bool(times) for times in heard(telegram).values()) < chats:
        assert time.monotonic() < end, "not all updates came in time"
        time.sleep(0.05)


def test_each_chat_gets_its_update_once_though_rasa_is_killed_twice(
    site: Site, telegram: TelegramApi, tmp_path: Path
) -> None:
    import_all(tmp_path, "NOT_BOOKED", 1)
    subscribe_all(telegram)
    telegram.per_second, refused_before = FLOOD_PER_SECOND, len(telegram.refused)
    try:
        seconds = import_all(tmp_path, "AWAITING_TRIAGE", 2)
        began = time.time()
        for kill in range(1, KILLS + 1):
            wait_for(telegram, MANY * kill // (KILLS + 1))
            site.kill("rasa")
        wait_for(telegram, MANY)
        site.wait_until_ready()
        time.sleep(3)  # what would come twice has come by then
    finally:
        telegram.per_second = None
    came = heard(telegram)
    times = sorted(at for chat in came.values() for at in chat)
    twice = [number for number, chat in came.items() if len(chat) > 1]
    busiest = max(Counter(int(at) for at in times).values())
    floods = len(telegram.refused) - refused_before
    print(
        f"\n{MANY} updates: import {seconds:.1f} s, told in {times[-1] - began:.1f} s with {KILLS}"
        f" kills, busiest second {busiest}, refused for flooding {floods}, twice {len(twice)}"
    )
    assert all(came.values())
    assert len(times) <= MANY + KILLS
    assert busiest <= FLOOD_PER_SECOND
    with transaction() as session:
        told = session.execute(
            select(func.count(Update.id)).where(
                Update.told_at.isnot(None), Update.key.startswith("state:")
            )
        ).scalar_one()
        assert told >= MANY
