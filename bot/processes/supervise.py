"""Runs action server, Rasa, console and worker under supervisord, which restarts what dies.

`waymark run` calls `run`; Ctrl-C (or SIGTERM) stops all of it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from configparser import RawConfigParser
from datetime import datetime, timezone
from pathlib import Path

from bot.errors import SetupError
from bot.settings import ROOT, get_settings

START_TIMEOUT_SECONDS = 120
QUIET = "ignore::DeprecationWarning"


def require_free_port(host: str, port: int, setting: str) -> None:
    """Raise when a port can't be listened on.

    Raises:
        SetupError: with the setting that chooses another.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"Port {port} on {host} is in use. Stop what uses it, or choose another: "
                f"{setting}={port + 1} make run"
            ) from error


def supervisor_config(model: Path) -> Path:
    """Write supervisord's configuration; returns its path."""
    settings = get_settings()
    folder = settings.var_dir
    (folder / "log").mkdir(parents=True, exist_ok=True)
    config = RawConfigParser()
    config["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": str(folder / "log" / "supervisor.log"),
        "pidfile": str(folder / "supervisor.pid"),
        "childlogdir": str(folder / "log"),
    }
    for name, command in _commands(model).items():
        config[f"program:{name}"] = {
            "command": " ".join(_quote(part) for part in command),
            "directory": str(ROOT),
            "autorestart": "true",
            "startsecs": "3",
            "startretries": "10",
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": "15",
            "stdout_logfile": str(folder / "log" / f"{name}.log"),
            "redirect_stderr": "true",
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "3",
        }
    path = folder / "supervisor.conf"
    with path.open("w", encoding="utf-8") as file:
        config.write(file)
    return path


def _commands(model: Path) -> dict[str, list[str]]:
    settings = get_settings()
    rasa = [
        sys.executable, "-m", "rasa", "run",
        "--model", str(model),
        "--endpoints", str(ROOT / "endpoints.yml"),
        "--credentials", str(ROOT / "credentials.yml"),
        "--interface", settings.host,
        "--port", str(settings.port),
    ]  # fmt: skip
    return {
        "actions": [sys.executable, "-m", "actions.server"],
        "rasa": rasa,
        "console": [sys.executable, "-m", "bot.console"],
        "worker": [sys.executable, "-m", "bot.worker"],
    }


def _quote(part: str) -> str:
    return f'"{part}"' if " " in part else part.replace("%", "%%")


def child_environment() -> dict[str, str]:
    """The processes' environment: settings as they are here, quiet libraries, one thread each."""
    settings = get_settings()
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": QUIET,
        "PYTHONUNBUFFERED": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "OMP_NUM_THREADS": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "WAYMARK_VAR_DIR": str(settings.var_dir),
        "WAYMARK_CLOCK_SET_AT": (settings.clock_set_at or datetime.now(timezone.utc)).isoformat(),
        "WAYMARK_ACTIONS_URL": f"http://127.0.0.1:{settings.actions_port}/webhook",
    }


def run(model: Path, when_ready: Callable[[], None]) -> int:
    """Start all, say when it is ready, and wait until it is stopped; returns the exit code.

    Raises:
        SetupError: a port is in use, or a process did not come up.
    """
    settings = get_settings()
    require_free_port(settings.host, settings.port, "WAYMARK_PORT")
    require_free_port("127.0.0.1", settings.actions_port, "WAYMARK_ACTIONS_PORT")
    require_free_port(settings.host, settings.console_port, "WAYMARK_CONSOLE_PORT")
    command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c"]
    command.append(str(supervisor_config(model)))
    with subprocess.Popen(
        command, env=child_environment(), stdout=subprocess.DEVNULL, start_new_session=True
    ) as supervisor:
        stopping = _forward_signals(supervisor)
        try:
            _wait_until_ready(supervisor, stopping)
            if not stopping:
                when_ready()
            return_code = supervisor.wait()
        finally:
            if supervisor.poll() is None:
                supervisor.terminate()
                supervisor.wait()
    return 0 if stopping else return_code


def _forward_signals(supervisor: subprocess.Popen[bytes]) -> list[int]:
    """Ctrl-C and SIGTERM stop supervisord, which stops its processes."""
    stopping: list[int] = []

    def stop(number: int, _frame: object) -> None:
        stopping.append(number)
        supervisor.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    return stopping


def _wait_until_ready(supervisor: subprocess.Popen[bytes], stopping: list[int]) -> None:
    settings = get_settings()
    logs = settings.var_dir / "log"
    waiting = {
        "Rasa": f"http://{settings.host}:{settings.port}/chat/health",
        "The console": f"http://{settings.host}:{settings.console_port}/health",
    }
    for _ in range(START_TIMEOUT_SECONDS * 4):
        if stopping:
            return
        if supervisor.poll() is not None:
            raise SetupError(f"Waymark stopped while starting. The reason is in {logs}.")
        waiting = {name: address for name, address in waiting.items() if not _answers(address)}
        if not waiting:
            return
        time.sleep(0.25)
    missing = " and ".join(waiting)
    raise SetupError(
        f"{missing} did not answer within {START_TIMEOUT_SECONDS} s. Look into {logs}."
    )


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
