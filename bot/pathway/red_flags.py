"""What a red flag is: its card, its outcome, its group, and which of several counts.

Screening is in `bot.pathway.screening`, the words in `bot.pathway.lexicon`; the NLU graph has a
model beside them (`bot.nlu.red_flag_detector`).

Each group names its clinical source. A clinician signs the whole list off before production
(DCB0129): docs/safety/red-flags.md, written by `waymark red-flags`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Card(str, Enum):
    """Which card a red flag shows."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    SAFEGUARDING = "safeguarding"
    URGENT = "urgent"


class Outcome(str, Enum):
    """What a message gets: a card at once, the question whether it is happening now, nothing."""

    CARD = "card"
    ASK = "ask"
    NOTHING = "nothing"


SOURCES: dict[str, str] = {
    "999": "swast.nhs.uk/when-to-call-999 (ambulance trust: when to call 999)",
    "cauda equina": "torbayandsouthdevon.nhs.uk (cauda equina: go to A&E)",
    "crisis": "shsc.nhs.uk, lpft.nhs.uk (mental health crisis: 999, 111 option 2)",
    "sepsis": "parkshotmedical.nhs.uk/emergency.htm (sepsis in adults and children: A&E or 999)",
    "poisoning": "oxfordshire-healthiertogether.nhs.uk (poisoning, accidental swallowing)",
    "pregnancy": "uhb.nhs.uk (when to call the midwife, when 999)",
    "torsion": "sybhealthiertogether.nhs.uk (sudden testicular pain: hospital at once)",
    "sight": "lookafteryoureyes.org (shadow over the sight: eye casualty or A&E)",
    "hypoglycaemia": "zana.com/c/hypoglycaemia.787 (the NHS website's text of hypoglycaemia)",
    "abuse": "stocktoninformationdirectory.org/domestic-abuse (999, 55 where one cannot speak)",
    "general": "general knowledge, no single source: for the clinician to check first",
}
"""What each group rests on; read in November 2026."""

GROUPS: dict[str, tuple[Card, str]] = {
    "chest_pain": (Card.EMERGENCY, "999"),
    "breathing": (Card.EMERGENCY, "999"),
    "stroke": (Card.EMERGENCY, "999"),
    "unconscious": (Card.EMERGENCY, "999"),
    "confusion": (Card.EMERGENCY, "999"),
    "fits": (Card.EMERGENCY, "999"),
    "bleeding": (Card.EMERGENCY, "999"),
    "allergic": (Card.EMERGENCY, "999"),
    "burns": (Card.EMERGENCY, "999"),
    "injury": (Card.EMERGENCY, "999"),
    "sepsis": (Card.EMERGENCY, "sepsis"),
    "overdose": (Card.EMERGENCY, "poisoning"),
    "diabetes": (Card.EMERGENCY, "hypoglycaemia"),
    "pregnancy": (Card.EMERGENCY, "pregnancy"),
    "testicular": (Card.EMERGENCY, "torsion"),
    "infant": (Card.EMERGENCY, "sepsis"),
    "cauda_equina": (Card.EMERGENCY, "cauda equina"),
    "vision_loss": (Card.EMERGENCY, "sight"),
    "ambulance": (Card.EMERGENCY, "999"),
    "suicide": (Card.CRISIS, "crisis"),
    "self_harm": (Card.CRISIS, "crisis"),
    "domestic_abuse": (Card.SAFEGUARDING, "abuse"),
    "child_risk": (Card.SAFEGUARDING, "general"),
    "urgent": (Card.URGENT, "general"),
}
"""Each group's card and the source of its place on the list."""

CARD_ORDER = (Card.EMERGENCY, Card.CRISIS, Card.SAFEGUARDING, Card.URGENT)


@dataclass(frozen=True)
class RedFlag:
    """What the lexicon says of a text.

    weak: it asks because of a phrase that is not certain by itself, not because a guard stands
    beside a certain one.
    """

    outcome: Outcome
    card: Card | None = None
    group: str | None = None
    language: str | None = None
    weak: bool = False

    def as_dict(self) -> dict[str, str]:
        """JSON-able, for message metadata and the tracker."""
        fields = {"outcome": self.outcome, "card": self.card}
        shown = {key: value.value for key, value in fields.items() if value is not None}
        more = {"group": self.group, "weak": "yes" if self.weak else None}
        return shown | {key: value for key, value in more.items() if value}


NO_RED_FLAG = RedFlag(Outcome.NOTHING)
GRAVEST = (0, False, 0)
"""`gravity` of a 999 card: nothing can outrank it."""


def gravity(flag: RedFlag) -> tuple[int, bool, int]:
    """Sorts flags: the gravest first."""
    outcome = [Outcome.CARD, Outcome.ASK, Outcome.NOTHING].index(flag.outcome)
    return outcome, flag.weak, CARD_ORDER.index(flag.card) if flag.card else len(CARD_ORDER)


def combine(flags: Iterable[RedFlag]) -> RedFlag:
    """The gravest of several detectors' findings."""
    return min([*flags, NO_RED_FLAG], key=gravity)
