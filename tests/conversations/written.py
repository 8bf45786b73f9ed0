"""Transcripts as plain text that a clinician can read: reads them, and writes them back.

A file is a heading (`# …`), `given:` (and `also given:` for a second referral) with indented
`key: value` lines, then what is said:

    patient: where is my referral?

    waymark: A hospital team is reading your referral.

      Checked on 4 May 2026.

      [What happens next] [Who do I call?]

    patient presses: What happens next

Each message of Waymark is a `waymark:` of its own (`waymark (card):` on the red card); its further
lines are indented and its paragraphs kept. `patient chooses: pl` picks a language on the page.
A last line `staff see: …` names the open hand-offs. Placeholders: `<NHS number>` and `<code>`
where the patient types them, `<site>` for the page's address.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field

WIDTH = 96
_TURN = re.compile(r"(patient|patient presses|patient chooses|waymark|waymark \(card\)): ?(.*)")
STAFF = "staff see: "


@dataclass(frozen=True)
class Spoken:
    """Something said: who ("patient presses", "waymark (card)", …) and the text."""

    who: str
    text: str
    buttons: tuple[str, ...] = ()


@dataclass
class Written:
    """One transcript. `given`: the blocks, as they stand in the file and as keys and values."""

    heading: str
    head: str
    given: list[dict[str, str]] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    staff_see: str = ""

    @property
    def states(self) -> set[str]:
        """The referrals' states in the given blocks."""
        return {block["state"] for block in self.given if "state" in block}

    @property
    def urgent(self) -> bool:
        """Whether every referral in it is for suspected cancer."""
        return all(block.get("priority") == "two_week_wait" for block in self.given)

    def of_waymark(self) -> list[Spoken]:
        """What Waymark says."""
        return [said for said in self.spoken if said.who.startswith("waymark")]


def read(text: str) -> Written:
    """A transcript from its file.

    Raises:
        ValueError: a line that is none of the above.
    """
    head, _, talk = text.partition("\n\n")
    written = Written(heading=head.splitlines()[0].removeprefix("# "), head=head)
    for line in head.splitlines():
        if line.endswith("given:"):
            written.given.append({})
        elif line.startswith("  "):
            key, _, value = line.strip().partition(": ")
            written.given[-1][key] = value
        elif not line.startswith("#"):
            raise ValueError(f"Not a heading, a given block or an indented key: {line!r}")
    for part in re.split(r"\n+(?=\S)", talk.strip()):
        if part.startswith(STAFF):
            written.staff_see = part.removeprefix(STAFF)
        elif match := _TURN.match(part):
            written.spoken.append(Spoken(match[1], part[match.end(1) + 1 :].strip()))
        else:
            raise ValueError(f"Nobody says this: {part!r}")
    return written


def write(head: str, spoken: list[Spoken], staff_see: str) -> str:
    """The file's text."""
    parts = [head, *(shown(said) for said in spoken)]
    if staff_see:
        parts.append(STAFF + staff_see)
    return "\n\n".join(parts) + "\n"


OF_THE_MOMENT = re.compile(r"(?<=place in the queue: )\d+|(?<=expect to answer by )[^.]+")
"""The place and the time that a patient is told: other conversations of the run decide them."""


def shown(said: Spoken) -> str:
    """One turn as it stands in the file."""
    if not said.who.startswith("waymark"):
        return f"{said.who}: {said.text}"
    text = OF_THE_MOMENT.sub("…", said.text)
    first, *others = text.split("\n\n")
    paragraphs = [_wrapped(f"{said.who}: {first}", "")]
    paragraphs += [_wrapped(paragraph, "  ") for paragraph in others]
    if said.buttons:
        paragraphs.append("  " + " ".join(f"[{title}]" for title in said.buttons))
    return "\n\n".join(paragraphs)


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
