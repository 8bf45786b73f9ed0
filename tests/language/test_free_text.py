"""Staff's free text: identifiers, e-mail addresses and the patient's names don't stay in it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language.free_text import HIDDEN, for_reading, without_identifiers
from bot.language.identifiers import KINDS

TODAY = date(2026, 5, 4)
NAMES = ("Zofia Anna", "Wzórek-Nowak")
BORN = date(1961, 5, 3)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("NHS number 999 000 1014.", "NHS number [NHS number removed]."),
        ("Born 3 May 1961", "Born [date of birth removed]"),
        ("born 3 5 1961", "born [date of birth removed]"),
        ("call 020 7946 0100 or z@mail.example.org", f"call [phone number removed] or {HIDDEN}"),
        ("lives in SE17 1AA", "lives in [postcode removed]"),
        ("UBRN 000049391801", "UBRN [reference number removed]"),
        ("Mrs Wzorek's letter", f"Mrs {HIDDEN}'s letter"),
        ("WZÓREK, zofia ANNA", f"{HIDDEN}, {HIDDEN} {HIDDEN}"),
        ("clinic on 12 May 2026 at 10:30, 2 calls", "clinic on 12 May 2026 at 10:30, 2 calls"),
        ("typed [phone#8646978058] twice", "typed [phone number removed] twice"),
    ],
)
def test_what_says_whose_it_is_goes_and_the_rest_stays(written: str, kept: str) -> None:
    assert for_reading(without_identifiers(written, TODAY, NAMES, BORN)) == kept


def test_a_short_name_that_is_a_word_counts_with_a_capital_only() -> None:
    text = without_identifiers("She may come. May came, and May may again.", TODAY, ["May"])
    assert text == f"She may come. {HIDDEN} came, and {HIDDEN} may again."


def test_a_childs_own_birth_date_goes_although_it_is_recent() -> None:
    born = date(2026, 2, 11)
    text = without_identifiers("born 11 February 2026, seen 12 March 2026", TODAY, (), born)
    assert for_reading(text) == "born [date of birth removed], seen 12 March 2026"


def test_every_kind_of_token_has_words() -> None:
    for kind in KINDS:
        assert "#" not in for_reading(f"[{kind}#0a1b]")


@given(st.text(max_size=200))
def test_masking_again_changes_nothing(text: str) -> None:
    once = without_identifiers(text, TODAY, NAMES, BORN)
    assert without_identifiers(once, TODAY, NAMES, BORN) == once
