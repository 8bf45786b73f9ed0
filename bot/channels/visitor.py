"""Who is at the page: a signed conversation id in an HttpOnly cookie. JavaScript never sees it."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from itsdangerous import BadSignature, URLSafeSerializer

from bot.services.keys import keyed_hash, secret_key

COOKIE = "waymark_chat"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(secret_key(), salt="conversation")


def sign(conversation_id: str) -> str:
    """The cookie's value for a conversation."""
    return str(_serializer().dumps(conversation_id))


def read(cookie: str | None) -> str | None:
    """The conversation of a cookie's value; None when it is missing or not ours."""
    try:
        return _serializer().loads(cookie) if cookie else None
    except BadSignature:
        return None


def read_header(header: str | None) -> str | None:
    """The same from a whole Cookie header (the Socket.IO handshake)."""
    try:
        cookies = SimpleCookie(header or "")
    except CookieError:
        return None
    return read(cookies[COOKIE].value) if COOKIE in cookies else None


def address_hash(address: str | None) -> str | None:
    """What tries are counted against; the address itself is not kept."""
    return keyed_hash("address", address) if address else None
