"""How to get to an appointment and what to bring: from the record, and what is true for everybody.

Called by `services.explain_referral`. Nothing is invented: no routes, no opening hours. What to
bring: docs/appointments.md names the sources.
"""

from __future__ import annotations

from datetime import datetime

from bot.pathway.facts import ChaseIntervals, ReferralFacts
from bot.pathway.lines import Line, checked_line, provider, shown
from bot.pathway.next_step import DEFAULT_INTERVALS, is_past, next_step
from bot.pathway.states import plain

REMOTE = {"telephone": "utter_directions_telephone", "video": "utter_directions_video"}


def directions_answer(
    facts: ReferralFacts, now: datetime, intervals: ChaseIntervals = DEFAULT_INTERVALS
) -> list[Line]:
    """Where to go, what the hospital wrote, what to bring, how old the record is."""
    step = next_step(facts, now, intervals)
    checked = checked_line(facts, step, now)
    appointment = facts.appointment
    void = appointment is None or plain(appointment.status).startswith("cancel")
    if appointment is None or void or is_past(facts, now):
        return [Line("utter_directions_none"), Line("utter_bring"), checked]
    wrote = shown(appointment.instructions, "").rstrip(".")
    told = [Line("utter_directions_wrote", {"instructions": wrote})] if wrote else []
    if appointment.medium in ("telephone", "video"):
        return [Line(REMOTE[appointment.medium]), *told, Line("utter_bring_remote"), checked]
    place = [shown(appointment.clinic, ""), shown(appointment.address, "")]
    known = ", ".join(part for part in place if part)
    if known:
        where = Line("utter_directions_place", {"provider": provider(facts), "place": known})
    elif shown(facts.provider, ""):
        where = Line("utter_directions_hospital", {"provider": provider(facts)})
    else:
        where = Line("utter_directions_letter")
    return [where, *told, Line("utter_bring"), checked]
