"""DeepL, Microsoft and Google: what each is asked, by real HTTP, and what its refusals mean."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.errors import SettingsError, TranslationFailed
from bot.language.translate import Translator
from bot.language.translate.providers import GOOGLE_MOST_CHARACTERS
from tests.language.conftest import MakeTranslator

TEXT = "Please bring the letter"
ANSWER = "Proszę przynieść list"
GOOD_BODIES = {
    "deepl": json.dumps({"translations": [{"text": ANSWER}]}),
    "microsoft": json.dumps([{"translations": [{"text": ANSWER, "to": "pl"}]}]),
    "google": f'<html><div class="result-container">{ANSWER}</div></html>',
}


@dataclass
class Asked:
    """One request as the provider got it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass
class FakeProvider:
    """Answers every request with `status` and `body`, then with blanks for ever if told to."""

    url: str = ""
    status: int = 200
    body: str = ""
    location: str = ""
    endless_bytes: int = 0
    endless_pause: float = 0.0
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    fake = FakeProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            headers = dict(self.headers.items())
            fake.asked.append(Asked(self.command, address.path, query, headers, body))
            self.send_response(fake.status)
            if fake.location:
                self.send_header("Location", fake.location)
            self.end_headers()
            self.wfile.write(fake.body.encode())
            while fake.endless_bytes:
                self.wfile.write(b" " * fake.endless_bytes)
                time.sleep(fake.endless_pause)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The client has hung up, as it should on an answer without end."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["deepl", "microsoft", "google"])
def translator(
    request: pytest.FixtureRequest, provider: FakeProvider, make_translator: MakeTranslator
) -> Translator:
    provider.body = GOOD_BODIES[request.param]
    return make_translator(
        translator=request.param, translator_url=provider.url, translator_key="s3cret"
    )


def reason_of(translator: Translator, text: str = TEXT, target: str = "pl") -> str:
    with pytest.raises(TranslationFailed) as caught:
        translator.translate(text, "en", target)
    return caught.value.reason


def test_each_provider_translates_and_says_who_it_is(translator: Translator) -> None:
    translation = translator.translate(TEXT, "en", "pl")
    assert translation.text == ANSWER
    assert translation.provider == translator.provider


def test_nothing_is_asked_before_the_first_text_and_one_request_is_enough(
    provider: FakeProvider, translator: Translator
) -> None:
    assert provider.asked == []
    translator.translate(TEXT, "en", "pl")
    assert len(provider.asked) == 1


@pytest.mark.parametrize("translator", ["deepl"], indirect=True)
def test_deepl_gets_a_post_with_its_key_in_a_header(
    provider: FakeProvider, translator: Translator
) -> None:
    translator.translate(TEXT, "en", "pl")
    (asked,) = provider.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/translate", {})
    assert asked.headers["Authorization"] == "DeepL-Auth-Key s3cret"
    assert json.loads(asked.body) == {"text": [TEXT], "source_lang": "EN", "target_lang": "PL"}


@pytest.mark.parametrize("translator", ["deepl"], indirect=True)
@pytest.mark.parametrize(("code", "target"), [("pt", "PT-PT"), ("zh", "ZH"), ("uk", "UK")])
def test_deepl_is_told_the_variety_where_it_wants_one(
    provider: FakeProvider, translator: Translator, code: str, target: str
) -> None:
    provider.body = json.dumps({"translations": [{"text": "信 лист carta"}]})
    translator.translate("letter", "en", code)
    assert json.loads(provider.asked[0].body)["target_lang"] == target
    translator.translate("carta", code, "en")
    assert json.loads(provider.asked[1].body)["target_lang"] == "EN-GB"


def test_microsoft_gets_key_region_and_its_own_codes(
    provider: FakeProvider, make_translator: MakeTranslator
) -> None:
    provider.body = json.dumps([{"translations": [{"text": "请带上信件"}]}])
    translator = make_translator(
        translator="microsoft",
        translator_url=f"{provider.url}/",
        translator_key="s3cret",
        translator_region="uksouth",
    )
    assert translator.translate(TEXT, "en", "zh").text == "请带上信件"
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("POST", "/translate")
    assert asked.query == {"api-version": "3.0", "from": "en", "to": "zh-Hans"}
    assert asked.headers["Ocp-Apim-Subscription-Key"] == "s3cret"
    assert asked.headers["Ocp-Apim-Subscription-Region"] == "uksouth"
    assert json.loads(asked.body) == [{"text": TEXT}]


@pytest.mark.parametrize("translator", ["google"], indirect=True)
def test_google_gets_its_own_codes_and_no_key(
    provider: FakeProvider, translator: Translator
) -> None:
    provider.body = '<div class="t0">请带上信件</div>'
    assert translator.translate(TEXT, "en", "zh").text == "请带上信件"
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("GET", "/m")
    assert asked.query == {"tl": "zh-CN", "sl": "en", "q": TEXT}


@pytest.mark.parametrize("translator", ["google"], indirect=True)
def test_google_is_not_asked_for_what_it_never_takes(
    provider: FakeProvider, translator: Translator
) -> None:
    assert reason_of(translator, target="xx") == "unsupported"
    assert reason_of(translator, "letter " * GOOGLE_MOST_CHARACTERS) == "unsupported"
    assert provider.asked == []


@pytest.mark.parametrize("translator", ["google"], indirect=True)
def test_a_text_in_google_s_address_is_not_in_the_debug_log(
    translator: Translator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    translator.translate(TEXT, "en", "pl")
    assert "letter" not in caplog.text


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "unsupported"),
        (413, "unsupported"),
        (401, "down"),
        (403, "down"),
        (404, "down"),
        (500, "down"),
        (503, "down"),
        (429, "busy"),
        (456, "busy"),
    ],
)
def test_a_refusal_has_its_reason(
    provider: FakeProvider, translator: Translator, status: int, reason: str
) -> None:
    provider.status = status
    provider.body = json.dumps({"message": TEXT, "error": {"code": 1}})
    assert reason_of(translator) == reason


@pytest.mark.parametrize(
    "body", ["", "null", "{}", "[]", '{"translations": []}', "[{}]", "<p>Error</p>", "\xff", "3"]
)
def test_an_answer_of_another_shape_is_nonsense(
    provider: FakeProvider, translator: Translator, body: str
) -> None:
    provider.body = body
    assert reason_of(translator) == "nonsense"


def test_an_answer_without_end_is_given_up_before_the_time_is_over(
    provider: FakeProvider, translator: Translator
) -> None:
    provider.endless_bytes = 65536
    start = time.monotonic()
    assert reason_of(translator) == "nonsense"
    assert time.monotonic() - start < 2  # the limit is 3 s


def test_a_request_that_was_given_up_ends_soon_although_more_comes_in(
    provider: FakeProvider, make_translator: MakeTranslator
) -> None:
    translator = make_translator(
        translator="deepl",
        translator_url=provider.url,
        translator_key="s3cret",
        translator_timeout_seconds="0.1",
    )
    provider.endless_bytes, provider.endless_pause = 256, 0.02
    assert reason_of(translator) == "slow"
    deadline = time.monotonic() + 2
    while "translation" in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("translator", ["deepl"], indirect=True)
def test_blanks_around_an_answer_are_taken_off(
    provider: FakeProvider, translator: Translator
) -> None:
    provider.body = json.dumps({"translations": [{"text": f"\n {ANSWER}\n"}]})
    assert translator.translate(TEXT, "en", "pl").text == ANSWER


def test_a_text_does_not_follow_a_redirect_to_somebody_else(
    provider: FakeProvider, translator: Translator
) -> None:
    provider.status, provider.location = 307, f"{provider.url}/elsewhere"
    assert reason_of(translator) == "down"
    assert len(provider.asked) == 1


@pytest.mark.parametrize("name", ["deepl", "microsoft"])
def test_a_provider_without_its_key_is_refused_with_what_to_set(
    make_translator: MakeTranslator, name: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        make_translator(translator=name)
    assert str(caught.value).startswith(
        f"WAYMARK_TRANSLATOR={name} needs WAYMARK_TRANSLATOR_KEY. Set it"
    )


@pytest.mark.parametrize("name", ["deepl", "microsoft", "google", "libretranslate"])
def test_it_is_said_once_at_the_start_that_text_leaves_the_organisation(
    make_translator: MakeTranslator, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    make_translator(translator=name, translator_url="http://127.0.0.1:9", translator_key="s3cret")
    said = [record.getMessage() for record in caplog.records if "leaves" in record.getMessage()]
    assert len(said) == (0 if name == "libretranslate" else 1)
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("key", "address"), [("k:fx", "https://api-free.deepl.com"), ("k", "https://api.deepl.com")]
)
def test_a_free_key_of_deepl_goes_to_its_free_service(
    monkeypatch: pytest.MonkeyPatch, key: str, address: str
) -> None:
    from bot.language.translate import providers

    asked: list[str] = []

    class Stop(Exception):
        pass

    def post(url: str, **arguments: object) -> None:
        asked.append(url)
        raise Stop

    monkeypatch.setattr(providers.deepl.requests, "get", post)
    with pytest.raises(Stop):
        providers.DeepL("", key).ask(TEXT, "en", "pl")
    assert asked == [f"{address}/v2/translate"]
