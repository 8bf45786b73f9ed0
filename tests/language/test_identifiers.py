"""Identifiers in what people type: tables, and what holds for every text."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.language.identifiers import KINDS, TOKEN, Found, find, mask, replace, valid_nhs_number
from bot.pathway.folding import digits_to_ascii
from tests.site.running import nhs_number

TODAY = date(2026, 5, 4)
SCRIPTS = {
    "ascii": "0123456789",
    "arabic": "٠١٢٣٤٥٦٧٨٩",
    "bengali": "০১২৩৪৫৬৭৮৯",
    "wide": "０１２３４５６７８９",
}


def found_in(text: str, awaiting: str | None = None) -> list[tuple[str, str]]:
    return [(item.kind, item.value) for item in find(text, TODAY, awaiting)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("my number is 9990001014", [("nhs-number", "9990001014")]),
        ("my no.9990001014, thanks", [("nhs-number", "9990001014")]),
        ("9990001015", [("number", "9990001015")]),  # a wrong check digit is sealed all the same
        ("call 07700 900123", [("phone", "07700900123")]),
        ("+44 7700 900123", [("phone", "+447700900123")]),
        ("(020) 7946 0110", [("phone", "02079460110")]),
        ("+48 600 100 200", [("phone", "+48600100200")]),
        ("I live at SE1 7EH", [("postcode", "SE1 7EH")]),
        ("我住在SE1 7EH附近", [("postcode", "SE1 7EH")]),
        ("zz1 1zz", [("postcode", "ZZ1 1ZZ")]),
        ("ubrn 1234 5678 9012", [("reference", "123456789012")]),
        ("born 3 May 1961", [("date-of-birth", "1961-05-03")]),
        ("ur. ٣ مايو ١٩٦١", [("date-of-birth", "1961-05-03")]),
        ("born 03/05/1961", [("unclear-date", "1961-05-03")]),
        ("31/02/1980", [("unreadable-date", "31/02/1980")]),
        (
            "9990001014,9990001022",
            [("nhs-number", "9990001014"), ("nhs-number", "9990001022")],
        ),
    ],
)
def test_an_identifier_is_found_with_its_kind_and_its_value(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert found_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "my appointment is on 12 May 2026",
        "at 10:30 in room 12",
        "I have waited 18 weeks",
        "call 999 or 111, or 116 123",
        "press 2 for English",
        "123456",
        "COVID-19 in 2020",
        "",
    ],
)
def test_what_identifies_nobody_is_left(text: str) -> None:
    assert found_in(text) == []


@pytest.mark.parametrize(
    ("awaiting", "text", "expected"),
    [
        ("code", "the code is 123456", [("code", "123456")]),
        ("code", "١٢٣٤٥٦", [("code", "123456")]),
        ("code", "9990001014", [("nhs-number", "9990001014")]),
        ("nhs_number", "99900", [("number", "99900")]),
        ("date_of_birth", "03051961", [("unclear-date", "1961-05-03")]),
        ("date_of_birth", "12 April 2026", [("date-of-birth", "2026-04-12")]),
        ("family_name", "Kowalska", [("family-name", "Kowalska")]),
        ("family_name", "García López", [("family-name", "García López")]),
        ("family_name", "de la Cruz", [("family-name", "de la Cruz")]),
        ("family_name", "where is my referral", []),
        ("family_name", "I do not want to tell you this because of my safety", []),
    ],
)
def test_what_was_asked_for_is_found_where_it_would_not_be_otherwise(
    awaiting: str, text: str, expected: list[tuple[str, str]]
) -> None:
    assert found_in(text, awaiting) == expected


@pytest.mark.parametrize(
    ("digits", "valid"),
    [
        ("9990001014", True),
        ("9990001015", False),
        ("999000101", False),
        ("0000000000", False),
        ("9999999999", False),
        ("", False),
    ],
)
def test_an_nhs_number_has_ten_digits_and_a_right_check_digit(digits: str, valid: bool) -> None:
    assert valid_nhs_number(digits) == valid


@pytest.mark.parametrize(
    ("days", "kinds"), [(364, []), (365, ["date-of-birth"]), (20_000, ["date-of-birth"])]
)
def test_a_date_is_a_birth_date_from_one_year_on(days: int, kinds: list[str]) -> None:
    text = f"since {TODAY - timedelta(days=days):%-d %B %Y}"
    assert [item.kind for item in find(text, TODAY)] == kinds


def test_a_pasted_token_of_ours_is_no_identifier_of_the_patient() -> None:
    text = "[nhs-number#k3f9a]"
    assert [(item.kind, item.value) for item in find(text, TODAY)] == [("number", "")]
    assert mask(text, TODAY) == text


GROUPINGS = [(10,), (3, 3, 4), (3, 7), (5, 5), (3, 3, 2, 2), (2,) * 5, (1,) * 10]
SIGNS = [" ", "-", ".", "  ", "\u00a0"]
SIDES = [("", ""), ("NHS: ", ", thanks"), ("numer NHS (", ")"), ("رقمي ", "."), ("আমার নম্বর ", " ।")]


@given(
    st.integers(0, 60).map(nhs_number),
    st.sampled_from(GROUPINGS),
    st.sampled_from(SIGNS),
    st.sampled_from(sorted(SCRIPTS)),
    st.sampled_from(SIDES),
)
@settings(max_examples=60)
def test_a_valid_nhs_number_is_found_in_any_grouping_and_script(
    number: str, grouping: tuple[int, ...], sign: str, script: str, sides: tuple[str, str]
) -> None:
    ends = list(accumulate(grouping))
    parts = [number[end - length : end] for end, length in zip(ends, grouping)]
    typed = sign.join(parts).translate(str.maketrans("0123456789", SCRIPTS[script]))
    assert found_in(typed.join(sides)) == [("nhs-number", number)]


WORDS = st.sampled_from(
    ["my", "numer", "رقم", "নম্বর", "NHS", "9990001014", "999 000 1014", "07700 900123", "SE1 7EH"]
    + [
        "+48 600 100 200",
        "3 May 1961",
        "03/05/1961",
        "٣ مايو ١٩٦١",
        "1234 5678 9012",
        "123456",
        "5",
    ]
    + ["31.02.1980", "+"]
)
TYPED = st.lists(WORDS, max_size=6).flatmap(
    lambda words: st.sampled_from([", ", "; ", "\n", " and "]).map(lambda sign: sign.join(words))
)
DIGITS_LEFT = re.compile(r"\d(?:[ \u00a0().\-‐–]{0,2}\d){6,}")


@given(st.one_of(st.text(), TYPED), st.sampled_from([None, "code", "nhs_number", "date_of_birth"]))
def test_finds_never_overlap_and_have_a_known_kind(text: str, awaiting: str | None) -> None:
    found = find(text, TODAY, awaiting)
    assert all(0 <= item.start < item.end <= len(text) for item in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert {item.kind for item in found} <= set(KINDS)


def digits_left(text: str) -> list[str]:
    """Runs of seven digits and more, in a masked text, that no token hides."""
    plain = digits_to_ascii(TOKEN.sub("|", mask(text, TODAY)))
    return DIGITS_LEFT.findall(plain)


@given(TYPED)
def test_masking_leaves_no_run_of_seven_digits(text: str) -> None:
    assert digits_left(text) == []


@given(st.one_of(st.text(), TYPED))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text, TODAY)
    assert mask(once, TODAY) == once


@pytest.mark.parametrize(
    "text",
    [
        "nhs9990001014",
        "9990001014x",
        "NHS_9990001014",
        "1234567890123456789012345",
        "9990001014 3 May 1961",
        "9990001014 03/05/1961",
        "07700900123 3.5.61",
        pytest.param("9990001014\n3 maja 1961"),
        "3 May 1961 9990001014",
    ],
)
def test_no_digits_are_left_where_they_touch_letters_or_a_date(text: str) -> None:
    assert digits_left(text) == []


def test_replacing_keeps_all_that_is_around() -> None:
    text = "a 9990001014 b SE1 7EH c"

    def token(item: Found) -> str:
        return f"<{item.kind}>"

    assert replace(text, find(text, TODAY), token) == "a <nhs-number> b <postcode> c"
