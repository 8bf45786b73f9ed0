"""What the verified patient has asked and nobody has settled, as the rules are told of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from bot.pathway.requests import RequestFacts
from bot.records import queries
from bot.records.identity_models import IdentitySession
from bot.services.site_days import local_day


def open_requests(session: Session, identity: IdentitySession) -> list[RequestFacts]:
    """The open requests, oldest first; of interpreter and access the newest alone."""
    found = {
        (row.kind, row.appointment_id): RequestFacts(
            row.kind, local_day(row.created_at), row.appointment_id, row.wishes
        )
        for row in queries.open_requests_of(session, identity)
    }
    return list(found.values())
