"""Catalogues to translators and back: what counts as reviewed, and what is refused whole."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from bot.errors import TranslationFailed, UnreadableInput
from bot.language import catalogues, exchange
from bot.language.catalogues import DRAFT_MARK, check_catalogue

MESSAGES = [
    ("utter_card_emergency", "Call 999 now."),
    ("utter_status", "Since {since:date} at {clinic}."),
    ("button", "Go"),
]


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Polish catalogue: one draft, one reviewed, one missing."""
    monkeypatch.setattr(catalogues, "LOCALES_PATH", tmp_path)
    monkeypatch.setattr(
        exchange, "catalogue_path", lambda code: tmp_path / code / "LC_MESSAGES" / "waymark.po"
    )
    path = tmp_path / "pl" / "LC_MESSAGES" / "waymark.po"
    catalogues.update_catalogue("pl", MESSAGES, path)
    written = polib.pofile(str(path))
    written[0].msgstr, written[0].comment = "Dzwoń pod 999.", DRAFT_MARK
    written[2].msgstr = "Dalej"
    written.save(str(path))
    return path


def exported(tmp_path: Path) -> polib.POFile:
    exchange.export_catalogue("pl", MESSAGES, tmp_path / "out.po")
    return polib.pofile(str(tmp_path / "out.po"))


def test_drafts_go_out_fuzzy_and_come_back_reviewed_without_the_flag(
    catalogue: Path, tmp_path: Path
) -> None:
    sent = exported(tmp_path)
    assert [entry.fuzzy for entry in sent] == [True, False, False]
    sent[0].flags, sent[0].msgstr = [], "Proszę zadzwonić pod 999."
    sent[1].msgstr = "{clinic}, od {since:date}."
    sent[1].flags = ["fuzzy"]
    sent.save(str(tmp_path / "back.po"))
    done = exchange.import_catalogue("pl", MESSAGES, tmp_path / "back.po")
    assert (done.reviewed, done.drafts) == (2, 1)
    state = check_catalogue("pl", MESSAGES, catalogue)
    # What no person has seen yet stays fuzzy, so that the language is not offered.
    assert (state.translated, state.reviewed, state.complete) == (2, 2, False)


def test_an_export_that_comes_back_unchanged_changes_nothing(
    catalogue: Path, tmp_path: Path
) -> None:
    exported(tmp_path)
    before = catalogue.read_text(encoding="utf-8")
    exchange.import_catalogue("pl", MESSAGES, tmp_path / "out.po")
    assert catalogue.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("context", "english", "text", "said"),
    [
        ("utter_status", "Since {since:date} at {clinic}.", "{clinic}", "placeholders differ"),
        ("utter_status", "Since {since:date} at {clinic}.", "{clinic} {since:date", "brace"),
        ("utter_card_emergency", "Call 999 now.", "Dzwoń.", "the number 999 is missing"),
        ("utter_other", "Hello.", "Cześć.", "no such sentence"),
    ],
)
def test_one_wrong_sentence_refuses_the_whole_file_and_is_named(
    catalogue: Path, tmp_path: Path, context: str, english: str, text: str, said: str
) -> None:
    given = polib.POFile()
    given.append(polib.POEntry(msgctxt="button", msgid="Go", msgstr="Idź"))
    given.append(polib.POEntry(msgctxt=context, msgid=english, msgstr=text))
    given.save(str(tmp_path / "back.po"))
    before = catalogue.read_text(encoding="utf-8")
    with pytest.raises(UnreadableInput, match=said) as caught:
        exchange.import_catalogue("pl", MESSAGES, tmp_path / "back.po")
    assert context in str(caught.value) and "Nothing was imported" in str(caught.value)
    assert catalogue.read_text(encoding="utf-8") == before


def test_what_is_no_po_file_and_what_has_no_catalogue_is_refused(
    catalogue: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.po").write_bytes(b"\xff\xfe\x00nonsense")
    with pytest.raises(UnreadableInput, match=r"x\.po"):
        exchange.import_catalogue("pl", MESSAGES, tmp_path / "x.po")
    with pytest.raises(UnreadableInput, match="--new de"):
        exchange.export_catalogue("de", MESSAGES, tmp_path / "de.po")


def test_a_file_of_another_language_is_refused(catalogue: Path, tmp_path: Path) -> None:
    sent = exported(tmp_path)
    sent.metadata["Language"] = "ro"
    sent.save(str(tmp_path / "back.po"))
    with pytest.raises(UnreadableInput, match="written in “ro”"):
        exchange.import_catalogue("pl", MESSAGES, tmp_path / "back.po")


def test_a_machines_draft_that_comes_back_unchecked_is_still_not_offered(
    catalogue: Path, tmp_path: Path
) -> None:
    exchange.draft_catalogue("de", MESSAGES, lambda text: f"[de] {text}")
    exchange.export_catalogue("de", MESSAGES, tmp_path / "de.po")
    exchange.import_catalogue("de", MESSAGES, tmp_path / "de.po")
    path = tmp_path / "de" / "LC_MESSAGES" / "waymark.po"
    assert check_catalogue("de", MESSAGES, path).translated == 0


def test_a_machines_draft_keeps_placeholders_and_is_never_complete(
    catalogue: Path, tmp_path: Path
) -> None:
    asked: list[str] = []

    def translate(text: str) -> str:
        asked.append(text)
        if text == "Go":
            raise TranslationFailed("unsupported")
        return f"[de] {text}"

    done = exchange.draft_catalogue("de", MESSAGES, translate)
    assert (done.drafted, done.failed) == (2, 1)
    assert "{" not in "".join(asked)
    path = tmp_path / "de" / "LC_MESSAGES" / "waymark.po"
    drafted = polib.pofile(str(path))
    assert drafted[1].msgstr == "[de] Since {since:date} at {clinic}."
    assert drafted[1].fuzzy and drafted[1].comment == DRAFT_MARK
    assert check_catalogue("de", MESSAGES, path).translated == 0
