"""Signing in and out. A wrong e-mail and a wrong password get the same words in the same time."""

from __future__ import annotations

import threading
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.pages import page
from bot.console.security import COOKIE, SIGN_IN, form_of, local_path, set_cookie, signed_in_at
from bot.records.base import utc_now
from bot.records.session import transaction
from bot.services.client_address import client_address
from bot.services.passwords import password_matches
from bot.services.staff_sessions import begin_sign_in, finish_sign_in, sign_out
from bot.settings import get_settings

PATH = SIGN_IN
WRONG = "The e-mail address or the password is wrong. Check both and try again."
_verifying = threading.BoundedSemaphore(2)
"""argon2 takes 64 MB a password: a flood of tries must not take the machine's memory."""


def show_sign_in(request: Request) -> Response:
    """The form; who is signed in already goes on to where they wanted."""
    target = local_path(request.query_params.get("next"))
    if signed_in_at(request) is not None:
        return RedirectResponse(target, status_code=303)
    return _form(request, target)


def sign_in(request: Request) -> Response:
    """Verify, and start a session: a new one at every sign-in."""
    form = form_of(request)
    email, password = str(form.get("email", "")), str(form.get("password", ""))
    target = local_path(str(form.get("next", "")))
    missing = {
        name: sentence
        for name, sentence, given in (
            ("email", "Enter your e-mail address", email.strip()),
            ("password", "Enter your password", password),
        )
        if not given
    }
    if missing:
        return _form(request, target, email=email, errors=missing, status_code=422)
    address = client_address(
        request.client.host if request.client else None,
        ", ".join(request.headers.getlist("x-forwarded-for")),
        get_settings().trusted_proxies,
    )
    with transaction() as session:
        tried = begin_sign_in(session, email, address, utc_now())
    if tried.minutes_to_wait:
        wait = f"{tried.minutes_to_wait} minute{'' if tried.minutes_to_wait == 1 else 's'}"
        refusal = f"Too many wrong passwords. Wait {wait}, then try again."
        return _form(request, target, email=email, refusal=refusal, status_code=429)
    with _verifying:
        right = password_matches(tried.password_hash, password)
    with transaction() as session:
        token = finish_sign_in(
            session,
            tried,
            password if right else None,
            utc_now(),
            ended=request.cookies.get(COOKIE),
        )
    if token is None:
        return _form(request, target, email=email, refusal=WRONG, status_code=403)
    answer = RedirectResponse(target, status_code=303)
    set_cookie(answer, token)
    return answer


def leave(request: Request) -> Response:
    """End the session at once. Without a running one nothing is left to end."""
    with transaction() as session:
        sign_out(session, request.cookies.get(COOKIE, ""), utc_now())
    answer = RedirectResponse(f"{SIGN_IN}?left=1", status_code=303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def stay(_request: Request) -> Response:
    """Somebody wants to stay signed in: their asking is enough."""
    return Response(status_code=204)


def _form(
    request: Request,
    target: str,
    *,
    email: str = "",
    errors: dict[str, str] | None = None,
    refusal: str = "",
    status_code: int = 200,
) -> Response:
    return page(
        request,
        "sign_in.html.j2",
        status_code=status_code,
        next=target,
        action=SIGN_IN if target == "/" else f"{SIGN_IN}?next={quote(target, safe='/')}",
        email=email,
        errors=errors or {},
        refusal=refusal,
        left="left" in request.query_params,
    )


routes = [
    Route(PATH, show_sign_in, methods=["GET"]),
    Route(PATH, sign_in, methods=["POST"]),
    Route("/sign-out", leave, methods=["POST"]),
    Route("/stay", stay, methods=["POST"]),
]
