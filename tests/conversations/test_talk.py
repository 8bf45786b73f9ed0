"""Conversations through the front door: real Rasa, real HTTP."""

import pytest

from bot.language.catalogues import get_catalogues, own_name
from tests.conversations.people import handoffs_of
from tests.site.running import Site

pytestmark = pytest.mark.slow
ANY_LANGUAGE = "utter_any_language_999"


def test_polish_patient_signs_in_and_hears_where_the_referral_is(site: Site) -> None:
    with site.open_page() as page:
        asked = page.say("gdzie jest moje skierowanie?")
        assert "numer NHS" in asked[-1].text
        page.say("9990001014")
        page.say("3 maja 1961")
        told = page.say(site.code())
        assert "King's College Hospital" in told[-1].text
        assert told[-1].language == "pl"


@pytest.mark.parametrize(
    "text",
    ["Πού είναι το παραπεμπτικό μου;", "મારું રેફરલ ક્યાં છે?", "can I write in Gujarati please"],
)
def test_a_script_that_nobody_here_reads_gets_999_in_every_language(site: Site, text: str) -> None:
    with site.open_page() as page:
        said = page.say(text)[-1]
        assert said.language == "en"
        assert len(said.text.splitlines()) >= len(get_catalogues().offered())
        english = get_catalogues().responses[ANY_LANGUAGE].text
        for language in get_catalogues().offered():
            assert get_catalogues().translate(ANY_LANGUAGE, english, language) in said.text
        assert {own_name(language) for language in get_catalogues().offered()} <= set(said.buttons)
        assert [(kind, reason) for kind, reason, _ in handoffs_of(page)] == [
            ("task", "interpreter")
        ]
