"""What the door makes of any text at all."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.door import Checked, check, clean_text, is_flagged
from bot.pathway.lexicon import Lexicon, all_lexicons, read_lexicon
from bot.pathway.red_flags import Card, Outcome

LENGTH = 50
TRICKY = st.sampled_from(
    ["/", " ", "\x00", "\u202e", "\u2066", "\ufeff", "\n", "\t", "é", "e\u0301"]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=120),
    st.lists(st.one_of(TRICKY, st.text(max_size=3)), max_size=30).map("".join),
)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """One phrase only, so that thousands of texts are screened at once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "xx.yml"
        path.write_text("language: xx\ngroups: {chest_pain: [chest .. pain*]}", encoding="utf-8")
        return read_lexicon(path)


def checked(text: str) -> Checked:
    return check(text, (lexicon(),), LENGTH)


@given(TEXTS)
def test_no_text_makes_the_door_raise_and_what_is_kept_is_clean(text: str) -> None:
    made = checked(text)
    assert not made.text.startswith(("/", " "))
    assert len(made.text) <= LENGTH
    kept = {"\n", "\u200c", "\u200d"}
    assert all(c in kept or not unicodedata.category(c).startswith("C") or
               unicodedata.category(c) == "Cn" for c in made.text)  # fmt: skip
    made.text.encode("utf-8")  # no half of a surrogate pair


@given(TEXTS)
def test_cleaning_a_clean_text_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(TEXTS, st.integers(0, 200))
def test_a_red_flag_anywhere_in_the_text_is_kept_though_the_text_is_cut(
    text: str, more: int
) -> None:
    long = text + "." + "a" * more + ". my chest has pain"
    made = checked(long)
    assert (made.red_flag.outcome, made.red_flag.card) == (Outcome.CARD, Card.EMERGENCY)
    assert is_flagged(made)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("/restart", "restart"),
        ("  //  /restart", "restart"),
        ("\u200e/restart", "restart"),
        ("\x00/greet{}", "greet{}"),
        ("/", ""),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("abc\u202edef\u2069", "abcdef"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("cafe\u0301", "café"),
        ("  two\nlines  ", "two\nlines"),
        ("<b>hi</b> '; DROP TABLE", "<b>hi</b> '; DROP TABLE"),
        ("1/2/1980", "1/2/1980"),
    ],
)
def test_a_typed_text_is_kept_without_commands_and_hidden_signs(typed: str, kept: str) -> None:
    assert clean_text(typed) == kept


@pytest.mark.parametrize(
    ("text", "words"), [("🙂🙂", False), ("", False), ("...", False), ("🙂 hi", True), ("১২", True)]
)
def test_a_text_without_letters_or_digits_has_no_words(text: str, words: bool) -> None:
    assert checked(text).words == words


@pytest.mark.parametrize(("length", "too_long"), [(49, False), (50, False), (51, True)])
def test_a_text_is_too_long_from_one_character_over(length: int, too_long: bool) -> None:
    made = checked("a" * length)
    assert (made.too_long, len(made.text)) == (too_long, min(length, LENGTH))


def test_an_emergency_at_the_end_of_5000_characters_gets_its_card() -> None:
    made = check("where is my letter? " * 240 + "mam zawał", all_lexicons(), 2000)
    assert (made.red_flag.outcome, made.too_long, len(made.text)) == (Outcome.CARD, True, 2000)
