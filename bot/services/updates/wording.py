"""One message for all that is due: response names and values → text and quick replies.

Called by `telling`. The lines are those of the answers (`bot.pathway.answers`), as much of them as
the conversation may be told; every message ends with a way to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot.language.catalogues import SOURCE_LANGUAGE
from bot.language.render import Rendered, RenderedButton
from bot.language.sentences import sentence
from bot.pathway import answers
from bot.pathway.lines import Line
from bot.pathway.telling import Level, Told, told_facts, told_lines
from bot.services.explain_referral import site_intervals
from bot.services.referral_names import referral_name
from bot.services.transcript import Answer
from bot.services.updates.subjects import Subject

NEWS = "utter_update_news"
OPENINGS = {
    "state": "utter_update_state",
    "appointment": "utter_update_appointment",
    "overdue": "utter_update_overdue",
    "reminder": "utter_update_reminder",
}
STOP_BUTTON = ("button_stop_updates", "/unsubscribe_updates")
REMINDER_BUTTONS = (
    ("button_confirm", "/confirm_appointment"),
    ("button_cannot_come", "/cancel_appointment"),
    ("button_another_day", "/reschedule_appointment"),
)
MOST_TOLD = 3
"""Of more referrals only the quick replies are shown: nobody reads on."""
_Say = Callable[[str], tuple[list[Rendered], list[RenderedButton]]]


def worded(
    subjects: Sequence[Subject],
    told: Told,
    language: str | None,
    here: datetime,
    numbers: Mapping[str, int],
) -> Answer:
    """The message.

    Args:
        subjects: at least one, the most urgent first.
        here: now, in the site's time zone.
        numbers: each referral's place in the patient's list, by id.
    """
    if told == "news":
        names: tuple[str, ...] = (NEWS,)
        say: _Say = _news
    elif len(subjects) == 1:
        lines = _lines(subjects[0], told, here)
        names = tuple(line.response for line in lines)

        def say(language: str) -> tuple[list[Rendered], list[RenderedButton]]:
            said = [sentence(line.response, language, line.values) for line in lines]
            return said, _buttons_of_one(subjects[0], said, language)
    else:
        names = ("utter_update_several", *(OPENINGS[one.kind] for one in subjects))

        def say(language: str) -> tuple[list[Rendered], list[RenderedButton]]:
            return _several(subjects, told, here, numbers, language)

    return _answer(say, names, language, private=told == "all")


def _answer(say: _Say, names: tuple[str, ...], language: str | None, *, private: bool) -> Answer:
    """What is said in the patient's language and, for staff, in English."""
    said, buttons = say(language or SOURCE_LANGUAGE)
    english, same = say(SOURCE_LANGUAGE)
    return Answer(
        text="\n\n".join(one.text for one in said),
        language=said[0].language,
        responses=names,
        buttons=[
            {"title": own.title, "payload": own.payload, "english": other.title}
            for own, other in zip(buttons, same)
        ],
        private=private,
        english="\n\n".join(one.text for one in english),
    )


def _news(language: str) -> tuple[list[Rendered], list[RenderedButton]]:
    said = sentence(NEWS, language)
    return [said], [*said.buttons, _button(*STOP_BUTTON, language)]


def _lines(subject: Subject, told: Told, here: datetime) -> list[Line]:
    """What is said of one subject: an opening, how things stand, whom to call, how old it is."""
    level = _level(told)
    facts, intervals = told_facts(subject.facts, level), site_intervals()
    opening = Line(OPENINGS[subject.kind])
    if subject.kind == "state":
        lines = [opening, *answers.status_answer(facts, here, intervals)]
    elif subject.kind == "overdue":
        assert subject.late_since is not None, "an overdue finding says since when"
        opening = Line(opening.response, {"late_since": subject.late_since.isoformat()})
        lines = [opening, *answers.status_answer(facts, here, intervals)[1:]]
    else:
        lines = [opening, *answers.appointment_answer(facts, here, intervals)]
    return told_lines(lines, level)


def _buttons_of_one(
    subject: Subject, said: Sequence[Rendered], language: str
) -> list[RenderedButton]:
    """The answer's own quick replies about this very referral; a reminder has its three."""
    if subject.kind == "reminder":
        tied = f'{{"appointment":"{subject.appointment.id}"}}'  # type: ignore[union-attr]
        own = [_button(name, payload + tied, language) for name, payload in REMINDER_BUTTONS]
    else:
        own = [RenderedButton(b.title, _tied(b.payload, subject)) for s in said for b in s.buttons]
        own = list({button.payload: button for button in own}.values())
    return [*own, _button(*STOP_BUTTON, language)]


def _tied(payload: str, subject: Subject) -> str:
    """A question about this referral, and no other of the patient's."""
    if subject.referral is None or "{" in payload:
        return payload
    return f'{payload}{{"referral":"{subject.referral.id}"}}'


def _several(
    subjects: Sequence[Subject],
    told: Told,
    here: datetime,
    numbers: Mapping[str, int],
    language: str,
) -> tuple[list[Rendered], list[RenderedButton]]:
    """A short list: each referral's name and its first line; the rest is a tap away."""
    said, buttons = [sentence("utter_update_several", language)], []
    for place, subject in enumerate(subjects):
        name, payload = _name(subject, told, numbers, language)
        buttons.append(RenderedButton(name, payload))
        if place < MOST_TOLD:
            lines = _lines(subject, told, here)
            first = lines[0] if subject.kind == "overdue" else lines[1]
            line = sentence(first.response, language, first.values)
            said.append(Rendered(f"{name}\n{line.text}", line.language))
    return said, [*buttons, _button(*STOP_BUTTON, language)]


def _name(
    subject: Subject, told: Told, numbers: Mapping[str, int], language: str
) -> tuple[str, str]:
    """What a subject is called, and the question that tells the rest of it."""
    if subject.referral is None:
        return sentence("button_my_appointment", language).text, "/ask_appointment"
    name, values = referral_name(subject.referral, numbers[subject.referral.id], _level(told))
    question = "ask_appointment" if subject.kind == "reminder" else "ask_referral_status"
    return sentence(name, language, values).text, _tied(f"/{question}", subject)


def _level(told: Told) -> Level:
    return "all" if told == "all" else "little"


def _button(name: str, payload: str, language: str) -> RenderedButton:
    return RenderedButton(sentence(name, language).text, payload)
