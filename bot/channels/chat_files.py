"""The patient's page's way to a file that goes with a message: `/chat/files/<number>`.

The cookie says whose conversation it is; the file is there only while the page may show its
message. Missing and forbidden look alike.
"""

from __future__ import annotations

import asyncio

from sanic import Request
from sanic.response import HTTPResponse, empty, raw

from bot.channels import visitor
from bot.channels.chat_headers import HEADERS
from bot.errors import NotFound
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.calendar_file import MIME_TYPE, CalendarFile, file_of
from bot.services.conversations import get_conversation
from bot.services.transcript import message_by_seq


async def send_file(request: Request, seq: int) -> HTTPResponse:
    """The file of one message of the cookie's conversation; 404 without one that may be seen."""
    conversation_id = visitor.read(request.cookies.get(visitor.COOKIE)) or ""
    found = await asyncio.to_thread(_load, conversation_id, seq)
    if found is None:
        return empty(404, headers=HEADERS)
    named = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    content_type = f"{MIME_TYPE}; charset=utf-8"
    return raw(found.content, content_type=content_type, headers=HEADERS | named)


def _load(conversation_id: str, seq: int) -> CalendarFile | None:
    with transaction() as session:
        try:
            get_conversation(session, conversation_id)
        except NotFound:
            return None
        row = message_by_seq(session, conversation_id, seq)
        return file_of(session, row, utc_now()) if row is not None else None
