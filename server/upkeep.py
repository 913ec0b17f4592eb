"""Once a day: run history older than a season and task logs older than a month go. ``--once`` does it now and ends.

Airflow keeps both for ever otherwise; a run's history says who triggered and approved what, so it stays longer than its logs.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from pathlib import Path

HISTORY_DAYS = 180
LOG_DAYS = 30
DAY = 24 * 3600


def clean_history(before: dt.datetime) -> None:
    """Delete Airflow's rows that are older; the latest run of every DAG stays."""
    from airflow.cli.cli_parser import get_parser

    command = ["db", "clean", "--clean-before-timestamp", before.isoformat(), "--skip-archive", "--yes"]
    arguments = get_parser().parse_args(command)
    arguments.func(arguments)


def clean_logs(folder: Path, before: float) -> int:
    """Delete task logs last written before a moment (seconds since the epoch), and folders left empty; returns how many."""
    old = [file for file in folder.rglob("*.log") if file.stat().st_mtime < before]
    for file in old:
        file.unlink()
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()) and path.stat().st_mtime < before:
            path.rmdir()
    return len(old)


def roll_lineage(folder: Path, day: dt.date) -> None:
    """Give the lineage events of a day a file of their own, which then gets as old as a task's log."""
    lineage = folder / "lineage.log"
    if lineage.exists():
        lineage.rename(folder / f"lineage-{day}.log")


def run(folder: Path, now: float) -> str:
    """Clean both; returns one line that says what was done, and notes the time for the health check."""
    clean_history(dt.datetime.fromtimestamp(now - HISTORY_DAYS * DAY, tz=dt.UTC))
    roll_lineage(folder, dt.datetime.fromtimestamp(now, tz=dt.UTC).date())
    logs = clean_logs(folder, now - LOG_DAYS * DAY)
    (folder / "upkeep.done").touch()
    return f"upkeep: history before {HISTORY_DAYS} days and {logs} logs before {LOG_DAYS} days are gone\n"


def main() -> None:
    """Clean now, and, but for ``--once``, every day after."""
    while True:
        sys.stdout.write(run(Path(os.environ["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]), time.time()))
        sys.stdout.flush()
        if "--once" in sys.argv:
            return
        time.sleep(DAY)


if __name__ == "__main__":
    main()
