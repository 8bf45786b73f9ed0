"""Emergencies, through the front door: the card comes at once, once, in the patient's language."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from rasa.core.channels.channel import UserMessage

from bot.channels import intake
from bot.channels.intake import Intake
from bot.records.base import utc_now
from bot.records.chat_models import Message
from bot.records.session import transaction
from bot.services.conversations import end_conversation, open_conversation
from bot.settings import get_settings
from tests.conversations.conftest import Door, Talker
from tests.conversations.people import BORN_TYPED, PROVIDER, handoffs_of, person, sign_in
from tests.site.patient import Said
from tests.site.running import Site
from tests.site.sentences import button, sentence, texts

pytestmark = pytest.mark.slow
LANGUAGES = ("en", "es", "pl", "ar", "bn")
EMERGENCIES = {
    "en": "I have crushing chest pain and cannot breathe",
    "es": "tengo un dolor muy fuerte en el pecho y no puedo respirar",
    "pl": "mam silny ból w klatce piersiowej i nie mogę oddychać",
    "ar": "عندي ألم شديد في صدري ولا أستطيع التنفس",
    "bn": "আমার বুকে প্রচণ্ড ব্যথা হচ্ছে, শ্বাস নিতে পারছি না",
    "pt": "tenho uma dor muito forte no peito e não consigo respirar",
    "fr": "j'ai une douleur très forte dans la poitrine et je n'arrive pas à respirer",
    "it": "ho un dolore fortissimo al petto e non riesco a respirare",
    "ro": "am o durere foarte puternică în piept și nu pot respira",
    "tr": "göğsümde çok şiddetli ağrı var, nefes alamıyorum",
    "sq": "kam dhimbje shumë të forta në gjoks dhe nuk marr dot frymë",
    "fa": "درد شدیدی توی سینه‌ام دارم و نمی‌توانم نفس بکشم",
    "ur": "میرے سینے میں شدید درد ہے اور سانس نہیں آ رہی",
    "ta": "எனக்கு நெஞ்சு பயங்கரமா வலிக்குது, மூச்சு விட முடியல",
    "ne": "मेरो छाती धेरै दुखिरहेको छ, सास फेर्न सक्दिनँ",
    "so": "laabta aad bay ii xanuunaysaa, mana neefsan karo",
    "vi": "tôi đau ngực dữ dội và không thở được",
    "zh": "我胸口剧痛，喘不过气来",
    "uk": "у мене сильний біль у грудях і я не можу дихати",
    "ru": "у меня сильная боль в груди и я не могу дышать",
}
CRISES = {
    "en": "I want to kill myself",
    "es": "ya no puedo más, quiero suicidarme",
    "pl": "nie mam już siły, chcę się zabić",
    "ar": "لا أريد أن أعيش، أريد أن أقتل نفسي",
    "bn": "আমি আর পারছি না, আমি আত্মহত্যা করতে চাই",
}
QUESTIONS = {
    "en": "where is my referral to the hospital?",
    "es": "¿dónde está mi derivación al hospital?",
    "pl": "gdzie jest moje skierowanie do szpitala?",
    "ar": "أين إحالتي إلى المستشفى؟",
    "bn": "হাসপাতালে আমার রেফারেল এখন কোথায় আছে?",
}
ASK_NUMBER = "utter_ask_identity_form_nhs_number"
CARD = "utter_card_emergency"


def is_only_the_card(said: list[Said], language: str, name: str = CARD) -> bool:
    """Whether the card, with its three buttons, is all that was said."""
    assert [(one.text, one.kind, one.language) for one in said] == [
        (sentence(name, language), "card", language)
    ]
    buttons = tuple(button(name, index, language) for index in range(3))
    assert said[0].buttons == buttons
    return True


def is_999(text: str) -> bool:
    """Whether the emergency number is in it, in this or that script's digits."""
    return bool(re.search(r"999|٩٩٩|৯৯৯", text))


@pytest.mark.parametrize("language", EMERGENCIES)
def test_emergency_as_first_message_gets_the_999_card_and_opens_a_task(
    door: Door, language: str
) -> None:
    with door.open() as page:
        said = page.say(EMERGENCIES[language])
        assert is_only_the_card(said, language)
        assert is_999(said[0].text)
        assert handoffs_of(page) == [("task", "red_flag", 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_suicidal_patient_gets_the_crisis_card_with_its_lines(door: Door, language: str) -> None:
    with door.open() as page:
        said = page.say(CRISES[language])
        assert is_only_the_card(said, language, "utter_card_crisis")
        assert "116123" in said[0].text.replace(" ", "")
        assert handoffs_of(page) == [("task", "red_flag", 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_emergency_during_sign_in_gets_the_card_and_a_tap_leads_back(
    door: Door, language: str
) -> None:
    with door.open() as page:
        assert texts(page.say(QUESTIONS[language])) == [sentence(ASK_NUMBER, language)]
        said = page.say(EMERGENCIES[language])
        assert is_only_the_card(said, language)
        back = page.press(button(CARD, 2, language))
        assert texts(back) == [
            sentence("utter_emergency_mistake", language),
            sentence(ASK_NUMBER, language),
        ]
        ask_date = sentence("utter_ask_identity_form_date_of_birth", language)
        assert texts(page.say(person(600))) == [ask_date]


def test_emergency_instead_of_a_code_is_not_taken_for_the_code(door: Door) -> None:
    with door.open() as page:
        for text in ("where is my referral?", person(600), BORN_TYPED):
            page.say(text)
        code = door.site.code()
        assert page.say(EMERGENCIES["en"])[0].text == sentence(CARD)
        assert PROVIDER in page.say(code)[-1].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_emergency_after_sign_in_gets_only_the_card(door: Door, language: str) -> None:
    with door.open() as page:
        page.say(QUESTIONS[language])
        page.say(person(600))
        page.say("1970-01-02")
        assert PROVIDER in page.say(door.site.code())[-1].text
        assert is_only_the_card(page.say(EMERGENCIES[language]), language)
        assert PROVIDER in page.say(QUESTIONS[language])[-1].text


def test_the_cards_buttons_answer_what_was_tapped(door: Door) -> None:
    with door.open() as page:
        for index, name in enumerate(("have_help", "not_yet", "mistake")):
            page.say(EMERGENCIES["en"])
            assert texts(page.press(button(CARD, index))) == [sentence(f"utter_emergency_{name}")]
        assert handoffs_of(page) == [("task", "red_flag", 1)]  # raised, not opened again


def test_emergency_at_the_end_of_5000_characters_gets_the_card(door: Door) -> None:
    length = 4950 if door.channel == "web" else 4000  # Telegram takes 4096
    long = ("I am writing about my knee and the letters I got. " * 100)[:length]
    with door.open() as page:
        said = page.say(f"{long} {EMERGENCIES['en']}")
        assert said[0].text == sentence(CARD)
        assert [one.kind for one in said].count("card") == 1
        assert said[-1].text == sentence("utter_too_long")


def test_a_clinics_name_asks_whether_it_is_happening_now_and_answers_too(door: Door) -> None:
    with door.open() as page:
        sign_in(door.site, page, person(600))
        said = page.say("my chest pain clinic is on Monday, when is my appointment")
        assert len(said) == 1 and said[0].kind is None
        asked, *rest = said[0].text.split("\n\n")
        assert asked == sentence("utter_ask_emergency")
        assert rest != []
        assert button("utter_ask_emergency", 0) in said[0].buttons
        assert handoffs_of(page) == [("task", "red_flag", 2)]


@pytest.mark.parametrize("in_form", [False, True], ids=["at the start", "during sign-in"])
def test_the_card_comes_with_the_action_server_dead(door: Door, in_form: bool) -> None:
    with door.open() as page:
        if in_form:
            page.say("where is my referral?")
        door.site.kill("actions")
        said = page.say(EMERGENCIES["en"])
        door.site.wait_until_ready()
        assert is_only_the_card(said[:1], "en")
        assert [one.kind for one in said].count("card") == 1
        assert handoffs_of(page) == [("task", "red_flag", 1)]


def wait_for_card(page: Talker, seconds: float) -> list[Said]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        cards = [said for said in list(page.heard) if said.kind == "card"]
        if cards:
            return cards
        time.sleep(0.1)
    return []


def test_the_card_comes_during_a_flood_of_messages(door: Door) -> None:
    with door.open() as page:
        for index in range(25):
            page.post(f"hello number {index}")
        page.post(EMERGENCIES["en"])
        assert len(wait_for_card(page, 30)) == 1


class Silent:
    """A way out that nobody listens to."""

    async def deliver(self, conversation_id: str, row: Message) -> None:
        return None

    async def typing(self, conversation_id: str, on: bool) -> None:
        return None


def test_the_limit_of_messages_never_stops_an_emergency(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the door itself: the tests' site allows more messages a minute than can be sent."""
    few = get_settings().copy(update={"messages_per_minute": 2})
    monkeypatch.setattr(intake, "get_settings", lambda: few)

    async def nothing(_message: UserMessage) -> None:
        raise AssertionError("no turn is run here")

    with transaction() as session:
        conversation = open_conversation(session, "web", utc_now()).id
    door = Intake("web", nothing, Silent())
    said = ["hello", "hello again", "and again", EMERGENCIES["en"], "once more"]

    async def write() -> list[str | None]:
        receipts = [await door.receive(conversation, text, text, "en") for text in said]
        return [receipt.error for receipt in receipts]

    refused = asyncio.run(write())
    with transaction() as session:
        end_conversation(session, conversation, utc_now())
    slow_down = sentence("utter_slow_down")
    assert refused == [None, None, slow_down, None, slow_down]
