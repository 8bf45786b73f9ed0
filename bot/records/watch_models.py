"""What the limbo watch has found: referrals that are overdue. Written by `bot.services.watch`."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import relationship

from bot.records.base import Base, UtcDateTime, utc_now


class LimboFinding(Base):
    """A referral found overdue in one stay in a state: made once, however often it is looked at.

    state_row_id: the move that began the stay. missing, whom: what should have happened and whom
    staff chase, names of `bot.pathway.limbo`. handoff_id: the task about it; NULL while the team's
    daily cap holds it back. opened_at: when the watch opened that task; NULL when it was there
    already. closed_at: the referral has moved on, or is late no more before a task was opened.
    """

    __tablename__ = "limbo_findings"
    __table_args__ = (
        UniqueConstraint("referral_id", "state_row_id", name="uq_limbo_stay"),
        Index("ix_limbo_findings_opened_at", "opened_at"),
    )

    id = Column(Integer, primary_key=True)
    referral_id = Column(ForeignKey("referrals.id"), nullable=False)
    state_row_id = Column(ForeignKey("referral_states.id"), nullable=False)
    state = Column(String(40), nullable=False)
    missing = Column(String(40), nullable=False)
    whom = Column(String(20), nullable=False)
    late_since = Column(Date, nullable=False)
    team_id = Column(ForeignKey("teams.id"), nullable=False)
    found_at = Column(UtcDateTime, nullable=False, default=utc_now)
    handoff_id = Column(ForeignKey("handoffs.id"))
    opened_at = Column(UtcDateTime)
    closed_at = Column(UtcDateTime)

    referral = relationship("Referral")
    handoff = relationship("Handoff")
