"""A translator to test with: LibreTranslate's API over real HTTP, without any model.

What it answers can be read and goes back: "Hello" is "(pl) Hello" in Polish, and that is "Hello" in
English again. `PHRASES` are translated properly. `fault` makes it fail as translators do.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from babel import Locale

LATIN = ("en", "es", "pt", "fr", "it", "pl", "ro", "tr", "sq", "so", "vi")
OFFERED = (*LATIN, "ar", "fa", "ur", "bn", "ta", "ne", "zh", "uk", "ru")
"""The design's twenty languages, English first."""
LANGUAGES = tuple("zh-Hans" if code == "zh" else code for code in OFFERED)
"""As a server of today calls them."""
PHRASES = {
    "pl": {
        "Dzień dobry": "Good morning",
        "Czy mogę przyjść jutro?": "Can I come tomorrow?",
        "Boję się tej operacji": "I am afraid of this operation",
    },
    "es": {"¿Cuándo es mi cita?": "When is my appointment?"},
    "bn": {"আমার অ্যাপয়েন্টমেন্ট কবে?": "When is my appointment?"},
}
PREFIX = re.compile(r"\((?:[a-z]{2}(?:-\w+)?)(?: [^()]*)?\) ")
CODE_LIKE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])\w+\b")
"""A word of capitals and digits, which engines drop at times."""
LONE_NUMBER = re.compile(r"(?<![^\W_])\d")
LONGEST_FAULT_SECONDS = 20.0
LOOP = "the the " * 60
ERROR_PAGE = "<!doctype html><html><title>502 Bad Gateway</title></html>"


class LibreTranslate:
    """A server on a free port of this machine; stops when the `with` block ends.

    Attributes:
        url: its address.
        seen: every text that it was asked to translate, in order.
        paths: the path and query of every request.
        keys: the API key of every text, None where there was none.
        fault: None, or one of "slow", "drip", "500", "html", "empty", "echo", "nonsense",
            "lose_placeholder", "change_number", "down"; may be set at any time.
    """

    def __init__(self, *, languages: tuple[str, ...] = LANGUAGES, key: str = "") -> None:
        self.languages = languages
        self.key = key
        self.seen: list[str] = []
        self.paths: list[str] = []
        self.keys: list[str | None] = []
        self.fault: str | None = None
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.translator = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> LibreTranslate:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, text: str, source: str, target: str) -> str:
        """The translation of `text`, wrong where the fault says so."""
        if self.fault == "empty":
            return ""
        if self.fault == "echo":
            return text
        if self.fault == "nonsense":
            return LOOP
        if self.fault == "lose_placeholder":
            text = CODE_LIKE.sub("", text)
        if self.fault == "change_number":
            text = LONE_NUMBER.sub(lambda digit: str((int(digit[0]) + 1) % 10), text, count=1)
        return translate(text, source, target)


def translate(text: str, source: str, target: str) -> str:
    """By the phrases; else marked with the language that it is meant to be in now.

    >>> translate("Hello", "en", "pl"), translate("(pl) Hello", "pl", "en")
    ('(pl) Hello', 'Hello')
    >>> translate("Hello", "en", "ar")
    '(ar العربية) Hello'
    """
    for phrase, english in PHRASES.get(source, {}).items():
        if text == phrase and target == "en":
            return english
    for phrase, english in PHRASES.get(target, {}).items():
        if text == english and source == "en":
            return phrase
    bare = PREFIX.sub("", text, count=1) if text.startswith(f"({source}") else text
    if bare != text and target == "en":
        return bare
    name = Locale.parse(target, sep="-").get_language_name()
    return f"({target}) {bare}" if target in LATIN else f"({target} {name}) {bare}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    translator: LibreTranslate

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has given up is what is being tested."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._handle({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.headers.get("Content-Type", "").startswith("application/json"):
            self._handle(json.loads(body))
        else:
            self._handle({name: values[0] for name, values in parse_qs(body).items()})

    def _handle(self, fields: dict[str, str]) -> None:
        translator = self.server.translator
        translator.paths.append(self.path)
        address = urlsplit(self.path)
        fields = {name: values[0] for name, values in parse_qs(address.query).items()} | fields
        if "q" in fields:
            translator.seen.append(fields["q"])
            translator.keys.append(fields.get("api_key"))
        if translator.fault == "down":
            self.close_connection = True  # without an answer
        elif translator.fault == "500":
            self._send(500, {"error": f"Cannot translate text: {fields.get('q', '')}"})
        elif translator.fault == "html":
            self._send_bytes(200, "text/html", ERROR_PAGE.encode())
        elif translator.fault == "drip":
            self._drip()
        else:
            if translator.fault == "slow":
                translator.stopping.wait(LONGEST_FAULT_SECONDS)
            self._answer(address.path, fields)

    def _answer(self, path: str, fields: dict[str, str]) -> None:
        translator = self.server.translator
        codes = translator.languages
        if path == "/languages":
            self._send(200, [{"code": code, "name": code, "targets": codes} for code in codes])
        elif path != "/translate":
            self._send(404, {"error": "Not found"})
        elif translator.key and fields.get("api_key") != translator.key:
            self._send(403, {"error": "Invalid API key"})
        elif not {fields.get("source"), fields.get("target")} <= set(codes):
            self._send(400, {"error": f"{fields.get('target')} is not supported"})
        else:
            answer = translator.answer(fields["q"], fields["source"], fields["target"])
            self._send(200, {"translatedText": answer})

    def _drip(self) -> None:
        """A byte now and then: no pause is long, but the answer never ends."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(int(LONGEST_FAULT_SECONDS / 0.05)):
            if self.server.translator.stopping.wait(0.05):
                return
            self.wfile.write(b" ")

    def _send(self, status: int, answer: object) -> None:
        self._send_bytes(status, "application/json", json.dumps(answer).encode())

    def _send_bytes(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests read what they need from `seen` and `paths`."""
