"""The action server, on loopback only (rasa-sdk's own command binds to every address).

Started by `waymark run` as `python -m actions.server`.
"""

from __future__ import annotations

import logging
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)

from rasa_sdk.endpoint import create_app  # noqa: E402  (after the filter: its imports warn)
from sanic import HTTPResponse, Request  # noqa: E402
from sanic.response import json as json_response  # noqa: E402

from bot.settings import get_settings  # noqa: E402

FAILED = 500


def hide_request(_request: Request, response: HTTPResponse) -> HTTPResponse | None:
    """rasa-sdk answers a failed action with the request, the whole conversation, and Rasa logs
    that answer; say only that it failed."""
    if response.status != FAILED:
        return None
    return json_response({"error": "The action failed. Look into the action server's log."}, FAILED)


def main() -> None:
    """Serve all actions of this package until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    app = create_app("actions")
    app.register_middleware(hide_request, "response")
    app.run(host="127.0.0.1", port=get_settings().actions_port, access_log=False)


if __name__ == "__main__":
    main()
