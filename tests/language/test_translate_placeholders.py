"""Identifiers leave a text before it is translated, and come back once each or not at all."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TranslationFailed
from bot.language.translate.placeholders import hide

TODAY = date(2026, 5, 4)
IDENTIFIERS = (
    "999 000 1014",
    "07700 900123",
    "+48 600 100 200",
    "SE1 7EH",
    "3 May 1961",
    "1234 5678 9012",
    "[nhs-number#ab12c]",
    "[phone#8646978058]",
    "jo.bloggs+nhs@example.org",
    "https://example.org/chat/i/s3cret?a=b#c",
    "www.nhs.uk/conditions",
    "nhs.uk",
)


@pytest.mark.parametrize("identifier", IDENTIFIERS)
@pytest.mark.parametrize(
    ("before", "after"),
    [("", ""), ("call ", ", please"), ("«", "»."), ("রোগী ", "।"), ("请看", "。")],
)
def test_an_identifier_leaves_the_text_and_comes_back(
    identifier: str, before: str, after: str
) -> None:
    text = f"{before}{identifier}{after}"
    hidden = hide(text, TODAY)
    assert hidden.text == f"{before}QX10Z{after}"
    assert hidden.put_back(hidden.text, "pl") == text


@pytest.mark.parametrize(
    "text",
    [
        "Your appointment is on 12 May 2026 at 10:30 in room 12",
        "Ring 111 or 999",
        "You have waited 18 weeks.Please wait",
        "",
    ],
)
def test_what_identifies_nobody_is_sent_as_it_is(text: str) -> None:
    assert hide(text, TODAY).text == text
    assert hide(text, TODAY).items == ()


@pytest.mark.parametrize(
    "code",
    ["QX10Z", "qx10z", "Qx10Z", "QX 10 Z", "Q X 1 0 Z", "QX-10Z", "QX১০Z", "qx١٠z"],
)
def test_a_code_may_come_back_in_another_case_with_spaces_or_other_digits(code: str) -> None:
    hidden = hide("Is 07700 900123 right?", TODAY)
    assert hidden.put_back(f"Czy {code} jest OK?", "pl") == "Czy 07700 900123 jest OK?"


@pytest.mark.parametrize(
    "answer",
    [
        "QX10Z",
        "QX10Z, QX10Z",
        "QX10Z QX11Z QX11Z",
        "QX10Z QX11Z QX12Z",
        "QX10Z QX1Z",
        "QX10 QX11",
        "QX 9999999999999 Z",
        "nothing left",
    ],
)
def test_a_lost_doubled_or_invented_code_is_nonsense(answer: str) -> None:
    hidden = hide("07700 900123 or SE1 7EH", TODAY)
    with pytest.raises(TranslationFailed) as caught:
        hidden.put_back(answer, "pl")
    assert caught.value.reason == "nonsense"


def test_codes_may_change_places() -> None:
    hidden = hide("from SE1 7EH to SE1 9RT", TODAY)
    assert hidden.put_back("QX11Z দিকে QX10Z থেকে", "bn") == "SE1 9RT দিকে SE1 7EH থেকে"


def test_a_number_beside_a_code_stays_itself() -> None:
    hidden = hide("5 times SE1 7EH 7 times", TODAY)
    assert hidden.put_back("5 QX 10 Z 7 razy", "pl") == "5 SE1 7EH 7 razy"


def test_a_text_that_looks_like_our_code_comes_back_as_it_was() -> None:
    hidden = hide("bay qx10z, SE1 7EH", TODAY)
    assert hidden.put_back(hidden.text, "pl") == "bay qx10z, SE1 7EH"


def test_a_phone_number_in_a_right_to_left_text_keeps_its_order() -> None:
    hidden = hide("call 020 7946 0110", TODAY)
    there = hidden.put_back("اتصل QX10Z", "ar")
    assert there == "اتصل \u2068020 7946 0110\u2069"
    back = hide(there, TODAY)
    assert back.put_back(back.text.replace("اتصل", "call"), "en") == "call 020 7946 0110"


@given(
    st.lists(
        st.one_of(st.sampled_from(IDENTIFIERS), st.sampled_from(["and", "numer", "QX11Z", "5"])),
        max_size=30,
    ).map(", ".join)
)
def test_whatever_is_hidden_comes_back_and_no_long_number_leaves(text: str) -> None:
    hidden = hide(text, TODAY)
    assert hidden.put_back(hidden.text, "pl") == text
    assert not re.search(r"\d{4}|@|#|http", re.sub(r"QX\d+Z", "", hidden.text))


@given(st.text(max_size=200))
def test_any_text_survives_being_hidden_and_put_back(text: str) -> None:
    hidden = hide(text, TODAY)
    isolates = dict.fromkeys(range(0x2066, 0x206A))
    assert hidden.put_back(hidden.text, "pl") == text.translate(isolates)
