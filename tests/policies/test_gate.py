"""The gate's judgement: which message must have which safety answer, before anything else."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.gate import (
    AFTER_CARD,
    ASK,
    GATE_PRIORITY,
    Gate,
    answer_for,
    outcome,
    safety_answer,
)

CARD_FLAG = {"outcome": "card", "card": "emergency", "group": "chest_pain"}
CRISIS_FLAG = {"outcome": "card", "card": "crisis", "group": "suicide"}
ASK_FLAG = {"outcome": "ask", "card": "emergency", "group": "chest_pain"}
CARD = "utter_card_emergency"
DOMAIN = Domain.from_dict(
    {
        "intents": ["greet", "report_emergency", "inform", "change_language", "nlu_fallback"],
        "entities": ["emergency", "language"],
        "slots": {
            name: {"type": kind, "influence_conversation": False, "mappings": [{"type": "custom"}]}
            for name, kind in (
                ("with_coordinator", "bool"),
                ("language_chosen", "bool"),
                ("requested_slot", "text"),
            )
        },
        "responses": {
            name: [{"text": "x"}]
            for name in (CARD, "utter_card_crisis", ASK, "utter_greet", *AFTER_CARD.values())
        },
        "forms": {"identity_form": {"required_slots": []}},
    }
)


@pytest.mark.parametrize(
    ("flag", "intent", "answer", "told"),
    [
        (None, "greet", None, "nothing"),
        (ASK_FLAG, "greet", None, "ask"),
        (ASK_FLAG, "report_emergency", ASK, "ask"),
        (None, "report_emergency", CARD, "card"),
        (CARD_FLAG, "greet", CARD, "card"),
        (CARD_FLAG, "report_emergency", CARD, "card"),
        (CRISIS_FLAG, "out_of_scope", "utter_card_crisis", "card"),
        (None, None, None, "nothing"),
    ],
)
def test_flag_and_intent_together_call_for_an_answer(
    flag: dict[str, str] | None, intent: str | None, answer: str | None, told: str
) -> None:
    assert (safety_answer(flag, intent), outcome(flag, intent)) == (answer, told)


def message(
    flag: dict[str, str] | None = None,
    intent: str = "greet",
    tapped: str | None = None,
    with_coordinator: bool | None = None,
) -> UserUttered:
    entities = [{"entity": "emergency", "value": tapped}] if tapped else []
    parsed: dict[str, Any] = {"intent": {"name": intent}, "entities": entities, "red_flag": flag}
    known = {} if with_coordinator is None else {"with_coordinator": with_coordinator}
    return UserUttered("x", {"name": intent}, entities, parse_data=parsed, metadata=known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (message(tapped="have_help"), "utter_emergency_have_help"),
        (message(tapped="not_yet", flag=CARD_FLAG), "utter_emergency_not_yet"),
        (message(tapped="mistake"), "utter_emergency_mistake"),
        (message(tapped="nonsense"), None),
        (message(tapped="nonsense", flag=CARD_FLAG), CARD),
        (None, None),
    ],
)
def test_a_button_under_a_card_has_its_own_answer(
    said: UserUttered | None, answer: str | None
) -> None:
    assert answer_for(said) == answer


@pytest.fixture
def gate(tmp_path: Any) -> Gate:
    return Gate(
        Gate.get_default_config(),
        LocalModelStorage(tmp_path),
        Resource("gate"),
        ExecutionContext(GraphSchema({})),
    )


def chosen(gate: Gate, *events: Event) -> str | None:
    """The action that the gate chooses; None: it has no opinion."""
    tracker = DialogueStateTracker.from_events("x", list(events), DOMAIN.slots)
    made = gate.predict_action_probabilities(tracker, DOMAIN)
    if not any(made.probabilities):
        return None
    assert made.policy_priority == GATE_PRIORITY
    assert made.is_no_user_prediction
    return str(DOMAIN.action_names_or_texts[made.probabilities.index(1.0)])


LISTENED, LOOP = ActionExecuted("action_listen"), ActiveLoop("identity_form")


def test_an_ordinary_message_is_left_to_the_rules(gate: Gate) -> None:
    assert chosen(gate, LISTENED, message()) is None
    assert chosen(gate, LISTENED, message(), ActionExecuted("utter_greet")) is None
    assert chosen(gate) is None


def test_a_red_flag_gets_its_card_once_and_then_the_bot_listens(gate: Gate) -> None:
    begun = [LISTENED, message(CARD_FLAG)]
    said = [*begun, ActionExecuted(CARD), BotUttered("x")]
    assert chosen(gate, *begun) == CARD
    assert chosen(gate, *said) == "action_listen"


def test_after_a_card_inside_the_form_the_bot_listens(gate: Gate) -> None:
    begun = [LISTENED, message(), LOOP, LISTENED, message(CARD_FLAG)]
    assert chosen(gate, *begun) == CARD
    assert chosen(gate, *begun, ActionExecuted(CARD)) == "action_listen"


@pytest.mark.parametrize(
    ("tapped", "answer", "then"),
    [
        ("have_help", "utter_emergency_have_help", "identity_form"),
        ("mistake", "utter_emergency_mistake", "identity_form"),
        ("not_yet", "utter_emergency_not_yet", "action_listen"),
    ],
)
def test_the_form_goes_on_after_a_tap_that_settles_it(
    gate: Gate, tapped: str, answer: str, then: str
) -> None:
    entity = {"entity": "emergency", "value": tapped}
    tap = UserUttered("/inform", {"name": "inform", "confidence": 1.0}, [entity])
    begun = [LISTENED, message(), LOOP, LISTENED, tap]
    assert chosen(gate, *begun) == answer
    assert chosen(gate, *begun, ActionExecuted(answer)) == then


def test_an_earlier_red_flag_does_not_answer_the_next_message(gate: Gate) -> None:
    earlier = [LISTENED, message(CARD_FLAG), ActionExecuted(CARD), LISTENED]
    assert chosen(gate, *earlier, message()) is None


TAKEN, GIVEN_BACK = SlotSet("with_coordinator", True), SlotSet("with_coordinator", False)


def events_of(gate: Gate, *events: Event) -> list[Event]:
    """What the gate adds to the tracker, whoever decides the action."""
    tracker = DialogueStateTracker.from_events("x", list(events), DOMAIN.slots)
    return gate.predict_action_probabilities(tracker, DOMAIN).events


@pytest.mark.parametrize("intent", ["greet", "nlu_fallback", "inform", "change_language"])
def test_with_a_coordinator_every_intent_meets_silence(gate: Gate, intent: str) -> None:
    assert chosen(gate, TAKEN, LISTENED, message(intent=intent)) == "action_listen"
    assert chosen(gate, TAKEN, GIVEN_BACK, LISTENED, message(intent=intent)) is None


def test_the_message_knows_better_than_the_slot_and_the_slot_follows(gate: Gate) -> None:
    taken = [LISTENED, message(with_coordinator=True)]
    assert chosen(gate, *taken) == "action_listen"
    assert events_of(gate, *taken) == [TAKEN]
    back = [TAKEN, LISTENED, message(with_coordinator=False)]
    assert chosen(gate, *back) is None
    assert events_of(gate, *back) == [GIVEN_BACK]
    assert events_of(gate, TAKEN, LISTENED, message(with_coordinator=True)) == []


def test_a_red_flag_is_answered_once_also_with_a_coordinator(gate: Gate) -> None:
    begun = [TAKEN, LISTENED, message(CARD_FLAG)]
    assert chosen(gate, *begun) == CARD
    assert chosen(gate, *begun, ActionExecuted(CARD)) == "action_listen"
    tap = message(intent="inform", tapped="have_help")
    assert chosen(gate, TAKEN, LISTENED, tap) == AFTER_CARD["have_help"]


def test_a_doubt_is_asked_of_the_patient_also_with_a_coordinator(gate: Gate) -> None:
    assert chosen(gate, TAKEN, LISTENED, message(ASK_FLAG)) == ASK
    assert chosen(gate, TAKEN, LISTENED, message(ASK_FLAG), ActionExecuted(ASK)) == "action_listen"


def test_silence_leaves_no_form_running(gate: Gate) -> None:
    begun = [LISTENED, message(), LOOP, LISTENED, TAKEN, message()]
    assert chosen(gate, *begun) == "action_listen"
    assert events_of(gate, *begun) == [ActiveLoop(None), SlotSet("requested_slot", None)]


def test_a_language_picked_in_silence_counts(gate: Gate) -> None:
    picked = [{"entity": "language", "value": "pl"}]
    tap = UserUttered("/change_language", {"name": "change_language"}, picked)  # type: ignore[arg-type]
    assert events_of(gate, TAKEN, LISTENED, tap) == [SlotSet("language_chosen", True)]


def test_the_silence_is_read_from_the_raw_events(gate: Gate) -> None:
    tracker = DialogueStateTracker.from_events("x", [TAKEN, LISTENED, message()], DOMAIN.slots)
    tracker._reset_slots()  # what a rewound state would do
    made = gate.predict_action_probabilities(tracker, DOMAIN)
    assert made.probabilities[DOMAIN.index_for_action("action_listen")] == 1.0
