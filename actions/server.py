"""The action server, on loopback only (rasa-sdk's own command binds to every address).

Started by `waymark run` as `python -m actions.server`.
"""

from __future__ import annotations

import logging
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)

from rasa_sdk.endpoint import create_app  # noqa: E402  (after the filter: its imports warn)

from bot.settings import get_settings  # noqa: E402


def main() -> None:
    """Serve all actions of this package until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    app = create_app("actions")
    app.run(host="127.0.0.1", port=get_settings().actions_port, access_log=False)


if __name__ == "__main__":
    main()
