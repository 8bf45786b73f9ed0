"""The answer to an action on a hand-off: a part of the page for htmx, else the whole page.

So that everything works without the page's script too, and a mistake in a form never loses what
was typed.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from bot.console.chat_values import chat_values
from bot.console.pages import fragment, page
from bot.console.scope import handoff_scope


def chat_page(request: Request, *, status_code: int = 200, **changed: Any) -> HTMLResponse:
    """The whole page of the address's hand-off; `changed`: values that differ from usual."""
    with handoff_scope(request) as scope:
        values = chat_values(scope)
    template = "chat.html.j2" if values["handoff"].talk else "task.html.j2"
    return page(request, template, status_code=status_code, **(values | changed))


def part_or_page(
    request: Request,
    template: str,
    *,
    status_code: int = 200,
    headers: dict[str, str] | None = None,
    **changed: Any,
) -> HTMLResponse:
    """A part of the page, with all that the whole page would know."""
    if "hx-request" not in request.headers:
        return chat_page(request, status_code=status_code, **changed)
    with handoff_scope(request) as scope:
        values = chat_values(scope)
    return fragment(
        request, template, status_code=status_code, headers=headers, **(values | changed)
    )
