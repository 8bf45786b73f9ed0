"""Signing in, through the front door: every way in, every way out, and nobody else's door."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select, update

from bot.channels import visitor
from bot.records.base import utc_now
from bot.records.identity_models import IdentitySession
from bot.records.session import transaction
from bot.services.identity import end_idle_identities
from tests.conversations.conftest import Door
from tests.conversations.people import (
    BORN_TYPED,
    PROVIDER,
    conversation_of,
    handoffs_of,
    person,
    sign_in,
)
from tests.site.patient import PatientPage
from tests.site.running import Site, nhs_number
from tests.site.sentences import button, sentence, texts

pytestmark = pytest.mark.slow
ASK_NUMBER, ASK_DATE = "utter_ask_identity_form_nhs_number", "utter_ask_identity_form_date_of_birth"
ASK_NAME = "utter_ask_identity_form_family_name"
ASK_ORDER = "utter_which_date_order"
ASK_POSTCODE = "utter_ask_identity_form_postcode"
ASK_CODE_WORDS = "a code of 6 digits"
WATCH_SECONDS = 25
"""The site looks for idle identity sessions every 15 s."""


def told(page: PatientPage) -> list[str]:
    """The answers from the record that the page may show now."""
    return [m["text"] for m in page.history() if m["private"]]


def eventually(check: Callable[[], Any], seconds: float = WATCH_SECONDS) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.2)
    return False


# ---- ways in ----


def test_invitation_and_date_of_birth_are_enough(door: Door) -> None:
    with door.open(link=door.site.invite(person(600))) as page:
        assert page.history()[0]["text"].startswith("Hello. I am Waymark")
        assert texts(page.say("where is my referral?")) == [sentence(ASK_DATE)]
        answers = page.say(BORN_TYPED)
        assert answers[-1].text.startswith(sentence("utter_identity_succeeded"))
        assert PROVIDER in answers[-1].text and answers[-1].private


def test_nhs_number_date_of_birth_and_code(door: Door) -> None:
    with door.open() as page:
        assert texts(page.say("where is my referral?")) == [sentence(ASK_NUMBER)]
        number = person(600)
        spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
        assert texts(page.say(f"it's {spaced}")) == [sentence(ASK_DATE)]
        assert texts(page.say("02/01/1970")) == [sentence(ASK_ORDER)]
        assert "2 January 1970" in page.press(button(ASK_ORDER, 0))[-1].text
        answers = page.say(f"the code is {door.site.code()}")
        assert answers[-1].text.startswith(sentence("utter_identity_succeeded"))
        assert PROVIDER in answers[-1].text


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "pressed"])
def test_a_date_that_begins_with_the_month_is_asked_back(door: Door, typed: bool) -> None:
    with door.open() as page:
        page.say("where is my referral?")
        assert texts(page.say(f"{person(600)} 01/02/1970")) == [sentence(ASK_ORDER)]
        month_first = button(ASK_ORDER, 1)
        said = page.say(month_first) if typed else page.press(month_first)
        assert "2 January 1970" in said[-1].text
        assert PROVIDER in page.say(door.site.code())[-1].text


def test_everything_in_one_message_leads_to_the_code(door: Door) -> None:
    with door.open() as page:
        page.say("where is my referral?")
        assert ASK_CODE_WORDS in page.say(f"{person(600)}, born 2 January 1970")[-1].text


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "pressed"])
@pytest.mark.parametrize(
    ("language", "question"), [("en", "where is my referral?"), ("pl", "gdzie moje skierowanie?")]
)
def test_without_the_number_name_date_postcode_and_code(
    door: Door, language: str, question: str, typed: bool
) -> None:
    person(601, family_name="Zażółć-Nowak", postcode="SE17 9ZZ", birth_date=date(1963, 10, 4))
    dont_have_it = button(ASK_NUMBER, 0, language)
    with door.open(language=language) as page:
        page.say(question)
        asked = page.say(dont_have_it.lower()) if typed else page.press(dont_have_it)
        assert texts(asked) == [sentence(ASK_NAME, language)]
        assert texts(page.say("zazolc nowak")) == [sentence(ASK_DATE, language)]
        assert texts(page.say("1963-10-04")) == [sentence(ASK_POSTCODE, language)]
        page.say("se179zz")
        answers = page.say(door.site.code())
        assert PROVIDER in answers[-1].text
        assert answers[-1].language == language


# ---- refusals ----

REFUSED: dict[str, tuple[int, dict[str, object]]] = {
    "wrong date of birth": (610, {"birth_date": date(1970, 2, 1)}),
    "restricted": (611, {"restricted": True}),
    "deceased": (612, {"deceased": True}),
    "superseded": (613, {"superseded_by": nhs_number(600)}),
    "flagged by staff": (614, {"flagged_by_staff": True}),
    "no phone": (615, {"phone": None}),
}


def refusal(door: Door, number: str, typed: str = BORN_TYPED) -> list[list[str]]:
    """All that is said to somebody who tries to sign in and types three wrong codes."""
    with door.open() as page:
        heard = [page.say(text) for text in ("where is my referral?", number, typed)]
        heard += [page.say(code) for code in ("000001", "000002", "000003")]
        assert not any(said.private for turn in heard for said in turn)
        return [texts(turn) for turn in heard]


def test_every_refusal_reads_like_a_wrong_code(door: Door) -> None:
    right = refusal(door, person(600))
    assert right[3:] == [
        [sentence("utter_code_wrong")],
        [sentence("utter_code_wrong")],
        [sentence("utter_identity_failed")],
    ]
    heard = {why: refusal(door, person(index, **how)) for why, (index, how) in REFUSED.items()}
    heard["no such patient"] = refusal(door, nhs_number(699))
    assert heard == dict.fromkeys(heard, right)


def test_a_child_is_refused_like_everybody_else(door: Door) -> None:
    number = person(616, birth_date=date(2015, 1, 2))
    child, nobody = (refusal(door, n, "2 January 2015") for n in (number, nhs_number(699)))
    assert child == nobody


def test_invitations_refuse_everybody_in_the_same_words(door: Door) -> None:
    heard = {}
    for why, (index, how) in REFUSED.items():
        if why == "no phone":
            continue  # an invitation needs none
        with door.open(link=door.site.invite(person(index, **how))) as page:
            page.say("where is my referral?")
            heard[why] = texts(page.say(BORN_TYPED))
    assert all(said == [sentence("utter_identity_failed")] for said in heard.values())
    assert len(heard) == 5


def test_after_three_wrong_codes_the_patient_can_try_again(door: Door) -> None:
    number = person(600)
    with door.open() as page:
        for text in ("where is my referral?", number, BORN_TYPED, "000001", "000002"):
            page.say(text)
        right = door.site.code()
        assert texts(page.say("000003")) == [sentence("utter_identity_failed")]
        assert PROVIDER not in page.say(right)[-1].text
        assert texts(page.press(button("utter_identity_failed", 0))) == [sentence(ASK_NUMBER)]
        page.say(number)
        page.say(BORN_TYPED)
        assert PROVIDER in page.say(door.site.code())[-1].text


def test_a_code_sent_for_another_conversation_opens_nothing(door: Door) -> None:
    number = person(600)
    with door.open() as mine, door.open() as theirs:
        for page in (mine, theirs):
            for text in ("where is my referral?", number, BORN_TYPED):
                page.say(text)
        answers = mine.say(door.site.code())  # the newest code: theirs
        assert texts(answers) == [sentence("utter_code_wrong")]
        assert PROVIDER in theirs.say(door.site.code())[-1].text


def test_a_date_of_birth_can_be_corrected_while_the_code_is_asked(door: Door) -> None:
    number = person(600)
    with door.open() as page:
        page.say("where is my referral?")
        page.say(number)
        assert "1 February 1970" in page.say("1 February 1970")[-1].text
        before = door.site.code()
        corrected = page.say("sorry, 2 January 1970")
        assert "2 January 1970" in corrected[-1].text and ASK_CODE_WORDS in corrected[-1].text
        after = door.site.code()
        assert after != before
        assert PROVIDER in page.say(after)[-1].text


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "pressed"])
def test_who_has_no_code_is_checked_by_staff(door: Door, typed: bool) -> None:
    title = button("utter_ask_identity_form_code", 0)
    with door.open() as page:
        for text in ("where is my referral?", person(600), BORN_TYPED):
            page.say(text)
        answers = page.say(title) if typed else page.press(title)
        assert texts(answers) == [sentence("utter_identity_no_code")]
        assert handoffs_of(page) == [("task", "identity_failed", 2)]
        assert texts(page.say("thank you")) == [sentence("utter_thank")]


# ---- invitations ----


def test_a_used_or_unknown_invitation_says_so_and_leaves_the_other_way_open(door: Door) -> None:
    link = door.site.invite(person(600))
    with door.open(link=link) as page:
        page.say("where is my referral?")
        assert PROVIDER in page.say(BORN_TYPED)[-1].text
    for spent in (link, "/chat/i/made-up", "/chat/i/%00%27--"):
        with door.open(link=spent) as page:
            assert page.history()[0]["text"] == sentence("utter_invitation_invalid")
            assert texts(page.say("where is my referral?")) == [sentence(ASK_NUMBER)]


def test_a_link_preview_does_not_spend_the_invitation(site: Site) -> None:
    link = site.invite(person(600))
    for _ in range(3):
        requests.get(site.address + link, timeout=10).raise_for_status()
    with site.open_page(link=link) as page:
        page.say("where is my referral?")
        assert PROVIDER in page.say(BORN_TYPED)[-1].text


def test_another_patients_link_signs_the_first_one_out(site: Site) -> None:
    with site.open_page(link=site.invite(person(600))) as page:
        page.say("where is my referral?")
        page.say(BORN_TYPED)
        assert told(page) != []
        page.http.get(site.address + site.invite(person(602)), timeout=10)
        assert told(page) == []
        asked = texts(page.say("where is my referral?"))
        assert asked[-1] == sentence(ASK_DATE)  # the invitation's greeting may come with it


# ---- a question in the middle ----


def test_a_general_question_is_answered_and_the_form_asks_again(door: Door) -> None:
    with door.open() as page:
        page.say("where is my referral?")
        answers = page.say("why do you need that? is my data safe?")
        assert texts(answers) == [sentence("utter_privacy"), sentence(ASK_NUMBER)]
        assert texts(page.say(person(600))) == [sentence(ASK_DATE)]


def test_a_question_about_the_record_is_kept_and_answered_afterwards(door: Door) -> None:
    with door.open() as page:
        page.say("where is my referral?")
        page.say(person(600))
        kept = page.say("who can I call about it?")
        assert sentence("utter_question_kept") in kept[0].text
        assert kept[-1].text == sentence(ASK_DATE)
        page.say(BORN_TYPED)
        answers = page.say(door.site.code())
        assert len(answers) == 1
        assert "020 7946 0110" in answers[0].text or "020 7946 0140" in answers[0].text


def test_stop_in_the_middle_leaves_the_form(door: Door) -> None:
    with door.open() as page:
        for text in ("where is my referral?", person(600)):
            page.say(text)
        assert texts(page.say("stop")) == [sentence("utter_stopped")]
        assert texts(page.say(BORN_TYPED)) == [sentence("utter_got_data")]
        assert texts(page.say("where is my referral?")) == [sentence(ASK_NUMBER)]


def test_stop_is_not_taken_for_a_family_name(door: Door) -> None:
    with door.open() as page:
        page.say("where is my referral?")
        page.press(button(ASK_NUMBER, 0))
        assert texts(page.say("Stop!")) == [sentence("utter_stopped")]
        assert texts(page.say("where is my referral?")) == [sentence(ASK_NUMBER)]


# ---- ways out ----


def test_stop_takes_the_answers_from_the_record_off_the_page(site: Site) -> None:
    with site.open_page() as page:
        sign_in(site, page, person(600))
        private = [m["seq"] for m in page.history() if m["private"]]
        assert private != []
        page.say("stop")
        assert told(page) == []
        assert eventually(lambda: page.forgotten == private, 3)
        assert eventually(lambda: page.session["verified"] is False, 3)
        assert texts(page.say("where is my referral?")) == [sentence(ASK_NUMBER)]


def test_thirty_quiet_minutes_take_the_answers_off_an_open_page(site: Site) -> None:
    with site.open_page() as page:
        sign_in(site, page, person(600))
        private = [m["seq"] for m in page.history() if m["private"]]
        quiet = utc_now() - timedelta(minutes=31)
        with transaction() as session:
            session.execute(
                update(IdentitySession)
                .where(IdentitySession.conversation_id == conversation_of(page))
                .values(started_at=quiet, last_seen_at=quiet)
            )
        assert told(page) == []  # at once, before anything has ended the session
        assert eventually(lambda: page.forgotten == private)
        ended = sentence("utter_identity_ended")
        assert eventually(lambda: page.heard[-1].text == ended, 3)
        assert texts(page.say("where is my referral?")) == [sentence(ASK_NUMBER)]


def test_answers_stay_hidden_when_the_same_patient_signs_in_again(site: Site) -> None:
    with site.open_page() as page:
        sign_in(site, page, person(600))
        with transaction() as session:
            ended = end_idle_identities(session, utc_now() + timedelta(minutes=31))
        assert conversation_of(page) in ended
        assert told(page) == []
        sign_in(site, page, person(600))
        assert len(told(page)) == 1


def test_a_patient_who_left_during_sign_in_does_not_stop_the_watch(site: Site) -> None:
    """An identity session of a conversation that has ended may not keep others' answers shown."""
    with site.open_page() as left, site.open_page() as page:
        sign_in(site, left, person(602))
        gone = conversation_of(left)
        left.send("leave", {})
        sign_in(site, page, person(600))
        quiet = utc_now() - timedelta(minutes=31)
        with transaction() as session:
            values = {"ended_at": None, "started_at": quiet, "last_seen_at": quiet}
            session.execute(
                update(IdentitySession)
                .where(IdentitySession.conversation_id.in_((gone, conversation_of(page))))
                .values(**values)
            )

        def open_sessions() -> list[str]:
            with transaction() as session:
                rows = select(IdentitySession.conversation_id).where(
                    IdentitySession.ended_at.is_(None)
                )
                return list(session.execute(rows).scalars())

        ours = {gone, conversation_of(page)}
        assert eventually(lambda: not ours & set(open_sessions()))
        assert eventually(lambda: bool(page.forgotten), 3)


def test_after_leaving_the_cookie_opens_nothing(site: Site) -> None:
    with site.open_page() as page:
        sign_in(site, page, person(600))
        cookie, before = page.http.cookies[visitor.COOKIE], conversation_of(page)
        assert page.send("leave", {}) == {"ok": True}
        assert not let_in(site, cookie)
        answer = requests.post(
            f"{site.address}/chat/session", cookies={visitor.COOKIE: cookie}, timeout=10
        )
        assert answer.json()["verified"] is False
        assert visitor.read(answer.cookies[visitor.COOKIE]) != before
        shown = requests.get(f"{site.address}/chat", cookies={visitor.COOKIE: cookie}, timeout=10)
        assert PROVIDER not in shown.text


# ---- somebody else ----


def let_in(site: Site, cookie: str | None, **headers: str) -> bool:
    """Whether a connection is let in; by hand, as a made-up client would try it."""
    if cookie is not None:
        headers["Cookie"] = f"{visitor.COOKIE}={cookie}"
    address = f"{site.address}/socket.io/?EIO=4&transport=polling"
    opened = requests.get(address, headers=headers, timeout=10)
    if opened.status_code != 200:
        return False
    address += f"&sid={json.loads(opened.text[1:])['sid']}"
    requests.post(address, data="40", headers=headers, timeout=10)
    answer = requests.get(address, headers=headers, timeout=10).text
    requests.post(address, data="1", headers=headers, timeout=10)
    assert answer.startswith(("40", "44")), answer
    return answer.startswith("40")


def test_a_connection_needs_a_cookie_that_we_signed(site: Site) -> None:
    with site.open_page() as page:
        conversation, signed = conversation_of(page), page.http.cookies[visitor.COOKIE]
        forged = signed[:-2] + ("AA" if signed[-2:] != "AA" else "BB")
        for cookie in (None, "", conversation, f'"{conversation}"', forged, "a.b"):
            assert not let_in(site, cookie)
        assert let_in(site, signed)


def test_a_conversation_is_shown_to_its_own_cookie_only(site: Site) -> None:
    with site.open_page() as mine, site.open_page() as theirs:
        sign_in(site, mine, person(600))
        theirs.send("history", {"after": 0, "conversation": conversation_of(mine)})
        assert theirs.history() == []
        before = len(mine.heard)
        theirs.say("hello")
        assert len(mine.heard) == before


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_another_sites_page_is_refused(site: Site, origin: str) -> None:
    answer = requests.post(f"{site.address}/chat/session", headers={"Origin": origin}, timeout=10)
    assert answer.status_code == 403
    assert visitor.COOKIE not in answer.cookies
    with site.open_page() as page:
        assert not let_in(site, page.http.cookies[visitor.COOKIE], Origin=origin)


def test_the_sites_own_page_is_let_in(site: Site) -> None:
    own = {"Origin": site.address}
    answer = requests.post(f"{site.address}/chat/session", headers=own, timeout=10)
    assert let_in(site, answer.cookies[visitor.COOKIE], **own)


def test_a_press_counts_only_for_a_button_that_was_offered_here(site: Site) -> None:
    with site.open_page() as page, site.open_page() as other:
        page.say("hello")
        offered = page.heard[-1]
        for _ in range(3):
            other.say("hello")
        theirs = other.heard[-1]
        assert theirs.seq > offered.seq
        own = next(m["seq"] for m in page.history() if m["sender"] == "patient")
        for seq, index in [
            (theirs.seq, 0),
            (offered.seq, len(offered.buttons)),
            (offered.seq, -1),
            (own, 0),
            (0, 0),
        ]:
            press = {"id": str(uuid.uuid4()), "seq": seq, "button": index}
            receipt = page.send("press", press)
            assert receipt == {"ok": False, "error": sentence("utter_not_understood")}
        assert len(page.history()) == 2
        assert texts(page.press(offered.buttons[0])) == [sentence(ASK_NUMBER)]
