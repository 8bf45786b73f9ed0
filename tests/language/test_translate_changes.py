"""Facts of an English text that must survive its translation, in tables and for any text."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.language.translate import changed_facts
from bot.language.translate.facts import facts_of
from bot.language.translate.numbers import plain
from tests.site.libretranslate import OFFERED

NATIVE_DIGITS = {
    code: str.maketrans("0123456789", "".join(chr(zero + digit) for digit in range(10)))
    for code, zero in {"ar": 0x660, "fa": 0x6F0, "bn": 0x9E6, "ne": 0x966}.items()
}


@pytest.mark.parametrize(
    ("original", "translated", "back"),
    [
        ("Come on 5 May at 2:30 pm", "Proszę przyjść 5 maja o 14:30", "Come on May 5 at 14:30"),
        (
            "Come on 5 May at 2:30 pm",
            "Venga el 5 de mayo a las 2:30 p. m.",
            "Come May 5, 2:30 p.m.",
        ),
        ("Come on 5 May at 2:30 pm", "请于5月5日下午2:30来", "Please come on May 5 at 2:30 PM"),
        ("Come on 5 May at 2.30pm", "Venez le 5 mai à 14 h 30", "Come on May 5 at 2:30 PM"),
        ("It is at 14:30", "Es a las 2:30 de la tarde", "It is at 2:30 in the afternoon"),
        ("It is at 14:30", "lúc 14 giờ 30", "at 14:30"),
        ("It is at 2:30", "٢\u200f:\u200f٣٠", "It is at 2:30"),
        ("at 9 at night", "a las 9 de la noche", "at 9 pm"),
        ("at 2 at night", "a las 2 de la noche", "at 2 am"),
        ("It is at 2 pm", "Jest o 14:00", "It's at 2 p.m."),
        ("It is at 9 am", "Jest o 9:00", "It is at 9:00"),
        ("between 2 and 4 pm", "między 14:00 a 16:00", "between 14:00 and 16:00"),
        ("11.30-2pm", "de 11:30 à 14 h", "from 11:30 to 14:00"),
        ("from 9 to 11 am", "da 9 a 11", "from 9 to 11 a.m."),
        ("It is at noon", "Jest o 12:00", "It is at 12 noon"),
        ("by midnight", "do północy", "by 12 am"),
        ("on 05/06/2026", "5 czerwca 2026 r.", "on June 5, 2026"),
        ("on 05/06/26", "le 05.06.2026", "on 5 June 2026"),
        ("on 05/06/26", "05.06.26", "on 5 June 2026"),
        ("on 05/01/2026", "৫ জানুয়ারী, ২০২৬", "on 5 January 2026"),
        ("on 5 June 2026", "vào ngày 5 tháng 6 năm 2026", "on 5/6/2026"),
        ("on 3rd of March", "৩ মার্চ", "on March 3rd"),
        ("1,500 steps", "1 500 kroków", "1500 steps"),
        ("1500 steps", "1.500 pasos", "1,500 steps"),
        ("150,000", "१,५०,०००", "150,000"),
        ("take 0.5 ml", "prendre 0,5 ml", "take 0.5 ml"),
        ("take two tablets", "weź 2 tabletki", "take 2 tablets"),
        ("take 2 tablets", "toma 2 pastillas", "take two tablets"),
        ("take 2 in the evening", "toma 2 por la noche", "take two in the evening"),
        ("twenty-four hours", "24 horas", "24 hours"),
        ("It takes an hour", "Dura 1 hora", "It takes 1 hour"),
        ("in a fortnight", "dans 15 jours", "in two weeks"),
        ("on the 1st floor", "w budynku, 1. piętro", "on the first floor"),
        ("10-12 weeks", "10 à 12 semaines", "10 to 12 weeks"),
        ("Don't eat", "Nie jeść", "Do not eat"),
        ("You cannot eat", "Nie wolno jeść", "You must not eat"),
        ("You’re unable to", "Nie może Pani", "You can't"),
        ("Never eat", "Nunca coma", "Don’t eat"),
        ("There is no need", "Nie trzeba", "It isn't needed"),
        ("ward no. 5", "oddział nr 5", "ward number 5"),
        ("on Mondays", "w poniedziałki", "every Monday"),
        ("on Monday", "vào thứ 2", "on Monday"),
        ("on Tue 5 May", "we wtorek 5 maja", "on Tuesday, May 5"),
        ("Mon-Fri", "od poniedziałku do piątku", "Monday to Friday"),
        ("Mon to Fri", "od poniedziałku do piątku", "Monday to Friday"),
        ("Today or tomorrow", "Dziś albo jutro", "today or tomorrow"),
        ("in May", "w maju", "in May"),
        ("you may come in June", "może Pani przyjść w czerwcu", "you can come in june"),
        ("be that as it may, 5 days", "tak czy inaczej 5 dni", "in any case, 5 days"),
        ("March to the door", "Marsz do drzwi", "Walk to the door"),
        ("I sat in the sun", "Siedziałem na słońcu", "I was sitting in the sun"),
        ("Ring 020 7946 0110", "Zadzwoń 020 7946 0110", "Call 020 7946 0110"),
        ("ward 12 300 metres", "oddział 12, 300 metrów", "300 metres, ward 12"),
        ("\u2068020 7946 0110\u2069", "\u2068020 7946 0110\u2069", "020 7946 0110"),
        ("", "", ""),
        ("Thank you", "Dziękuję", "Thanks"),
    ],
)
def test_the_same_facts_in_other_words_are_no_change(
    original: str, translated: str, back: str
) -> None:
    assert changed_facts(original, translated, back) == ()


@pytest.mark.parametrize(
    ("original", "translated", "back", "changed"),
    [
        ("Come at 2:30", "Przyjdź o 3:30", "Come at 3:30", ("2:30", "3.30", "3:30")),
        ("Come at 2:30", "Przyjdź o 2:30", "Come at 3:30", ("2:30", "3:30")),
        ("at 2:30 pm", "o 2:30", "at 2:30 am", ("2:30 pm", "2:30 am")),
        ("at 2:30 pm", "o 2:30", "at 2:30", ("2:30 pm", "2:30")),
        ("at 9 am", "o 9", "at 9 pm", ("9 am", "9 pm")),
        ("at 9 pm", "o 9", "at 9 in the morning", ("9 pm", "9 in the morning")),
        ("between 2 and 4 pm", "2–4", "between 2 and 4 am", ("2", "4 pm", "4 am")),
        ("on 5 May", "5 czerwca", "on June 5", ("May", "June")),
        ("on 5 May", "6 maja", "on May 6", ("5", "6")),
        ("on 05/06/2026", "06/05/2026", "on May 6, 2026", ("05/06/2026", "May 6, 2026")),
        ("on 05/06/26", "le 05.07.26", "on 5 June 2026", ("05/06/26", "7")),
        ("in an hour, on 5 May", "1月5日,一小时", "in an hour, on May 5", ("1",)),
        ("on Monday", "we wtorek", "on Tuesday", ("Monday", "Tuesday")),
        ("come today", "przyjdź jutro", "come tomorrow", ("today", "tomorrow")),
        ("Do not eat", "Proszę jeść", "Please eat", ("not",)),
        ("Don’t eat", "Proszę jeść", "Please eat", ("Don't",)),
        ("Eat", "Nie jeść", "Don't eat", ("Don't",)),
        ("never eat, do not drink", "nie jeść, pić", "do not eat, drink", ("not",)),
        ("for 6 hours", "przez kilka godzin", "for a few hours", ("6",)),
        ("for a few hours", "przez 6 godzin", "for 6 hours", ("6",)),
        ("two tablets", "trzy tabletki", "three tablets", ("two", "three")),
        ("5 and 5", "5", "5", ("5",)),
        ("1,500", "1.501", "1501", ("1,500", "1501")),
        ("on 5 May at 6", "6月5日6点", "on May 5 at 6", ("6",)),
        ("১২", "12", "", ("12",)),
    ],
)
def test_a_changed_fact_is_named(
    original: str, translated: str, back: str, changed: tuple[str, ...]
) -> None:
    assert changed_facts(original, translated, back) == changed


def test_facts_of_a_coordinator_s_message() -> None:
    facts = facts_of(plain("Your MRI is on Tue 5 May 2026 at 9.15am, not before. Bring 2 letters."))
    assert [(fact.kind, fact.value) for fact in facts.facts] == [
        ("weekday", "1"),
        ("number", "5"),
        ("month", "5"),
        ("number", "2026"),
        ("number", "9.15"),
        ("not", "not"),
        ("number", "2"),
    ]


LANGUAGES = st.sampled_from(OFFERED[1:])
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
NUMBERS = st.integers(0, 99_999).map(str)
TIMES = st.times().map(lambda time: f"{time:%H:%M}")
SMALL = st.one_of(NUMBERS, TIMES, st.floats(0, 99).map(lambda amount: f"{amount:.1f}"))


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, str, str]:
    """(English, translation, back): the same numbers and one date, in another order each."""
    numbers = draw(st.lists(SMALL, min_size=1, max_size=5))
    day = draw(DAYS)
    language = draw(LANGUAGES)
    english = [*numbers, draw(st.sampled_from([f"{day:%-d %B %Y}", f"{day:%d/%m/%Y}"]))]
    foreign = [*numbers, format_date(day, "long", locale=language)]
    back = [*numbers, f"{day:%B %-d, %Y}"]
    texts = []
    for words, join in ((english, " and "), (foreign, " — "), (back, "; ")):
        texts.append(join.join(draw(st.permutations(words))))
    texts[1] = texts[1].translate(NATIVE_DIGITS.get(language, {}))
    return texts[0], texts[1], texts[2]


@given(messages())
def test_reordering_dates_in_words_and_other_digits_are_never_a_change(
    message: tuple[str, str, str],
) -> None:
    assert changed_facts(*message) == ()


@given(messages(), st.data())
def test_changing_any_one_digit_is_always_a_change(
    message: tuple[str, str, str], data: st.DataObject
) -> None:
    which = data.draw(st.sampled_from([1, 2]))
    text = message[which]
    places = [place for place, letter in enumerate(text) if letter.isdecimal()]
    place = data.draw(st.sampled_from(places))
    digit = unicodedata.decimal(text[place])
    other = data.draw(st.sampled_from([value for value in range(10) if value != digit]))
    changed = f"{text[:place]}{chr(ord(text[place]) - digit + other)}{text[place + 1 :]}"
    texts = [*message]
    texts[which] = changed
    assert changed_facts(*texts) != ()


@given(st.text(), st.text(), st.text())
def test_any_three_texts_can_be_compared(original: str, translated: str, back: str) -> None:
    changed_facts(original, translated, back)


@given(st.text())
def test_a_text_is_no_change_of_itself(text: str) -> None:
    assert changed_facts(text, text, text) == ()


@given(
    st.lists(
        st.sampled_from(
            ["not", "don't", "Tuesday", "today", "5 May", "in March", "two", "3 pm", "0.5 ml"]
        ),
        min_size=1,
        max_size=6,
    ),
    st.data(),
)
def test_losing_any_one_fact_on_the_way_back_is_a_change(
    words: list[str], data: st.DataObject
) -> None:
    original = ", ".join(words)
    lost = data.draw(st.integers(0, len(words) - 1))
    back = ", ".join(words[:lost] + words[lost + 1 :])
    assume(facts_of(plain(original)).facts)
    assert changed_facts(original, original, back) != ()
