"""Passwords of staff: kept as argon2id hashes only, with the cost that argon2-cffi recommends."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from bot.errors import StaffError

SHORTEST_PASSWORD = 12
"""Characters. Length instead of rules about letters and digits: NCSC, "three random words"."""
LONGEST_PASSWORD = 200
"""Characters; a longer one would only make the server work."""

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash to store.

    Raises:
        StaffError: too short or too long.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise StaffError(
            f"A password has at least {SHORTEST_PASSWORD} characters. Three random words are good."
        )
    if len(password) > LONGEST_PASSWORD:
        raise StaffError(f"A password has at most {LONGEST_PASSWORD} characters.")
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the right one. Takes as long when there is no account (None)."""
    if len(password) > LONGEST_PASSWORD:
        password = ""
    try:
        right = _hasher.verify(password_hash or _hash_of_nobody(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return right and password_hash is not None


def needs_new_hash(password_hash: str) -> bool:
    """Whether argon2's recommended cost has grown since it was made."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return _hasher.hash("the password of no account")
