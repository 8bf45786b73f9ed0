"""The `waymark` command: help, exit codes, what goes to standard output, and clear refusals."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.processes.supervise import require_free_port
from bot.processes.training import fingerprint
from bot.settings import ROOT

PAYLOADS = Path(__file__).parent / "payloads"
COMMANDS = [
    ["run"],
    ["train"],
    ["setup"],
    ["evaluate"],
    ["red-flags"],
    ["languages"],
    ["language", "export"],
    ["language", "import"],
    ["language", "draft"],
    ["bench"],
    ["records", "import"],
    ["records", "import-waits"],
    ["records", "demo"],
    ["watch"],
]
WAITS = ROOT / "bot" / "data" / "demo" / "waiting_times.csv"

Waymark = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def waymark(tmp_path: Path) -> Waymark:
    """Runs the command in a var folder of its own."""

    def run(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("WAYMARK_")}
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *map(str, arguments)],
            cwd=ROOT,
            env=kept | {"WAYMARK_VAR_DIR": str(tmp_path / "var"), "COLUMNS": "120"} | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_each_command_shows_an_example_of_it(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"])
    assert told.exit_code == 0
    assert f"Example: waymark {' '.join(command)}" in " ".join(told.output.split())


def test_no_command_has_been_forgotten_here() -> None:
    for *group, name in COMMANDS:
        assert name in CliRunner().invoke(app, [*group, "--help"]).output
    assert len(app.registered_commands) == len([c for c in COMMANDS if len(c) == 1])


def test_an_import_of_good_files_prints_one_json_object_and_leaves_with_0(
    waymark: Waymark,
) -> None:
    files = [
        PAYLOADS / "ers_stu3/referral_booked.json",
        PAYLOADS / "ers_r4/healthcare_service.json",
    ]
    first = waymark("records", "import", *files, "--json")
    expected = {"appointments": 1, "organisations": 1, "referrals": 1}
    told = json.loads(first.stdout)
    assert first.returncode == 0, first.stderr
    assert told == {"imported": expected, "unchanged": told["unchanged"], "rejected": []}
    again = waymark("records", "import", *files, "--json")
    assert (again.returncode, json.loads(again.stdout)["imported"]) == (0, {})


def test_an_import_with_a_bad_entry_says_which_and_leaves_with_3(
    waymark: Waymark, tmp_path: Path
) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    shutil.copy(PAYLOADS / "ers_stu3/referral_booked.json", folder)
    (folder / "broken.json").write_text('{"resourceType": "Bundle", ', encoding="utf-8")
    done = waymark("records", "import", folder, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 3, done.stderr
    assert told["imported"]["referrals"] == 1
    (rejected,) = told["rejected"]
    assert set(rejected) == {"file", "entry", "reason"}
    assert rejected["file"].endswith("broken.json")


@pytest.mark.parametrize("content", [None, "not json at all"])
def test_an_import_that_can_read_nothing_leaves_with_2(
    waymark: Waymark, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "feed.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = waymark("records", "import", path, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 2
    assert told["imported"] == {}
    assert len(told["rejected"]) == 1
    assert "Traceback" not in done.stderr


def test_waiting_times_are_imported_and_a_bad_row_is_named(
    waymark: Waymark, tmp_path: Path
) -> None:
    good = waymark("records", "import-waits", WAITS, "--period", "2026-03")
    assert (good.returncode, "waiting times" in good.stdout) == (0, True), good.stderr
    lines = WAITS.read_text(encoding="utf-8").splitlines()
    table = tmp_path / "rtt_2026-04.csv"
    cells = lines[1].split(",")
    table.write_text("\n".join([*lines[:3], ",".join([*cells[:-1], "x"])]), encoding="utf-8")
    bad = waymark("records", "import-waits", table)
    assert bad.returncode == 3, bad.stderr
    assert "line 4" in bad.stdout


@pytest.mark.parametrize(
    ("name", "said"), [("waits.csv", "month"), ("rtt_2026-03.csv", "cannot be opened")]
)
def test_a_table_that_cannot_be_used_is_one_clear_line(
    waymark: Waymark, tmp_path: Path, name: str, said: str
) -> None:
    done = waymark("records", "import-waits", tmp_path / name)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_languages_are_listed_with_their_share(waymark: Waymark) -> None:
    done = waymark("languages")
    assert done.returncode == 0, done.stderr
    for name in ("English", "español", "polski", "العربية", "বাংলা"):
        assert name in done.stdout


def test_a_language_code_that_nobody_knows_is_refused(waymark: Waymark) -> None:
    done = waymark("languages", "--new", "zzzz")
    assert done.returncode == 2
    assert "zzzz" in done.stderr
    assert not (ROOT / "bot" / "locales" / "zzzz").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"WAYMARK_PORT": "many"}, "WAYMARK_PORT: "),
        ({"WAYMARK_MODE": "production"}, "production mode needs"),
        ({"WAYMARK_DATABASE_URL": "waymark.db"}, "WAYMARK_DATABASE_URL: "),
        (
            {"WAYMARK_DATABASE_URL": "postgresql+psycopg2://nobody@127.0.0.1:1/none"},
            "database can't be used",
        ),
    ],
)
def test_a_broken_setting_is_one_clear_line(
    waymark: Waymark, settings: dict[str, str], said: str
) -> None:
    done = waymark("records", "demo", **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_running_without_a_model_says_how_to_make_one(waymark: Waymark) -> None:
    done = waymark("run")
    assert done.returncode == 2
    assert "make setup" in done.stderr


def test_running_on_a_port_in_use_says_which_and_what_to_do(
    waymark: Waymark, tmp_path: Path
) -> None:
    model = tmp_path / "var" / "models" / f"waymark-{fingerprint()}.tar.gz"
    model.parent.mkdir(parents=True)
    model.touch()  # it is looked for, and the port is refused before anybody reads it
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = waymark("run", WAYMARK_PORT=str(port))
    assert done.returncode == 2
    assert f"Port {port} on 127.0.0.1 is in use." in done.stderr
    assert f"WAYMARK_PORT={port + 1} make run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_free_port_is_free_again_afterwards() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free_port("127.0.0.1", port, "WAYMARK_PORT")
    require_free_port("127.0.0.1", port, "WAYMARK_PORT")


def test_evaluating_nothing_is_refused(waymark: Waymark) -> None:
    done = waymark("evaluate")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--utterances DIR or --safety DIR" in done.stderr
