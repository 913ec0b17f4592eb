"""A migrated Airflow for this process: SQLite, DAGs run in process with ``dag.test()``."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Airflow's home with migrated metadata and the warehouse pool; the environment is put back afterwards."""
    before = dict(os.environ)
    folder = tmp_path_factory.mktemp("airflow")
    from dags.shared import local_airflow

    settings = load_settings(home=folder)
    local_airflow.configure(settings)
    local_airflow.migrate(settings)
    yield folder
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def run_nightly(airflow: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Settings, str], object]:
    """Run the real nightly DAG on a home; returns the DAG run."""

    def run(settings: Settings, as_of: str) -> object:
        import datetime as dt

        from dags.shared.demo import run_dag

        monkeypatch.setenv("GROUNDGAME_HOME", str(settings.home))
        monkeypatch.setenv("GROUNDGAME_INBOX", str(settings.inbox_dir))
        return run_dag(dt.date.fromisoformat(as_of), io.StringIO())[0]

    return run
