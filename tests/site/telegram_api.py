"""Telegram's Bot API to test with, over real HTTP: keeps chats, and refuses what Telegram refuses.

Updates go out by getUpdates (held back until there is one) or to the webhook that was set. A test
writes as a patient by `send`, and sees the chat in `chat`.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

import requests

from tests.site import telegram_rules as rules
from tests.site.telegram_rules import Refused, Upload, bad

TOKEN = "999000:test-token-of-nobody"
BOT = {"id": 999000, "is_bot": True, "first_name": "Waymark", "username": "waymark_test_bot"}
DELETABLE_SECONDS = 48 * 3600


@dataclass
class Standing:
    """A message that stands in a chat."""

    message_id: int
    own: bool
    text: str
    keyboard: list[list[dict[str, str]]]
    at: float
    edits: int = 0
    file: Upload | None = None

    @property
    def titles(self) -> tuple[str, ...]:
        """The buttons' titles, row by row."""
        return tuple(button["text"] for row in self.keyboard for button in row)


@dataclass
class ChatRoom:
    """One chat as its patient sees it."""

    number: int
    kind: str = "private"
    blocked: bool = False
    left: bool = False
    messages: dict[int, Standing] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def of_bot(self) -> list[Standing]:
        """What stands there of the bot's, in order."""
        return [m for m in self.messages.values() if m.own]


class TelegramApi:
    """A server on a free port; stops when the `with` block ends.

    Attributes:
        calls: (method, parameters) of every call that named the right token, in order.
        refused: (method, description) of what was refused.
        down: every call gets 502, as from a broken proxy; may be set at any time.
        floods: while above 0, the next sends are refused with 429 and this counts down.
        retry_after: the seconds that a flooded bot is told to wait.
        per_second: sends a second in all chats, above which a bot floods; None: no limit.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[tuple[str, str]] = []
        self.chats: dict[int, ChatRoom] = {}
        self.menus: dict[str, list[dict[str, str]]] = {}
        self.down = False
        self.floods = 0
        self.retry_after = 1
        self.per_second: int | None = None
        self.answered: set[str] = set()
        self.webhook: dict[str, Any] = {}
        self._sends: list[float] = []
        self._updates: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._ids = itertools.count(1)
        self._update_ids = itertools.count(5000)
        self._pollers = 0
        self._stopping = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> TelegramApi:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        threading.Thread(target=self._push, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()

    # ---- the patient's side ----

    def chat(self, number: int, kind: str = "private") -> ChatRoom:
        """A chat; a patient opens one by writing first."""
        return self.chats.setdefault(number, ChatRoom(number, kind))

    def send(self, number: int, user: dict[str, Any] | None = None, **content: Any) -> int:
        """Somebody writes: `text="…"`, `photo=[…]`, …; returns the message's id."""
        room = self.chat(number)
        with self._changed:
            message_id = next(self._ids)
            text = str(content.get("text", ""))
            room.messages[message_id] = Standing(message_id, False, text, [], time.time())
        self._put(message=self._message(room, message_id, user, content))
        return message_id

    def edit(self, number: int, message_id: int, text: str, user: dict[str, Any]) -> None:
        """Somebody edits a message of theirs."""
        room = self.chat(number)
        room.messages[message_id].text = text
        edited = {"text": text, "edit_date": int(time.time())}
        self._put(edited_message=self._message(room, message_id, user, edited))

    def press(self, number: int, message_id: int, data: str, user: dict[str, Any]) -> str:
        """Somebody presses a button; returns the query's id."""
        query = f"q{next(self._ids)}"
        message = self._message(self.chat(number), message_id, BOT, {"text": "…"})
        pressed = {"id": query, "from": user, "message": message, "data": data}
        self._put(callback_query=pressed | {"chat_instance": str(number)})
        return query

    def block(self, number: int, user: dict[str, Any], *, blocked: bool = True) -> None:
        """A patient blocks the bot, or lets it in again."""
        room = self.chat(number)
        room.blocked = blocked
        states = ("kicked", "member") if blocked else ("member", "kicked")
        self._put(my_chat_member=self._change(room, user, *states))

    def put(self, update: dict[str, Any]) -> None:
        """An update as it is."""
        self._put(**update)

    def called(self, method: str) -> list[dict[str, Any]]:
        """The parameters of all calls of a method."""
        return [parameters for name, parameters in self.calls if name == method]

    def _change(self, room: ChatRoom, user: dict[str, Any], new: str, old: str) -> dict[str, Any]:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": BOT, "status": status, **until}

        changed = {"chat": self._chat(room), "from": user, "date": int(time.time())}
        return changed | {"old_chat_member": member(old), "new_chat_member": member(new)}

    def _message(
        self, room: ChatRoom, message_id: int, user: dict[str, Any] | None, content: dict[str, Any]
    ) -> dict[str, Any]:
        made = {"message_id": message_id, "date": int(time.time()), "chat": self._chat(room)}
        made |= content
        if str(content.get("text", "")).startswith("/"):
            length = len(content["text"].split()[0])
            made["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        return made | ({"from": user} if user else {})

    @staticmethod
    def _chat(room: ChatRoom) -> dict[str, Any]:
        named = {"first_name": "Pat"} if room.kind == "private" else {"title": "A group"}
        return {"id": room.number, "type": room.kind, **named}

    def _put(self, **update: Any) -> None:
        with self._changed:
            self._updates.append({"update_id": next(self._update_ids), **update})
            self._changed.notify_all()

    # ---- the bot's side: a method each ----

    def do_getMe(self, _p: dict[str, Any]) -> Any:
        return BOT | {"can_join_groups": True, "supports_inline_queries": False}

    def do_getUpdates(self, p: dict[str, Any]) -> Any:
        offset, limit = int(p.get("offset", 0)), int(p.get("limit", 100))
        end = time.monotonic() + float(p.get("timeout", 0))
        with self._changed:
            if self.webhook.get("url"):
                raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
            self._pollers += 1
            mine = self._pollers
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
            self._changed.notify_all()
            while not self._updates and time.monotonic() < end and not self._stopping:
                if mine != self._pollers:
                    raise Refused(409, "Conflict: terminated by other getUpdates request")
                self._changed.wait(min(0.5, max(0.01, end - time.monotonic())))
            return self._updates[:limit]

    def do_setWebhook(self, p: dict[str, Any]) -> Any:
        if not str(p.get("url", "")).startswith(("http://", "https://")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        with self._changed:
            self.webhook = dict(p)
            self._changed.notify_all()
        return True

    def do_deleteWebhook(self, _p: dict[str, Any]) -> Any:
        self.webhook = {}
        return True

    def do_setMyCommands(self, p: dict[str, Any]) -> Any:
        language = str(p.get("language_code", ""))
        self.menus[language] = rules.commands(p.get("commands"), language)
        return True

    def do_sendMessage(self, p: dict[str, Any]) -> Any:
        room = self._room(p)
        text = rules.plain(str(p.get("text", "")), p.get("parse_mode"))
        rows = rules.keyboard(p.get("reply_markup"))
        self._flood()
        message_id = next(self._ids)
        room.messages[message_id] = Standing(message_id, True, text, rows, time.time())
        return self._message(room, message_id, BOT, {"text": text})

    def do_sendDocument(self, p: dict[str, Any]) -> Any:
        room = self._room(p)
        caption = str(p.get("caption", ""))
        file = rules.document(p.get("document"), caption)
        self._flood()
        message_id = next(self._ids)
        standing = Standing(message_id, True, caption, [], time.time(), file=file)
        room.messages[message_id] = standing
        described = {"file_id": f"f{message_id}", "file_unique_id": f"u{message_id}"}
        described |= {"file_name": file.name, "mime_type": file.mime_type}
        return self._message(room, message_id, BOT, {"document": described})

    def do_editMessageText(self, p: dict[str, Any]) -> Any:
        room = self._room(p)
        text = rules.plain(str(p.get("text", "")), p.get("parse_mode"))
        rows = rules.keyboard(p.get("reply_markup"))
        self._flood()
        standing = room.messages.get(int(p.get("message_id", 0)))
        if standing is None:
            raise bad("message to edit not found")
        if not standing.own:
            raise bad("message can't be edited")
        if standing.file is not None:
            raise bad("there is no text in the message to edit")
        if (standing.text, standing.keyboard) == (text, rows):
            raise bad("message is not modified")
        standing.text, standing.keyboard = text, rows
        standing.edits += 1
        return self._message(room, standing.message_id, BOT, {"text": text})

    def do_deleteMessage(self, p: dict[str, Any]) -> Any:
        room = self._room(p)
        standing = room.messages.get(int(p.get("message_id", 0)))
        if standing is None:
            raise bad("message to delete not found")
        if time.time() - standing.at > DELETABLE_SECONDS:
            raise bad("message can't be deleted for everyone")
        del room.messages[standing.message_id]
        return True

    def do_answerCallbackQuery(self, p: dict[str, Any]) -> Any:
        if len(str(p.get("text", ""))) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self.answered.add(str(p["callback_query_id"]))
        return True

    def do_sendChatAction(self, p: dict[str, Any]) -> Any:
        if p.get("action") != "typing":
            raise bad("wrong parameter action in request")
        self._room(p).actions.append("typing")
        return True

    def do_leaveChat(self, p: dict[str, Any]) -> Any:
        self._room(p).left = True
        return True

    def _room(self, p: dict[str, Any]) -> ChatRoom:
        room = self.chats.get(int(p.get("chat_id", 0)))
        if room is None:
            raise bad("chat not found")
        if room.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if room.left:
            raise Refused(403, "Forbidden: bot is not a member of the group chat")
        return room

    def _flood(self) -> None:
        now = time.monotonic()
        self._sends = [at for at in self._sends if at > now - 1]
        over = self.per_second is not None and len(self._sends) >= self.per_second
        if self.floods > 0 or over:
            self.floods = max(0, self.floods - 1)
            wait = self.retry_after
            raise Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        self._sends.append(now)

    # ---- the webhook's side ----

    def _push(self) -> None:
        """Send updates to the webhook one after another, each until it is taken."""
        while not self._stopping:
            with self._changed:
                if not (self._updates and self.webhook.get("url")):
                    self._changed.wait(0.5)
                    continue
                update, hook = self._updates[0], self.webhook
            headers = {"X-Telegram-Bot-Api-Secret-Token": str(hook.get("secret_token", ""))}
            try:
                answer = requests.post(hook["url"], json=update, headers=headers, timeout=10)
                taken = answer.ok
            except requests.RequestException:
                taken = False
            with self._changed:
                if taken:
                    self._updates = [u for u in self._updates if u is not update]
            if not taken:
                time.sleep(0.3)

    # ---- HTTP ----

    def _call(self, token: str, method: str, parameters: dict[str, Any]) -> tuple[int, Any]:
        if self.down:
            return 502, None
        if token != TOKEN:
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        found: Callable[[dict[str, Any]], Any] | None = getattr(self, f"do_{method}", None)
        if found is None:
            return 404, {"ok": False, "error_code": 404, "description": "Not Found"}
        self.calls.append((method, parameters))
        try:
            return 200, {"ok": True, "result": found(parameters)}
        except Refused as error:
            self.refused.append((method, error.description))
            answer = {"ok": False, "error_code": error.code, "description": error.description}
            return error.code, answer | {"parameters": error.parameters}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                _, token, method = self.path.split("?")[0].split("/")
                code, answer = api._call(token.removeprefix("bot"), method, self._read(body))
                data = json.dumps(answer).encode() if answer is not None else b"<html>Bad Gateway"
                self.send_response(code)
                self.send_header("Content-Type", "application/json" if answer else "text/html")
                self.send_header("Content-Length", str(len(data)))
                with suppress(BrokenPipeError, ConnectionResetError):  # the bot was killed
                    self.end_headers()
                    self.wfile.write(data)

            do_GET = do_POST

            def _read(self, body: bytes) -> dict[str, Any]:
                content_type = self.headers.get("Content-Type", "")
                if "json" in content_type:
                    return dict(json.loads(body or b"{}"))
                if "multipart/form-data" in content_type:
                    return rules.multipart(content_type, body)
                return dict(parse_qsl(body.decode(), keep_blank_values=True))

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler
