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


def test_a_console_port_in_use_is_refused_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # All three from the system: another test's site may run at the session's own ports.
    with socket.socket() as taken, socket.socket() as free, socket.socket() as also_free:
        for probe in (taken, free, also_free):
            probe.bind(("127.0.0.1", 0))
        taken.listen()
        port, *others = (probe.getsockname()[1] for probe in (taken, free, also_free))
        free.close()
        also_free.close()
        chosen = {"console_port": port, "port": others[0], "actions_port": others[1]}
        settings = get_settings().copy(update=chosen)
        monkeypatch.setattr(supervise, "get_settings", lambda: settings)
        said = f"WAYMARK_CONSOLE_PORT={port + 1} make run"
        with pytest.raises(SetupError, match=said):
            supervise.run(Path("model.tar.gz"), lambda: None)
