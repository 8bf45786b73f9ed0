"""Who holds a hand-off: one at a time, by claim, release and transfer."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine

from bot.errors import AlreadyClaimed, NotFound, NotHolder, WaymarkError
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.services.handoffs import (
    accept_transfer,
    cancel_transfer,
    claim_handoff,
    decline_transfer,
    offer_transfer,
    release_handoff,
    with_coordinator,
)
from tests.records.making import NOW
from tests.services.conftest import Desk, at_the_desk

RACES = 100


def test_a_claimed_chat_silences_the_bot_and_tells_the_patient_who_is_there(desk: Desk) -> None:
    handoff = desk.chat()
    assert not with_coordinator(desk.session, handoff.conversation_id, NOW)
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    assert with_coordinator(desk.session, handoff.conversation_id, NOW)
    assert desk.said(handoff) == ["utter_coordinator_joined"]
    assert "Amara" in desk.texts(handoff)[0] and "koordynu" in desk.texts(handoff)[0]
    assert desk.slots(handoff) == [True]


def test_claiming_again_changes_nothing(desk: Desk) -> None:
    handoff = desk.chat()
    for _ in range(2):
        claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    assert desk.said(handoff) == ["utter_coordinator_joined"]


def test_the_second_who_claims_is_told_who_was_first(desk: Desk) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    with pytest.raises(AlreadyClaimed, match="Amara has taken it already") as refused:
        claim_handoff(desk.session, desk.ben, handoff.id, NOW)
    assert refused.value.by == "Amara"


def test_a_supervisor_may_take_a_chat_over(desk: Desk) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    desk.ben.role = "supervisor"
    assert claim_handoff(desk.session, desk.ben, handoff.id, NOW).claimed_by_id == desk.ben.id


def test_another_teams_hand_off_does_not_exist(desk: Desk) -> None:
    with pytest.raises(NotFound, match="no such hand-off"):
        claim_handoff(desk.session, desk.carla, desk.chat().id, NOW)


def test_of_two_claims_at_once_exactly_one_wins_a_hundred_times(engine: Engine) -> None:
    with transaction(engine) as session:
        desk = at_the_desk(session)
        staff = [desk.amara.id, desk.ben.id]
        handoffs = [desk.chat().id for _ in range(RACES)]
    outcomes: dict[str, list[str]] = {handoff: [] for handoff in handoffs}
    start = threading.Barrier(2, timeout=60)

    def claim_all(staff_id: str) -> None:
        for handoff in handoffs:
            start.wait()
            try:
                with transaction(engine) as session:
                    claim_handoff(session, session.get(Staff, staff_id), handoff, NOW)
                outcomes[handoff].append("won")
            except AlreadyClaimed as refused:
                outcomes[handoff].append(f"told {refused.by}")

    threads = [threading.Thread(target=claim_all, args=(one,)) for one in staff]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    allowed = (["told Amara", "won"], ["told Ben", "won"])
    assert [sorted(found) for found in outcomes.values() if sorted(found) not in allowed] == []


def test_a_released_chat_waits_again_and_the_bot_speaks(desk: Desk) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    release_handoff(desk.session, desk.amara, handoff.id, NOW)
    assert (handoff.state, handoff.claimed_by_id) == ("waiting", None)
    assert desk.said(handoff)[-1] == "utter_coordinator_left"
    assert desk.slots(handoff) == [True, False]


def test_a_transfer_stays_with_the_sender_until_it_is_accepted(desk: Desk) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    offer_transfer(
        desk.session, desk.amara, handoff.id, NOW, to_staff_id=desk.carla.id, note="Yours."
    )
    assert (handoff.claimed_by_id, handoff.transfer_note) == (desk.amara.id, "Yours.")
    with pytest.raises(NotFound, match="No transfer is offered"):
        accept_transfer(desk.session, desk.ben, handoff.id, NOW)
    accept_transfer(desk.session, desk.carla, handoff.id, NOW)
    assert (handoff.claimed_by_id, handoff.team_id) == (desk.carla.id, desk.other.id)
    assert (handoff.transfer_staff_id, handoff.transfer_note) == (None, None)
    assert desk.said(handoff) == ["utter_coordinator_joined"] * 2
    with pytest.raises(NotFound):
        release_handoff(desk.session, desk.amara, handoff.id, NOW)


def test_a_team_takes_an_offer_once(desk: Desk) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    offer_transfer(
        desk.session, desk.amara, handoff.id, NOW, to_team_id=desk.other.id, note="For you."
    )
    accept_transfer(desk.session, desk.carla, handoff.id, NOW)
    assert (handoff.claimed_by_id, handoff.team_id) == (desk.carla.id, desk.other.id)
    with pytest.raises(NotFound):
        accept_transfer(desk.session, desk.carla, handoff.id, NOW)


@pytest.mark.parametrize("ending", ["declined", "taken back"])
def test_a_transfer_that_ends_leaves_the_chat_with_the_sender(desk: Desk, ending: str) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    offer_transfer(
        desk.session, desk.amara, handoff.id, NOW, to_staff_id=desk.ben.id, note="Please."
    )
    if ending == "declined":
        decline_transfer(desk.session, desk.ben, handoff.id, NOW)
    else:
        cancel_transfer(desk.session, desk.amara, handoff.id, NOW)
    assert (handoff.claimed_by_id, handoff.transfer_staff_id) == (desk.amara.id, None)
    with pytest.raises(NotFound):
        accept_transfer(desk.session, desk.ben, handoff.id, NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("to", "note", "said"),
    [
        ("nobody", "Please.", "Choose one person or one team"),
        ("themself", "Please.", "can't take it"),
        ("a colleague", "  ", "Write a note"),
    ],
)
def test_a_wrong_transfer_says_what_is_missing(desk: Desk, to: str, note: str, said: str) -> None:
    handoff = desk.chat()
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    staff = {"nobody": None, "themself": desk.amara.id, "a colleague": desk.ben.id}[to]
    with pytest.raises(WaymarkError, match=said):
        offer_transfer(desk.session, desk.amara, handoff.id, NOW, to_staff_id=staff, note=note)


def test_only_the_holder_may_work_on_a_hand_off(desk: Desk) -> None:
    handoff = desk.chat()
    with pytest.raises(NotHolder, match="Claim it first"):
        release_handoff(desk.session, desk.amara, handoff.id, NOW)
    claim_handoff(desk.session, desk.amara, handoff.id, NOW)
    with pytest.raises(NotHolder, match="Amara has taken this over"):
        release_handoff(desk.session, desk.ben, handoff.id, NOW)
