"""The live events: nothing missed, nothing twice, nothing of other teams, and no end missed."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from bot.console import hub
from bot.console.event_data import told_to
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Handoff, Message
from bot.records.staff_models import Staff, StaffSession, Team
from bot.services.live import events_after, last_event_id, note_event
from bot.services.staff import deactivate
from bot.services.staff_sessions import sign_out, start_session
from bot.settings import get_settings
from tests.console.conftest import Console
from tests.site.live_console import LiveConsole, Stream


@pytest.fixture
def live(console: Console) -> Iterator[LiveConsole]:
    with LiveConsole() as running:
        yield running


@pytest.fixture
def amara(console: Console) -> Staff:
    return console.staff("amara", teams=["King's"])


def token_of(console: Console, staff: Staff) -> str:
    with console.transaction() as session:
        return start_session(session, session.get(Staff, staff.id), console.now)


def add_handoff(console: Console, team: str, **fields: object) -> Handoff:
    """A waiting chat of a team."""
    with console.transaction() as session:
        conversation = Conversation(channel="web")
        session.add(conversation)
        session.flush()
        values = {"kind": "chat", "reason": "asked_for", "priority": 2} | fields
        handoff = Handoff(
            conversation_id=conversation.id,
            team_id=session.execute(select(Team.id).where(Team.name == team)).scalar_one(),
            reply_due_at=console.now,
            created_at=fields.get("created_at", console.now - timedelta(hours=1)),
            **{name: value for name, value in values.items() if name != "created_at"},
        )
        session.add(handoff)
        return handoff


def happen(console: Console, handoff: Handoff, kind: str = "handoff", **data: object) -> int:
    """Something happens to a hand-off; returns the event's id."""
    with console.transaction() as session:
        note_event(session, kind, handoff=session.get(Handoff, handoff.id), data=data)
    with console.transaction() as session:
        return last_event_id(session)


def test_event_is_there_within_a_second_with_its_id_and_data(
    console: Console, live: LiveConsole, amara: Staff
) -> None:
    handoff = add_handoff(console, "King's")
    with live.listen(token_of(console, amara)) as stream:
        began = time.monotonic()
        number = happen(console, handoff, "message", seq=7)
        heard = stream.next()
        assert time.monotonic() - began < 1
        assert heard == (
            number,
            {
                "kind": "message",
                "handoff": handoff.id,
                "conversation": handoff.conversation_id,
                "seq": 7,
                "alert": None,
            },
        )
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("how", ["after", "last_id"])
def test_browser_that_was_away_gets_what_it_missed_once_and_in_order(
    console: Console, live: LiveConsole, amara: Staff, how: str
) -> None:
    handoff = add_handoff(console, "King's")
    first, *missed = [happen(console, handoff, "message", seq=seq) for seq in range(6)]
    with live.listen(token_of(console, amara), **{how: first}) as stream:
        assert [number for number, _ in stream.rest()] == missed


def test_a_second_browsers_catching_up_is_not_told_to_the_first(
    console: Console, live: LiveConsole, amara: Staff
) -> None:
    handoff = add_handoff(console, "King's")
    token = token_of(console, amara)
    with live.listen(token) as first:
        number = happen(console, handoff)
        assert [heard for heard, _ in first.rest()] == [number]
        with live.listen(token, after=0) as second:
            assert [heard for heard, _ in second.rest()] == [number]
        assert first.rest() == []


def test_browser_that_says_nothing_hears_only_what_is_new(
    console: Console, live: LiveConsole, amara: Staff
) -> None:
    handoff = add_handoff(console, "King's")
    happen(console, handoff)
    with live.listen(token_of(console, amara)) as stream:
        assert stream.rest() == []
        number = happen(console, handoff)
        assert stream.next()[0] == number


@pytest.mark.parametrize("said", ["-1", "x", "1.5", "٣", "", "9" * 5000])
def test_last_id_that_is_no_number_is_taken_as_none(
    console: Console, live: LiveConsole, amara: Staff, said: str
) -> None:
    happen(console, add_handoff(console, "King's"))
    with Stream(live.address, token_of(console, amara), after=said) as stream:  # type: ignore[arg-type]
        assert stream.rest() == []


def test_browser_that_missed_too_much_or_knows_another_database_is_told_to_reload(
    console: Console, live: LiveConsole, amara: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "LARGEST_GAP", 3)
    handoff = add_handoff(console, "King's")
    newest = max(happen(console, handoff) for _ in range(5))
    token = token_of(console, amara)
    for known in (newest - 4, newest + 90):
        with live.listen(token, after=known) as stream:
            assert stream.rest() == [(newest, {"kind": "reload"})]


def test_each_hears_of_their_own_teams_only(console: Console, live: LiveConsole) -> None:
    amara, ben = console.staff("amara", teams=["King's"]), console.staff("ben", teams=["Guy's"])
    admin = console.staff("admin", role="administrator")
    of_kings, of_guys = add_handoff(console, "King's"), add_handoff(console, "Guy's")
    held_by_ben = add_handoff(console, "King's", state="claimed", claimed_by_id=ben.id)
    heard = {}
    streams = {name: live.listen(token_of(console, who), after=0)
               for name, who in (("amara", amara), ("ben", ben), ("admin", admin))}  # fmt: skip
    for one in (of_kings, of_guys, held_by_ben):
        happen(console, one)
    for name, stream in streams.items():
        with stream:
            heard[name] = [data["handoff"] for _, data in stream.rest()]
    assert heard == {
        "amara": [of_kings.id, held_by_ben.id],
        "ben": [of_guys.id, held_by_ben.id],
        "admin": [of_kings.id, of_guys.id, held_by_ben.id],
    }


def test_each_is_told_what_the_rule_of_live_events_says(console: Console) -> None:
    """`told_to` asks for everybody at once what `events_after` asks for one."""
    chance = random.Random(7)
    teams = ["King's", "Guy's", "Lewisham"]
    people = [
        console.staff(f"p{number}", role, chance.sample(teams, chance.randint(0, 1)))
        for number, role in enumerate(["coordinator"] * 4 + ["supervisor"] * 2 + ["administrator"])
    ]
    for team in teams:
        console.team(team)
    handoffs = [
        add_handoff(
            console,
            chance.choice(teams),
            state="claimed",
            claimed_by_id=chance.choice(people).id,
            transfer_staff_id=chance.choice([None, chance.choice(people).id]),
        )
        for _ in range(12)
    ]
    for _ in range(80):
        with console.transaction() as session:
            about = chance.choice([None, *handoffs])
            note_event(
                session,
                chance.choice(["handoff", "message", "session_ended"]),
                handoff=session.get(Handoff, about.id) if about else None,
                staff_id=chance.choice([None, chance.choice(people).id]),
            )
    with console.transaction() as session:
        told = told_to(session, {one.id for one in people}, 10, 70)
        for one in people:
            staff = session.get(Staff, one.id)
            expected = [
                row.id
                for row in events_after(session, staff, 10)
                if row.id <= 70 and (row.kind != "session_ended" or row.staff_id == staff.id)
            ]
            assert [event.number for event in told[one.id]] == expected
            assert expected or one.role != "administrator"


def test_sound_is_for_a_message_to_the_holder_and_for_what_newly_waits(
    console: Console, live: LiveConsole, amara: Staff
) -> None:
    mine = add_handoff(console, "King's", state="claimed", claimed_by_id=amara.id)
    old, new = add_handoff(console, "King's"), add_handoff(console, "King's", created_at=utc_now())
    with console.transaction() as session:
        for seq, sender in ((1, "patient"), (2, "coordinator")):
            session.add(
                Message(
                    conversation_id=mine.conversation_id,
                    seq=seq,
                    sender=sender,
                    text="…",
                    status="sent",
                )
            )
        session.add(
            Message(
                conversation_id=old.conversation_id,
                seq=1,
                sender="patient",
                text="…",
                status="answered",
            )
        )
    with live.listen(token_of(console, amara)) as stream:
        happen(console, mine, "message", seq=1)
        happen(console, mine, "message", seq=2)
        happen(console, old, "message", seq=1)
        happen(console, old)
        happen(console, new)
        alerts = [data["alert"] for _, data in stream.rest()]
    assert alerts == ["message", None, None, None, "handoff"]


def test_stream_without_a_session_says_so_and_ends(console: Console, live: LiveConsole) -> None:
    with live.listen("no-such-token") as stream:
        assert stream.next() == (None, {"kind": "session_ended"})
        with pytest.raises(EOFError):
            stream.next()


@pytest.mark.parametrize("how", ["signed out", "deactivated"])
def test_stream_ends_at_once_when_its_session_does(
    console: Console, live: LiveConsole, amara: Staff, how: str
) -> None:
    token, other = token_of(console, amara), token_of(console, amara)
    with live.listen(token) as stream, live.listen(other) as other_browser:
        with console.transaction() as session:
            if how == "signed out":
                sign_out(session, token, console.now)
            else:
                deactivate(session, session.get(Staff, amara.id), console.now)
        assert stream.next(2) == (None, {"kind": "session_ended"})
        with pytest.raises(EOFError):
            stream.next()
        still_told = [] if how == "signed out" else [(None, {"kind": "session_ended"})]
        assert other_browser.rest() == still_told


def test_another_persons_sign_out_is_told_to_nobody(console: Console, live: LiveConsole) -> None:
    ben, admin = console.staff("ben"), console.staff("admin", role="administrator")
    token = token_of(console, ben)
    with live.listen(token_of(console, admin)) as stream:
        with console.transaction() as session:
            sign_out(session, token, console.now)
        assert stream.rest() == []


@pytest.fixture
def frequent_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions are checked in each round, not every 30 s."""
    monkeypatch.setattr(hub, "SESSION_CHECK", timedelta(0))


def seen_minutes_ago(console: Console, minutes: float) -> None:
    with console.transaction() as session:
        seen = console.now - timedelta(minutes=minutes)
        session.execute(update(StaffSession).values(last_seen_at=seen))


def test_stream_ends_when_the_idle_time_is_over_and_is_no_activity_itself(
    console: Console, live: LiveConsole, amara: Staff, frequent_checks: None
) -> None:
    with live.listen(token_of(console, amara)) as stream:
        seen_minutes_ago(console, get_settings().staff_idle_minutes + 1)
        assert stream.next() == (None, {"kind": "session_ended"})


def test_end_is_said_two_minutes_before_and_taken_back_when_something_is_done(
    console: Console, live: LiveConsole, amara: Staff, frequent_checks: None
) -> None:
    with live.listen(token_of(console, amara)) as stream:
        seen_minutes_ago(console, get_settings().staff_idle_minutes - 2)
        number, data = stream.next()
        assert number is None
        assert (data["kind"], data["extendable"]) == ("session_ending", True)
        assert 110 <= data["seconds"] <= 120
        seen_minutes_ago(console, 0)
        told = [data["seconds"] for _, data in stream.rest()]
        assert told[-1] is None
        assert told.count(None) == 1


def test_end_of_the_whole_time_cannot_be_put_off(
    console: Console, live: LiveConsole, amara: Staff, frequent_checks: None
) -> None:
    with live.listen(token_of(console, amara)) as stream:
        with console.transaction() as session:
            began = console.now - timedelta(hours=get_settings().staff_session_hours, minutes=-1)
            session.execute(update(StaffSession).values(created_at=began))
        _, data = stream.next()
        assert (data["kind"], data["extendable"]) == ("session_ending", False)


def test_browser_that_reads_nothing_holds_nobody_up(
    console: Console, live: LiveConsole, amara: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "QUEUE_LENGTH", 5)
    handoff = add_handoff(console, "King's")
    address = urlsplit(live.address)
    with socket.create_connection((address.hostname, address.port)) as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        cookie = token_of(console, amara)
        stuck.sendall(
            f"GET /events HTTP/1.1\r\nHost: x\r\nCookie: waymark_staff={cookie}\r\n\r\n".encode()
        )
        with live.listen(token_of(console, amara)) as stream:
            for _ in range(20):
                began = time.monotonic()
                number = happen(console, handoff, "message", note="x" * 300_000)
                assert stream.next()[0] == number
                assert time.monotonic() - began < 2


def test_queue_that_is_full_ends_its_stream_so_that_the_browser_comes_back() -> None:
    listener = hub.Listener("staff", "session", 0)
    told = [listener.tell(number, "{}") for number in range(hub.QUEUE_LENGTH + 1)]
    assert told == [True] * hub.QUEUE_LENGTH + [False]
    listener.end()
    assert listener._waiting.qsize() == hub.QUEUE_LENGTH + 1


def test_stream_goes_on_after_the_database_was_away(
    console: Console, live: LiveConsole, amara: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    handoff = add_handoff(console, "King's")
    with live.listen(token_of(console, amara)) as stream:
        real = get_settings().database_url
        monkeypatch.setenv("WAYMARK_DATABASE_URL", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
        get_settings.cache_clear()
        time.sleep(0.6)
        monkeypatch.setenv("WAYMARK_DATABASE_URL", real)
        get_settings.cache_clear()
        number = happen(console, handoff)
        assert stream.next()[0] == number
