"""Renders templates: whole pages and the fragments that htmx puts into them.

What every template may use: `signed_in`, `csrf_token`, `navigation`, `version`, `now`, and the
filters of `times`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from bot.console import times
from bot.console.assets_folder import version
from bot.console.navigation import navigation
from bot.console.security import csrf_token, signed_in_at
from bot.records.base import utc_now
from bot.settings import get_settings

ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters |= times.FILTERS


def page(request: Request, template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
    """A whole page: `template` extends layout.html.j2."""
    if "navigation" not in values:
        values["navigation"] = navigation(request)
    shown = _for_all(request) | values
    return HTMLResponse(ENVIRONMENT.get_template(template).render(shown), status_code)


def fragment(
    request: Request,
    template: str,
    *,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A part of a page, for htmx: `template` extends nothing."""
    text = ENVIRONMENT.get_template(template).render(_for_all(request) | values)
    return HTMLResponse(text, status_code, headers)


def _for_all(request: Request) -> dict[str, Any]:
    return {
        "csrf_token": csrf_token(request),
        "now": utc_now(),
        "organisation": get_settings().organisation,
        "path": request.url.path,
        "signed_in": signed_in_at(request),
        "version": version(),
    }


def show_navigation(request: Request) -> HTMLResponse:
    """The menu anew, when a live event has changed its numbers."""
    return fragment(request, "_navigation.html.j2", navigation=navigation(request))


routes = [Route("/navigation", show_navigation)]
