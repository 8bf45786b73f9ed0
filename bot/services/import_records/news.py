"""What an import brings that subscribers want to know. Called by `referrals` and `importer`, once
all of it is written, so that a change that was taken back in the same import is none."""

from __future__ import annotations

from sqlalchemy import select

from bot.pathway.states import State
from bot.records.models import Appointment, Referral, ReferralState
from bot.services.import_records.run import Run, Stood
from bot.services.updates import note_update
from bot.services.updates.standing import standing_of

STANDING = ("booked", "change_pending", "offered")


def note_move(run: Run, row: Referral, moved: ReferralState, before: str | None) -> None:
    """A referral is new, or stands elsewhere. A new one that can't be seen yet is no news."""
    if before is None and row.state == State.CANNOT_SEE.value:
        return
    note_update(
        run.session,
        row.patient_id,
        "state",
        f"state:{moved.id}",
        run.now,
        referral_id=row.id,
        detail={"before": before, "was_at": _was_at(run, row)},
    )


def note_appointments(run: Run) -> None:
    """Appointments that changed, but for those that only went along with their referral's move."""
    for row_id, before in run.stood.items():
        row = run.session.get(Appointment, row_id)
        if row is None or standing_of(row) == before.standing or not _is_news(run, row, before):
            continue
        if row.referral_id and _has_moved(run, row.referral_id):
            continue
        note_update(
            run.session,
            row.patient_id,
            "appointment",
            f"appointment:{row.id}:{run.now.isoformat()}",
            run.now,
            referral_id=row.referral_id,
            appointment_id=row.id,
            detail={"was": before.standing, "was_at": _iso(before)},
        )


def _is_news(run: Run, row: Appointment, before: Stood) -> bool:
    """Whether it is still to come, or was; of a new one, whether it stands."""
    if before.standing is None and row.status not in STANDING:
        return False
    dates = [at for at in (row.starts_at, before.starts_at) if at is not None]
    return not dates or max(dates) > run.now


def _has_moved(run: Run, referral_id: str) -> bool:
    move = run.moves.get(referral_id)
    row = run.session.get(Referral, referral_id)
    return move is not None and row is not None and row.state != move.before


def _was_at(run: Run, row: Referral) -> str | None:
    """When the next of the referral's appointments was to be that this import changed."""
    own = run.session.scalars(select(Appointment.id).filter_by(referral_id=row.id))
    was = [run.stood[one].starts_at for one in own if one in run.stood]
    coming = sorted(at for at in was if at is not None and at > run.now)
    return coming[0].isoformat() if coming else None


def _iso(before: Stood) -> str | None:
    return before.starts_at.isoformat() if before.starts_at else None
