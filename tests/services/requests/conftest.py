"""A verified patient with one appointment."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.pathway.requests import ABOUT_ONE
from bot.records.identity_models import IdentitySession
from bot.records.models import Appointment, Patient
from bot.records.request_models import CareRequest
from bot.services.requests.making import make_request, place_request
from tests.records.making import NOW, a_hospital, a_patient, an_appointment, an_identity
from tests.services.conftest import Desk
from tests.site.running import nhs_number


@dataclass
class Asking:
    """Somebody who asks, at the desk's database."""

    desk: Desk
    patient: Patient
    identity: IdentitySession
    appointment: Appointment

    def ask(self, kind: str, **how: object) -> CareRequest:
        """A request of the verified patient, with its appointment found."""
        session = self.desk.session
        talk = self.identity.conversation_id
        row = make_request(session, talk, kind, NOW, identity=self.identity, **how)  # type: ignore[arg-type]
        return place_request(session, row, self.identity, NOW)[0] if kind in ABOUT_ONE else row


@pytest.fixture
def asking(desk: Desk) -> Asking:
    patient = a_patient(desk.session, nhs_number(310))
    hospital = a_hospital(desk.session)
    appointment = an_appointment(desk.session, patient, provider_id=hospital.id)
    return Asking(desk, patient, an_identity(desk.session, patient), appointment)
