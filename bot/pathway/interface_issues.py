"""What went wrong between GP and hospital: the words, and which heading a kind falls under.

Pure. Called by `bot.services.interface_issues` and the console's issue pages. The headings are
South East London's consensus headings (`referral-states.md`); the kinds are what patients and
coordinators say, and which heading each belongs to is our choice [D]: a coordinator may change it.
"""

from __future__ import annotations

HEADINGS = {
    "onward_referral": "Onward referral",
    "communication": "Communication",
    "follow_up": "Follow-up tests and results",
    "points_of_contact": "Points of contact",
    "principles_of_referral": "Principles of referral",
    "patient_expectations": "Patient expectations while waiting",
    "advice_and_guidance": "Advice and guidance",
    "prescribing": "Prescribing and discharge medicines",
}
KINDS = {
    "never_arrived": "The referral or letter never arrived",
    "no_contact": "Nobody contacted the patient",
    "letter_unreadable": "A letter that couldn't be read or understood",
    "sent_back_and_forth": "The patient was sent back and forth",
    "conflicting_advice": "Conflicting advice",
    "other": "Something else",
}
STATES = {
    "new": "New",
    "looking_into": "Being looked into",
    "passed_on": "Passed on",
    "closed": "Closed",
}
REPORTERS = {"patient": "Patient", "coordinator": "Coordinator"}

_HEADING_OF_KIND = {
    "never_arrived": "principles_of_referral",
    "no_contact": "patient_expectations",
    "letter_unreadable": "communication",
    "sent_back_and_forth": "onward_referral",
    "conflicting_advice": "communication",
}
_ABOUT_THE_REFERRER = frozenset({"principles_of_referral"})


def heading_of(kind: str) -> str | None:
    """The heading that a kind falls under unless somebody says otherwise; None for "other".

    >>> heading_of("sent_back_and_forth")
    'onward_referral'
    """
    return _HEADING_OF_KIND.get(kind)


def is_about_referrer(heading: str) -> bool:
    """Whether the referring GP practice is asked first. Every other heading starts with the
    hospital, which holds the referral from then on. [D]

    >>> is_about_referrer("principles_of_referral"), is_about_referrer("communication")
    (True, False)
    """
    return heading in _ABOUT_THE_REFERRER
