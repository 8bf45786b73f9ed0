"""The red-flag lexicon: what it finds, what lowers a card to a question, what it never does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UnreadableInput
from bot.pathway.folding import fold
from bot.pathway.lexicon import (
    Lexicon,
    all_lexicons,
    compile_phrase,
    lexicon_digest,
    read_lexicon,
)
from bot.pathway.red_flags import (
    GROUPS,
    NO_RED_FLAG,
    SOURCES,
    Card,
    Outcome,
    RedFlag,
    combine,
)
from bot.pathway.screening import asks_about_cancer, screen
from bot.processes.red_flag_list import red_flag_list

LEXICONS = {lexicon.language: lexicon for lexicon in all_lexicons()}
CARD, ASK, NOTHING = Outcome.CARD, Outcome.ASK, Outcome.NOTHING
SMALL = """
language: xx
cancer: [krebs*]
negation_before: [not, "no"]
negation_after: [gone]
past: [years ago]
setting: [clinic]
groups:
  chest_pain:
  - pain* .. chest
  - hurting heart
  suicide:
  - end it all
  urgent:
  - fever ?
exemplars: {chest_pain: [pain in my chest]}
hard_negatives: [chest clinic]
"""


def exemplars_of(lexicon: Lexicon) -> list[str]:
    return [text for texts in lexicon.exemplars.values() for text in texts]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lexicon, ...]:
    path = tmp_path_factory.mktemp("lexicon") / "xx.yml"
    path.write_text(SMALL, encoding="utf-8")
    return (read_lexicon(path),)


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("pain in my chest", CARD),
        ("PAINS in the chest!!", CARD),
        ("pain one two three chest", CARD),
        ("pain one two three four chest", NOTHING),
        ("no pain in my chest", ASK),
        ("not a b c pain in my chest", ASK),
        ("not a b c d pain in my chest", CARD),
        ("pain in my chest is gone", ASK),
        ("pain in my chest and then it all was gone", CARD),
        ("pain in my chest years ago", ASK),
        ("the clinic asked about pain in my chest", ASK),
        ("pain in my chest. The clinic is on Monday", CARD),
        ("no fever? pain in my chest", CARD),
        ("not sure, but pain in my chest", CARD),
        ("pain in my\nchest", CARD),
        ("hurt\u200bing heart", CARD),
        ("paint on the chest", CARD),
        ("repaint the chest", NOTHING),
        ("I have a fever", ASK),
        ("I have no fever", ASK),
        ("when is my appointment", NOTHING),
        ("", NOTHING),
    ],
)
def test_guards_lower_a_card_to_a_question_and_never_to_silence(
    small: tuple[Lexicon, ...], text: str, outcome: Outcome
) -> None:
    assert screen(text, small).outcome == outcome


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("I will end it all", Card.CRISIS),
        ("I will end it all; pain in my chest", Card.EMERGENCY),
        ("no pain in my chest; I will end it all", Card.CRISIS),
        ("fever and no pain in my chest", Card.EMERGENCY),
    ],
)
def test_the_gravest_of_several_finds_counts_and_a_card_beats_a_question(
    small: tuple[Lexicon, ...], text: str, card: Card
) -> None:
    assert screen(text, small).card == card


def test_no_find_at_all_is_no_red_flag() -> None:
    assert combine([]) == NO_RED_FLAG
    assert NO_RED_FLAG.as_dict() == {"outcome": "nothing"}


def test_a_flag_is_told_as_plain_json() -> None:
    flag = RedFlag(CARD, Card.CRISIS, "suicide", "pl")
    assert flag.as_dict() == {"outcome": "card", "card": "crisis", "group": "suicide"}


@pytest.mark.parametrize(
    ("text", "outcome", "card"),
    [
        ("I have chest pain", CARD, Card.EMERGENCY),
        ("I can’t breathe", CARD, Card.EMERGENCY),
        ("i cant breath", CARD, Card.EMERGENCY),
        ("my chest pain clinic is on Monday, when is my appointment", ASK, Card.EMERGENCY),
        ("I had a stroke last year", ASK, Card.EMERGENCY),
        ("no chest pain", ASK, Card.EMERGENCY),
        ("I don't have chest pain", ASK, Card.EMERGENCY),
        ("the chest pain has gone", ASK, Card.EMERGENCY),
        ("I want to kill myself", CARD, Card.CRISIS),
        ("my husband hits me", CARD, Card.SAFEGUARDING),
        ("boli mnie w klatce", CARD, Card.EMERGENCY),
        ("nie boli mnie w klatce", ASK, Card.EMERGENCY),
        ("rok temu miałam stroke", ASK, Card.EMERGENCY),
        ("me duele el pecho", CARD, Card.EMERGENCY),
        ("no me duele el pecho", ASK, Card.EMERGENCY),
        ("dolor de pecho hace años", ASK, Card.EMERGENCY),
        ("ألم في صدري", CARD, Card.EMERGENCY),
        ("ما عندي ألم في صدري", ASK, Card.EMERGENCY),
        ("বুকে ব্যথা", CARD, Card.EMERGENCY),
        ("বুকে ব্যথা নেই", ASK, Card.EMERGENCY),
        ("where is my referral", NOTHING, None),
        ("gdzie jest moje skierowanie", NOTHING, None),
        ("dónde está mi derivación", NOTHING, None),
        ("أين تحويلتي", NOTHING, None),
        ("আমার রেফারেল কোথায়", NOTHING, None),
    ],
)
def test_each_languages_words_get_their_outcome(
    text: str, outcome: Outcome, card: Card | None
) -> None:
    found = screen(text, all_lexicons())
    assert (found.outcome, found.card) == (outcome, card)


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_most_exemplars_of_a_language_are_found_by_their_words_alone(language: str) -> None:
    """The model finds the indirect ones: tests/nlu/test_understanding.py."""
    exemplars = exemplars_of(LEXICONS[language])
    outcomes = {text: screen(text, all_lexicons()).outcome for text in exemplars}
    missed = [text for text, outcome in outcomes.items() if outcome is NOTHING]
    assert len(missed) <= 0.3 * len(exemplars), missed
    assert sum(outcome is CARD for outcome in outcomes.values()) >= 0.65 * len(exemplars)


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_hardly_any_hard_negative_of_a_language_gets_a_card(language: str) -> None:
    lexicon = LEXICONS[language]
    alone = {t for t in lexicon.hard_negatives if screen(t, (lexicon,)).outcome is CARD}
    together = {t for t in lexicon.hard_negatives if screen(t, all_lexicons()).outcome is CARD}
    assert len(alone) <= 0.08 * len(lexicon.hard_negatives), alone
    assert len(together) <= 0.1 * len(lexicon.hard_negatives), together


@pytest.mark.parametrize("language", sorted(LEXICONS))
def test_a_lexicon_has_what_the_instructions_ask_for(language: str) -> None:
    lexicon = LEXICONS[language]
    groups = {phrase.group for phrase in lexicon.phrases}
    assert {"chest_pain", "breathing", "stroke", "bleeding", "cauda_equina", "suicide"} <= groups
    assert len(exemplars_of(lexicon)) >= 40
    assert len(lexicon.hard_negatives) >= 40
    assert lexicon.negation_before and lexicon.guards and lexicon.cancer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is it cancer?", True),
        ("czy to rak", True),
        ("¿es cáncer?", True),
        ("هل هو سرطان", True),
        ("এটা কি ক্যান্সার", True),
        ("is it serious?", False),
        ("", False),
    ],
)
def test_a_question_about_cancer_is_known_in_every_language(text: str, expected: bool) -> None:
    assert asks_about_cancer(text, all_lexicons()) == expected


WORDS = [
    "pain",
    "chest",
    "not",
    "gone",
    "clinic",
    "years",
    "ago",
    ".",
    "but",
    "\n",
    "\u200b",
    "end",
    "it",
    "all",
]


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_screening_never_raises_and_a_guard_never_silences(
    small: tuple[Lexicon, ...], text: str
) -> None:
    unguarded = (replace(small[0], negation_before=None, negation_after=None, guards=None),)
    found, bare = screen(text, small), screen(text, unguarded)
    assert (found.outcome is NOTHING) == (bare.outcome is NOTHING)


@given(st.text(max_size=120))
@settings(max_examples=30, deadline=None)
def test_no_text_makes_the_real_lexicons_raise(text: str) -> None:
    assert screen(text, all_lexicons()).outcome in Outcome


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  chest_pain:", "  toothache:"), r"unknown groups \['toothache'\]"),
        (("  - hurting heart", "  - '** *'"), "is an empty phrase"),
        (("language: xx", "language"), r"xx\.yml"),
        (("language: xx\n", ""), "language"),
        (("groups:", "groups: ["), r"xx\.yml"),
    ],
)
def test_a_broken_lexicon_is_refused_with_its_name_and_the_remedy(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    path = tmp_path / "xx.yml"
    path.write_text(SMALL.replace(*change), encoding="utf-8")
    with pytest.raises(UnreadableInput, match=said) as caught:
        read_lexicon(path)
    assert str(caught.value).startswith("xx.yml: ")
    assert "docs/adding-a-language.md" in str(caught.value)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("bol* .. klat*", "boli mnie bardzo klatka", True),
        ("bol* .. klat*", "klatka boli", False),
        ("*ache", "headache", True),
        ("heart", "hearts", False),
        ("can't breathe", "cant breathe", True),
        ("klatkę", "klatke", True),
    ],
)
def test_a_phrase_means_what_the_instructions_say(phrase: str, text: str, found: bool) -> None:
    assert bool(compile_phrase(phrase).search(text)) == found


def test_the_list_to_sign_off_holds_every_phrase_with_the_source_of_its_group() -> None:
    written = red_flag_list()
    assert lexicon_digest() in written
    for lexicon in all_lexicons():
        assert f"({lexicon.language})" in written
    for group, (_, source) in GROUPS.items():
        part = written.split(f"## {group.replace('_', ' ')}\n")[1].split("\n## ")[0]
        assert SOURCES[source] in part
        for lexicon in all_lexicons():
            phrases = [phrase.words for phrase in lexicon.phrases if phrase.group == group]
            assert all(words in part for words in phrases)


def test_any_change_of_a_phrase_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "xx.yml").write_text(SMALL, encoding="utf-8")
    before = lexicon_digest([read_lexicon(tmp_path / "xx.yml")])
    (tmp_path / "xx.yml").write_text(SMALL.replace("fever ?", "fever"), encoding="utf-8")
    assert lexicon_digest([read_lexicon(tmp_path / "xx.yml")]) != before


@pytest.mark.parametrize(
    "text",
    ["ஓவர்டோஸா எடுத்துட்டேன்", "சாகலாமா", "ｃｈｅｓｔ ｐａｉｎ", "long day.\nmy chest\nis hurting"],
)
def test_endings_wide_letters_and_broken_lines_hide_nothing(text: str) -> None:
    assert screen(text, all_lexicons()).outcome is CARD


def test_no_needle_is_longer_than_what_its_phrase_matches() -> None:
    for lexicon in all_lexicons():
        for phrase in lexicon.phrases:
            bare = " ".join(word.strip("*") for word in phrase.words.split() if word.strip(".*"))
            assert phrase.needle in fold(bare), (lexicon.language, phrase.words)


def test_words_in_a_phrases_own_match_do_not_guard_it() -> None:
    text = "one of my testicles suddenly hurts so much I am vomiting"
    assert screen(text, all_lexicons()).outcome is CARD
