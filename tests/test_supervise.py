"""What `waymark run` starts, and what it says when a port is taken."""

from __future__ import annotations

import socket
from configparser import RawConfigParser
from pathlib import Path

import pytest

from bot.errors import SetupError
from bot.processes import supervise
from bot.settings import get_settings


def test_four_programs_are_started_and_started_again_when_they_die() -> None:
    config = RawConfigParser()
    config.read(supervise.supervisor_config(Path("model.tar.gz")))
    programs = [name for name in config.sections() if name.startswith("program:")]
    assert programs == [f"program:{name}" for name in ("actions", "rasa", "console", "worker")]
    assert {config[name]["autorestart"] for name in programs} == {"true"}
    assert config["program:console"]["command"].endswith("-m bot.console")
    assert config["program:worker"]["command"].endswith("-m bot.worker")


def test_a_console_port_in_use_is_refused_before_anything_starts() -> None:
    settings = get_settings()
    with socket.socket() as taken:
        taken.bind((settings.host, settings.console_port))
        taken.listen()
        said = f"WAYMARK_CONSOLE_PORT={settings.console_port + 1} make run"
        with pytest.raises(SetupError, match=said):
            supervise.run(Path("model.tar.gz"), lambda: None)
