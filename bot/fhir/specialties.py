"""Specialties: text → RTT treatment function, and the label that is never shown.

Used by the modules that read referrals, appointments, care plans and services. The codes are
those of NHS England's referral-to-treatment statistics, so that the waits can be looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SUSPECTED_CANCER = re.compile(
    r"\b2\s?ww\b|\b2wk?w\b|two[ -]?week[ -]?wait|suspected (?:cancer|ca)\b|\busc\b|\bfast ?track\b",
    re.IGNORECASE,
)

# Words in a specialty's, clinic's or service's name; the longest that fits wins.
NAMES = {
    "C_100": "general surgery|colorectal surgery|colorectal|breast surgery|vascular surgery",
    "C_101": "urology",
    "C_110": "trauma and orthopaedic|trauma and orthopaedics|orthopaedics|orthopaedic|t and o"
    "|orthopaedic surgery|orthapedics|orthopedics",
    "C_120": "ear nose and throat|ent|otolaryngology|otology",
    "C_130": "ophthalmology|eye",
    "C_140": "oral surgery|oral maxillofacial surgery|oral maxillo facial surgery|maxillofacial",
    "C_150": "neurosurgical|neurosurgery",
    "C_160": "plastic surgery",
    "C_170": "cardiothoracic surgery|cardiothoracic",
    "C_300": "general internal medicine|general medicine",
    "C_301": "gastroenterology|gastrointestinal and liver|hepatology",
    "C_320": "cardiology",
    "C_330": "dermatology",
    "C_340": "respiratory medicine|respiratory|thoracic medicine",
    "C_400": "neurology",
    "C_410": "rheumatology",
    "C_430": "elderly medicine|geriatric medicine|care of the elderly|older people",
    "C_502": "gynaecology",
}
BY_NAME = {name: code for code, names in NAMES.items() for name in names.split("|")}
TEST = re.compile(
    r"\b(?:diagnostics?|imaging|radiology|mri|ct|ultrasound|x ?rays?|scans?|endoscopy|colonoscopy"
    r"|gastroscopy|cystoscopy|echocardiogra\w*|ecg|biopsy|blood tests?|phlebotomy|mammogra\w*)\b"
)


def plain(text: str | None) -> str:
    """Lower case, "&" as "and", only letters and digits, single spaces.

    >>> plain("Ear, Nose & Throat")
    'ear nose and throat'
    """
    lowered = (text or "").casefold().replace("&", " and ").replace("_", " ")
    return " ".join(re.sub(r"[^a-z0-9]+", " ", lowered).split())


def suspected_cancer(*texts: str | None) -> bool:
    """Whether a specialty, clinic or service is one for suspected cancer, by its label.

    >>> suspected_cancer("2WW Dermatology"), suspected_cancer("Dermatology", None)
    (True, False)
    """
    return any(SUSPECTED_CANCER.search((text or "").replace("_", " ")) for text in texts)


def is_test(*texts: str | None) -> bool:
    """Whether it is a diagnostic test, by its description."""
    return any(TEST.search(plain(text)) for text in texts)


def treatment_function(texts: Iterable[str | None]) -> str | None:
    """The RTT code (`C_320`) of the first text that names a specialty; None when none does.

    >>> treatment_function(["Cardiology Service"]), treatment_function(["110"])
    ('C_320', 'C_110')
    """
    for text in texts:
        words = plain(text)
        if f"C_{words}" in NAMES:
            return f"C_{words}"
        if (text or "").strip().upper() in NAMES:
            return (text or "").strip().upper()
        hits = [name for name in BY_NAME if re.search(rf"\b{name}\b", words)]
        if hits:
            return BY_NAME[max(hits, key=len)]
    return None


def specialty(*texts: str | None) -> tuple[str | None, str | None]:
    """(text to keep, RTT code) from the best names first, such as specialty, then description.

    Kept is the first text that isn't a label of suspected cancer; of "Urology - Clinic 3 - X"
    the first part. A code such as GENERAL_SURGERY is kept as words.
    """
    parts = [part.strip() for text in texts for part in re.split(r"\s[-–]\s", text or "")]
    shown = [part for part in parts if part and not suspected_cancer(part)]
    kept = next(iter(shown), None)
    if kept and re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", kept) and len(kept) > 4:
        kept = kept.replace("_", " ").capitalize()
    return (kept[:200] if kept else None), treatment_function(shown)
