"""Files and folders → entries: the first step of the import.

Called by `bot.services.import_records`; `convert` comes next. Reads JSON and NDJSON in UTF-8,
UTF-16 or UTF-32, with or without a byte order mark; takes bundles (also bundles in bundles) and
`Parameters` apart; yields what is contained in a resource after it, when it can stand alone.
A file that can't be read is one rejection; the other files are read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bot.fhir.bundles import split, with_contained
from bot.fhir.entries import Entry, Rejection

SUFFIXES = {".json", ".ndjson", ".jsonl", ".fhir"}
XML_SUFFIXES = {".xml"}
MOST_BYTES = 256 * 1024 * 1024


def read_paths(paths: Iterable[str | Path]) -> Iterator[Entry | Rejection]:
    """Every resource in `paths` (files or folders), in the order of their names."""
    position = 0
    for name, file in _files(paths):
        found = name if isinstance(name, Rejection) else None
        for item in [found] if found else _read_file(str(name), file):
            if isinstance(item, Entry):
                position += 1
                yield from with_contained(item, position)
            elif item is not None:
                yield item


def _files(paths: Iterable[str | Path]) -> Iterator[tuple[str | Rejection, Path]]:
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
            for file in sorted(inside):
                if file.suffix.lower() in SUFFIXES | XML_SUFFIXES:
                    yield str(file), file
        elif path.exists():
            yield str(given), path
        else:
            yield (
                Rejection(str(given), "", "There is no such file or folder. Check the path."),
                path,
            )


def _read_file(name: str, file: Path) -> Iterator[Entry | Rejection]:
    if file.suffix.lower() in XML_SUFFIXES:
        yield Rejection(name, "", "This is XML. Ask the sender for the same in JSON.")
        return
    try:
        if file.stat().st_size > MOST_BYTES:
            yield Rejection(name, "", "The file is larger than 256 MB. Split it and import again.")
            return
        content = _decode(file.read_bytes())
    except OSError:
        yield Rejection(name, "", "The file cannot be opened. Check its permissions.")
        return
    if not content.strip():
        yield Rejection(name, "", "The file is empty. Ask the sender for it again.")
        return
    try:
        yield from split(_parse(content), name)
    except (ValueError, RecursionError):
        yield from _read_lines(content, name, file.suffix.lower() in {".ndjson", ".jsonl"})


def _decode(raw: bytes) -> str:
    """The text of a file: as JSON's own rule finds the encoding, else as Windows writes it."""
    try:
        return raw.decode(json.detect_encoding(raw)).lstrip("\ufeff")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _parse(content: str) -> Any:
    """JSON, with NaN and Infinity read as null. Raises ValueError or RecursionError."""
    return json.loads(content, parse_constant=lambda _name: None)


def _read_lines(content: str, name: str, by_lines: bool) -> Iterator[Entry | Rejection]:
    """NDJSON: a resource a line. Without that suffix the first line decides whether it is."""
    lines = [(n, line) for n, line in enumerate(content.splitlines(), start=1) if line.strip()]
    good = 0
    items: list[Entry | Rejection] = []
    for number, line in lines:
        try:
            parsed = _parse(line)
            good += isinstance(parsed, dict)
            items += split(parsed, name, f"line {number}")
        except (ValueError, RecursionError):
            reason = f"line {number} is not JSON. Return it to the sender."
            items.append(Rejection(name, f"line {number}", reason))
        if not good and not by_lines:
            break
    if good:
        yield from items
    else:
        yield Rejection(name, "", "The file is not JSON. Ask the sender for it again.")
