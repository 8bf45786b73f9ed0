"""What a patient typed to identify themselves lies where it may and nowhere else."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from bot.pathway.folding import digits_to_ascii
from bot.records.chat_models import SealedValue
from bot.records.identity_models import TextMessage
from bot.records.session import transaction
from bot.services.keys import decrypt
from bot.settings import get_settings
from tests.conversations.people import person
from tests.site.patient import PatientPage
from tests.site.running import Site

pytestmark = pytest.mark.slow
BORN = date(1957, 10, 23)
PHONE, POSTCODE, FAMILY_NAME = "07700 900731", "SE23 8QX", "Wilczkowiakowa"
NATIVE = {"ar": "٠١٢٣٤٥٦٧٨٩", "bn": "০১২৩৪৫৬৭৮৯"}
TALKS = {
    "en": ("where is my referral?", "23 October 1957", "23/10/57"),
    "es": ("¿dónde está mi derivación al hospital?", "23 de octubre de 1957", "23-10-1957"),
    "pl": ("gdzie jest moje skierowanie?", "23 października 1957", "1957.10.23"),
    "ar": ("أين إحالتي إلى المستشفى؟", "٢٣ أكتوبر ١٩٥٧", "٢٣/١٠/١٩٥٧"),
    "bn": ("আমার রেফারেল এখন কোথায় আছে?", "২৩ অক্টোবর ১৯৫৭", "২৩-১০-১৯৫৭"),
}
"""Language → question, date of birth in words, the same in digits."""
MAY_HOLD = {
    "nhs_number": {("patients", "nhs_number")},
    "born": {("patients", "birth_date")},
    "phone": {("patients", "phone")},
    "postcode": {("patients", "postcode")},
    "family_name": {("patients", "family_name")},
}


def in_digits_of(language: str, text: str) -> str:
    """`text` with the digits that a phone's keyboard in that language has."""
    digits = NATIVE.get(language)
    return text.translate(str.maketrans("0123456789", digits)) if digits else text


def talk(site: Site, page: PatientPage, language: str, number: str) -> str:
    """A conversation that gives everything away, in the wrong places too; returns the code."""
    question, in_words, in_digits = TALKS[language]
    spaced = in_digits_of(language, f"{number[:3]} {number[3:6]} {number[6:]}")
    page.say(f"{question} {in_digits_of(language, PHONE)}, {POSTCODE}")  # nothing is asked for yet
    page.say(question)
    page.say(f"{in_digits_of(language, number)} {in_digits_of(language, PHONE)}")  # one long run
    page.say(f"{spaced}, {in_digits_of(language, PHONE)}")
    page.say(f"{in_words} {POSTCODE.lower().replace(' ', '')}")
    page.say(in_digits)  # a correction
    page.say(f"+44 {PHONE[1:]}")
    code = site.code()
    assert any(said.private for said in page.say(in_digits_of(language, code)))
    page.say(f"{number} {in_words} {in_digits} {question}")  # nobody asks for it any more
    page.say(f"{in_digits_of(language, PHONE)} {in_digits} {spaced} {in_words} {POSTCODE}")
    page.say(f"{number[:3]}-{number[3:6]}-{number[6:]}")
    return code


def talk_by_name(site: Site, page: PatientPage) -> str:
    page.say("where is my referral?")
    page.press("I don't have it")
    page.say(FAMILY_NAME)
    page.say("23 Oct 1957")
    page.say(POSTCODE)
    code = site.code()
    assert any(said.private for said in page.say(code))
    return code


def cells(database: Path) -> Iterator[tuple[str, str, str]]:
    """(table, column, value) of every cell of an SQLite file; bytes as far as they are text."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        rows = connection.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in rows.description]
        for row in rows:
            for name, value in zip(names, row, strict=True):
                if isinstance(value, bytes):
                    value = value.decode("utf-8", "replace")
                yield table, name, str(value)
    connection.close()


def plain(text: str) -> str:
    """Compatible letters, ASCII digits, escapes resolved: how a careful reader would see it."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)
    return digits_to_ascii(unicodedata.normalize("NFKC", text)).casefold()


def compact(text: str) -> str:
    """Without what may stand between digits."""
    return re.sub(r"(?<=\d)[ \u00a0().\-/+]{1,2}(?=\d)", "", text)


def traces(number: str, codes: Sequence[str] = ()) -> dict[str, list[re.Pattern[str]]]:
    """What to look for, in plain and compact text."""
    dates = [f"{BORN:%Y%m%d}", f"{BORN:%d%m%Y}", BORN.isoformat(), "231057"]
    dates += [plain(words) for _, words, _ in TALKS.values()]
    looked_for = {
        "nhs_number": [number],
        "born": dates,
        "phone": [prefix + PHONE.replace(" ", "")[1:] for prefix in ("0", "44", "")],
        "postcode": [POSTCODE.casefold(), POSTCODE.casefold().replace(" ", "")],
        "family_name": [FAMILY_NAME.casefold()],
        "code": list(codes),
    }
    return {kind: [_standing_alone(v) for v in values] for kind, values in looked_for.items()}


def _standing_alone(value: str) -> re.Pattern[str]:
    """Six digits happen by chance in a moment's fraction or in an opaque id; longer ones don't."""
    if len(value) == 6 and value.isdigit():
        return re.compile(rf"(?<![\w.]){value}(?!\w)")
    return re.compile(rf"(?<!\d){re.escape(value)}(?!\d)")


def found_in(text: str, wanted: dict[str, list[re.Pattern[str]]]) -> set[str]:
    """The kinds of identifiers that stand in a text."""
    seen = plain(text)
    seen = f"{seen}\n{compact(seen)}"
    return {kind for kind, ways in wanted.items() if any(way.search(seen) for way in ways)}


def test_the_search_finds_what_was_typed_in_any_script() -> None:
    wanted = traces("9991234567")
    samples = {
        "nhs_number": [
            "999 123 4567",
            "৯৯৯-১২৩-৪৫৬৭",
            '{"text": "9991234567"}',
            "\\u0669991234567",
        ],
        "born": ["٢٣ أكتوبر ١٩٥٧", "23/10/57", "1957-10-23", "23.10.1957"],
        "phone": ["+44 7700 900731", "07700 900731", "٠٧٧٠٠ ٩٠٠٧٣١"],
        "postcode": ["se238qx", "SE23 8QX"],
        "family_name": ["wilczkowiakowa"],
    }
    missed = [
        (kind, text)
        for kind, group in samples.items()
        for text in group
        if kind not in found_in(text, wanted)
    ]
    assert missed == []
    assert found_in("seen at 10:23 on 1957 pages, 99912345678", wanted) == set()


@pytest.fixture(scope="module")
def typed(site: Site) -> tuple[str, list[str]]:
    """The conversations; gives the NHS number and the codes that were typed in them."""
    number = person(650, birth_date=BORN, phone=PHONE, postcode=POSTCODE, family_name=FAMILY_NAME)
    codes = []
    for language in TALKS:
        with site.open_page(browser_language=language) as page:
            codes.append(talk(site, page, language, number))
    with site.open_page() as page:
        codes.append(talk_by_name(site, page))
    return number, codes


def test_identifiers_stand_in_the_patients_own_columns_only(
    site: Site, typed: tuple[str, list[str]]
) -> None:
    number, codes = typed
    wanted = traces(number, codes)
    where: dict[str, set[tuple[str, str]]] = {kind: set() for kind in wanted}
    for table, column, value in cells(site.folder / "waymark.db"):
        for kind in found_in(value, wanted):
            where[kind].add((table, column))
    assert where == MAY_HOLD | {"code": set()}


def test_dialogue_state_holds_tokens_and_no_identifier(
    site: Site, typed: tuple[str, list[str]]
) -> None:
    number, codes = typed
    wanted = traces(number, codes)
    text = "\n".join(value for _, _, value in cells(site.folder / "trackers.db"))
    assert "[nhs-number#" in text and "[date-of-birth#" in text and "[code#" in text
    assert found_in(text, wanted) == set()


def test_no_log_and_no_other_file_holds_an_identifier(
    site: Site, typed: tuple[str, list[str]]
) -> None:
    number, codes = typed
    wanted = traces(number, codes)
    files = [
        path
        for path in site.folder.rglob("*")
        if path.is_file()
        and "models" not in path.parts
        and "postgres" not in path.parts
        and not path.name.startswith(("waymark.db", "template.db"))
    ]
    names = {path.name for path in files}
    assert {"rasa.log", "actions.log", "supervisor.log", "run.log", "trackers.db"} <= names
    leaking = {
        path.name: kinds
        for path in files
        if (kinds := found_in(path.read_bytes().decode("utf-8", "replace"), wanted))
    }
    assert leaking == {}


def test_no_log_holds_what_was_said(site: Site, typed: tuple[str, list[str]]) -> None:
    logs = site.logs() + (site.folder / "run.log").read_text()
    said = [question for question, _, _ in TALKS.values()] + ["Thank you. I have found your record"]
    assert [text for text in said if text in logs] == []


def test_a_failed_action_is_not_answered_with_the_conversation(site: Site) -> None:
    """Rasa logs what the action server answers."""
    call = {"next_action": "action_stop", "sender_id": "s", "text": "my own words"}  # no tracker
    address = f"http://127.0.0.1:{get_settings().actions_port}/webhook"
    answer = requests.post(address, json=call, timeout=10)
    assert answer.status_code == 500
    assert set(answer.json()) == {"error"}
    assert "my own words" not in answer.text


def test_sealed_values_and_codes_are_there_as_ciphertext(typed: tuple[str, list[str]]) -> None:
    number, codes = typed
    with transaction() as session:
        sealed = session.execute(select(SealedValue.kind, SealedValue.ciphertext)).all()
        texts = session.execute(select(TextMessage.ciphertext)).scalars().all()
    opened = {(kind, decrypt(ciphertext)) for kind, ciphertext in sealed}
    assert {("nhs-number", number), ("date-of-birth", BORN.isoformat())} <= opened
    assert ("family-name", FAMILY_NAME) in opened
    assert {("code", code) for code in codes} <= opened
    assert set(codes) <= {decrypt(ciphertext) for ciphertext in texts}
