"""The built styles and scripts, under /static with a version in their address."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
YEAR_SECONDS = 365 * 24 * 60 * 60


class Assets(StaticFiles):
    """An address with the running version may be kept for ever; any other is asked for again."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        current = scope["query_string"] == f"v={version()}".encode()
        kept = f"public, max-age={YEAR_SECONDS}, immutable" if current else "no-cache"
        response.headers["Cache-Control"] = kept
        return response


@lru_cache(maxsize=1)
def version() -> str:
    """Changes when an asset changes, so that a browser fetches it anew."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.glob("*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
