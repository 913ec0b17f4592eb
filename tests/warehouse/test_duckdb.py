"""The DuckDB warehouse keeps the contract of ``groundgame.warehouse.base.Warehouse``."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import WarehouseError
from groundgame.warehouse import duckdb, ops
from groundgame.warehouse.base import Warehouse, open_warehouse

HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", threads=1, memory_limit="500MB")


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings) as opened:
        yield opened


def test_a_new_home_gets_its_schemas_and_ledger(warehouse: Warehouse) -> None:
    assert warehouse.tables("ops") == sorted(ops.TABLES)
    assert warehouse.tables("raw") == []


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


def test_rows_are_replaced_whole_and_appended_by_column_name(warehouse: Warehouse) -> None:
    warehouse.replace("raw.numbers", pa.table({"a": [1, 2], "b": ["x", "y"]}))
    warehouse.append("raw.numbers", pa.table({"b": ["z"], "a": [3]}))
    warehouse.append("raw.numbers", pa.table({"b": pa.array([], pa.string()), "a": pa.array([], pa.int64())}))
    assert warehouse.fetch("select * from raw.numbers order by a").to_pydict() == {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    batches = list(warehouse.stream("select a from raw.numbers order by a", batch_rows=2))
    assert [value for batch in batches for value in batch.column(0).to_pylist()] == [1, 2, 3]


def test_a_failed_transaction_leaves_nothing(warehouse: Warehouse) -> None:
    warehouse.execute("create table raw.kept (i integer)")
    with pytest.raises(RuntimeError, match="in the middle"), warehouse.transaction():
        warehouse.execute("insert into raw.kept values (1)")
        raise RuntimeError("in the middle")
    assert warehouse.fetch("select * from raw.kept").num_rows == 0


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


def test_a_night_is_named_by_its_date_and_its_files(warehouse: Warehouse) -> None:
    def land(file_id: str, day: dt.date) -> None:
        ops.record(warehouse, "loaded_files", file_id=file_id, snapshot_date=day)

    night = dt.date(2026, 10, 25)
    land("b", dt.date(2026, 10, 17))
    land("a", night)
    name = ops.run_id(warehouse, night)
    land("b", dt.date(2026, 10, 17))
    land("c", dt.date(2026, 10, 26))
    assert name == ops.run_id(warehouse, night)
    assert name.startswith("20261025-")
    assert name != ops.run_id(warehouse, dt.date(2026, 10, 26))


def test_run_parameters_are_one_row(warehouse: Warehouse) -> None:
    ops.set_run_parameters(warehouse, dt.date(2026, 10, 24), True)
    ops.set_run_parameters(warehouse, dt.date(2026, 10, 25), False, dt.date(2006, 8, 8), "primary")
    assert warehouse.fetch("select * from ops.run_parameters").to_pylist() == [
        {
            "as_of_date": dt.date(2026, 10, 25),
            "is_training": False,
            "label_election_date": dt.date(2006, 8, 8),
            "label_election_type": "primary",
        }
    ]
