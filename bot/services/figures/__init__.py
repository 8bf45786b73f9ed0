"""Figures for supervisors and administrators: counts and shares, never a patient.

`figure` makes one of FIGURES; `asked_by` says what somebody may be told; `for_export` leaves
small counts out. Called by `bot.console.figures`; each figure is explained in docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.services.figures.asked import Asked, asked_by
from bot.services.figures.handoffs import handoffs_a_day, languages, reasons
from bot.services.figures.limbo import limbo
from bot.services.figures.period import LENGTHS_DAYS
from bot.services.figures.replies import replies, replies_by_team
from bot.services.figures.table import FEWER, NOT_SHOWN, Column, Figure, Value, for_export
from bot.services.figures.understanding import understanding, understanding_by_language

__all__ = [
    "FEWER",
    "FIGURES",
    "LENGTHS_DAYS",
    "NOT_SHOWN",
    "Asked",
    "Column",
    "Figure",
    "Value",
    "asked_by",
    "figure",
    "for_export",
]

FIGURES: dict[str, Callable[[Session, Asked], Figure]] = {
    "handoffs": handoffs_a_day,
    "replies": replies,
    "replies_by_team": replies_by_team,
    "reasons": reasons,
    "languages": languages,
    "understanding": understanding,
    "understanding_by_language": understanding_by_language,
    "limbo": limbo,
}
"""In the order in which the page shows them."""


def figure(session: Session, name: str, asked: Asked) -> Figure:
    """One figure.

    Raises:
        NotFound: no figure of that name.
    """
    if name not in FIGURES:
        raise NotFound(f"There is no figure of that name. Choose one of {', '.join(FIGURES)}.")
    return FIGURES[name](session, asked)
