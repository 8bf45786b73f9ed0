"""The same transcripts through Telegram: told all there, the patient reads the same words."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from bot.language.catalogues import get_catalogues
from tests.conversations.test_transcripts import FILES, play
from tests.conversations.written import Spoken, Written, read, shown, write
from tests.site.running import Site, nhs_number
from tests.site.sentences import sentence
from tests.site.telegram_patient import TelegramPatient

pytestmark = [pytest.mark.slow, pytest.mark.telling]
ON_TELEGRAM = [path for path in FILES if not path.stem.endswith("_on_the_page")]
"""On the page a language can be picked before anything is said."""
OWN = "_on_telegram"
LANGUAGES = ("en", "es", "pl", "ar", "bn")
FIRST_NUMBER = 2000
"""Each file's patient has an NHS number of their own here too."""


def _open_chat(site: Site, link: str, language: str) -> TelegramPatient:
    return site.open_chat(link=link, language=language)


def _in_words_of_telegram(text: str) -> str:
    """The transcript with the wording that this channel has of its own (`docs/telegram.md`)."""
    names = get_catalogues().responses
    for name in [name for name in names if f"{name}{OWN}" in names]:
        for language in LANGUAGES:
            page, own = (
                shown(Spoken("waymark", sentence(one, language))) for one in (name, name + OWN)
            )
            text = text.replace(page, own)
    return text


@pytest.mark.parametrize("path", ON_TELEGRAM, ids=[path.stem for path in ON_TELEGRAM])
def test_the_patient_reads_on_telegram_what_the_transcript_says(
    telling_site: Site, path: Path
) -> None:
    text = _in_words_of_telegram(path.read_text())
    written: Written = read(text)
    number = nhs_number(FIRST_NUMBER + FILES.index(path))
    spoken, staff_see = play(telling_site, written, number, _open_chat)
    actual = write(written.head, spoken, staff_see)
    if actual != text:
        difference = difflib.unified_diff(
            text.splitlines(), actual.splitlines(), "the transcript", "what was said", lineterm=""
        )
        pytest.fail("\n".join(difference), pytrace=False)
