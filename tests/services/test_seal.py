"""Sealing: what is stored, and who gets it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from bot.language.identifiers import TOKEN
from bot.records.chat_models import SealedValue
from bot.records.session import transaction
from bot.services.seal import forget_expired, order_date, seal_text, unseal, unseal_date
from bot.settings import get_settings
from tests.records.making import NOW, a_conversation
from tests.site.running import nhs_number

NUMBER = nhs_number(520)
TEXT = f"I am {NUMBER}, born 3 May 1961, call 07700 900123, I live at SE1 7EH"
SOON = NOW + timedelta(hours=get_settings().sealed_hours)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as running:
        yield running


@pytest.fixture
def talk(session: Session) -> str:
    return str(a_conversation(session).id)


def tokens(text: str) -> dict[str, str]:
    return {match[1]: match[0] for match in TOKEN.finditer(text)}


def test_every_identifier_becomes_a_token_and_comes_back(session: Session, talk: str) -> None:
    sealed = seal_text(session, talk, TEXT, NOW, None)
    found = tokens(sealed)
    told = {kind: unseal(session, talk, token, NOW) for kind, token in found.items()}
    assert told == {
        "nhs-number": NUMBER,
        "date-of-birth": "1961-05-03",
        "phone": "07700900123",
        "postcode": "SE1 7EH",
    }
    assert TOKEN.sub("…", sealed) == "I am …, born …, call …, I live at …"
    assert unseal_date(session, talk, found["date-of-birth"], NOW) == date(1961, 5, 3)
    assert unseal_date(session, talk, found["phone"], NOW) is None


def test_what_is_stored_holds_no_value_in_the_plain(session: Session, talk: str) -> None:
    sealed = seal_text(session, talk, TEXT, NOW, None)
    stored = [bytes(c) for c in session.execute(select(SealedValue.ciphertext)).scalars()]
    assert len(stored) == 4
    for value in (NUMBER, "1961-05-03", "07700900123", "SE1 7EH"):
        assert not any(value.encode() in ciphertext for ciphertext in stored)
    assert not re.search(r"\d{7}", TOKEN.sub("", sealed))


def test_the_same_value_twice_has_tokens_that_tell_nothing(session: Session, talk: str) -> None:
    first, second = (seal_text(session, talk, NUMBER, NOW, None) for _ in range(2))
    stored = session.execute(select(SealedValue.ciphertext)).scalars().all()
    assert first != second
    assert bytes(stored[0]) != bytes(stored[1])


def test_another_conversations_token_gives_nothing(session: Session, talk: str) -> None:
    token = seal_text(session, talk, NUMBER, NOW, None)
    other = a_conversation(session).id
    assert unseal(session, other, token, NOW) is None
    assert unseal(session, talk, token, NOW) == NUMBER


@pytest.mark.parametrize("token", ["[nhs-number#0000000000]", "", None, NUMBER, "[x"])
def test_an_unknown_token_gives_nothing(session: Session, talk: str, token: str | None) -> None:
    assert unseal(session, talk, token, NOW) is None


def test_a_value_is_gone_when_its_hours_are_over(session: Session, talk: str) -> None:
    token = seal_text(session, talk, NUMBER, NOW, None)
    assert unseal(session, talk, token, SOON - timedelta(seconds=1)) == NUMBER
    assert unseal(session, talk, token, SOON) is None
    assert forget_expired(session, SOON - timedelta(seconds=1)) == 0
    assert forget_expired(session, SOON) == 1
    assert session.execute(select(SealedValue)).all() == []


def test_a_pasted_token_does_not_hide_the_number_beside_it(session: Session, talk: str) -> None:
    sealed = seal_text(session, talk, f"[nhs-number#abc] {NUMBER}", NOW, None)
    assert NUMBER not in sealed


def test_a_code_is_sealed_when_one_is_awaited_and_left_otherwise(
    session: Session, talk: str
) -> None:
    assert seal_text(session, talk, "ward 123456", NOW, None) == "ward 123456"
    assert "123456" not in seal_text(session, talk, "123456", NOW, "code")


@pytest.mark.parametrize(
    ("month_first", "meant"), [(False, date(1961, 5, 3)), (True, date(1961, 3, 5))]
)
def test_an_unclear_date_is_sealed_anew_as_the_patient_means_it(
    session: Session, talk: str, month_first: bool, meant: date
) -> None:
    token = seal_text(session, talk, "03/05/1961", NOW, "date_of_birth")
    assert token.startswith("[unclear-date#")
    ordered = order_date(session, talk, token, NOW, month_first=month_first)
    assert unseal_date(session, talk, ordered, NOW) == meant
    assert order_date(session, talk, token, SOON, month_first=month_first) is None
