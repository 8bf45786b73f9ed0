"""A sentence outside of any dialogue: refusals, the page's own strings, what services say.

`bot.answers` renders what the dialogue says; everything else that a patient reads comes from here.
"""

from __future__ import annotations

from typing import Any

from bot.language.catalogues import get_catalogues
from bot.language.render import Rendered, Renderer
from bot.settings import get_settings


def standing_values() -> dict[str, str]:
    """Values that every sentence may use."""
    settings = get_settings()
    return {"organisation": settings.organisation, "office_hours": settings.office_hours}


def sentence(
    name: str,
    language: str | None,
    values: dict[str, Any] | None = None,
    channel: str | None = None,
) -> Rendered:
    """A response of domain.yml with its quick replies.

    Args:
        language: None: the site's default.
        values: what its placeholders need, besides the standing ones.
        channel: where it is read, if that may decide the wording.
    """
    language = language or get_settings().default_language
    renderer = Renderer(get_catalogues())
    return renderer.render(name, standing_values() | (values or {}), language, channel)
