"""A patient in Polish on one page, coordinators in English on others, a translator between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import OpenTab
from tests.browser.desk import PATIENCE_MS, Desk
from tests.browser.tab import Tab
from tests.site.running import Site

pytestmark = pytest.mark.slow
ASK = "chcę rozmawiać z człowiekiem"


@pytest.fixture
def amara(browser: Browser, site: Site) -> Iterator[Desk]:
    desk = Desk.open(browser, site)
    yield desk
    desk.page.context.close()
    assert desk.errors == []


@pytest.fixture
def carys(browser: Browser, site: Site) -> Iterator[Desk]:
    desk = Desk.open(browser, site, "carys@demo.waymark")
    yield desk
    desk.page.context.close()
    assert desk.errors == []


def arrives(tab: Tab, text: str) -> Locator:
    """Wait until the patient's page shows a text."""
    message = tab.messages.filter(has_text=text)
    expect(message.last).to_be_visible(timeout=PATIENCE_MS)
    return message.last


def shows(desk: Desk, text: str) -> Locator:
    """Wait until the coordinator's page shows a text, without a reload."""
    message = desk.messages.filter(has_text=text)
    expect(message.last).to_be_visible(timeout=PATIENCE_MS)
    return message.last


@pytest.mark.parametrize("red_flag", [False, True], ids=["plain", "with a red flag in the middle"])
def test_patient_and_coordinators_talk_in_two_languages(
    open_tab: OpenTab, amara: Desk, carys: Desk, red_flag: bool
) -> None:
    patient = open_tab(language="pl")
    assert "Miejsce w kolejce: " in patient.say(ASK)
    waiting = patient.bot_messages.count()

    amara.claim_newest()
    arrives(patient, "Amara")
    expect(patient.page.get_by_text("Teraz rozmowę prowadzi Amara").first).to_be_visible()

    patient.write("Boję się tej operacji")
    message = shows(amara, "Boję się tej operacji")
    expect(message).to_contain_text("I am afraid of this operation", timeout=PATIENCE_MS)
    expect(message).to_contain_text("LibreTranslate")

    told = amara.look_and_send("Good morning")
    assert told == "Dzień dobry"
    greeting = arrives(patient, "Dzień dobry")
    expect(greeting).to_contain_text("Amara")
    expect(greeting.locator("[lang=en]")).to_have_text("Good morning")
    assert patient.serious_findings() == []

    if red_flag:
        patient.write("mam straszny ból w klatce piersiowej, nie mogę oddychać")
        card = patient.page.locator("li.waymark-message--card")
        expect(card.first).to_be_visible(timeout=PATIENCE_MS)
        expect(card.first).to_contain_text("999")
        shows(amara, "nie mogę oddychać")
        assert amara.serious_findings() == []

    patient.write("Czy mogę przyjść jutro?")
    expect(shows(amara, "Czy mogę przyjść jutro?")).to_contain_text(
        "Can I come tomorrow?", timeout=PATIENCE_MS
    )
    amara.look_and_send("I will ask the hospital.")
    arrives(patient, "(pl) I will ask the hospital.")
    if not red_flag:
        amara.picture("console-chat")

    amara.transfer_to("Carys Morgan", "She wants to come tomorrow.")
    carys.page.goto(carys.site.console + "/queue/mine")
    expect(carys.page.get_by_text("Offered to you").last).to_be_visible(timeout=PATIENCE_MS)
    carys.page.goto(amara.page.url)
    carys.page.get_by_role("button", name="Accept").click()
    arrives(patient, "Carys")
    expect(amara.page.get_by_text("Carys has it").first).to_be_visible(timeout=PATIENCE_MS)

    carys.look_and_send("You can come at 14:30.")
    arrives(patient, "(pl) You can come at 14:30.")
    carys.resolve("Booked for tomorrow at 14:30.", "Nobody: everything is done")
    ended = arrives(patient, "Znowu odpowiadam ja")
    expect(ended.locator(".waymark-replies button").first).to_be_visible()

    before = patient.bot_messages.count()
    assert before > waiting
    assert "999" not in patient.say("dziękuję")
    assert patient.serious_findings() == []


def test_the_queue_shows_a_new_hand_off_without_a_reload(open_tab: OpenTab, amara: Desk) -> None:
    patient = open_tab(language="ar")
    patient.say("أريد التحدث إلى شخص")
    expect(amara.row_of_newest()).to_contain_text("العربية")
    amara.picture("console-queue")


def test_every_console_page_is_accessible(open_tab: OpenTab, carys: Desk) -> None:
    patient = open_tab()
    patient.say("I want to talk to a person")
    handoff = carys.claim_newest()
    paths = (
        *(f"/queue/{view}" for view in ("waiting", "mine", "team", "resolved")),
        f"/handoffs/{handoff}",
        f"/handoffs/{handoff}/status",
        "/patients",
        "/issues",
        f"/issues/new?handoff={handoff}",
        "/figures",
    )
    found = {}
    for path in paths:
        carys.page.goto(carys.site.console + path)
        found[path] = carys.serious_findings()
    assert {path: findings for path, findings in found.items() if findings} == {}


def test_a_coordinator_works_by_keyboard_alone(open_tab: OpenTab, amara: Desk) -> None:
    patient = open_tab()
    patient.say("I want to talk to a person")
    amara.row_of_newest().get_by_role("button", name="Claim").focus()
    amara.page.keyboard.press("Enter")
    amara.page.wait_for_url("**/handoffs/*", timeout=PATIENCE_MS)
    box = amara.page.get_by_label("Message in English")
    for _ in range(60):
        amara.page.keyboard.press("Tab")
        if box.evaluate("box => box === document.activeElement"):
            break
    amara.page.keyboard.type("Hello from the keyboard.")
    amara.page.keyboard.press("Tab")
    amara.page.keyboard.press("Enter")
    arrives(patient, "Hello from the keyboard.")
