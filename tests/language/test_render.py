"""Names and values become sentences: typed placeholders, isolates, terms, buttons."""

from __future__ import annotations

from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import polib
import pytest

from bot.language.catalogues import (
    Button,
    Catalogues,
    Response,
    get_catalogues,
    placeholders,
    read_responses,
)
from bot.language.render import Renderer, format_value

FSI, PDI = "\u2068", "\u2069"
MOMENT = "2026-05-12T08:40:00+00:00"  # 9:40 in London
LANGUAGES = ("en", "es", "pl", "ar", "bn")


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(get_catalogues())


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("", "SE1 7EH", ["SE1 7EH"] * 5),
        (
            "date",
            "2026-05-03",
            ["3 May 2026", "3 de mayo de 2026", "3 maja 2026", "3 مايو 2026", "3 মে, 2026"],
        ),
        (
            "month",
            "2026-05-03",
            ["May 2026", "mayo de 2026", "maj 2026", "مايو 2026", "মে 2026"],
        ),
        ("percent", 0.583, ["58%", "58 %", "58%", "58%", "58%"]),
        ("number", 1234, ["1,234", "1.234", "1 234", "1,234", "1,234"]),
        ("weeks", 5, ["5 weeks", "5 semanas", "5 tygodni", "5 أسابيع", "5 সপ্তাহ"]),
        ("minutes", 12, ["12 minutes", "12 minutos", "12 minut", "12 دقيقة", "12 মিনিট"]),
        ("time", MOMENT, ["09:40", "9:40", "09:40", "9:40 ص", "9:40 AM"]),
        ("list", ["a", "b", "c"], ["a, b and c", "a, b y c", "a, b i c", "a وb وc", "a, b এবং c"]),
    ],
)
def test_a_typed_value_is_shown_as_each_language_writes_it(
    kind: str, value: Any, shown: list[str]
) -> None:
    # Digits are 0-9 in every language, as on the phone and in the numbers of the cards.
    made = [format_value(value, kind, language) for language in LANGUAGES]
    assert [text.replace("\u00a0", " ") for text in made] == shown


def plurals(language: str) -> list[str]:
    return [format_value(weeks, "weeks", language) for weeks in (0, 1, 2, 3, 5, 22, 100)]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "0 weeks|1 week|2 weeks|3 weeks|5 weeks|22 weeks|100 weeks"),
        (
            "es",
            "0 semanas|1 semana|2 semanas|3 semanas|5 semanas|22 semanas|100 semanas",
        ),
        (
            "pl",
            "0 tygodni|1 tydzień|2 tygodnie|3 tygodnie|5 tygodni|22 tygodnie|100 tygodni",
        ),
        ("ar", "0 أسبوع|أسبوع|أسبوعان|3 أسابيع|5 أسابيع|22 أسبوعًا|100 أسبوع"),
        ("bn", "0 সপ্তাহ|1 সপ্তাহ|2 সপ্তাহ|3 সপ্তাহ|5 সপ্তাহ|22 সপ্তাহ|100 সপ্তাহ"),
    ],
)
def test_weeks_take_the_plural_of_their_language(language: str, expected: str) -> None:
    assert plurals(language) == expected.split("|")


def test_office_hours_of_several_parts_are_told_part_by_part() -> None:
    setting = "Mon-Thu 09:00-17:00, Fri 09:00-16:30"
    assert format_value(setting, "hours", "pl") == (
        "poniedziałek – czwartek, 09:00–17:00; piątek, 09:00–16:30"
    )
    assert format_value("weekdays", "hours", "pl") == "weekdays"


def test_a_moment_is_told_in_the_sites_time_zone_in_summer_and_winter() -> None:
    assert format_value(MOMENT, "datetime", "en") == "Tuesday, 12 May 2026, 09:40"
    assert format_value("2026-12-01T08:40:00Z".replace("Z", "+00:00"), "time", "en") == "08:40"
    aware = datetime(2026, 5, 12, 8, 40, tzinfo=timezone.utc)
    assert format_value(aware, "time", "en") == "09:40"
    assert format_value(date(2026, 5, 3), "date", "en") == "3 May 2026"


@pytest.mark.parametrize(
    ("value", "kind"), [("2026-05-03", "colour"), ("tomorrow", "date"), ("x", "weeks")]
)
def test_an_unknown_type_or_a_wrong_value_is_an_error(value: str, kind: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        format_value(value, kind, "en")


def test_an_arabic_sentence_isolates_each_inserted_value(renderer: Renderer) -> None:
    values = {"starts_at": MOMENT, "provider": "King's College Hospital"}
    text = renderer.render("utter_status_booked", values, "ar").text
    assert f"{FSI}King's College Hospital{PDI}" in text
    assert text.count(FSI) == text.count(PDI) == 2


@pytest.mark.parametrize("language", ["en", "es", "pl", "bn"])
def test_a_left_to_right_sentence_has_no_isolates(renderer: Renderer, language: str) -> None:
    values = {"starts_at": MOMENT, "provider": "King's College Hospital"}
    text = renderer.render("utter_status_booked", values, language).text
    assert "King's College Hospital" in text
    assert FSI not in text and PDI not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_term_is_shown_in_the_language_of_its_sentence(renderer: Renderer, language: str) -> None:
    values = {"provider": "@term_the_hospital", "specialty": "C_110"}
    text = renderer.render("utter_status_waiting_list", values, language).text
    for term in ("term_the_hospital", "term_specialty_C_110"):
        assert renderer.render(term, {}, language).text in text
    assert "@" not in text and "C_110" not in text


def test_an_unknown_specialty_is_a_hospital_specialist(renderer: Renderer) -> None:
    values = {"provider": "Guy's", "specialty": "Z_999"}
    text = renderer.render("utter_status_waiting_list", values, "en").text
    assert "Type of care: a hospital specialist." in text


def test_a_patients_braces_are_text_and_no_placeholders(renderer: Renderer) -> None:
    text = renderer.render("utter_contact", {"name": "{phone}", "phone": "1"}, "en").text
    assert text == "Who to call about this: {phone}. Phone: 1."


def test_several_responses_are_paragraphs_with_the_buttons_of_all_once(renderer: Renderer) -> None:
    made = renderer.render(["utter_greet", "utter_anything_else"], {"organisation": "X"}, "en")
    payloads = [button.payload for button in made.buttons]
    assert len(made.text.split("\n\n")) == 2
    assert len(payloads) == len(set(payloads)) == 4


def test_a_payload_is_filled_in_its_own_way(renderer: Renderer) -> None:
    (button,) = renderer.render("utter_language_changed", {"back": "pl"}, "es").buttons
    assert button.payload == '/change_language{"language":"pl"}'


def test_a_language_without_a_catalogue_is_answered_in_english(renderer: Renderer) -> None:
    made = renderer.render("utter_all_right", {}, "xx")
    assert (made.text, made.language) == ("All right. Write to me if you need something.", "en")


@pytest.mark.parametrize(
    ("name", "values"),
    [("utter_of_nobody", {}), ("utter_contact", {"name": "x"}), ("utter_contact", None)],
)
def test_a_missing_response_or_value_is_an_error(
    renderer: Renderer, name: str, values: dict[str, str] | None
) -> None:
    with pytest.raises(KeyError):
        renderer.render(name, values, "en")


def test_every_sentence_renders_in_every_language(renderer: Renderer) -> None:
    samples: dict[str, Any] = {
        "datetime": MOMENT, "date": "2026-05-03", "month": "2026-05-03", "weeks": 7, "minutes": 7,
        "percent": 0.5, "number": 2, "specialty": "C_110", "hours": "Mon-Fri 09:00-17:00",
        "": "Name", "language": "pl", "languages": ["pl", "@button_interpreter_bsl"],
        "list": ["@button_access_hearing", "Name"], "weekday": "tue",
    }  # fmt: skip
    for name, response in renderer.catalogues.responses.items():
        fields = [field.partition(":")[::2] for field in placeholders(response.text)]
        values = {field: samples[kind] for field, kind in fields} | {
            "back": "pl",
            "appointment": "a1",
        }
        for language in LANGUAGES:
            made = renderer.render(name, values, language)
            assert made.text.strip(), (name, language)
            assert not {"{", "}", "@"} & set(made.text), (name, language)


def test_a_translation_that_is_missing_falls_back_to_english(tmp_path: Path) -> None:
    responses = {"utter_a": Response("utter_a", "One {n:weeks}.", (Button("Go", "/greet"),))}
    path = tmp_path / "pl" / "LC_MESSAGES" / "waymark.po"
    path.parent.mkdir(parents=True)
    polib.POFile().save(str(path))
    made = Renderer(Catalogues(responses, tmp_path)).render("utter_a", {"n": 2}, "pl")
    assert made.text == "One 2 tygodnie."
    assert made.buttons[0].title == "Go"


def test_the_domains_responses_are_read_with_their_buttons() -> None:
    card = read_responses()["utter_card_emergency"]
    assert card.text.startswith("Call 999 now")
    assert [button.title for button in card.buttons] == [
        "I have help",
        "Not yet",
        "It was a mistake",
    ]


def test_a_channel_reads_its_own_wording_with_the_same_quick_replies(renderer: Renderer) -> None:
    for language in LANGUAGES:
        on_page = renderer.render("utter_card_safeguarding", {}, language, "web")
        there = renderer.render("utter_card_safeguarding", {}, language, "telegram")
        leave = renderer.render("page_leave", {}, language).text
        assert leave in on_page.text
        assert leave not in there.text and "999" in there.text and "Telegram" in there.text
        assert there.buttons == on_page.buttons != ()


def test_nothing_that_telegram_is_told_names_the_pages_own_button(renderer: Renderer) -> None:
    known = renderer.catalogues.responses
    names = [name for name in known if name.startswith(("utter_", "reply_"))]
    for language in LANGUAGES:
        leave = renderer.render("page_leave", {}, language).text
        for name in names:
            own = f"{name}_on_telegram"
            read = own if own in names else name
            english = known[read].text
            assert leave not in renderer.catalogues.translate(read, english, language), name
