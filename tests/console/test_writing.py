"""Writing to a patient: looked at first, sent once, refused in words, and the text is kept."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import pytest

from bot.language.translate import get_translator
from bot.records.chat_models import Handoff, Message
from bot.records.staff_models import MessageTranslation, Staff, Team
from bot.settings import get_settings
from tests.console.conftest import Browser, Console
from tests.console.opened import a_chat, claimed, leave
from tests.console.seen import field, words
from tests.site.libretranslate import LibreTranslate

NO_TRANSLATOR = (
    "No translator is configured: the patient reads Polish (polski). Your message goes out in "
    "English; canned replies go out in Polish (polski)."
)


@pytest.fixture
def team(console: Console) -> Team:
    return console.team("Front desk", default=True)


@pytest.fixture
def amara(console: Console, team: Team) -> Staff:
    return console.staff("amara", teams=[team])


@pytest.fixture
def client(console: Console, amara: Staff) -> Browser:
    return console.client(amara)


@pytest.fixture
def handoff(console: Console, team: Team, amara: Staff) -> Handoff:
    return claimed(console, amara, a_chat(console, team))


@pytest.fixture
def translator(console: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[LibreTranslate]:
    """A translator on this machine, and the settings for it."""
    with LibreTranslate() as server:
        monkeypatch.setattr(get_settings(), "translator", "libretranslate")
        monkeypatch.setattr(get_settings(), "translator_url", server.url)
        monkeypatch.setattr(get_settings(), "translator_timeout_seconds", 1.5)
        get_translator.cache_clear()
        yield server
    get_translator.cache_clear()


def look(client: Browser, handoff: Handoff, text: str, client_id: str = "c1") -> str:
    """The preview of a text."""
    fields = {"text": text, "client_id": client_id}
    answer = client.post(f"/handoffs/{handoff.id}/preview", data=fields, htmx=True)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def token_in(preview: str) -> str:
    """What the send button sends."""
    return html.unescape(re.search(r'name="preview" value="([^"]+)"', preview)[1])


def send(client: Browser, handoff: Handoff, text: str, preview: str, client_id: str = "c1"):  # type: ignore[no-untyped-def]
    fields = {"text": text, "preview": preview, "client_id": client_id}
    return client.post(f"/handoffs/{handoff.id}/send", data=fields, htmx=True)


def written(console: Console) -> list[tuple[str, str | None, str | None]]:
    """What coordinators' messages there are: as the patient reads them, in English, language."""
    with console.transaction() as session:
        rows = session.query(Message).filter_by(sender="coordinator").order_by(Message.seq)
        return [(row.text, row.english, row.language) for row in rows]


# --- with a translator ---


def test_the_translation_and_its_way_back_are_shown_before_anything_is_sent(
    console: Console, client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    shown = look(client, handoff, "See you on 5 May.")
    assert "Not sent yet" in words(shown)
    assert "machine translation (LibreTranslate), Polish (polski) (pl) See you on 5 May." in words(
        shown
    )
    assert "The same translated back into English See you on 5 May." in words(shown)
    assert 'lang="pl" dir="ltr"' in shown
    assert written(console) == []


def test_what_was_shown_is_what_goes_out(
    console: Console, client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    shown = look(client, handoff, "See you on 5 May.")
    translator.fault = "nonsense"  # a second translation would be another one
    answer = send(client, handoff, "See you on 5 May.", token_in(shown))
    assert answer.status_code == 200
    assert written(console) == [("(pl) See you on 5 May.", "See you on 5 May.", "pl")]
    with console.transaction() as session:
        kept = session.query(MessageTranslation).one()
        assert (kept.provider, kept.back_text) == ("libretranslate", "See you on 5 May.")


def test_after_sending_the_box_has_a_new_id_and_the_draft_is_forgotten(
    client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    answer = send(client, handoff, "Hello", token_in(look(client, handoff, "Hello")))
    told = json.loads(answer.headers["HX-Trigger"])["waymark:sent"]
    assert told == {"handoff": handoff.id, "seq": 2, "draft": handoff.id}
    assert field(answer.text, "client_id") not in ("", "c1")
    assert 'hx-swap-oob="true"' in answer.text


def test_a_second_click_sends_nothing_more(
    console: Console, client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    token = token_in(look(client, handoff, "Hello"))
    first, second = (send(client, handoff, "Hello", token) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 200)
    assert len(written(console)) == 1


def test_a_changed_number_stops_it_and_is_named(
    console: Console, client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    translator.fault = "change_number"
    shown = look(client, handoff, "See you on 5 May.")
    assert "This can't be sent: the translation changed 5" in words(shown)
    assert 'name="preview"' not in shown
    assert "Edit" in words(shown)
    assert written(console) == []


def test_another_text_than_the_one_shown_is_shown_first(
    console: Console, client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    token = token_in(look(client, handoff, "See you on 5 May."))
    answer = send(client, handoff, "See you on 6 May.", token)
    assert "Look at this before it is sent." in words(answer.text)
    assert "(pl) See you on 6 May." in words(answer.text)
    assert written(console) == []


@pytest.mark.parametrize("forged", ["", "x", "eyJoIjoxfQ.abc.def"])
def test_without_a_right_proof_nothing_goes_out_unseen(
    console: Console,
    client: Browser,
    handoff: Handoff,
    translator: LibreTranslate,
    forged: str,
) -> None:
    answer = send(client, handoff, "Hello", forged)
    assert "Not sent yet" in words(answer.text)
    assert written(console) == []


def test_the_proof_of_one_chat_is_none_in_another(
    console: Console, team: Team, amara: Staff, client: Browser, translator: LibreTranslate
) -> None:
    one = claimed(console, amara, a_chat(console, team))
    other = claimed(console, amara, a_chat(console, team))
    token = token_in(look(client, one, "Hello"))
    assert "Not sent yet" in words(send(client, other, "Hello", token).text)
    assert written(console) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("500", "could not be reached"),
        ("slow", "took too long"),
        ("nonsense", "gave no usable answer"),
    ],
)
def test_a_failing_translator_offers_english_and_says_why(
    console: Console,
    client: Browser,
    handoff: Handoff,
    translator: LibreTranslate,
    fault: str,
    said: str,
) -> None:
    translator.fault = fault
    shown = look(client, handoff, "Hello there")
    assert said in words(shown)
    assert "Send in English" in words(shown)
    assert send(client, handoff, "Hello there", token_in(shown)).status_code == 200
    assert written(console) == [("Hello there", "Hello there", "en")]


def test_the_translator_never_sees_an_identifier(
    client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    number = "999 100 1115"
    shown = look(client, handoff, f"Your NHS number is {number}.")
    assert number in words(shown)
    assert translator.seen
    assert not any("1115" in seen for seen in translator.seen)


# --- without one ---


def test_without_a_translator_it_goes_out_in_english_after_a_yes(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    shown = look(client, handoff, "Hello")
    assert NO_TRANSLATOR in words(shown)
    assert NO_TRANSLATOR in words(client.get(f"/handoffs/{handoff.id}").text)
    assert written(console) == []
    send(client, handoff, "Hello", token_in(shown))
    assert written(console) == [("Hello", "Hello", "en")]


def test_to_somebody_who_reads_english_it_goes_at_once(
    console: Console, team: Team, amara: Staff, client: Browser, translator: LibreTranslate
) -> None:
    handoff = claimed(console, amara, a_chat(console, team, language="en"))
    page = client.get(f"/handoffs/{handoff.id}").text
    assert f'hx-post="/handoffs/{handoff.id}/send"' in page
    assert send(client, handoff, "Hello", "").status_code == 200
    assert written(console) == [("Hello", "Hello", "en")]
    assert translator.seen == []


# --- canned replies ---


def test_a_canned_reply_is_shown_in_both_languages_and_then_sent(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    address = f"/handoffs/{handoff.id}/canned"
    shown = client.post(address, data={"reply": "reply_hello"}, htmx=True).text
    assert "Canned reply, not sent yet" in words(shown)
    assert "The patient will read: Polish (polski), from the catalogue" in words(shown)
    assert written(console) == []
    fields = {"reply": "reply_hello", "confirm": "yes", "client_id": field(shown, "client_id")}
    for _ in range(2):
        assert client.post(address, data=fields, htmx=True).status_code == 200
    ((text, english, language),) = written(console)
    assert language == "pl"
    assert english in words(shown)
    assert text in words(shown)
    assert text != english


def test_what_is_being_written_stays_when_a_canned_reply_is_sent(
    client: Browser, handoff: Handoff
) -> None:
    fields = {"reply": "reply_hello", "confirm": "yes", "client_id": "x", "text": "half a sent"}
    answer = client.post(f"/handoffs/{handoff.id}/canned", data=fields, htmx=True)
    assert "draft" not in json.loads(answer.headers["HX-Trigger"])["waymark:sent"]


@pytest.mark.parametrize("name", ["", "utter_card_emergency", "reply_unknown"])
def test_only_canned_replies_can_be_sent_as_such(
    console: Console, client: Browser, handoff: Handoff, name: str
) -> None:
    fields = {"reply": name, "confirm": "yes", "client_id": "x"}
    answer = client.post(f"/handoffs/{handoff.id}/canned", data=fields, htmx=True)
    assert "Choose a reply first." in words(answer.text)
    assert written(console) == []


# --- refusals ---


def test_an_empty_message_is_asked_for(client: Browser, handoff: Handoff) -> None:
    answer = client.post(
        f"/handoffs/{handoff.id}/preview", data={"text": "  ", "client_id": "x"}, htmx=True
    )
    assert (answer.status_code, words(answer.text)) == (422, "Write a message first.")


def test_a_message_that_is_too_long_says_how_long_it_may_be(
    client: Browser, handoff: Handoff
) -> None:
    longest = get_settings().message_max_length
    fields = {"text": "x" * (longest + 1), "client_id": "x"}
    answer = client.post(f"/handoffs/{handoff.id}/preview", data=fields, htmx=True)
    assert f"longer than {longest} characters" in words(answer.text)


@pytest.mark.parametrize("action", ["preview", "send", "canned"])
def test_who_lost_the_hand_off_is_told_who_has_it_and_keeps_the_text(
    console: Console, team: Team, client: Browser, handoff: Handoff, action: str
) -> None:
    carys = console.staff("carys", role="supervisor", teams=[team])
    claimed(console, carys, handoff)
    fields = {"text": "My long text", "preview": "english", "client_id": "x", "reply": "x"}
    answer = client.post(f"/handoffs/{handoff.id}/{action}", data=fields, htmx=True)
    assert answer.status_code == 409
    assert words(answer.text) == "Carys has taken this over from you."
    # Without the page's script the whole page comes back; there the text can be copied.
    plain = client.post(f"/handoffs/{handoff.id}/{action}", data=fields)
    assert plain.status_code == 409
    assert "Carys has it: only Carys can write" in words(plain.text)
    assert "My long text" in plain.text
    assert written(console) == []


def test_a_patient_who_has_left_gets_nothing_and_the_text_stays(
    console: Console, client: Browser, handoff: Handoff
) -> None:
    leave(console, handoff)
    answer = send(client, handoff, "Hello", "english")
    assert (answer.status_code, "left this chat for good" in answer.text) == (409, True)
    assert written(console) == []


@pytest.mark.parametrize("client_id", ["", "x" * 65])
def test_a_form_without_its_id_is_too_old(
    console: Console, client: Browser, handoff: Handoff, client_id: str
) -> None:
    answer = send(client, handoff, "Hello", "english", client_id)
    assert "This page is too old" in words(answer.text)
    assert written(console) == []


def test_without_the_pages_script_it_is_shown_and_sent_as_well(
    console: Console, client: Browser, handoff: Handoff, translator: LibreTranslate
) -> None:
    fields = {"text": "Hello", "client_id": "c1"}
    page = client.post(f"/handoffs/{handoff.id}/preview", data=fields)
    assert "<h1" in page.text
    assert field(page.text, "client_id") == "c1"
    fields["preview"] = token_in(page.text)
    answer = client.post(f"/handoffs/{handoff.id}/send", data=fields)
    assert answer.headers["location"] == f"/handoffs/{handoff.id}#message-2"
    assert written(console) == [("(pl) Hello", "Hello", "pl")]
