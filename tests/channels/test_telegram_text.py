"""Cutting and escaping text for Telegram."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_commands import Command, read_command
from bot.channels.telegram_message import read_button
from bot.channels.telegram_text import bare, escaped, in_parts, units
from tests.site import telegram_rules as rules

SENTENCES = (
    "Go to the hospital.",
    "Idź do szpitala.",
    "اذهب إلى المستشفى؟",
    "হাসপাতালে যান।",
    "去医院。",
)


def test_a_long_text_is_cut_where_sentences_end() -> None:
    text = " ".join(f"Sentence number {n} is this one." for n in range(300))
    parts = in_parts(text)
    assert len(parts) > 1
    assert all(part.endswith("is this one.") for part in parts)
    assert " ".join(parts) == text


def test_each_script_is_cut_at_its_own_full_stop() -> None:
    for sentence in SENTENCES:
        parts = in_parts(" ".join([sentence] * 10), units(sentence) * 3)
        assert all(part.endswith(sentence[-1]) for part in parts), sentence


def test_an_emoji_counts_for_two() -> None:
    assert [units(part) for part in in_parts("👍" * 5, 4)] == [4, 4, 2]


@given(st.text(min_size=1, max_size=400), st.integers(min_value=8, max_value=60))
def test_no_part_is_too_long_and_no_word_is_lost(text: str, longest: int) -> None:
    parts = in_parts(text, longest)
    assert all(0 < units(part) <= longest for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.text(min_size=1, max_size=300))
def test_whatever_is_written_is_well_formed_for_telegram(text: str) -> None:
    if text.strip():
        assert rules.plain(escaped(text), "HTML") != ""


def test_bare_words_are_what_was_meant() -> None:
    assert bare("<b>Sam, nurse</b>\n1 &lt; 2 &amp; 3") == "Sam, nurse\n1 < 2 & 3"


def test_a_command_is_read_only_when_nothing_else_is_said() -> None:
    assert read_command("/start") == Command("start")
    assert read_command("/start@waymark_bot aB-_9") == Command("start", "aB-_9")
    assert read_command("/STATUS") == Command("status")
    for text in ("/status please", "/start my chest hurts", "/restart", "status", "/"):
        assert read_command(text) is None, text


def test_only_our_own_buttons_are_read() -> None:
    found = read_button("m12:0:0123abcd")
    assert found is not None and (found.seq, found.button) == (12, 0)
    for data in (None, "", "/ask_referral_status", "m12:0", "m-1:0:0123abcd", "m1:0:0123abcdef"):
        assert read_button(data) is None, data
