"""Rules of asking for somebody else: which basis holds at which age, and until when.

Pure. Called by `bot.services.carers` and by the console's form.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date

ADULT_YEARS = 16
"""From 16 on a person consents for themself (Family Law Reform Act 1969, section 8)."""
PARENTAL = "parental_responsibility"
CONSENT = "consent"
CARER_ROUTE = "carer"
"""The identity form's route on which a carer gives their own details."""
USUAL_REVIEW_MONTHS, LONGEST_REVIEW_MONTHS = 12, 24
"""How long access holds before staff look at it again [D]."""


def age_on(born: date, today: date) -> int:
    """Full years.

    >>> age_on(date(2010, 5, 4), date(2026, 5, 3))
    15
    """
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def basis_holds(basis: str, born: date | None, today: date) -> bool:
    """Whether a basis holds at the patient's age: parental responsibility below 16, any other
    from 16 on; none without a birth date.

    >>> basis_holds("consent", date(1949, 12, 30), date(2026, 5, 4))
    True
    """
    if born is None:
        return False
    return (age_on(born, today) < ADULT_YEARS) == (basis == PARENTAL)


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the month's last where it has no such day.

    >>> months_after(date(2026, 3, 31), 11)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))
