"""What a coordinator sees before an answer is sent in the patient's language."""

from __future__ import annotations

import pytest

from bot.errors import TranslationFailed
from bot.language.translate import NullTranslator, Preview, Translator, preview
from tests.site.libretranslate import LibreTranslate


def test_a_preview_shows_the_translation_and_its_way_back(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    text = "Please ring 020 7946 0110 on 5 May at 2:30 pm, not before"
    assert preview(translator, text, "pl") == Preview(
        f"(pl) {text}", text, "libretranslate", changed=()
    )
    assert [seen.count("7946") for seen in libretranslate.seen] == [0, 0]


def test_a_phone_number_that_is_isolated_in_arabic_is_no_change(translator: Translator) -> None:
    shown = preview(translator, "Please ring 020 7946 0110", "ar")
    assert "\u2068020 7946 0110\u2069" in shown.text
    assert shown.back == "Please ring 020 7946 0110"
    assert shown.changed == ()


def test_a_changed_number_stops_the_sending(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    libretranslate.fault = "change_number"
    shown = preview(translator, "Come at 2:30 with SE1 7EH", "pl")
    assert shown.text == "(pl) Come at 3:30 with SE1 7EH"
    assert shown.back == "Come at 4:30 with SE1 7EH"
    assert shown.changed == ("2:30", "3.30", "4:30")


@pytest.mark.parametrize("fault", ["500", "lose_placeholder", "echo"])
def test_there_is_no_preview_of_a_translation_that_failed(
    libretranslate: LibreTranslate, translator: Translator, fault: str
) -> None:
    libretranslate.fault = fault
    with pytest.raises(TranslationFailed):
        preview(translator, "Please bring the letter with you, SE1 7EH", "pl")


def test_without_a_translator_there_is_no_preview() -> None:
    with pytest.raises(TranslationFailed) as caught:
        preview(NullTranslator(), "Hello", "pl")
    assert caught.value.reason == "none"
