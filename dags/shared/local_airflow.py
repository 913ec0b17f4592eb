"""One machine's Airflow: its folder, its settings and its SQLite metadata, made when they are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dotenv import dotenv_values

from groundgame.config import ROOT, Settings
from groundgame.warehouse.base import max_writers


def configure(settings: Settings) -> dict[str, str]:
    """Put Airflow's settings into this process's environment; must run before Airflow is imported. What is set already wins."""
    home = settings.home / "airflow"
    home.mkdir(parents=True, exist_ok=True)
    wanted = {name: value for name, value in dotenv_values(ROOT / "airflow.env").items() if value is not None}
    wanted |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "dags" / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "GROUNDGAME_HOME": str(settings.home),
        "GROUNDGAME_INBOX": str(settings.inbox_dir),
        "PYTHONPATH": str(ROOT),
    }
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
    return wanted


def migrate(settings: Settings) -> None:
    """Create or upgrade the metadata and the pool that holds as many tasks as may write the warehouse at once."""
    _airflow("db", "migrate")
    _airflow("pools", "set", "warehouse", str(max_writers(settings)), "tasks that write the warehouse at once")


def _airflow(*arguments: str) -> None:
    program = Path(sys.executable).with_name("airflow")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SystemExit(f"airflow {' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
