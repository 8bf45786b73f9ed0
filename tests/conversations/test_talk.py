"""Conversations through the front door: real Rasa, real HTTP."""

import pytest

from tests.site.running import Site

pytestmark = pytest.mark.slow


def test_polish_patient_signs_in_and_hears_where_the_referral_is(site: Site) -> None:
    with site.open_page() as page:
        asked = page.say("gdzie jest moje skierowanie?")
        assert "numer NHS" in asked[-1].text
        page.say("9990001014")
        page.say("3 maja 1961")
        told = page.say(site.code())
        assert "King's College Hospital" in told[-1].text
        assert told[-1].language == "pl"
