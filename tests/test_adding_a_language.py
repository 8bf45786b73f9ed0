"""A sixth language is an examples file, a catalogue and a red-flag file, and nothing else.

A tiny Portuguese is laid into a copy of the checkout; a process of its own, started there, then
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

from bot.language.catalogues import catalogue_path, messages_of, read_responses
from bot.settings import ROOT

pytestmark = pytest.mark.slow  # loads Rasa in a process of its own

EXAMPLES = {
    "ask_referral_status": [
        "onde está o meu encaminhamento para o hospital",
        "queria saber como está o meu pedido de consulta",
        "o médico de família já enviou o encaminhamento?",
        "ainda não sei nada do hospital, onde está o pedido",
        "vcs sabem onde esta o meu encaminhamento",
        "não percebo o que aconteceu com o meu pedido",
        "o hospital já recebeu o meu encaminhamento?",
        "em que pé está o meu pedido",
    ],
    "ask_appointment": [
        "quando é a minha consulta no hospital",
        "a que horas é a consulta",
        "onde fica a consulta e como chego lá",
        "não encontro a carta com a data da consulta",
        "a minha consulta é por telefone?",
        "preciso de saber o dia da consulta",
        "qual é a morada do hospital",
        "a consulta é amanhã ou depois?",
    ],
}
RED_FLAGS = """
language: pt
cancer: [cancro, tumor*]
negation_before: [não tenho, nao, sem]
past: [anos atrás, no ano passado]
setting: [consulta*]
groups:
  chest_pain:
  - dói* .. peito
  - dor* .. peito
exemplars: [estou com uma dor forte no peito]
hard_negatives: [a consulta da dor no peito é na segunda]
"""
SENTENCE = "onde está o pedido de consulta que o médico de família enviou para o hospital"
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
from bot.pathway.red_flags import all_lexicons, asks_about_cancer, screen
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
    "own_name": own_name("pt"),
    "direction": direction("pt"),
    "named": named_language("em português por favor", tuple(offered)),
    "said": answers.render("utter_checked", {"checked": "2026-05-03"}, "pt").text,
    "flags": [screen(t, all_lexicons()).outcome.value for t in json.loads(sys.argv[2])],
    "cancer": asks_about_cancer("é cancro?", all_lexicons()),
    "examples": sorted(m.get(TEXT) for m in by_language.get("pt", [])),
    "fingerprint": training.fingerprint(),
    "language": message.get("language"),
}))
"""
FLAGGED = ["dói-me muito o peito", "não tenho dor no peito", "onde está o pedido"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a checkout with the three files makes of Portuguese."""
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
        lines += [f"- intent: {intent}", "  metadata:", "    language: pt", "  examples: |"]
        lines += [f"    - {example}" for example in examples]
    (checkout / "bot/data/nlu/pt.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (checkout / "bot/data/red_flags/pt.yml").write_text(RED_FLAGS, encoding="utf-8")
    catalogue = polib.POFile()
    catalogue.metadata = {"Language": "pt", "Content-Type": "text/plain; charset=utf-8"}
    for context, english in messages_of(read_responses()):
        catalogue.append(polib.POEntry(msgctxt=context, msgid=english, msgstr=f"[pt] {english}"))
    path = catalogue_path("pt", checkout / "bot/locales")
    path.parent.mkdir(parents=True)
    catalogue.save(str(path))


def test_the_sixth_language_is_offered_in_its_own_name(found: dict[str, Any]) -> None:
    assert set(found["offered"]) == {"en", "es", "pl", "ar", "bn", "pt"}
    assert (found["own_name"], found["direction"]) == ("português", "ltr")
    assert found["named"] == "pt"


def test_its_answers_come_from_its_catalogue_with_its_own_dates(found: dict[str, Any]) -> None:
    assert found["said"] == "[pt] Checked on 3 de maio de 2026."


def test_its_red_flags_are_screened_with_their_guards(found: dict[str, Any]) -> None:
    assert found["flags"] == ["card", "ask", "nothing"]
    assert found["cancer"] is True


def test_its_examples_are_training_data_and_call_for_a_training(found: dict[str, Any]) -> None:
    from bot.processes.training import fingerprint

    assert found["examples"] == sorted(text for texts in EXAMPLES.values() for text in texts)
    assert found["fingerprint"] != fingerprint()


def test_a_message_in_it_is_known_and_answered_in_it(found: dict[str, Any]) -> None:
    assert found["language"]["detected"] == "pt"
    assert found["language"]["answer"] == "pt"
