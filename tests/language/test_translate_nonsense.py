"""Which answers can't be a translation, and which only look odd."""

from __future__ import annotations

import pytest

from bot.language.translate.nonsense import is_nonsense

TEXT = "Please bring the letter with you to the clinic on Tuesday"


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        (None, "pl"),
        (["list"], "pl"),
        (12, "pl"),
        ("", "pl"),
        (" \n", "pl"),
        ("<!DOCTYPE html><html><body>Bad Gateway</body></html>", "pl"),
        ("<html><head></head>", "pl"),
        ('{"error": "Slowdown: 5 per 1 minute"}', "pl"),
        ('[{"error": "x"}]', "pl"),
        ("przynieść " * 60, "pl"),
        ("proszę przynieść list " * 6, "pl"),
        ("hahahahahahahahaha", "pl"),
        ("请请请请请请请请请请请请请请请带上信件", "zh"),
        ("Proszę\x00 przynieść list", "pl"),
        ("Proszę \ufffd\ufffd list", "pl"),
        ("Proszę \u202eprzynieść list", "pl"),
        ("Proszę przynieść list", "ar"),
        ("Please bring the letter", "bn"),
        ("Please bring the letter", "zh"),
        ("请把这封信带到诊所去好吗谢谢", "pl"),
        ("অনুগ্রহ করে চিঠিটি আনুন", "en"),
        (TEXT, "pl"),
        (TEXT.replace(" ", "\n"), "pl"),
    ],
)
def test_it_is_nonsense(answer: object, target: str) -> None:
    assert is_nonsense(TEXT, answer, "en", target)


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("Proszę przynieść list ze sobą do poradni we wtorek.", "pl"),
        ("请在星期二把信带到诊所", "zh"),
        ("يرجى إحضار الرسالة معك إلى العيادة يوم الثلاثاء", "ar"),
        ("Dr Smith, King's College", "pl"),
        ("Vui lòng mang theo thư của bạn đến phòng khám vào thứ Ba", "vi"),
        ("Proszę przynieść list\ndo poradni\tQX10Z", "pl"),
        ("می‌خواهم نامه را به کلینیک بیاورم", "fa"),
        ("QX10Z QX11Z QX12Z 信", "zh"),
    ],
)
def test_it_is_an_answer(answer: str, target: str) -> None:
    assert not is_nonsense(TEXT, answer, "en", target)


def test_a_short_text_may_become_long_and_a_long_one_not_a_single_word() -> None:
    assert not is_nonsense("Hi", "Dzień dobry, w czym mogę pomóc", "en", "pl")
    assert is_nonsense("Hi", "Dzień dobry " * 5, "en", "pl")
    assert is_nonsense(TEXT * 2, "Tak", "en", "pl")
    assert not is_nonsense("Yes, that is quite right, thank you", "OK", "en", "pl")


@pytest.mark.parametrize(
    ("text", "source", "target"),
    [
        ("King's College Hospital, Denmark Hill, London", "en", "pl"),
        ("OK", "en", "pl"),
        ("Dr Anna Maria Kowalska", "pl", "en"),
        ("no", "en", "es"),
        ("Can I come to the clinic tomorrow please", "pl", "en"),  # English already
    ],
)
def test_what_need_not_be_translated_may_come_back_as_it_was(
    text: str, source: str, target: str
) -> None:
    assert not is_nonsense(text, text, source, target)


def test_what_the_patient_wrote_is_no_fault_of_the_translator() -> None:
    laughter = "ha ha ha ha ha ha ha ha, very funny"
    assert not is_nonsense(laughter, "ha ha ha ha ha ha ha ha, bardzo zabawne", "en", "pl")
    html = "the page says <title>Error</title>"
    assert not is_nonsense(html, "strona mówi <title>Błąd</title>", "en", "pl")
