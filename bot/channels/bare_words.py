"""Words that stop or refuse, so that "stop" is not taken for the family name that was asked for.

Taken from the training examples of all languages: a new language needs nothing here. Called by
`bot.channels.intake`; the name itself can't be judged later, since it is sealed at the door.
"""

from __future__ import annotations

from functools import lru_cache

import yaml

from bot.pathway.folding import fold
from bot.settings import ROOT

EXAMPLES = ROOT / "bot" / "data" / "nlu"
INTENTS = ("stop", "deny", "request_human")
LONGEST_WORDS = 4
"""A family name has at most this many words (`bot.language.identifiers`)."""


@lru_cache(maxsize=1)
def words_that_refuse() -> frozenset[str]:
    """Short examples of these intents, folded."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: set[str] = set()
    for path in sorted(EXAMPLES.glob("*.yml")):
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
        for item in data["nlu"]:
            if item.get("intent") in INTENTS:
                lines = str(item["examples"]).splitlines()
                found |= {fold(line.strip().removeprefix("- ")) for line in lines if line.strip()}
    return frozenset(text for text in found if 1 <= len(text.split()) <= LONGEST_WORDS)
