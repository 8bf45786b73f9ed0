"""Languages that a message names."""

import pytest

from bot.language.names import language_names, named_language, names_language_not_offered

OFFERED = ("en", "es", "pl", "ar", "bn")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("polski proszę", "pl"),
        ("po polsku!", "pl"),
        ("in Polish please", "pl"),
        ("can we speak Spanish", "es"),
        ("español", "es"),
        ("en espanol por favor", "es"),
        ("po angielsku", "en"),
        ("inglés", "en"),
        ("بالعربية", "ar"),
        ("العربية من فضلك", "ar"),
        ("arabic", "ar"),
        ("বাংলা", "bn"),
        ("Bengali", "bn"),
        ("ENGLISH", "en"),
    ],
)
def test_a_language_is_known_by_its_name_in_any_offered_language(text: str, expected: str) -> None:
    assert named_language(text, OFFERED) == expected


@pytest.mark.parametrize(
    "text", ["", "where is my referral", "English or Polish", "🙂", "po francusku", "spa"]
)
def test_nothing_is_named_where_none_or_several_are(text: str) -> None:
    assert named_language(text, OFFERED) is None


def test_a_language_that_is_not_offered_is_not_named() -> None:
    assert named_language("po polsku", ("en", "es")) is None


def test_every_offered_language_can_be_named_in_itself_and_in_english() -> None:
    names = language_names(OFFERED, OFFERED)
    assert set(names.values()) == set(OFFERED)
    assert {names["english"], names["spanish"], names["polish"]} == {"en", "es", "pl"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("can we speak Gujarati", True),
        ("auf deutsch bitte", True),
        ("ਪੰਜਾਬੀ", True),
        ("po węgiersku proszę", True),
        ("polski proszę", False),
        ("Can I have this service in another language", False),
        ("quiero hablar con ustedes en otro idioma", False),
        ("German or Polish please", False),
        ("where is my referral", False),
    ],
)
def test_a_language_that_is_not_offered_is_known_by_its_name(text: str, expected: bool) -> None:
    assert names_language_not_offered(text, OFFERED) == expected
