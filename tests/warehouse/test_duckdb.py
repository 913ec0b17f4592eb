"""What only the embedded warehouse does: its file, its format, its lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import WarehouseError
from groundgame.warehouse import duckdb
from groundgame.warehouse.base import Warehouse, open_warehouse

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", threads=1, memory_limit="500MB")


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings) as opened:
        yield opened


def test_the_build_file_is_in_the_newest_format_and_a_file_attached_to_it_is_not(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    """Readers may open a published file with an older engine."""
    warehouse.execute(f"attach '{tmp_path / 'run.duckdb'}' as run_file")
    rows = warehouse.fetch(
        "select database_name, tags['storage_version'] as version from duckdb_databases()"
    ).to_pylist()
    versions = {row["database_name"]: row["version"] for row in rows}
    assert versions["run_file"] == "v1.0.0+"
    assert versions["warehouse"] not in ("v1.0.0+", None)


def test_reading_a_home_without_a_warehouse_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match="run a night first"), open_warehouse(settings, read_only=True):
        pass


def test_a_locked_warehouse_is_waited_for_and_then_names_its_holder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F15."""
    with open_warehouse(settings):
        pass
    monkeypatch.setattr(duckdb, "LOCK_WAIT_SECONDS", 0.3)
    command = [sys.executable, "-c", HOLD, str(settings.warehouse_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(WarehouseError, match=str(holder.pid)), open_warehouse(settings):
            pass
        holder.communicate("")
    with open_warehouse(settings) as warehouse:
        assert warehouse.engine == "duckdb"
