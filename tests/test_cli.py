"""The command line: exit codes, JSON, one-line errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from groundgame.config import Settings

PROGRAM = Path(sys.executable).with_name("groundgame")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)


def test_sql_reads_what_is_published(home: Settings) -> None:
    done = run("--home", str(home.home), "sql", "select count(*) as n from marts.voter_scores", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["n"] > 2_500


def test_nothing_published_is_one_line_and_exit_3(tmp_path: Path) -> None:
    done = run("--home", str(tmp_path), "sql", "select 1")
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) <= 3 and "Traceback" not in done.stderr


def test_unknown_setting_is_exit_2(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text("theads = 4\n")
    done = run("--config", str(file), "doctor")
    assert done.returncode == 2 and "threads" in done.stderr


def test_doctor_says_what_is_served_and_cleans_litter(home: Settings) -> None:
    litter = home.home / "raw" / "half_written.tmp"
    litter.write_bytes(b"x")
    found = run("--home", str(home.home), "doctor")
    assert found.returncode == 3 and "left-overs" in found.stdout
    cleaned = run("--home", str(home.home), "doctor", "--clean")
    assert not litter.exists() and "is served" in cleaned.stdout


def test_publishing_a_night_without_gates_is_exit_1(home: Settings) -> None:
    done = run("--home", str(home.home), "publish", "--as-of", "2026-10-30")
    assert done.returncode == 1 and "is not published" in done.stderr
