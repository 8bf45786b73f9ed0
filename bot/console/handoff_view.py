"""One hand-off as its page sees it: where it stands, and what the reader may do with it.

Built inside the transaction (`scope.Scope`), shown after it: a template reads no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.console import times
from bot.console.queue_rows import is_answered, is_offered, name_of, state_words
from bot.console.scope import Scope
from bot.console.words import (
    KINDS,
    LEFT_WITH,
    NOT_SHOWN,
    NOT_VERIFIED,
    PRIORITIES,
    REASONS,
    language_name,
)
from bot.language.catalogues import SOURCE_LANGUAGE
from bot.pathway.handoff_rules import TOLD_WHEN_DONE
from bot.records.chat_models import Handoff
from bot.records.colleagues import colleagues, other_teams
from bot.records.staff_models import Staff, Team
from bot.records.staff_queries import OPEN, teams_of
from bot.services.known_patient import KnownPatient
from bot.services.safe_contact import may_be_pushed_to
from bot.services.telegram_chats import CHANNEL as TELEGRAM
from bot.services.telegram_chats import is_reachable
from bot.services.watch import TaskRecord
from bot.settings import get_settings

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class HandoffView:
    """One hand-off for one reader.

    patient: name; None: not verified, or a record that may not be opened here (`unnamed` says
    which). stands: one sentence of where it stands. holds: the reader has it and may write.
    talk: it belongs to a conversation. told: the patient is told when it is resolved.
    language: code of what the patient reads. on_telegram: they read it there. reachable: False:
    they have blocked the assistant there, and nothing can be sent.
    offered_to: whom the holder offers it to. offered: it is offered to the reader.
    unsafe: the patient disclosed that they may not be safe; nothing is sent there by itself.
    """

    id: str
    kind: str
    chat: bool
    talk: bool
    told: bool
    reason: str
    priority: str
    level: int
    patient: str | None
    unnamed: str
    stands: str
    open: bool
    holds: bool
    may_claim: bool
    may_take_over: bool
    offered: bool
    offered_to: str | None
    transfer_note: str | None
    holder: str | None
    language: str
    language_name: str
    speaks_english: bool
    patient_left: bool
    on_telegram: bool
    reachable: bool
    unsafe: bool
    late_by: timedelta | None
    due_at: datetime
    answered: bool
    done: str | None
    left: str | None
    left_due_on: date | None


def handoff_view(
    scope: Scope, known: KnownPatient | None, record: TaskRecord | None = None
) -> HandoffView:
    """The hand-off of a scope, for its reader.

    Args:
        record: what a task without a conversation is about.
    """
    handoff, staff, now = scope.handoff, scope.staff, scope.now
    talk = handoff.conversation
    language = (talk.language if talk else None) or get_settings().default_language
    own_teams = {team.id for team in teams_of(scope.session, staff)}
    claimed = handoff.state == "claimed"
    answered = is_answered(handoff)
    late = handoff.state in OPEN and not answered and handoff.reply_due_at < now
    return HandoffView(
        id=handoff.id,
        kind=KINDS[handoff.kind],
        chat=handoff.kind == "chat",
        talk=talk is not None,
        told=talk is not None and (handoff.kind == "chat" or handoff.reason in TOLD_WHEN_DONE),
        reason=REASONS[handoff.reason],
        priority=PRIORITIES[handoff.priority],
        level=handoff.priority,
        patient=name_of(known, record),
        unnamed=NOT_VERIFIED if talk else NOT_SHOWN,
        stands=_stands(scope),
        open=handoff.state in OPEN,
        holds=scope.holds,
        may_claim=handoff.state == "waiting",
        may_take_over=claimed and not scope.holds and staff.role != "coordinator",
        offered=is_offered(handoff, staff, own_teams),
        offered_to=_offered_to(scope),
        transfer_note=handoff.transfer_note,
        holder=handoff.claimed_by.first_name if claimed else None,
        language=language,
        language_name=language_name(language),
        speaks_english=language == SOURCE_LANGUAGE,
        on_telegram=talk is not None and talk.channel == TELEGRAM,
        reachable=talk is None or is_reachable(scope.session, talk.id),
        patient_left=talk is not None and talk.ended_at is not None,
        unsafe=talk is not None and not may_be_pushed_to(scope.session, talk.id),
        late_by=now - handoff.reply_due_at if late else None,
        due_at=handoff.reply_due_at,
        answered=answered,
        done=handoff.done,
        left=LEFT_WITH.get(handoff.left_with or ""),
        left_due_on=handoff.left_due_on,
    )


def _stands(scope: Scope) -> str:
    handoff, now = scope.handoff, scope.now
    if handoff.state == "waiting":
        waited = times.ago(handoff.created_at, now)
        return f"Waiting for {waited}, since {times.exact(handoff.created_at, now)}."
    if handoff.state == "claimed":
        since = times.exact(handoff.claimed_at, now)
        who = "You have" if scope.holds else f"{handoff.claimed_by.first_name} has"
        return f"{who} it since {since}."
    said = state_words(handoff)
    return f"{said}, {times.exact(handoff.resolved_at, now)}." if handoff.resolved_at else said


def _offered_to(scope: Scope) -> str | None:
    handoff: Handoff = scope.handoff
    if handoff.transfer_staff_id:
        colleague = scope.session.get(Staff, handoff.transfer_staff_id)
        return f"{colleague.first_name} {colleague.family_name}" if colleague else None
    if handoff.transfer_team_id:
        team = scope.session.get(Team, handoff.transfer_team_id)
        return f"team {team.name}" if team else None
    return None


def transfer_choices(scope: Scope) -> Choices:
    """Whom it can be transferred to, people first."""
    people = [
        (
            f"staff:{one.id}",
            f"{one.first_name} {one.family_name}"
            + (f" ({', '.join(m.team.name for m in one.memberships)})" if one.memberships else ""),
        )
        for one in colleagues(scope.session, scope.staff)
    ]
    teams = [
        (f"team:{team.id}", f"Team: {team.name}")
        for team in other_teams(scope.session, scope.handoff.team_id)
    ]
    return [("", "Choose a colleague or a team"), *people, *teams]
