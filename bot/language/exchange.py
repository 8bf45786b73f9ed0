"""Catalogues go out to translators and come back; a new language begins as a machine's draft.

Drafts carry gettext's `fuzzy` flag in the exported file, as translators' tools expect: whoever has
checked a sentence takes the flag off. Used by `waymark language`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polib

from bot.errors import TranslationFailed, UnreadableInput
from bot.language.catalogues import DRAFT_MARK, catalogue_path, placeholders, update_catalogue

FIELD = re.compile(r"\{[^{}]*\}")
NUMBER = re.compile(r"\d{2,}(?: \d{3})*")
FUZZY = "fuzzy"
FIRST_CODE = 50
Messages = list[tuple[str, str]]


@dataclass(frozen=True)
class Imported:
    """How many sentences a file brought: checked by a person, and still drafts."""

    reviewed: int
    drafts: int


@dataclass(frozen=True)
class Drafted:
    """How many sentences the machine has drafted, and how many it could not."""

    drafted: int
    failed: int


def export_catalogue(language: str, messages: Messages, target: Path) -> int:
    """Write a .po file for translators; returns how many sentences need them.

    Safety, identity and consent come first, as in the catalogue.

    Raises:
        UnreadableInput: there is no catalogue of this language.
    """
    path = catalogue_path(language)
    if not path.exists():
        raise UnreadableInput(
            f"There is no catalogue “{language}”. Begin one: waymark languages --new {language}"
        )
    update_catalogue(language, messages, path)
    catalogue = polib.pofile(str(path), wrapwidth=98)
    for entry in catalogue:
        if entry.msgstr and DRAFT_MARK in (entry.comment or "") and FUZZY not in entry.flags:
            entry.flags.append(FUZZY)
    catalogue.save(str(target))
    return sum(not entry.translated() for entry in catalogue)


def import_catalogue(language: str, messages: Messages, source: Path) -> Imported:
    """Take a translators' file into the catalogue: all of it, or nothing.

    A sentence without the `fuzzy` flag counts as checked by a person; one with it stays a draft.
    Sentences that the file lacks stay as they are.

    Raises:
        UnreadableInput: no .po file, an unknown sentence, or one whose placeholders or telephone
            numbers differ; every such sentence is named.
    """
    try:
        given = polib.pofile(str(source))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{source.name} is no .po file that can be read: {error}") from error
    written_in = given.metadata.get("Language", language)
    if written_in != language:
        raise UnreadableInput(
            f"{source.name} is written in “{written_in}”, not in “{language}”. Name its language."
        )
    known, problems = set(messages), []
    for entry in given:
        if entry.obsolete or not entry.msgstr.strip():
            continue
        key = (entry.msgctxt or "", entry.msgid)
        if key not in known:
            problems.append(f"{key[0]}: no such sentence: “{entry.msgid}”")
        elif wrong := what_differs(entry.msgid, entry.msgstr):
            problems.append(f"{key[0]}: {wrong}")
    if problems:
        raise UnreadableInput(
            "Nothing was imported. Correct these sentences, then import the file again:\n"
            + "\n".join(problems)
        )
    return _take_over(language, messages, given)


def _take_over(language: str, messages: Messages, given: polib.POFile) -> Imported:
    path = catalogue_path(language)
    update_catalogue(language, messages, path)
    catalogue = polib.pofile(str(path), wrapwidth=98)
    entries = {(entry.msgctxt, entry.msgid): entry for entry in catalogue}
    reviewed = drafts = 0
    for new in given:
        if new.obsolete or not new.msgstr.strip():
            continue
        entry = entries[(new.msgctxt, new.msgid)]
        draft = FUZZY in new.flags
        offered = bool(entry.msgstr) and FUZZY not in entry.flags
        entry.msgstr = new.msgstr
        entry.comment = DRAFT_MARK if draft else ""
        entry.flags = [FUZZY] if draft and not offered else []  # a machine's draft stays hidden
        reviewed, drafts = reviewed + (not draft), drafts + draft
    catalogue.save(str(path))
    return Imported(reviewed, drafts)


def what_differs(english: str, translated: str) -> str | None:
    """What a translation must keep and does not; None: nothing.

    >>> what_differs("Call 999 by {day:date}.", "Zadzwoń pod 999 do {day:date}.")
    >>> what_differs("Call 999.", "Zadzwoń pod 99.")
    'the number 999 is missing'
    """
    try:
        if placeholders(english) != placeholders(translated):
            return "the placeholders differ from the English ones"
    except ValueError as error:
        return f"a brace has no partner ({error})"
    plain = FIELD.sub("", translated)
    lost = [number for number in NUMBER.findall(FIELD.sub("", english)) if number not in plain]
    return f"the number {lost[0]} is missing" if lost else None


def draft_catalogue(language: str, messages: Messages, translate: Callable[[str], str]) -> Drafted:
    """Fill what is empty by machine, marked as a draft and fuzzy, so that it is never offered.

    Args:
        translate: English text → `language`; raises TranslationFailed.
    """
    path = catalogue_path(language)
    update_catalogue(language, messages, path)
    catalogue = polib.pofile(str(path), wrapwidth=98)
    drafted = failed = 0
    for entry in catalogue:
        if entry.msgstr:
            continue
        try:
            text = _translate(entry.msgid, translate)
        except TranslationFailed:
            failed += 1
            continue
        entry.msgstr, entry.comment = text, DRAFT_MARK
        entry.flags.append(FUZZY)
        drafted += 1
    catalogue.save(str(path))
    return Drafted(drafted, failed)


def _translate(english: str, translate: Callable[[str], str]) -> str:
    """With codes instead of placeholders, which engines leave alone."""
    fields = FIELD.findall(english)
    codes = {f"QX{FIRST_CODE + number}Z": field for number, field in enumerate(fields)}
    text = english
    for code, field in codes.items():
        text = text.replace(field, code, 1)
    translated = translate(text)
    for code, field in codes.items():
        translated = translated.replace(code, field, 1)
    if what_differs(english, translated):
        raise TranslationFailed("nonsense")
    return translated
