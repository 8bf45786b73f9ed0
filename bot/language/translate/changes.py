"""Compares what a coordinator wrote with its translation and the way back. Pure.

`preview` shows the outcome; anything that changed stops the sending.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import product

from bot.language.date_words import WORD, comparable, month_names
from bot.language.translate.facts import Fact, facts_of
from bot.language.translate.numbers import find_numbers, join_thousands, plain


def changed_facts(original: str, translated: str, back: str) -> tuple[str, ...]:
    """What differs between an English text, its translation and the back-translation.

    In `translated`, of any language and script, numbers are compared as far as `original` has them
    in digits. In `back` also months, weekdays, relative days, numbers in words, before or after
    noon, and how often something is negated. Order never matters.

    Returns:
        what was lost or added, as it stands in the texts, each once; empty: nothing changed.

    >>> changed_facts("On 5 May at 2:30 pm", "5 maja o 14:30", "On May 5 at 14:30")
    ()
    >>> changed_facts("Don't eat for 6 hours", "Nie jeść przez 9 godzin", "Do not eat for 9 hours")
    ('6', '9')
    """
    there = _fewest(original, translated, _changed_there)
    return tuple(dict.fromkeys([*there, *_fewest(original, back, _changed_back)]))


def _fewest(original: str, other: str, compare: Callable[[str, str], list[str]]) -> list[str]:
    """By the reading of both texts that agrees best: "1 500" may be one number or two."""
    readings = product(_readings(original), _readings(other))
    return min((compare(one, two) for one, two in readings), key=len)


def _readings(text: str) -> list[str]:
    text = plain(text)
    return list(dict.fromkeys((text, join_thousands(text))))


def _changed_there(original: str, translated: str) -> list[str]:
    wanted = facts_of(original)
    numbers = Counter(number.value for number in find_numbers(translated))
    months = _months_named(translated)
    lost: list[str] = []
    unseen: list[Fact] = []
    for fact in wanted.facts:
        there = months if fact.kind == "month" else numbers
        if (fact.digits or fact.kind == "month") and not _took(there, fact.value):
            unseen.append(fact)
    month_unseen = False
    for fact in sorted(unseen, key=lambda fact: not fact.digits):
        others = (fact.value,) if fact.kind == "month" else fact.also
        if any(_took(numbers, value) for value in others):
            continue
        if fact.digits:
            lost.append(fact.shown)
        else:
            month_unseen = True  # its name is none that we know
    if not month_unseen:  # else a number that is left may be that month, and a wrong one
        in_words = [fact.also for fact in wanted.facts if not fact.digits]
        _take_any(numbers, [*in_words, *wanted.loose])
    return [*lost, *numbers.elements()]


def _changed_back(original: str, back: str) -> list[str]:
    wanted, found = facts_of(original), facts_of(back)
    lost = _without(wanted.facts, found.facts)
    added = _without(found.facts, wanted.facts)
    return [
        *_not_loose(lost, found.loose),
        *_not_loose(added, wanted.loose),
    ]


def _without(facts: Iterable[Fact], others: Iterable[Fact]) -> list[Fact]:
    """The facts that have no partner among `others`."""
    partners = Counter((other.kind, other.value) for other in others)
    return [fact for fact in facts if not _took(partners, (fact.kind, fact.value))]


def _not_loose(facts: list[Fact], loose: Iterable[tuple[str, ...]]) -> list[str]:
    """As they are shown, those that no word such as "an" or "first" on the other side explains."""
    numbers = Counter(fact.value for fact in facts if fact.kind == "number")
    _take_any(numbers, loose)
    return [fact.shown for fact in facts if fact.kind != "number" or _took(numbers, fact.value)]


def _take_any(numbers: Counter[str], choices: Iterable[tuple[str, ...]]) -> None:
    """Takes one number of each choice away, if there is one."""
    for values in choices:
        any(_took(numbers, value) for value in values)


def _took(counter: Counter, value: object) -> bool:  # type: ignore[type-arg]
    """Takes one of `value` away, if there is one."""
    if counter[value] <= 0:
        return False
    counter[value] -= 1
    return True


def _months_named(text: str) -> Counter[str]:
    """Month names of any offered language."""
    names = month_names()
    found = (names.get((comparable(word),)) for word in WORD.findall(text))
    return Counter(str(month) for month in found if month)
