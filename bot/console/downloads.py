"""Files that leave the console: CSV that a spreadsheet opens safely, and JSON.

Used by the issue and figure pages. CSV is UTF-8 with a byte order mark, so that Excel reads names.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV (RFC 4180)."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The same as a download; None becomes an empty cell."""
    return _file(name, csv_text(header, rows).encode("utf-8-sig"), "text/csv; charset=utf-8")


def json_file(name: str, content: Any) -> Response:
    """JSON as a download."""
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return _file(name, text.encode(), "application/json")


def _file(name: str, content: bytes, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=media_type)


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP).

    >>> _cell("=1+1"), _cell(-1), _cell("a=b")
    ("'=1+1", -1, 'a=b')
    """
    if isinstance(value, str) and value.lstrip(" \n").startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
