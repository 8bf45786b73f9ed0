"""The doors that a patient comes in by: what doesn't hang on the channel is tried at each."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.site.patient import PatientPage
from tests.site.running import Site
from tests.site.telegram_patient import TelegramPatient

Talker = PatientPage | TelegramPatient


@dataclass(frozen=True)
class Door:
    """A channel of the running site."""

    site: Site
    channel: str

    def open(self, *, link: str = "", language: str = "en") -> Talker:
        """A patient comes in, by an invitation's path or without one, whose browser or Telegram
        speaks a language."""
        if self.channel == "telegram":
            return self.site.open_chat(link=link, language=language)
        return self.site.open_page(link=link or "/chat", browser_language=language)


@pytest.fixture(
    params=["web", pytest.param("telegram", marks=pytest.mark.telling)],
)
def door(request: pytest.FixtureRequest) -> Door:
    """The web page, and Telegram where it tells all."""
    on_page = request.param == "web"
    site: Site = request.getfixturevalue("site" if on_page else "telling_site")
    return Door(site, request.param)
