"""`python -m bot.console`: the console's server process, started by `waymark run`."""

from __future__ import annotations

import uvicorn

from bot.console.app import create_app
from bot.settings import get_settings

STOP_SECONDS = 5
"""How long a stop waits for open answers; streams of events are closed at once."""


def main() -> None:
    """Serve until stopped.

    No access log: an address may hold what somebody searched for. uvicorn reads no proxy headers:
    whose word counts is a setting of ours (`bot.services.client_address`).
    """
    settings = get_settings()
    uvicorn.run(
        create_app(),
        host=settings.host,
        port=settings.console_port,
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        ws="none",  # no page uses one, and Rasa's websockets are too old for uvicorn's
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    main()
