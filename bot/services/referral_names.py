"""What a referral is called where one of several is meant: by hospital, kind of care and month.

Used by `actions.referral` for its quick replies, and by `services.updates`. On a channel that
tells little it is called by its place in the patient's list, and month.
"""

from __future__ import annotations

from typing import Any

from bot.pathway.lines import shown
from bot.pathway.telling import Level
from bot.records.models import Referral


def referral_name(referral: Referral, number: int, level: Level) -> tuple[str, dict[str, Any]]:
    """A response and its values.

    Args:
        number: place in the patient's list, from 1.
    """
    values: dict[str, Any] = {"number": number}
    response = "button_referral_unnamed"
    if level == "all":
        name = referral.provider.name if referral.provider else None
        specialty = referral.specialty_code or "other"
        values = {"provider": shown(name, "@term_the_hospital"), "specialty": specialty}
        response = "button_referral"
    if referral.referred_on:
        values["month"] = referral.referred_on.isoformat()
    else:
        response += "_undated"
    return response, values
