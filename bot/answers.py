"""Rasa's NLG: a thin adapter to `bot.language.render`.

Renders both the domain's `utter_…` actions and what actions send by response name. In front of
the first answer of a turn it puts what the turn itself calls for: the question whether an
emergency is happening now, and the notice that the language changed.
"""

from __future__ import annotations

from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.language.catalogues import SOURCE_LANGUAGE, get_catalogues
from bot.language.render import Renderer
from bot.language.sentences import standing_values
from bot.pathway.carer_rules import CARER_ROUTE
from bot.settings import get_settings

ASK_EMERGENCY = "utter_ask_emergency"
LANGUAGE_CHANGED = "utter_language_changed"
ASK_PREFIX = "utter_ask_identity_form_"
ASKED_AGAIN = frozenset(
    f"utter_{name}"
    for name in (
        "nhs_number_wrong",
        "name_unreadable",
        "date_unreadable",
        "which_date_order",
        "postcode_unreadable",
        "code_unreadable",
        "code_wrong",
    )
)
"""They ask for the same thing again themselves: the form's own question would say it twice, and
would claim that a new code was sent."""
CARER_QUESTIONS = {
    f"{ASK_PREFIX}family_name": "utter_carer_family_name",
    f"{ASK_PREFIX}date_of_birth": "utter_carer_date_of_birth",
    f"{ASK_PREFIX}postcode": "utter_carer_postcode",
    f"{ASK_PREFIX}code": "utter_carer_code",
}
"""A carer is asked for their own details, in words of their own."""
SAFETY_PREFIXES = ("utter_card_", "utter_emergency_", ASK_EMERGENCY)


class Answers(TemplatedNaturalLanguageGenerator):
    """Response names and values → the conversation's language."""

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)
        self._renderer = Renderer(get_catalogues())

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Render.

        Args:
            kwargs: `also`: more responses for the same message, each a paragraph; `values`;
                `choices`: quick replies made of a response and values of their own;
                `private`: tells something from the record; `language`: instead of the slot's;
                `attachment`: what goes with the message.

        Returns:
            text, buttons, and under `answer` what the channel stores beside them.
        """
        language = kwargs.get("language") or tracker.get_slot("language")
        language = language or _hint(tracker) or get_settings().default_language
        if utter_action.startswith(ASK_PREFIX) and _last_answer_of_turn(tracker) in ASKED_AGAIN:
            return {"text": "", "buttons": []}  # the channel sends nothing of this
        if tracker.get_slot("identity_route") == CARER_ROUTE:
            utter_action = CARER_QUESTIONS.get(utter_action, utter_action)
        before, values = _opening(utter_action, tracker)
        names = [*before, utter_action, *kwargs.get("also", ())]
        values |= {"birth_date": tracker.get_slot("date_of_birth") or ""}
        values |= kwargs.get("values") or {}
        values = standing_values() | values
        rendered = self._renderer.render(names, values, language, output_channel)
        english = self._renderer.render(names, values, SOURCE_LANGUAGE, output_channel)
        buttons = [
            {"title": own.title, "payload": own.payload, "english": same.title}
            for own, same in zip(rendered.buttons, english.buttons)
        ]
        for choice in kwargs.get("choices", ()):
            title, same = (
                self._renderer.render(choice["response"], choice["values"], one).text
                for one in (language, SOURCE_LANGUAGE)
            )
            buttons.append({"title": title, "payload": choice["payload"], "english": same})
        answer = {
            "responses": names,
            "language": rendered.language,
            "english": english.text,
            "private": bool(kwargs.get("private")),
            "attachment": kwargs.get("attachment"),
        }
        return {"text": rendered.text, "buttons": buttons, "answer": answer}


def _hint(tracker: DialogueStateTracker) -> str | None:
    """What the patient's browser or Telegram speaks: all that is known before they write a word,
    as when their first message is a command."""
    message = tracker.latest_message
    return ((message.metadata if message else None) or {}).get("language_hint")


def _opening(utter_action: str, tracker: DialogueStateTracker) -> tuple[list[str], dict[str, Any]]:
    """What comes before the turn's first answer, and its values."""
    message = _unanswered_message(tracker)
    if message is None:
        return [], {}
    parsed = message.parse_data or {}
    names: list[str] = []
    values: dict[str, Any] = {}
    safety = utter_action.startswith(SAFETY_PREFIXES)
    if (parsed.get("red_flag") or {}).get("outcome") == "ask" and not safety:
        names.append(ASK_EMERGENCY)
    switched_from = (parsed.get("language") or {}).get("switched_from")
    if switched_from and not safety:
        names.append(LANGUAGE_CHANGED)
        values["back"] = switched_from
    return names, values


def _last_answer_of_turn(tracker: DialogueStateTracker) -> str | None:
    """The last response of what was said since the newest message; None: nothing was."""
    for event in reversed(tracker.applied_events()):
        if isinstance(event, UserUttered):
            return None
        if isinstance(event, BotUttered):
            made = (event.metadata or {}).get("answer") or {}
            return (made.get("responses") or [None])[-1]
    return None


def _unanswered_message(tracker: DialogueStateTracker) -> UserUttered | None:
    """The newest message, unless something was already said to it."""
    for event in reversed(tracker.applied_events()):
        if isinstance(event, BotUttered):
            return None
        if isinstance(event, UserUttered):
            return event
    return None
