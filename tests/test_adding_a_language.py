"""One more language is an examples file, a catalogue and a red-flag file, and nothing else.

A tiny Dutch is laid into a copy of the checkout; a process of its own, started there, then
has to offer it, screen its red flags, and read and tell apart its examples.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polib
import pytest

from bot.language.catalogues import (
    catalogue_path,
    get_catalogues,
    messages_of,
    read_responses,
)
from bot.settings import ROOT

pytestmark = pytest.mark.slow  # loads Rasa in a process of its own

EXAMPLES = {
    "ask_referral_status": [
        "waar is mijn verwijzing naar het ziekenhuis",
        "ik wilde weten hoe het met mijn verwijzing staat",
        "heeft de huisarts de verwijzing al verstuurd?",
        "ik heb nog niets van het ziekenhuis gehoord, waar is de brief",
        "weten jullie waar mijn verwijzing is",
        "ik begrijp niet wat er met mijn aanvraag is gebeurd",
        "heeft het ziekenhuis mijn verwijzing al ontvangen?",
        "hoe ver is mijn aanvraag",
    ],
    "ask_appointment": [
        "wanneer is mijn afspraak in het ziekenhuis",
        "hoe laat is de afspraak",
        "waar is de afspraak en hoe kom ik daar",
        "ik kan de brief met de datum van de afspraak niet vinden",
        "is mijn afspraak telefonisch?",
        "ik moet weten op welke dag de afspraak is",
        "wat is het adres van het ziekenhuis",
        "is de afspraak morgen of overmorgen?",
    ],
}
RED_FLAGS = """
language: nl
cancer: [kanker, tumor*]
negation_before: [ik heb geen, geen, zonder]
past: [jaar geleden, vorig jaar]
setting: [afspraak*]
groups:
  chest_pain:
  - pijn .. borst
  - borst .. pijn
exemplars:
  chest_pain: [ik heb erge pijn op mijn borst]
hard_negatives: [de afspraak voor de pijn op de borst is maandag]
"""
SENTENCE = "waar is de verwijzing die de huisarts naar het ziekenhuis heeft verstuurd"
PROBE = """
import json, sys, tempfile
from pathlib import Path
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from bot.language.catalogues import direction, get_catalogues, own_name
from bot.language.names import named_language
from bot.language.render import Renderer
from bot.nlu.language_identifier import LanguageIdentifier
from bot.pathway.lexicon import all_lexicons
from bot.pathway.screening import asks_about_cancer, screen
from bot.processes import training
from bot.settings import ROOT

examples = load_data(str(ROOT / training.DATA[0])).intent_examples
by_language = {}
for message in examples:
    by_language.setdefault(message.data["metadata"]["intent"]["language"], []).append(message)
sample = [m for found in by_language.values() for m in found[:: max(1, len(found) // 40)]]
with tempfile.TemporaryDirectory() as folder:
    component = LanguageIdentifier(LocalModelStorage(Path(folder)), Resource("languages"))
    component.train(TrainingData(sample))
message = Message({TEXT: sys.argv[1]})
component.process([message])
offered, answers = get_catalogues().offered(), Renderer(get_catalogues())
print(json.dumps({
    "root": str(ROOT),
    "offered": offered,
    "own_name": own_name("nl"),
    "direction": direction("nl"),
    "named": named_language("in het nederlands alstublieft", tuple(offered)),
    "said": answers.render("utter_checked", {"checked": "2026-05-03"}, "nl").text,
    "flags": [screen(t, all_lexicons()).outcome.value for t in json.loads(sys.argv[2])],
    "cancer": asks_about_cancer("is het kanker?", all_lexicons()),
    "examples": sorted(m.get(TEXT) for m in by_language.get("nl", [])),
    "fingerprint": training.fingerprint(),
    "language": message.get("language"),
}))
"""
FLAGGED = ["ik heb pijn op mijn borst", "ik heb geen pijn op de borst", "waar is de brief"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a checkout with the three files makes of Dutch."""
    checkout = tmp_path_factory.mktemp("checkout")
    outside = shutil.ignore_patterns("node_modules", "static", "__pycache__")
    shutil.copytree(ROOT / "bot", checkout / "bot", ignore=outside)
    shutil.copy(ROOT / "domain.yml", checkout)
    shutil.copy(ROOT / "config.yml", checkout)
    lay_in(checkout)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
    environment |= {"PYTHONPATH": str(checkout), "WAYMARK_VAR_DIR": str(checkout / "var")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROBE, SENTENCE, json.dumps(FLAGGED)],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert made["root"] == str(checkout)
    return made


def lay_in(checkout: Path) -> None:
    """The three files of docs/adding-a-language.md."""
    lines = ['version: "3.1"', "nlu:"]
    for intent, examples in EXAMPLES.items():
        lines += [f"- intent: {intent}", "  metadata:", "    language: nl", "  examples: |"]
        lines += [f"    - {example}" for example in examples]
    (checkout / "bot/data/nlu/nl.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (checkout / "bot/data/red_flags/nl.yml").write_text(RED_FLAGS, encoding="utf-8")
    catalogue = polib.POFile()
    catalogue.metadata = {"Language": "nl", "Content-Type": "text/plain; charset=utf-8"}
    for context, english in messages_of(read_responses()):
        catalogue.append(polib.POEntry(msgctxt=context, msgid=english, msgstr=f"[nl] {english}"))
    path = catalogue_path("nl", checkout / "bot/locales")
    path.parent.mkdir(parents=True)
    catalogue.save(str(path))


def test_one_more_language_is_offered_in_its_own_name(found: dict[str, Any]) -> None:
    assert set(found["offered"]) == {*get_catalogues().offered(), "nl"}
    assert (found["own_name"], found["direction"]) == ("Nederlands", "ltr")
    assert found["named"] == "nl"


def test_its_answers_come_from_its_catalogue_with_its_own_dates(found: dict[str, Any]) -> None:
    assert found["said"] == "[nl] Checked on 3 mei 2026."


def test_its_red_flags_are_screened_with_their_guards(found: dict[str, Any]) -> None:
    assert found["flags"] == ["card", "ask", "nothing"]
    assert found["cancer"] is True


def test_its_examples_are_training_data_and_call_for_a_training(found: dict[str, Any]) -> None:
    from bot.processes.training import fingerprint

    assert found["examples"] == sorted(text for texts in EXAMPLES.values() for text in texts)
    assert found["fingerprint"] != fingerprint()


def test_a_message_in_it_is_known_and_answered_in_it(found: dict[str, Any]) -> None:
    assert found["language"]["detected"] == "nl"
    assert found["language"]["answer"] == "nl"
