"""The site's translator against a LibreTranslate server: what it sees, and every fault of it."""

from __future__ import annotations

import logging
import time
import traceback

import pytest

from bot.errors import TranslationFailed
from bot.language.translate import NullTranslator, Translation, Translator, get_translator
from bot.language.translate.limits import FAILURES_TO_OPEN
from tests.language.conftest import LIMIT_SECONDS, MakeTranslator
from tests.site.libretranslate import OFFERED, LibreTranslate

TEXT = "Please bring the letter with you to the clinic"


def failure(translator: Translator, text: str = TEXT, target: str = "pl") -> TranslationFailed:
    with pytest.raises(TranslationFailed) as caught:
        translator.translate(text, "en", target)
    return caught.value


def test_a_text_comes_back_in_the_patient_s_language(translator: Translator) -> None:
    assert translator.translate("Hello", "en", "pl") == Translation("(pl) Hello", "libretranslate")
    assert translator.translate("(pl) Hello", "pl", "en").text == "Hello"
    assert translator.translate("Boję się tej operacji", "pl", "en").text == (
        "I am afraid of this operation"
    )


@pytest.mark.parametrize("language", OFFERED[1:])
def test_every_offered_language_goes_there_and_back(translator: Translator, language: str) -> None:
    there = translator.translate(TEXT, "en", language).text
    assert TEXT in there
    assert translator.translate(there, language, "en").text == TEXT


def test_the_server_never_sees_an_identifier(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    text = (
        "Is 999 000 1014 yours, born 3 May 1961, 07700 900123, SE1 7EH, a.b@example.org? "
        "Use https://example.org/chat/i/s3cret or [phone#8646978058]."
    )
    assert translator.translate(text, "en", "pl").text == f"(pl) {text}"
    assert libretranslate.seen == [
        "Is QX10Z yours, born QX11Z, QX12Z, QX13Z, QX14Z? Use QX15Z or QX16Z."
    ]


def test_a_text_stands_in_no_address_of_a_request(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    translator.translate(TEXT, "en", "pl")
    translator.translate(TEXT, "en", "pl")
    assert libretranslate.paths == ["/languages", "/translate", "/translate"]


def test_without_a_key_none_is_sent_or_servers_with_keys_refuse_it(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    translator.translate("Hello", "en", "pl")
    assert libretranslate.keys == [None]


@pytest.mark.parametrize("text", ["", "  ", "12:30", "👍", "999 000 1014", "[phone#8646978058]!"])
def test_a_text_without_words_is_not_sent(
    libretranslate: LibreTranslate, translator: Translator, text: str
) -> None:
    assert translator.translate(text, "pl", "en").text == text
    assert libretranslate.paths == []


def test_a_text_in_the_right_language_already_is_not_sent(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    assert translator.translate(TEXT, "en", "en").text == TEXT
    assert libretranslate.paths == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("slow", "slow"),
        ("drip", "slow"),
        ("500", "down"),
        ("down", "down"),
        ("html", "nonsense"),
        ("empty", "nonsense"),
        ("echo", "nonsense"),
        ("nonsense", "nonsense"),
        ("lose_placeholder", "nonsense"),
    ],
)
@pytest.mark.parametrize("from_the_start", [True, False])
def test_each_fault_has_its_reason(
    libretranslate: LibreTranslate,
    translator: Translator,
    fault: str,
    reason: str,
    from_the_start: bool,
) -> None:
    if not from_the_start:  # the list of languages was fetched while all was well
        translator.translate("Hello", "en", "pl")
    libretranslate.fault = fault
    assert failure(translator, f"{TEXT}, or call 020 7946 0110").reason == reason


@pytest.mark.parametrize("fault", ["slow", "drip"])
def test_a_slow_translator_holds_nobody_longer_than_the_time_limit(
    libretranslate: LibreTranslate, translator: Translator, fault: str
) -> None:
    libretranslate.fault = fault
    start = time.monotonic()
    failure(translator)
    assert time.monotonic() - start < 3 * LIMIT_SECONDS  # either fault goes on for 20 s


def test_a_dead_translator_is_left_alone_after_three_failures(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    libretranslate.fault = "500"
    reasons = [failure(translator).reason for _ in range(FAILURES_TO_OPEN + 2)]
    assert reasons == ["down"] * FAILURES_TO_OPEN + ["busy", "busy"]
    assert len(libretranslate.paths) == FAILURES_TO_OPEN


def test_an_answer_in_between_starts_the_count_of_failures_again(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    for _ in range(2):
        libretranslate.fault = "500"
        reasons = [failure(translator).reason for _ in range(FAILURES_TO_OPEN - 1)]
        assert reasons == ["down"] * (FAILURES_TO_OPEN - 1)
        libretranslate.fault = None
        assert translator.translate("Hello", "en", "pl").text == "(pl) Hello"


def test_nonsense_does_not_keep_the_next_text_from_being_translated(
    libretranslate: LibreTranslate, translator: Translator
) -> None:
    libretranslate.fault = "empty"
    for _ in range(FAILURES_TO_OPEN + 1):
        assert failure(translator).reason == "nonsense"
    libretranslate.fault = None
    assert translator.translate("Hello", "en", "pl").text == "(pl) Hello"


def test_an_address_where_nobody_listens_is_down(make_translator: MakeTranslator) -> None:
    with LibreTranslate() as server:
        url = server.url
    assert failure(make_translator(translator="libretranslate", translator_url=url)).reason == (
        "down"
    )


def test_a_language_that_the_server_lacks_is_unsupported_and_not_asked_for(
    make_translator: MakeTranslator,
) -> None:
    with LibreTranslate(languages=("en", "es")) as server:
        translator = make_translator(translator="libretranslate", translator_url=server.url)
        assert failure(translator, target="so").reason == "unsupported"
        assert server.seen == []
        assert translator.translate("Hello", "en", "es").text == "(es) Hello"


@pytest.mark.parametrize("code", ["zh", "zh-Hans"])
def test_chinese_is_found_under_both_of_its_codes(
    make_translator: MakeTranslator, code: str
) -> None:
    with LibreTranslate(languages=("en", code)) as server:
        translator = make_translator(translator="libretranslate", translator_url=server.url)
        assert "Hello" in translator.translate("Hello", "en", "zh").text


@pytest.mark.parametrize(("key", "outcome"), [("right", "(pl) Hello"), ("wrong", "down")])
def test_the_key_is_sent_and_a_refused_one_is_a_translator_that_is_down(
    make_translator: MakeTranslator, key: str, outcome: str
) -> None:
    with LibreTranslate(key="right") as server:
        translator = make_translator(
            translator="libretranslate", translator_url=server.url, translator_key=key
        )
        if outcome == "down":
            assert failure(translator, "Hello").reason == "down"
        else:
            assert translator.translate("Hello", "en", "pl").text == outcome
        assert "right" not in "".join(server.paths)


@pytest.mark.parametrize("fault", ["slow", "500", "html", "echo", "down", "lose_placeholder"])
def test_neither_text_nor_address_is_in_the_log_or_in_the_error(
    libretranslate: LibreTranslate,
    translator: Translator,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    libretranslate.fault = fault
    error = failure(translator, f"{TEXT}, or call 020 7946 0110")
    told = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    contexts = [error.__context__, error.__cause__]
    assert contexts == [None, None]
    logged = [record for record in caplog.records if record.name.startswith("bot.")]
    assert [record.getMessage() for record in logged] == [
        f"A text was not translated: {error.reason} (libretranslate)."
    ]
    for secret in ("bring the letter", "7946"):
        assert secret not in caplog.text + told


def test_without_a_translator_every_text_stays_as_it_is(make_translator: MakeTranslator) -> None:
    translator = make_translator()
    assert isinstance(translator, NullTranslator)
    assert failure(translator).reason == "none"
    assert translator.translate(TEXT, "en", "en").text == TEXT


def test_one_translator_serves_the_whole_process(translator: Translator) -> None:
    assert get_translator() is translator
