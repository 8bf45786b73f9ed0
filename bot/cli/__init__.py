"""The `waymark` command: one module a subject, each adding its commands to `app`."""

from __future__ import annotations

import os
import warnings

warnings.filterwarnings("ignore", category=DeprecationWarning)
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")

# After the settings above, which are read at import; in the order in which the help lists them.
from bot.cli.base import app, main  # noqa: E402  # isort: skip
from bot.cli import running, understanding, languages, records, staff, watching, measuring  # noqa: E402, F401  # isort: skip

__all__ = ["app", "main"]
