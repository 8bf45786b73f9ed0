"""What people see of a page's HTML."""

from __future__ import annotations

import html
import re


def words(fragment: str) -> str:
    """The text, with single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", fragment)).split())


def message(page: str, seq: int) -> str:
    """One message's HTML; empty when it isn't there."""
    match = re.search(rf'<li[^>]*id="message-{seq}".*?</li>', page, re.DOTALL)
    return match[0] if match else ""


def field(page: str, name: str) -> str:
    """The value of a hidden field or of an input."""
    match = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    return html.unescape(match[1]) if match else ""
