"""Dates as people type them: a table for each language, and what no text may do."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.dates import find_dates

TODAY = date(2026, 5, 4)
TABLES = sorted((Path(__file__).parent / "typed_dates").glob("*.tsv"))
"""One file a language: `YYYY-MM-DD<TAB>as typed`, by authors who had not seen the reader."""
NOT_READ = {"tzadit 18 chotanbir 2000", "8 agustosta dogdum 1983"}
"""A misspelled month, and a verb in the middle. The set may only become smaller."""

TYPED = {
    "en": {
        "3 May 1961": "1961-05-03",
        "May 3, 1961": "1961-05-03",
        "july 4 1976": "1976-07-04",
        "3rd of May 1961": "1961-05-03",
        "1961 May 3": "1961-05-03",
        "04-Jul-1976": "1976-07-04",
        "4th Sept. 1976": "1976-09-04",
        "my dob is 12 feb 88 thanks": "1988-02-12",
    },
    "es": {
        "3 de mayo de 1961": "1961-05-03",
        "nací el 3 de Mayo del 1961": "1961-05-03",
        "12 febrero 1988": "1988-02-12",
        "1 de septiembre de 1955": "1955-09-01",
    },
    "pl": {
        "3 maja 1961": "1961-05-03",
        "3 maj 1961": "1961-05-03",
        "ur. 3 stycznia 1961 r.": "1961-01-03",
        "7 pazdziernika 1955 roku": "1955-10-07",
        "29 lutego 1960": "1960-02-29",
    },
    "ar": {
        "3 مايو 1961": "1961-05-03",
        "٣ مايو ١٩٦١": "1961-05-03",
        "٣ أيار ١٩٦١": "1961-05-03",
        "١٢ شباط ١٩٨٨": "1988-02-12",
        "5 اذار 1975": "1975-03-05",
        "٠٣/٠٥/١٩٦١": "1961-05-03",
        "١٩٦١/٠٥/٠٣": "1961-05-03",
    },
    "bn": {
        "৩ মে ১৯৬১": "1961-05-03",
        "৩রা মে ১৯৬১": "1961-05-03",
        "১২ই ফেব্রুয়ারি ১৯৮৮": "1988-02-12",
        "৩ জানুয়ারী ১৯৬১": "1961-01-03",
        "০৩/০৫/১৯৬১": "1961-05-03",
    },
    "other": {"1961年5月3日": "1961-05-03", "3 août 1970": "1970-08-03"},
}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param(typed, expected, id=f"{language}: {typed}")
        for language, table in TYPED.items()
        for typed, expected in table.items()
    ],
)
def test_a_date_in_words_or_digits_of_a_language_is_read(typed: str, expected: str) -> None:
    (found,) = find_dates(typed, TODAY)
    assert found.value == date.fromisoformat(expected)


@pytest.mark.parametrize("path", TABLES, ids=[path.stem for path in TABLES])
def test_dates_of_birth_typed_in_a_language_are_read(path: Path) -> None:
    rows = [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    read = {typed: find_dates(typed, TODAY, compact=True) for _, typed in rows}
    wrong = {
        typed
        for expected, typed in rows
        if [found.value for found in read[typed]] != [date.fromisoformat(expected)]
    }
    assert len(rows) >= 14
    assert wrong == NOT_READ & set(read)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1340/02/13", "1961-05-03"),
        ("۱۳۴۰/۰۲/۱۳", "1961-05-03"),
        ("۱۳ اردیبهشت ۴۰", "1961-05-03"),
        ("13 sawr 1340", "1961-05-03"),
        ("۳۰ اسفند ۱۳۴۲", "1964-03-20"),
    ],
)
def test_a_date_of_the_persian_calendar_is_read(typed: str, expected: str) -> None:
    (found,) = find_dates(typed, TODAY)
    assert found.value == date.fromisoformat(expected)


@pytest.mark.parametrize(
    "typed",
    ["3 mai la 10", "el 3 de mayo a las 10", "3 maja o 12", "2 de 3", "on 3 May 10:30"]
    + ["le 4 mars 10h", "12 марта 15:30", "5 মে ১০টা", "between 9.30 - 12", "1 tháng 2, 20 ngày"],
)
def test_a_day_with_an_hour_behind_it_is_no_date_of_birth(typed: str) -> None:
    assert find_dates(typed, TODAY) == []


@pytest.mark.parametrize("typed", ["1961-05-03", "1961/5/3", "1961.05.03"])
def test_a_date_that_begins_with_its_year_goes_on_with_the_month(typed: str) -> None:
    (found,) = find_dates(typed, TODAY)
    assert (found.value, found.ambiguous) == (date(1961, 5, 3), False)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("3.5.61", date(1961, 5, 3)),
        ("3 May 61", date(1961, 5, 3)),
        ("13/05/26", date(2026, 5, 13)),
        ("13/05/27", date(1927, 5, 13)),
        ("13/05/00", date(2000, 5, 13)),
    ],
)
def test_a_year_of_two_digits_is_this_year_or_before(typed: str, expected: date) -> None:
    (found,) = find_dates(typed, TODAY)
    assert found.value == expected


@pytest.mark.parametrize(
    "typed",
    [
        "31/02/1980",
        "29.2.1900",
        "30 February 1980",
        "31 kwietnia 1970",
        "۳۰ اسفند ۱۳۴۱",
        "0/0/1961",
        "99/99/9999",
        "٣١ فبراير ١٩٨٠",
        "3/5/1799",
    ],
)
def test_an_impossible_date_is_found_and_has_no_value(typed: str) -> None:
    (found,) = find_dates(typed, TODAY)
    assert (found.value, found.ambiguous) == (None, False)


@pytest.mark.parametrize(
    ("typed", "ambiguous"),
    [
        ("03/05/1961", True),
        ("3.5.61", True),
        ("05/05/1961", False),
        ("13/05/1961", False),
        ("5/3/1354", False),
        ("3／5／1961", True),
        ("05/13/1961", False),
        ("3 May 1961", False),
    ],
)
def test_a_date_is_ambiguous_when_day_and_month_can_be_swapped(typed: str, ambiguous: bool) -> None:
    (found,) = find_dates(typed, TODAY)
    assert found.ambiguous == ambiguous


def test_day_and_month_are_swapped_when_only_that_gives_a_date() -> None:
    (found,) = find_dates("05/13/1961", TODAY)
    assert found.value == date(1961, 5, 13)


@pytest.mark.parametrize(
    "typed", ["3 May", "in May 1961", "since 2019", "12 12", "10:30", "1.5 mg", "maybe 3", ""]
)
def test_what_is_no_full_date_is_not_found(typed: str) -> None:
    assert find_dates(typed, TODAY) == []


@pytest.mark.parametrize("typed", ["03051961", "3 5 1961", "3 5 61", "٠٣٠٥١٩٦١"])
def test_bare_digits_are_a_date_only_when_one_was_asked_for(typed: str) -> None:
    assert find_dates(typed, TODAY) == []
    (found,) = find_dates(typed, TODAY, compact=True)
    assert (found.value, found.ambiguous) == (date(1961, 5, 3), True)


def test_several_dates_are_found_in_order() -> None:
    text = "born 3 May 1961, seen 12/04/2026, next 1 czerwca 2026"
    values = [found.value for found in find_dates(text, TODAY)]
    assert values == [date(1961, 5, 3), date(2026, 4, 12), date(2026, 6, 1)]


PIECES = st.sampled_from(
    ["3", "03", "1961", "61", "31", "May", "maja", "de", "mayo", "/", "-", ".", " ", ", ", "٣", "২"]
    + ["১৯৬১", "৩রা", "年", "月", "مايو", "x", "\n", "'"]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)), st.booleans())
def test_no_text_makes_the_reader_raise_or_its_finds_overlap(text: str, compact: bool) -> None:
    found = find_dates(text, TODAY, compact=compact)
    assert all(0 <= item.start < item.end <= len(text) for item in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.dates(date(1900, 1, 1), date(2026, 5, 4)), st.sampled_from(["-", "/", "."]))
def test_every_day_is_read_back_year_first_and_day_first(day: date, sign: str) -> None:
    for form in (f"%Y{sign}%m{sign}%d", "%-d %B %Y", "%B %-d, %Y"):
        (found,) = find_dates(day.strftime(form), TODAY)
        assert found.value == day
