"""What Telegram refuses, as its Bot API does: lengths, HTML, buttons, commands. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from html.parser import HTMLParser
from typing import Any

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_DATA = 64
MOST_BUTTONS = 100
MOST_COMMANDS = 100
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a"}
TAGS |= {"tg-spoiler", "blockquote", "span"}
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
ENTITY = re.compile(r"&(?!(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);)")
STRAY = re.compile(r"<(?!/?[a-zA-Z])")


@dataclass(frozen=True)
class Upload:
    """A file of a multipart form."""

    name: str
    mime_type: str
    content: bytes


def multipart(content_type: str, body: bytes) -> dict[str, Any]:
    """The fields of a multipart form; a file is an Upload, under its own field or the one that
    names it by "attach://"."""
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    fields: dict[str, Any] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        file_name = part.get_filename()
        if file_name is None:
            fields[name] = content.decode()
        else:
            fields[name] = Upload(file_name, part.get_content_type(), content)
    for name, value in fields.items():
        if isinstance(value, str) and value.startswith("attach://"):
            fields[name] = fields.get(value.removeprefix("attach://"), value)
    return fields


class Refused(Exception):
    """An error of the Bot API."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad(description: str) -> Refused:
    return Refused(400, f"Bad Request: {description}")


class _Words(HTMLParser):
    """The words of a text in Telegram's HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise bad(f'can\'t parse entities: Unsupported start tag "{tag}"')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise bad(f'can\'t parse entities: Unmatched end tag, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def plain(text: str, parse_mode: str | None) -> str:
    """The words of a text; refuses what Telegram can't parse, nothing, and too much."""
    if parse_mode == "HTML":
        if ENTITY.search(text) and STRAY.search(text):
            raise bad("can't parse entities")
        if STRAY.search(text):
            raise bad("can't parse entities: Unsupported start tag")
        reader = _Words()
        reader.feed(text)
        reader.close()
        if reader.open:
            raise bad(f"can't parse entities: Can't find end tag for \"{reader.open[-1]}\"")
        text = "".join(reader.words)
    elif parse_mode:
        raise bad("unsupported parse_mode")
    text = text.strip()
    if not text:
        raise bad("message text is empty")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise bad("message is too long")
    return text


def document(given: Any, caption: str) -> Upload:
    """An uploaded file: as a part of a multipart form, with a name and something in it."""
    if not isinstance(given, Upload):
        raise bad("there is no document in the request")
    if not given.name or "/" in given.name:
        raise bad("file name is invalid")
    if not given.content:
        raise bad("file must be non-empty")
    if len(caption.encode("utf-16-le")) // 2 > LONGEST_CAPTION:
        raise bad("message caption is too long")
    return given


def keyboard(markup: Any) -> list[list[dict[str, str]]]:
    """The rows of an inline keyboard."""
    if not markup:
        return []
    found = json.loads(markup) if isinstance(markup, str) else markup
    rows = found.get("inline_keyboard") if isinstance(found, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("can't parse reply keyboard markup JSON object")
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        _check_button(button)
    return rows


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise bad("can't parse inline keyboard button: Text buttons can't be empty")
    kinds = [kind for kind in ("callback_data", "url") if kind in button]
    if len(kinds) != 1:
        raise bad("can't parse inline keyboard button: Text buttons are unallowed here")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= LONGEST_DATA:
        raise bad("BUTTON_DATA_INVALID")


def commands(listed: Any, language: str) -> list[dict[str, str]]:
    """A command menu."""
    found = json.loads(listed) if isinstance(listed, str) else listed
    if not isinstance(found, list) or len(found) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad("invalid language code specified")
    for one in found:
        if not COMMAND.fullmatch(one.get("command", "")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(one.get("description", "")) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return found
