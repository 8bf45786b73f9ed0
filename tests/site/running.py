"""Starts a whole Waymark by its own command, and looks into what it leaves behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.pathway.states import State
from bot.records.base import utc_now
from bot.records.models import Organisation, Patient, Referral
from bot.records.session import transaction
from bot.services.invitations import issue_invitation
from bot.settings import get_settings
from tests.site.patient import PatientPage
from tests.site.telegram_api import TelegramApi
from tests.site.telegram_patient import TelegramPatient

READY_SECONDS = 120


class Site:
    """`waymark run` in a folder of its own; stops when the `with` block ends."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """`environment`: settings of the site's processes alone."""
        self.folder = folder
        self._environment = os.environ | environment
        settings = get_settings()
        self.address = f"http://{settings.host}:{settings.port}"
        self.console = f"http://{settings.host}:{settings.console_port}"
        self.telegram: TelegramApi | None = None
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Site:
        command = [sys.executable, "-m", "bot.cli", "records", "demo"]
        subprocess.run(command, check=True, capture_output=True)
        self._start(self._environment)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def restart(self, **environment: str) -> None:
        """Stop all and start it again, with these settings beside the site's own."""
        self._stop()
        self._start(self._environment | environment)

    def _start(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "run"],
            stdout=(self.folder / "run.log").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self.wait_until_ready()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=40)

    def wait_until_ready(self) -> None:
        """Until Rasa, the action server and the console all answer."""
        actions = f"http://127.0.0.1:{get_settings().actions_port}/health"
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end:
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError((self.folder / "run.log").read_text())
            try:
                for address in (actions, f"{self.address}/chat/health", f"{self.console}/health"):
                    requests.get(address, timeout=2).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.3)
        raise RuntimeError("The site did not come up: " + self.logs())

    def logs(self) -> str:
        """All that the processes have logged."""
        return "\n".join(path.read_text() for path in sorted((self.folder / "log").glob("*.log")))

    def pid_of(self, program: str) -> int:
        """The process id of "rasa", "actions", "console" or "worker", newest start."""
        found = re.findall(rf"spawned: '{program}' with pid (\d+)", self.logs())
        return int(found[-1])

    def kill(self, program: str) -> None:
        """kill -9 one process; supervisord starts it again."""
        os.kill(self.pid_of(program), signal.SIGKILL)

    def open_page(self, *, link: str = "/chat", browser_language: str = "en") -> PatientPage:
        """A patient opens the page."""
        return PatientPage(self.address, link=link, browser_language=browser_language)

    def open_chat(self, *, link: str = "", language: str = "en") -> TelegramPatient:
        """A patient opens the bot's chat on Telegram; `link`: an invitation's path."""
        assert self.telegram is not None, "This site has no Telegram."
        return TelegramPatient(self.telegram, language=language, link=link.rpartition("/")[2])

    def invite(self, nhs_number: str) -> str:
        """The path of a fresh invitation for a patient."""
        with transaction() as session:
            patient = session.execute(
                select(Patient).where(Patient.nhs_number == nhs_number)
            ).scalar_one()
            return f"/chat/i/{issue_invitation(session, patient.id, 'tests', utc_now())}"

    def code(self) -> str:
        """The newest one-time code, as the demo's phone shows it."""
        page = requests.get(f"{self.address}/chat/demo/phone", timeout=10).text
        return re.findall(r"data-code>(\d+)<", page)[0]

    def signed_in(self, nhs_number: str, birth_date: str, **how: str) -> PatientPage:
        """A page whose patient has signed in by invitation and asked nothing yet."""
        page = self.open_page(link=self.invite(nhs_number), **how)
        page.say("where is my referral")
        page.say(birth_date)
        return page


def add_patient(session: Session, nhs_number: str, **fields: object) -> Patient:
    """A patient of the demo's practice."""
    practice = (
        session.execute(select(Organisation).where(Organisation.kind == "gp_practice"))
        .scalars()
        .first()
    )
    values = {"birth_date": datetime(1970, 1, 2).date(), "phone": "07700 900999"} | fields
    patient = Patient(nhs_number=nhs_number, gp_practice_id=practice and practice.id, **values)
    session.add(patient)
    session.flush()
    return patient


def add_referral(session: Session, patient: Patient, state: State, **fields: object) -> Referral:
    """A referral of a patient to King's, orthopaedics, checked now."""
    hospital = session.execute(
        select(Organisation).where(Organisation.ods_code == "RJZ")
    ).scalar_one()
    values: dict[str, object] = {
        "source": "tests",
        "source_id": f"{patient.nhs_number}-{state.value}",
        "provider_id": hospital.id,
        "referrer_id": patient.gp_practice_id,
        "specialty_code": "C_110",
        "specialty": "Orthopaedics",
        "checked_at": utc_now(),
    }
    referral = Referral(patient_id=patient.id, state=state.value, **(values | fields))
    session.add(referral)
    session.flush()
    return referral


def nhs_number(index: int) -> str:
    """The index-th valid NHS number of the 999 range above those of the demo."""
    found = []
    number = 100_000
    while len(found) <= index:
        digits = f"999{number:06}"
        check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits)) % 11
        if check != 10:
            found.append(digits + str(check % 11))
        number += 1
    return found[index]
