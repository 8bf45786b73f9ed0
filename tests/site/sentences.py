"""What the bot says, by response name: tests compare with these, not with copies of the words."""

from __future__ import annotations

from collections.abc import Sequence

from bot.language import sentences
from bot.language.catalogues import get_catalogues
from tests.site.patient import Said


def sentence(name: str, language: str = "en") -> str:
    """The text of a response without values of its own."""
    return sentences.sentence(name, language).text


def button(name: str, index: int, language: str = "en") -> str:
    """The title of a response's button."""
    catalogues = get_catalogues()
    title = catalogues.responses[name].buttons[index].title
    return catalogues.translate("button", title, language)


def texts(said: Sequence[Said]) -> list[str]:
    """The answers' texts."""
    return [one.text for one in said]
