"""What is typed in answer to a wish is kept, unless it is clearly something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered

from bot.policies.gate import GATE_PRIORITY
from bot.policies.wish_words import ANSWERS_A_WISH, CLEAR, PRIORITY, is_answer, turn_of

DAYS = ["utter_words_noted", "utter_wish_weekdays"]


def said(intent: str | None, confidence: float = 1.0, text: str = "only tuesdays") -> UserUttered:
    return UserUttered(text, intent={"name": intent, "confidence": confidence})


def bot(*names: str) -> BotUttered:
    return BotUttered("…", metadata={"answer": {"responses": list(names)}})


def test_it_comes_after_safety_and_before_the_rules() -> None:
    assert 6 < PRIORITY < GATE_PRIORITY


@given(
    st.text(min_size=1).filter(lambda text: not text.startswith("/")), st.floats(0, CLEAR - 0.01)
)
def test_an_unsure_guess_never_loses_a_wish(text: str, confidence: float) -> None:
    for intent in ("stop", "request_human", "ask_appointment", "goodbye", "report_emergency"):
        assert is_answer(said(intent, confidence, text), DAYS)


@pytest.mark.parametrize("intent", [*sorted(ANSWERS_A_WISH), None])
def test_what_can_be_an_answer_is_one_however_sure_the_guess(intent: str | None) -> None:
    assert is_answer(said(intent), DAYS)


@pytest.mark.parametrize(
    "intent", ["stop", "request_human", "ask_referral_status", "cancel_appointment", "thank"]
)
def test_another_clear_question_is_answered(intent: str) -> None:
    assert not is_answer(said(intent), DAYS)


def test_the_name_of_a_language_answers_the_question_for_one() -> None:
    assert is_answer(said("change_language"), ["utter_wish_language_other"])
    assert not is_answer(said("change_language"), DAYS)


def test_yes_and_no_answer_the_question_about_an_emergency_first() -> None:
    asked = ["utter_ask_emergency", *DAYS]
    assert not is_answer(said("affirm"), asked)
    assert is_answer(said("reschedule_appointment"), asked)


def test_a_quick_reply_and_a_message_after_no_wish_are_left_alone() -> None:
    assert not is_answer(said("reschedule_appointment", text='/reschedule{"wish":"mon"}'), DAYS)
    assert not is_answer(said("nlu_fallback"), ["utter_wishes_done"])
    assert not is_answer(said("nlu_fallback"), [])


def test_only_the_answer_right_before_counts() -> None:
    message = said("inform")
    events: list[Event] = [bot(*DAYS), said("ask_privacy"), bot("utter_privacy"), message]
    assert turn_of(events) == (message, [], ["utter_privacy"])
    kept: list[Event] = [said("inform"), bot(*DAYS), message, ActionExecuted("action_keep_words")]
    assert turn_of(kept) == (message, ["action_keep_words"], DAYS)
