"""A sealed identifier opens for the one who holds the hand-off, and each look is written down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.errors import NotFound, NotHolder, WaymarkError
from bot.records.session import transaction
from bot.services.handoffs import release_handoff
from bot.services.reveal import reveal
from bot.services.seal import seal_text
from tests.services.handoff_making import NOW, NUMBER, a_colleague, a_handoff, audited


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


def sealed(session: Session, conversation_id: str, text: str, awaiting: str | None = None) -> str:
    return seal_text(session, conversation_id, text, NOW, awaiting)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (NUMBER, f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}"),
        ("23.5.1961", "23 May 1961"),
        ("3.5.1961", "3 May 1961 or 5 March 1961"),
        ("se17 1aa", "SE17 1AA"),
        ("07700 900101", "07700900101"),
    ],
)
def test_the_holder_sees_the_value_as_people_write_it(
    session: Session, typed: str, shown: str
) -> None:
    amara = a_colleague(session)
    handoff = a_handoff(session, amara)
    token = sealed(session, handoff.conversation_id, typed)
    assert reveal(session, amara, handoff.id, token, NOW) == shown


def test_each_look_is_audited_without_the_value(session: Session) -> None:
    amara = a_colleague(session)
    handoff = a_handoff(session, amara)
    token = sealed(session, handoff.conversation_id, NUMBER)
    reveal(session, amara, handoff.id, token, NOW)
    reveal(session, amara, handoff.id, token, NOW)
    expected = {
        "actor": f"staff:{amara.id}",
        "subject": handoff.id,
        "kind": "nhs-number",
        "token": token,
    }
    assert audited(session, "identifier_revealed") == [expected, expected]


def test_a_colleague_who_only_reads_along_sees_nothing(session: Session) -> None:
    amara, ben = a_colleague(session), a_colleague(session, "Ben")
    handoff = a_handoff(session, amara)
    token = sealed(session, handoff.conversation_id, NUMBER)
    with pytest.raises(NotHolder, match="Amara"):
        reveal(session, ben, handoff.id, token, NOW)
    release_handoff(session, amara, handoff.id, NOW)
    with pytest.raises(NotHolder):
        reveal(session, amara, handoff.id, token, NOW)
    assert audited(session, "identifier_revealed") == []


def test_another_team_finds_no_such_hand_off(session: Session) -> None:
    amara, stranger = a_colleague(session), a_colleague(session, "Dai", team="Elsewhere")
    handoff = a_handoff(session, amara)
    token = sealed(session, handoff.conversation_id, NUMBER)
    with pytest.raises(NotFound):
        reveal(session, stranger, handoff.id, token, NOW)


def test_another_conversations_token_opens_nothing(session: Session) -> None:
    amara = a_colleague(session)
    mine, other = a_handoff(session, amara), a_handoff(session)
    token = sealed(session, other.conversation_id, NUMBER)
    with pytest.raises(WaymarkError, match="no longer kept"):
        reveal(session, amara, mine.id, token, NOW)


def test_an_expired_value_is_gone(session: Session) -> None:
    amara = a_colleague(session)
    handoff = a_handoff(session, amara)
    token = sealed(session, handoff.conversation_id, NUMBER)
    with pytest.raises(WaymarkError, match="Ask the patient again"):
        reveal(session, amara, handoff.id, token, NOW + timedelta(days=30))


def test_a_one_time_code_is_never_shown_to_staff(session: Session) -> None:
    amara = a_colleague(session)
    handoff = a_handoff(session, amara)
    token = sealed(session, handoff.conversation_id, "123456", "code")
    assert token.startswith("[code#")
    with pytest.raises(WaymarkError, match="not for staff"):
        reveal(session, amara, handoff.id, token, NOW)


@pytest.mark.parametrize("token", ["", "[nhs-number#]", "x", "[nhs-number#ab12] and more", "[?#a]"])
def test_what_is_no_token_opens_nothing(session: Session, token: str) -> None:
    amara = a_colleague(session)
    handoff = a_handoff(session, amara)
    with pytest.raises(WaymarkError, match="no longer kept"):
        reveal(session, amara, handoff.id, token, NOW)
