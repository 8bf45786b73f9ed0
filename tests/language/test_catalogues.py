"""Catalogues: complete in every language, and what is wrong with one is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import polib
import pytest

from bot.errors import UnreadableInput
from bot.language.catalogues import (
    DRAFT_MARK,
    LOCALES_PATH,
    Button,
    Catalogues,
    CatalogueState,
    Response,
    catalogue_path,
    check_catalogue,
    direction,
    get_catalogues,
    messages_of,
    own_name,
    placeholders,
    read_responses,
    update_catalogue,
)

RESPONSES = {
    "utter_status": Response(
        "utter_status", "Since {since:date} at {clinic}.", (Button("Go", "/x"),)
    ),
    "utter_card_emergency": Response("utter_card_emergency", "Call 999."),
    "utter_bye": Response("utter_bye", "Bye.", (Button("Go", "/y"),)),
}
GOOD = {
    ("utter_card_emergency", "Call 999."): "Zadzwoń pod 999.",
    ("utter_status", "Since {since:date} at {clinic}."): "{clinic}, od {since:date}.",
    ("button", "Go"): "Dalej",
    ("utter_bye", "Bye."): "Pa.",
}
SINCE = ("utter_status", "Since {since:date} at {clinic}.")


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., CatalogueState]:
    """Writes a catalogue and checks it."""

    def check(entries: dict[tuple[str, str], str], drafts: int = 0) -> CatalogueState:
        file = polib.POFile()
        file.metadata = {"Content-Type": "text/plain; charset=utf-8"}
        for number, ((context, english), text) in enumerate(entries.items()):
            comment = DRAFT_MARK if number < drafts else ""
            file.append(polib.POEntry(msgctxt=context, msgid=english, msgstr=text, comment=comment))
        path = catalogue_path("pl", tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.save(str(path))
        return check_catalogue("pl", messages_of(RESPONSES), path)

    return check


def languages() -> list[str]:
    return sorted(path.parent.parent.name for path in LOCALES_PATH.glob("*/LC_MESSAGES/*.po"))


@pytest.mark.parametrize("language", languages())
def test_every_catalogue_is_complete_and_nothing_in_it_is_stale(language: str) -> None:
    state = check_catalogue(language, messages_of(read_responses()), catalogue_path(language))
    assert state.problems == ()
    assert state.translated == state.total


def test_the_twenty_languages_are_offered_english_first() -> None:
    asked_for = ("en", "es", "pt", "fr", "it", "pl", "ro", "tr", "sq", "ar") + (
        "fa",
        "ur",
        "bn",
        "ta",
        "ne",
        "so",
        "vi",
        "zh",
        "uk",
        "ru",
    )
    assert get_catalogues().offered()[0] == "en"
    assert sorted(get_catalogues().offered()) == sorted(asked_for)


@pytest.mark.parametrize("language", languages())
def test_a_card_keeps_its_telephone_numbers(language: str) -> None:
    catalogues = get_catalogues()
    for name in ("utter_card_emergency", "utter_card_crisis", "utter_card_urgent"):
        english = catalogues.responses[name].text
        told = catalogues.translate(name, english, language)
        numbers = [
            set(re.findall(r"\d+", text.replace("116 123", "116123"))) for text in (told, english)
        ]
        assert numbers[0] == numbers[1], name


def test_a_good_catalogue_has_no_problems(checked: Callable[..., CatalogueState]) -> None:
    state = checked(GOOD)
    assert (state.complete, state.total, state.translated, state.reviewed) == (True, 4, 4, 4)


@pytest.mark.parametrize("text", ["", None])
def test_a_missing_translation_is_reported(
    checked: Callable[..., CatalogueState], text: str | None
) -> None:
    entries = {pair: said for pair, said in GOOD.items() if pair[0] != "utter_bye"}
    if text is not None:
        entries["utter_bye", "Bye."] = text
    state = checked(entries)
    assert state.problems == ("utter_bye: not translated: “Bye.”",)
    assert (state.complete, state.translated) == (False, 3)


@pytest.mark.parametrize(
    "text",
    [
        "Od {since:date}.",
        "{clinic}, od {since}.",
        "{clinic}, od {since:datetime}.",
        "{klinika}, od {since:date}.",
        "{clinic} {clinic2}, od {since:date}.",
        "{clinic}, od {since:date",
    ],
)
def test_a_placeholder_that_differs_is_reported(
    checked: Callable[..., CatalogueState], text: str
) -> None:
    state = checked(GOOD | {SINCE: text})
    assert state.problems == ("utter_status: the placeholders differ from the English ones",)


@pytest.mark.parametrize("stale", [("utter_bye", "Good-bye."), ("utter_gone", "Bye.")])
def test_a_stale_translation_is_reported(
    checked: Callable[..., CatalogueState], stale: tuple[str, str]
) -> None:
    state = checked(GOOD | {stale: "Do widzenia."})
    assert state.problems == (f"{stale[0]}: stale: “{stale[1]}”",)


def test_a_machines_drafts_are_not_counted_as_reviewed(
    checked: Callable[..., CatalogueState],
) -> None:
    state = checked(GOOD, drafts=3)
    assert (state.reviewed, state.translated, state.complete) == (1, 4, True)


def test_an_incomplete_language_is_not_offered(
    checked: Callable[..., CatalogueState], tmp_path: Path
) -> None:
    checked(GOOD)
    assert Catalogues(RESPONSES, tmp_path).offered() == ["en", "pl"]
    checked({pair: said for pair, said in GOOD.items() if pair != SINCE})
    assert Catalogues(RESPONSES, tmp_path).offered() == ["en"]


def test_updating_keeps_what_fits_and_drops_what_is_stale(
    checked: Callable[..., CatalogueState], tmp_path: Path
) -> None:
    kept = {pair: said for pair, said in GOOD.items() if pair != SINCE}
    checked(kept | {("utter_gone", "Gone."): "Nie ma."}, drafts=1)
    path = catalogue_path("pl", tmp_path)
    update_catalogue("pl", messages_of(RESPONSES), path)
    state = check_catalogue("pl", messages_of(RESPONSES), path)
    assert state.problems == (f"utter_status: not translated: “{SINCE[1]}”",)
    assert (state.translated, state.reviewed) == (3, 2)
    before = path.read_bytes()
    update_catalogue("pl", messages_of(RESPONSES), path)
    assert path.read_bytes() == before


def test_safety_sentences_are_to_be_reviewed_first() -> None:
    order = [name for name, _ in messages_of(RESPONSES)]
    assert order[0] == "utter_card_emergency"
    assert order.count("button") == 1  # one title for both responses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Since {since:date} at {clinic}.", {"since:date", "clinic"}),
        ("Nothing.", set()),
        ("A {{brace}}.", set()),
    ],
)
def test_placeholders_are_read_with_their_types(text: str, expected: set[str]) -> None:
    assert placeholders(text) == expected


def test_a_response_has_exactly_one_text(tmp_path: Path) -> None:
    domain = tmp_path / "domain.yml"
    domain.write_text("responses:\n  utter_a:\n  - text: one\n  - text: two\n", encoding="utf-8")
    with pytest.raises(UnreadableInput, match="utter_a must have exactly one text"):
        read_responses(domain)


@pytest.mark.parametrize(
    ("language", "name", "way"),
    [
        ("en", "English", "ltr"),
        ("es", "español", "ltr"),
        ("pl", "polski", "ltr"),
        ("ar", "العربية", "rtl"),
        ("bn", "বাংলা", "ltr"),
    ],
)
def test_a_language_knows_its_own_name_and_its_direction(
    language: str, name: str, way: str
) -> None:
    assert (own_name(language), direction(language)) == (name, way)
