"""The domain, the rules, the actions and the code agree with each other."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

from bot.language.catalogues import Response, read_responses
from bot.pathway.lines import SPECIALTIES
from bot.pathway.red_flags import Card
from bot.pathway.telling import UNNAMED
from bot.policies.gate import AFTER_CARD
from bot.records.chat_models import LEFT_WITH
from bot.records.staff_models import ROLES
from bot.settings import ROOT

INTENTS = {
    *("greet", "goodbye", "thank", "affirm", "deny", "stop", "inform", "ask_capabilities"),
    *("change_language", "ask_privacy", "delete_my_data", "act_for_someone"),
    *("ask_referral_status", "ask_next_steps", "ask_waiting_time", "ask_appointment"),
    *("reschedule_appointment", "cancel_appointment", "confirm_appointment", "ask_test_results"),
    *("ask_who_to_contact", "ask_choose_hospital", "request_interpreter"),
    *("request_access_support", "report_no_contact", "report_worsening", "report_emergency"),
    *("ask_medical_advice", "make_complaint", "request_human", "subscribe_updates"),
    *("unsubscribe_updates", "out_of_scope"),
}
PAYLOAD = re.compile(r"/(\w+)(\{.*\})?")
NAME = re.compile(r"\b(?:utter|term|page|button)_[a-z]\w*")


@lru_cache(maxsize=1)
def domain() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def rules() -> list[dict[str, Any]]:
    return list(yaml.safe_load((ROOT / "bot/data/rules.yml").read_text(encoding="utf-8"))["rules"])


@lru_cache(maxsize=1)
def sources() -> dict[Path, str]:
    """All code and data that may name a response, but for the domain and the catalogues."""
    found = [*ROOT.glob("actions/*.py"), *ROOT.glob("bot/**/*.py"), *ROOT.glob("bot/data/*.yml")]
    page = ROOT / "bot/channels/page"
    found += [*page.glob("*.js"), *page.glob("*.j2")]
    return {path: path.read_text(encoding="utf-8") for path in found}


def intents() -> set[str]:
    return {next(iter(item)) if isinstance(item, dict) else item for item in domain()["intents"]}


def test_the_domain_knows_the_33_intents_and_the_fallback() -> None:
    assert len(INTENTS) == 33
    assert intents() == INTENTS | {"nlu_fallback"}


def test_every_intent_has_exactly_one_rule() -> None:
    steps = [step for rule in rules() for step in rule["steps"]]
    assert Counter(step["intent"] for step in steps if "intent" in step) == Counter(intents())


def test_every_rule_and_story_names_actions_of_the_domain() -> None:
    stories = yaml.safe_load((ROOT / "bot/data/stories.yml").read_text(encoding="utf-8"))
    steps = [step for rule in [*rules(), *stories["stories"]] for step in rule["steps"]]
    named = {step["action"] for step in steps if "action" in step}
    assert named <= {*domain()["actions"], *domain()["forms"], *domain()["responses"]}


def test_the_action_server_runs_what_the_domain_names_and_nothing_else() -> None:
    executor = ActionExecutor()
    executor.register_package("actions")
    assert set(executor.actions) == set(domain()["actions"])


@lru_cache(maxsize=1)
def responses() -> dict[str, Response]:
    return read_responses()


def made_names() -> set[str]:
    """Responses whose names are put together from a value."""
    names = {f"utter_card_{card.value}" for card in Card} | set(AFTER_CARD.values())
    names |= {f"term_specialty_{code}" for code in SPECIALTIES}
    slots = domain()["forms"]["identity_form"]["required_slots"]
    names |= {f"utter_ask_identity_form_{slot}" for slot in slots}
    names |= {f"term_role_{role}" for role in ROLES} | set(UNNAMED.values())
    names |= {f"utter_left_{holder}" for holder in LEFT_WITH if holder != "nobody"}
    names |= {f"{name}_undated" for name in ("button_referral", "button_referral_unnamed")}
    on_telegram = (f"{name}_on_telegram" for name in responses())
    names |= {name for name in on_telegram if name in responses()}
    made = re.compile(r"utter_(?:status|next|chase)_\w+|page_\w+|reply_\w+")
    return names | {name for name in domain()["responses"] if made.fullmatch(name)}


@pytest.mark.parametrize("path", sorted(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_response_that_a_file_names_exists(path: Path) -> None:
    known = set(responses())
    named = {name for name in NAME.findall(sources()[path]) if not name.endswith("_")}
    elsewhere = {"page_data", "page_strings", "utter_action", "utter_message"}  # Rasa's and ours
    missing = {name for name in named - known - elsewhere if f"{name}_" not in " ".join(known)}
    assert missing == set()


def test_every_response_is_used_somewhere() -> None:
    named = {name for text in sources().values() for name in NAME.findall(text)}
    unused = set(responses()) - named - made_names()
    assert unused == set()


def test_every_string_of_the_page_is_shown_by_it() -> None:
    page = "".join(text for path, text in sources().items() if "channels" in path.parts)
    strings = [name for name in responses() if name.startswith("page_")]
    unused = [n for n in strings if n not in page and n.removeprefix("page_") not in page]
    assert unused == []


def payloads() -> dict[str, str]:
    """Every payload of a button, with a value in place of its placeholder → its response."""
    found = {}
    for response in responses().values():
        for button in response.buttons:
            found[re.sub(r"<\w+>", "en", button.payload)] = response.name
    return found


@pytest.mark.parametrize("payload", sorted(payloads()))
def test_a_buttons_payload_is_a_known_intent_with_known_entities(payload: str) -> None:
    match = PAYLOAD.fullmatch(payload)
    assert match is not None
    assert match[1] in intents()
    assert set(json.loads(match[2] or "{}")) <= set(domain()["entities"])


def test_buttons_of_one_answer_have_different_titles_and_payloads() -> None:
    for response in responses().values():
        titles = [button.title for button in response.buttons]
        payloads_ = [button.payload for button in response.buttons]
        assert len(set(titles)) == len(titles), response.name
        assert len(set(payloads_)) == len(payloads_), response.name


def test_every_intent_has_its_examples_in_every_language() -> None:
    for path in sorted((ROOT / "bot/data/nlu").glob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        counts: Counter[str] = Counter()
        for item in data:
            assert item["metadata"]["language"] == path.stem
            counts[item["intent"]] += sum(
                line.startswith("- ") for line in item["examples"].splitlines()
            )
        least = 40 if path.stem == "en" else 20
        assert set(counts) == INTENTS, path.name
        assert {name: n for name, n in counts.items() if n < least} == {}, path.name
