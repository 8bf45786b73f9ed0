"""The sentences: English from `domain.yml`, translations from gettext catalogues.

The message id is the English sentence, its context (`msgctxt`) the response's name. Used by
`bot.language.render`; kept in order by `waymark languages`.
"""

from __future__ import annotations

import gettext
import io
import string
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polib
import yaml
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.errors import UnreadableInput
from bot.settings import ROOT, get_settings

DOMAIN_PATH = ROOT / "domain.yml"
LOCALES_PATH = ROOT / "bot" / "locales"
SOURCE_LANGUAGE = "en"
DRAFT_MARK = "review: machine-drafted"
FIRST_TO_REVIEW = ("utter_card_", "utter_ask_emergency", "utter_any_language_999") + (
    "utter_privacy",
    "utter_ask_identity",
)


@dataclass(frozen=True)
class Button:
    """A quick reply: its English title and the Rasa payload behind it."""

    title: str
    payload: str


@dataclass(frozen=True)
class Response:
    """One answer as `domain.yml` holds it, in English."""

    name: str
    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class CatalogueState:
    """How far a language's catalogue is: counts of messages, and what is wrong with it."""

    language: str
    total: int
    translated: int
    reviewed: int
    problems: tuple[str, ...]
    first_reviewed: bool = True
    """True when a person has checked every message on safety, identity and consent."""

    @property
    def complete(self) -> bool:
        """True when every message is there and no placeholder differs."""
        return not self.problems


def read_responses(path: Path = DOMAIN_PATH) -> dict[str, Response]:
    """The responses of the domain file, by name, in its order."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    responses = {}
    for name, variations in (data.get("responses") or {}).items():
        if len(variations) != 1:
            raise UnreadableInput(f"{path.name}: {name} must have exactly one text.")
        entry = variations[0]
        buttons = tuple(Button(b["title"], b["payload"]) for b in entry.get("buttons", ()))
        responses[name] = Response(name, entry["text"].strip(), buttons)
    return responses


def messages_of(responses: dict[str, Response]) -> list[tuple[str, str]]:
    """All (context, English) pairs to translate, those to be reviewed first at the top."""
    pairs: dict[tuple[str, str], None] = {}
    for response in responses.values():
        pairs[(response.name, response.text)] = None
        for button in response.buttons:
            pairs[("button", button.title)] = None
    return sorted(pairs, key=lambda pair: not pair[0].startswith(FIRST_TO_REVIEW))


def placeholders(text: str) -> set[str]:
    """The placeholders of a sentence with their types: {"provider", "since:date"}.

    Raises:
        ValueError: an unmatched brace.
    """
    fields = string.Formatter().parse(text)
    return {f"{name}:{spec}" if spec else name for _, name, spec, _ in fields if name is not None}


def catalogue_path(language: str, locales: Path = LOCALES_PATH) -> Path:
    """Where a language's catalogue lies."""
    return locales / language / "LC_MESSAGES" / "waymark.po"


def check_catalogue(language: str, messages: list[tuple[str, str]], path: Path) -> CatalogueState:
    """Compare a catalogue with the messages it must hold."""
    entries = {(e.msgctxt or "", e.msgid): e for e in polib.pofile(str(path)) if not e.obsolete}
    problems, translated, reviewed, first_reviewed = [], 0, 0, True
    for pair in messages:
        entry = entries.get(pair)
        if entry is None or not entry.translated():
            problems.append(f"{pair[0]}: not translated: “{pair[1]}”")
            continue
        translated += 1
        draft = DRAFT_MARK in (entry.comment or "")
        reviewed += not draft
        first_reviewed &= not (draft and pair[0].startswith(FIRST_TO_REVIEW))
        try:
            same = placeholders(entry.msgstr) == placeholders(entry.msgid)
        except ValueError:
            same = False
        if not same:
            problems.append(f"{pair[0]}: the placeholders differ from the English ones")
    known = set(messages)
    problems += [f"{ctx}: stale: “{text}”" for ctx, text in entries if (ctx, text) not in known]
    return CatalogueState(
        language, len(messages), translated, reviewed, tuple(problems), first_reviewed
    )


def update_catalogue(language: str, messages: list[tuple[str, str]], path: Path) -> None:
    """Write the catalogue anew in the order of `messages`: keeps what fits, drops what is stale."""
    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    kept = {(e.msgctxt or "", e.msgid): e for e in old if not e.obsolete}
    new = polib.POFile(wrapwidth=98)
    new.metadata = {
        "Project-Id-Version": "waymark",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for context, text in messages:
        entry = kept.get((context, text)) or polib.POEntry(msgctxt=context, msgid=text)
        new.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    new.save(str(path))


class Catalogues:
    """All sentences in all languages, loaded once a process."""

    def __init__(
        self,
        responses: dict[str, Response],
        locales: Path = LOCALES_PATH,
        *,
        only_reviewed: bool = False,
    ) -> None:
        self.responses = responses
        self._only_reviewed = only_reviewed
        self._messages = messages_of(responses)
        self._translations: dict[str, gettext.NullTranslations] = {
            SOURCE_LANGUAGE: gettext.NullTranslations()
        }
        self.states = {
            SOURCE_LANGUAGE: CatalogueState(
                SOURCE_LANGUAGE, len(self._messages), len(self._messages), len(self._messages), ()
            )
        }
        for path in sorted(locales.glob("*/LC_MESSAGES/waymark.po")):
            language = path.parent.parent.name
            self.states[language] = check_catalogue(language, self._messages, path)
            self._translations[language] = _load(path, language)

    def offered(self) -> list[str]:
        """Codes of the languages that patients may use, English first: complete catalogues, and
        in production only those whose safety, identity and consent messages were reviewed."""
        return [
            code
            for code, state in self.states.items()
            if state.complete and (state.first_reviewed or not self._only_reviewed)
        ]

    def translate(self, context: str, english: str, language: str) -> str:
        """The sentence in `language`; the English one where there is none."""
        translations = self._translations.get(language, self._translations[SOURCE_LANGUAGE])
        return translations.pgettext(context, english)


def _load(path: Path, language: str) -> gettext.GNUTranslations:
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def own_name(language: str) -> str:
    """A language's name in itself: "polski", "العربية"."""
    locale = Locale.parse(language)
    return locale.get_display_name(locale) or language


def direction(language: str) -> str:
    """ "rtl" for right-to-left scripts, else "ltr"."""
    return Locale.parse(language).text_direction


@lru_cache(maxsize=1)
def get_catalogues() -> Catalogues:
    """The catalogues of this process."""
    production = get_settings().mode == "production"
    return Catalogues(read_responses(), only_reviewed=production)
