"""What goes out to Telegram, against the Bot API over HTTP: once, in order, within its limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select
from telegram import Bot

from bot.channels.telegram_out import TelegramOut
from bot.channels.telegram_taking_back import take_back_answers
from bot.records.base import utc_now
from bot.records.chat_models import Conversation, Message
from bot.records.session import transaction
from bot.services import telegram_chats
from bot.services.identity import end_identity, start_identity
from bot.services.transcript import Answer, change_text, store_answer
from tests.records.making import a_patient
from tests.site.running import nhs_number
from tests.site.telegram_api import TOKEN, TelegramApi

SECONDS = 40
pytestmark = pytest.mark.usefixtures("own_database")


def say(chat: int, text: str, *titles: str) -> tuple[int, str]:
    """Queue a message for a chat; returns its id and its conversation's."""
    with transaction() as session:
        talk = telegram_chats.open_chat(session, chat, utc_now())
        buttons = [{"title": title, "payload": "/greet"} for title in titles]
        said = Answer(text, "en", ("utter_greet",), buttons)
        return store_answer(session, talk.id, said, utc_now()).id, talk.id


def statuses() -> set[str]:
    with transaction() as session:
        return set(session.execute(select(Message.status)).scalars())


async def until(check: Callable[[], bool], seconds: float = SECONDS) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "It did not happen in time."
        await asyncio.sleep(0.05)


def run(
    api: TelegramApi, *work: Callable[[TelegramOut], Awaitable[None]], senders: int = 1
) -> None:
    """Run the sender, or several as in several processes, while `work` is done."""

    async def all_of_it() -> None:
        outs = []
        for number in range(senders):
            bot = Bot(TOKEN, base_url=f"{api.url}/bot")
            await bot.initialize()
            out = TelegramOut(bot)
            out.delivery._name += f":{number}"  # as the process's number would
            outs.append(out)
        running = [asyncio.ensure_future(out.delivery.run()) for out in outs]
        try:
            for one in work:
                await one(outs[0])
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(all_of_it())


async def all_sent(_out: TelegramOut) -> None:
    await until(lambda: statuses() == {"sent"})


@pytest.mark.parametrize("senders", [1, 2])
def test_many_conversations_get_each_message_once_in_order_in_spite_of_floods(
    api: TelegramApi, senders: int
) -> None:
    api.per_second = 10
    for text in ("first", "second"):
        for chat in range(1, 31):
            api.chat(chat)
            say(chat, text)
    run(api, all_sent, senders=senders)
    heard = {chat: [m.text for m in api.chat(chat).of_bot()] for chat in range(1, 31)}
    assert heard == {chat: ["first", "second"] for chat in range(1, 31)}
    assert any(description.startswith("Too Many") for _, description in api.refused)


def test_a_long_message_goes_on_where_a_flood_cut_it_off(api: TelegramApi) -> None:
    api.chat(1)
    api.per_second = 1
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 600 for n in range(3))
    say(1, text, "Yes", "No")
    run(api, all_sent)
    standing = api.chat(1).of_bot()
    assert [m.text.split(".")[0] for m in standing] == [f"Paragraph {n}" for n in range(3)]
    assert [m.titles for m in standing] == [(), (), ("Yes", "No")]
    assert len(api.refused) >= 2


def test_a_changed_line_is_edited_where_it_stands(api: TelegramApi) -> None:
    api.chat(1)
    row_id, _ = say(1, "Your place in the queue: 2.", "I don't need a person any more")
    say(1, "Something else.")

    async def change(_out: TelegramOut) -> None:
        with transaction() as session:
            row = session.get(Message, row_id)
            change_text(session, row, "Your place in the queue: 1.", "…", "utter_handoff_waiting")
        await until(lambda: api.chat(1).of_bot()[0].edits == 1)

    run(api, all_sent, change, all_sent)
    texts = [m.text for m in api.chat(1).of_bot()]
    assert texts == ["Your place in the queue: 1.", "Something else."]
    assert api.chat(1).of_bot()[0].titles == ("I don't need a person any more",)


def test_a_refused_form_is_sent_as_bare_words_and_holds_nothing_up(api: TelegramApi) -> None:
    api.chat(1)
    say(1, "1 < 2 & 3", " ")  # a button without a title
    say(1, "After it.")
    run(api, all_sent)
    assert [m.text for m in api.chat(1).of_bot()] == ["1 < 2 & 3", "After it."]


def test_a_long_answer_stops_where_the_patient_signs_out_and_none_of_it_stays(
    api: TelegramApi,
) -> None:
    api.chat(1)
    api.per_second, api.retry_after = 1, 2
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 600 for n in range(3))
    row_id, talk = say(1, text)
    with transaction() as session:
        patient = a_patient(session, nhs_number(1))
        identity = start_identity(session, talk, patient.id, "code", utc_now())
        session.get(Message, row_id).identity_session_id = identity.id

    async def sign_out(out: TelegramOut) -> None:
        await until(lambda: len(api.chat(1).of_bot()) == 1)
        with transaction() as session:
            end_identity(session, talk, utc_now(), "stopped")
        taking_back = asyncio.ensure_future(take_back_answers(out.calls))
        await until(lambda: api.chat(1).of_bot() == [])
        await asyncio.sleep(3)  # longer than the flood: what was cut off would go on now
        taking_back.cancel()

    run(api, sign_out)
    assert api.chat(1).of_bot() == []
    assert len(api.called("sendMessage")) <= 3


@pytest.mark.parametrize("why", ["blocked", "gone"])
def test_who_cannot_be_reached_does_not_hold_up_the_others(api: TelegramApi, why: str) -> None:
    if why == "blocked":
        api.chat(1).blocked = True
    api.chat(2)
    _, unreachable = say(1, "Nobody reads this.")
    say(2, "Hello.")

    async def wait(_out: TelegramOut) -> None:
        await until(lambda: len(api.chat(2).of_bot()) == 1)
        await asyncio.sleep(1)

    run(api, wait)
    with transaction() as session:
        assert telegram_chats.is_reachable(session, unreachable) is False
    assert statuses() == {"queued", "sent"}
    assert len(api.refused) == 1  # asked once, then left alone


def test_signs_of_a_markup_are_shown_as_they_were_written(api: TelegramApi) -> None:
    api.chat(1)
    written = "<b>Bold</b> & <script>, _so_ *so* [here](http://x) `code` &amp; &lt; </i> #x"
    say(1, written, "<Yes> & no")
    run(api, all_sent)
    (standing,) = api.chat(1).of_bot()
    assert (standing.text, standing.titles) == (written, ("<Yes> & no",))
    assert api.refused == []


def test_a_web_conversation_is_never_sent_to_telegram(api: TelegramApi) -> None:
    _, talk = say(1, "For the page.")
    with transaction() as session:
        session.get(Conversation, talk).channel = "web"

    async def ask(out: TelegramOut) -> None:
        await out.send_queued(talk)

    run(api, ask)
    assert api.called("sendMessage") == []
    assert statuses() == {"queued"}
