"""The console's menu: the queue's views with how much is in each, issues, figures, search."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from bot.console.security import signed_in_at
from bot.records.session import transaction
from bot.records.staff_models import Staff
from bot.records.staff_queries import counts

VIEWS = (
    ("waiting", "Waiting"),
    ("mine", "Mine"),
    ("team", "Team"),
    ("resolved", "Resolved"),
)
COUNTED = ("waiting", "mine", "team")
"""What was resolved only grows: a number there says nothing."""


@dataclass(frozen=True)
class Item:
    """One entry of the menu; count None: nothing to count."""

    text: str
    href: str
    current: bool
    count: int | None = None


def navigation(request: Request) -> list[Item]:
    """The menu of whoever is signed in; empty for nobody."""
    signed_in = signed_in_at(request)
    if signed_in is None:
        return []
    with transaction() as session:
        counted = counts(session, session.get(Staff, signed_in.id))
    found = [
        (text, f"/queue/{view}", counted[view] if view in COUNTED else None) for view, text in VIEWS
    ]
    found.append(("Interface issues", "/issues", None))
    if signed_in.sees_patients:
        found += [("Figures", "/figures", None), ("Find a patient", "/patients", None)]
    here = _shown_path(request)
    return [
        Item(text, href, here == href or here.startswith(f"{href}/"), count)
        for text, href, count in found
    ]


def _shown_path(request: Request) -> str:
    """The page's path; of a fragment the page that it goes into."""
    return request.query_params.get("at", request.url.path)
