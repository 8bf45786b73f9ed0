"""Which language: scripts, langdetect's limits, and when the answer's language changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.identify import (
    Decision,
    blend,
    decide,
    main_script,
    rank_by_langdetect,
    rank_by_script,
    words_of,
)

OFFERED = ("en", "es", "pl", "ar", "bn")
SURE_PL, SURE_ES, UNSURE = (
    {"pl": 0.97, "en": 0.03},
    {"es": 0.95, "en": 0.05},
    {"pl": 0.6, "en": 0.4},
)


def decision(ranking: dict[str, float], words: int = 3, **given_: Any) -> Decision:
    known = {"current": None, "chosen": False, "previous": None, "hint": None, "default": "en"}
    return decide(ranking, words, **{**known, **given_})


@pytest.mark.parametrize(
    ("why", "ranking", "words", "given_", "expected"),
    [
        ("first: the likeliest", SURE_PL, 1, {}, Decision("pl")),
        ("first: nothing to go by, the hint", {}, 0, {"hint": "bn"}, Decision("bn")),
        ("first: nothing at all, the site's", {}, 0, {}, Decision("en")),
        (
            "first: the hint tips the scale",
            {"es": 0.6, "pl": 0.4},
            2,
            {"hint": "pl"},
            Decision("pl"),
        ),
        ("first: but it doesn't beat a sure one", SURE_ES, 2, {"hint": "pl"}, Decision("es")),
        ("same language: stays", SURE_PL, 9, {"current": "pl"}, Decision("pl")),
        ("short and sure: stays", SURE_PL, 2, {"current": "en"}, Decision("en")),
        ("long, not sure: stays", UNSURE, 9, {"current": "en"}, Decision("en")),
        (
            "long, sure enough only for short: stays",
            {"pl": 0.85},
            9,
            {"current": "en"},
            Decision("en"),
        ),
        ("long and sure: changes", SURE_PL, 5, {"current": "en"}, Decision("pl", "en")),
        (
            "the second sure one in a row: changes",
            SURE_PL,
            1,
            {"current": "en", "previous": "pl"},
            Decision("pl", "en"),
        ),
        (
            "two in a row, in different languages: stays",
            SURE_PL,
            1,
            {"current": "en", "previous": "es"},
            Decision("en"),
        ),
        (
            "two in a row, the second unsure: stays",
            UNSURE,
            1,
            {"current": "en", "previous": "pl"},
            Decision("en"),
        ),
        (
            "picked by the patient: nothing changes it",
            SURE_PL,
            20,
            {"current": "es", "chosen": True, "previous": "pl"},
            Decision("es"),
        ),
        ("digits only: stays", {}, 0, {"current": "ar", "hint": "pl"}, Decision("ar")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_answers_language_is_sticky(
    why: str, ranking: dict[str, float], words: int, given_: dict[str, Any], expected: Decision
) -> None:
    assert decision(ranking, words, **given_) == expected


@given(
    st.dictionaries(st.sampled_from(OFFERED), st.floats(0, 1), max_size=5),
    st.integers(0, 50),
    st.one_of(st.none(), st.sampled_from(OFFERED)),
    st.booleans(),
    st.one_of(st.none(), st.sampled_from(OFFERED)),
)
def test_a_switch_always_names_what_it_left(
    ranking: dict[str, float], words: int, current: str | None, chosen: bool, previous: str | None
) -> None:
    made = decision(ranking, words, current=current, chosen=chosen, previous=previous)
    switched = current is not None and made.language != current
    assert made.switched_from == (current if switched else None)
    assert not (switched and chosen)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("where", "LATIN"),
        ("gdzie są", "LATIN"),
        ("أين", "ARABIC"),
        ("কোথায়", "BENGALI"),
        ("где", "CYRILLIC"),
        ("12 🙂 !", None),
        ("", None),
        ("hej কোথায় আমার", "BENGALI"),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, script: str | None) -> None:
    assert main_script(text) == script


@pytest.mark.parametrize(
    ("text", "offered", "expected"),
    [
        ("কোথায়", OFFERED, {"bn": 1.0}),
        ("أين الموعد", OFFERED, {"ar": 1.0}),
        ("أين الموعد", (*OFFERED, "fa"), {}),
        ("کجا پدر", (*OFFERED, "fa"), {}),
        ("گھر کہاں ہے", (*OFFERED, "fa", "ur"), {"ur": 1.0}),
        ("де моє направлення, їх", (*OFFERED, "uk", "ru"), {"uk": 1.0}),
        ("where", OFFERED, {}),
        ("কোথায়", ("en", "pl"), {}),
    ],
)
def test_a_script_or_letter_of_one_offered_language_is_certain(
    text: str, offered: tuple[str, ...], expected: dict[str, float]
) -> None:
    assert rank_by_script(text, offered) == expected


def test_identifiers_digits_and_emoji_are_no_words() -> None:
    assert words_of("gdzie [nhs-number#k3f9] 12/05 jest 🙂 ১২") == "gdzie jest"
    assert words_of("[date-of-birth#0] 123 ٣٤") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gdzie jest moje skierowanie do szpitala", "pl"),
        ("where is my referral to the hospital", "en"),
        ("dónde está mi derivación al hospital", "es"),
    ],
)
def test_langdetect_names_only_offered_languages(text: str, expected: str) -> None:
    ranking = rank_by_langdetect(text, OFFERED)
    assert max(ranking, key=lambda code: ranking[code]) == expected
    assert set(ranking) <= set(OFFERED)


def test_langdetect_has_nothing_to_say_without_letters_or_known_languages() -> None:
    assert rank_by_langdetect("123 !!", OFFERED) == {}
    assert rank_by_langdetect("where is it", ("zz",)) == {}


def test_what_was_learned_weighs_more_than_langdetect() -> None:
    ranking = blend({"bn": 0.9, "en": 0.1}, {"en": 1.0})
    assert max(ranking, key=lambda code: ranking[code]) == "bn"
    assert sum(ranking.values()) == pytest.approx(1.0)
    assert blend({}, {"en": 1.0}) == {"en": 1.0}
