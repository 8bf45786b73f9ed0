"""The site's secret: encrypts sealed values, hashes what is only compared, signs cookies.

Production takes it from `WAYMARK_SECRET_KEY`; the demo makes one in its var folder, readable by
its owner only. How to rotate it: docs/settings.md.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

from bot.settings import get_settings

KEY_FILE = "secret.key"


@lru_cache(maxsize=1)
def secret_key() -> str:
    """The secret, made on first use in demo mode."""
    return get_settings().secret_key or kept_secret(KEY_FILE, lambda: secrets.token_urlsafe(32))


def kept_secret(name: str, make: Callable[[], str]) -> str:
    """A secret of this var folder: made on first use, in a file that its owner alone can read."""
    path = get_settings().var_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w") as file:
        secret = make()
        file.write(secret)
    return secret


def _derived(purpose: str) -> bytes:
    return hmac.new(secret_key().encode(), purpose.encode(), hashlib.sha256).digest()


def encrypt(value: str) -> bytes:
    """Fernet ciphertext of `value`."""
    return Fernet(urlsafe_b64encode(_derived("seal"))).encrypt(value.encode())


def decrypt(ciphertext: bytes) -> str | None:
    """What `encrypt` was given; None when the secret has changed since."""
    try:
        return Fernet(urlsafe_b64encode(_derived("seal"))).decrypt(bytes(ciphertext)).decode()
    except InvalidToken:
        return None


def keyed_hash(purpose: str, value: str) -> str:
    """64 hexadecimal digits that say whether two values are equal and nothing else."""
    return hmac.new(_derived(purpose), value.encode(), hashlib.sha256).hexdigest()
