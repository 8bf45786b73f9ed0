"""What the limbo watch has found: referrals that are overdue. Written by `bot.services.watch`."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import relationship

from bot.records.base import Base, UtcDateTime, utc_now


class LimboFinding(Base):
    """A referral found overdue in one stay in a state: made once, however often it is looked at.

    state_row_id: the move that began the stay. missing: what should have happened, a name of
    `bot.pathway.limbo`. handoff_id: the task; NULL while the team's daily cap holds it back.
    """

    __tablename__ = "limbo_findings"
    __table_args__ = (UniqueConstraint("referral_id", "state_row_id", name="uq_limbo_stay"),)

    id = Column(Integer, primary_key=True)
    referral_id = Column(ForeignKey("referrals.id"), nullable=False)
    state_row_id = Column(ForeignKey("referral_states.id"), nullable=False)
    state = Column(String(40), nullable=False)
    missing = Column(String(40), nullable=False)
    late_since = Column(Date, nullable=False)
    team_id = Column(ForeignKey("teams.id"), nullable=False)
    found_at = Column(UtcDateTime, nullable=False, default=utc_now)
    handoff_id = Column(ForeignKey("handoffs.id"))
    opened_at = Column(UtcDateTime)

    referral = relationship("Referral")
    handoff = relationship("Handoff")
