"""The HTTP pages of the web chat: the patient's page, invitation links, and the demo's phone.

Strict content security policy, nothing cached, nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape
from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty, html, redirect
from sanic.response import json as json_response
from sqlalchemy.orm import Session

from bot.channels import visitor
from bot.channels.chat_files import send_file
from bot.channels.chat_headers import HEADERS
from bot.channels.page_data import accepted_language, page_strings, session_data
from bot.errors import NotFound
from bot.language.sentences import sentence
from bot.records.base import utc_now
from bot.records.chat_models import Conversation
from bot.records.session import transaction
from bot.services import demo_phone
from bot.services.client_address import client_address
from bot.services.conversations import get_conversation, open_conversation
from bot.services.invitations import open_invitation
from bot.services.leaving import leave_conversation
from bot.services.transcript import Answer, store_answer
from bot.settings import get_settings

FOLDER = Path(__file__).parent / "page"
STATIC = FOLDER / "static"
TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(["html", "j2"])
)


def add_pages(blueprint: Blueprint) -> None:
    """Add the routes; they all lie under the channel's prefix."""
    blueprint.static("/static", str(STATIC), name="static")
    blueprint.add_route(show_page, "/", methods=["GET"], name="page")
    blueprint.add_route(start_session, "/session", methods=["POST"], name="session")
    blueprint.add_route(show_left, "/left", methods=["GET"], name="left")
    blueprint.add_route(follow_invitation, "/i/<token>", methods=["GET"], name="invitation")
    blueprint.add_route(follow_one_time_link, "/l/<token>", methods=["GET"], name="one_time_link")
    blueprint.add_route(send_file, "/files/<seq:int>", methods=["GET"], name="file")
    blueprint.add_route(health, "/health", methods=["GET"], name="health")
    if get_settings().mode == "demo":
        blueprint.add_route(show_demo_phone, "/demo/phone", methods=["GET"], name="demo_phone")


async def lead_to_page(request: Request) -> HTTPResponse | None:
    """The bare address leads to the chat (Rasa would greet with its version there)."""
    return redirect("/chat") if request.path == "/" else None


async def show_page(request: Request) -> HTTPResponse:
    """The chat. No conversation is opened by looking at it."""
    return await asyncio.to_thread(_render, request, left=False)


async def show_left(request: Request) -> HTTPResponse:
    """After leaving: ends what an offline page left open, and drops the cookie."""
    conversation_id = visitor.read(request.cookies.get(visitor.COOKIE))
    page = await asyncio.to_thread(_render, request, left=True)
    if conversation_id:
        await asyncio.to_thread(_end, conversation_id)
        del page.cookies[visitor.COOKIE]
        page.cookies[visitor.COOKIE]["path"] = "/"
    return page


async def start_session(request: Request) -> HTTPResponse:
    """Give the page its conversation: the cookie's, or a new one."""
    if not same_origin(request):
        return json_response({"error": "This page may not be used from another site."}, 403)
    data, conversation_id, new = await asyncio.to_thread(_session, request)
    response = json_response(data, headers=HEADERS)
    if new:
        _set_cookie(response, conversation_id)
    return response


async def follow_invitation(request: Request, token: str) -> HTTPResponse:
    """An invitation link. Opening it spends nothing: a link preview may do that too."""
    conversation_id = await asyncio.to_thread(_invite, request, token)
    response = redirect("/chat", headers=HEADERS)
    _set_cookie(response, conversation_id)
    return response


async def follow_one_time_link(request: Request, token: str) -> HTTPResponse:
    """A one-time link from a channel that tells little: a new conversation, which still asks for
    the date of birth. Opening it spends nothing either."""
    conversation_id = await asyncio.to_thread(_come_from_elsewhere, request, token)
    response = redirect("/chat", headers=HEADERS)
    _set_cookie(response, conversation_id)
    return response


async def health(_request: Request) -> HTTPResponse:
    """Says that the server answers and reaches its database."""

    def look() -> None:
        with transaction() as session:
            session.connection()

    await asyncio.to_thread(look)
    return empty()


async def show_demo_phone(_request: Request) -> HTTPResponse:
    """The demo's phone: the codes that would be sent as text messages."""

    def load() -> list[dict[str, str]]:
        with transaction() as session:
            return demo_phone.newest_texts(session)

    texts = await asyncio.to_thread(load)
    page = TEMPLATES.get_template("phone.html.j2").render(texts=texts, version=version())
    return html(page, headers=HEADERS)


def same_origin(request: Request) -> bool:
    """Whether the request's Origin is this site's own (or it has none, as from a link)."""
    origin = request.headers.get("origin")
    if origin is None:
        return True
    own = {request.headers.get("host"), urlsplit(get_settings().public_url).netloc}
    return urlsplit(origin).netloc in own


@lru_cache(maxsize=1)
def version() -> str:
    """Changes when an asset changes, so that a browser fetches it anew."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.glob("*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _set_cookie(response: HTTPResponse, conversation_id: str) -> None:
    response.cookies[visitor.COOKIE] = visitor.sign(conversation_id)
    cookie = response.cookies[visitor.COOKIE]
    cookie["httponly"] = True
    cookie["samesite"] = "Lax"
    cookie["path"] = "/"
    cookie["secure"] = get_settings().public_url.startswith("https://")


def _render(request: Request, *, left: bool) -> HTTPResponse:
    now = utc_now()
    hint = accepted_language(request.headers.get("accept-language"))
    with transaction() as session:
        conversation_id = visitor.read(request.cookies.get(visitor.COOKIE))
        try:
            conversation = get_conversation(session, conversation_id or "")
        except NotFound:
            conversation = None
        data = session_data(session, conversation, hint, now)
    shown: dict[str, Any] = {
        "language": data["language"],
        "direction": data["dir"],
        "strings": page_strings(data["language"]),
        "languages": data["languages"],
        "organisation": get_settings().organisation,
        "version": version(),
        "session_json": json.dumps(data),
        "left": left,
    }
    return html(TEMPLATES.get_template("page.html.j2").render(shown), headers=HEADERS)


def _session(request: Request) -> tuple[dict[str, Any], str, bool]:
    now = utc_now()
    hint = accepted_language(request.headers.get("accept-language"))
    with transaction() as session:
        conversation_id = visitor.read(request.cookies.get(visitor.COOKIE))
        try:
            conversation, new = get_conversation(session, conversation_id or ""), False
        except NotFound:
            conversation, new = _new_conversation(session, request), True
        return session_data(session, conversation, hint, now), conversation.id, new


def _invite(request: Request, token: str) -> str:
    with transaction() as session:
        conversation_id = visitor.read(request.cookies.get(visitor.COOKIE))
        try:
            conversation = get_conversation(session, conversation_id or "")
        except NotFound:
            conversation = _new_conversation(session, request)
        known = open_invitation(session, conversation, token, utc_now())
        name = "utter_invitation_welcome" if known else "utter_invitation_invalid"
        _welcome(session, request, conversation, name)
        return str(conversation.id)


def _come_from_elsewhere(request: Request, token: str) -> str:
    with transaction() as session:
        conversation = _new_conversation(session, request)
        known = open_invitation(session, conversation, token, utc_now())
        name = "utter_telegram_link_welcome" if known else "utter_telegram_link_invalid"
        _welcome(session, request, conversation, name)
        return str(conversation.id)


def _new_conversation(session: Session, request: Request) -> Conversation:
    conversation = open_conversation(session, "web", utc_now())
    forwarded_for = ", ".join(request.headers.getall("x-forwarded-for", []))
    address = client_address(request.ip, forwarded_for, get_settings().trusted_proxies)
    conversation.address_hash = visitor.address_hash(address)
    return conversation


def _welcome(session: Session, request: Request, conversation: Conversation, name: str) -> None:
    hint = accepted_language(request.headers.get("accept-language"))
    said = sentence(name, conversation.language or hint)
    buttons = [{"title": b.title, "payload": b.payload} for b in said.buttons]
    answer = Answer(said.text, said.language, (name,), buttons)
    store_answer(session, conversation.id, answer, utc_now())


def _end(conversation_id: str) -> None:
    with transaction() as session:
        leave_conversation(session, conversation_id, utc_now())
