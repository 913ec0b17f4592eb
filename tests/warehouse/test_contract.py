"""Every engine keeps the contract of ``groundgame.warehouse.base.Warehouse``."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import WarehouseError
from groundgame.warehouse import migrate, ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from groundgame.warehouse.digest import table_hash

DAY = dt.date(2026, 10, 25)


@pytest.fixture(params=["duckdb", "postgres", "oldest postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    engine = request.param.split()[-1]
    uri = request.getfixturevalue(f"{request.param.replace(' ', '_')}_uri") if engine == "postgres" else None
    return load_settings(home=tmp_path / "home", threads=1, memory_limit="500MB", engine=engine, warehouse_uri=uri)


@pytest.fixture
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    with open_warehouse(settings) as opened:
        yield opened


def test_a_new_warehouse_gets_its_schemas_and_ledger(warehouse: Warehouse) -> None:
    assert set(ops.TABLES) <= set(warehouse.tables("ops"))
    assert warehouse.tables("raw") == []
    assert warehouse.max_writers >= 1


def test_a_ledger_of_an_earlier_release_is_brought_up_to_date_and_keeps_its_rows(settings: Settings) -> None:
    """From before answers could be what an experiment compares; a view of that release hangs on it. What field batches had built
    is not kept: its events have another key."""
    effects = "experiment_id varchar, arm varchar, voted_share double, control_voted_share double"
    with open_warehouse(settings) as warehouse:
        fresh = {name: dict(warehouse.columns(f"ops.{name}")) for name in ("experiments", "experiment_effects")}
        for name, columns in (
            ("experiments", "experiment_id varchar, election_date date"),
            ("experiment_effects", effects),
        ):
            warehouse.execute(f"drop table ops.{name}")
            warehouse.execute(f"create table ops.{name} ({columns})")
        warehouse.execute("create view raw.seen as select voted_share from ops.experiment_effects")
        warehouse.execute("insert into ops.experiments values ('letter', date '2026-11-03')")
        warehouse.execute("insert into ops.experiment_effects values ('letter', 'letter', 0.41, 0.4)")
        warehouse.execute("insert into ops.field_built (file_id) values ('f1')")
        warehouse.execute("delete from ops.schema_migrations where file like '%!_ops!_%' escape '!'")
        warehouse.execute("delete from ops.schema_migrations where file = ?", [migrate.WHOLE])
    for _ in range(2):
        with open_warehouse(settings) as warehouse:
            row = warehouse.fetch("select * from ops.experiments").to_pylist()[0]
            effect = warehouse.fetch("select * from ops.experiment_effects").to_pylist()[0]
            kinds = {name: dict(warehouse.columns(f"ops.{name}")) for name in fresh}
            built = warehouse.fetch("select file_id from ops.field_built").num_rows
    assert row["outcome_kind"] == "votes" and row["answers_from_date"] is None and built == 0
    assert (effect["outcome_share"], effect["control_outcome_share"]) == (0.41, 0.4)
    assert all(fresh[name][column] == kind for name in fresh for column, kind in kinds[name].items())
    assert {"outcome_kind", "answers_until_date"} <= set(kinds["experiments"])
    assert {"answered_count", "has_uneven_answers"} <= set(kinds["experiment_effects"])


def test_a_table_that_a_release_adds_to_the_ledger_is_there_at_the_next_opening(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_warehouse(settings):
        pass
    monkeypatch.setitem(ops.TABLES, "added", "one_column varchar")
    with open_warehouse(settings) as warehouse:
        assert warehouse.columns("ops.added")[0][0] == "one_column"


def test_rows_are_replaced_whole_and_appended_by_column_name(warehouse: Warehouse) -> None:
    warehouse.replace("raw.numbers", pa.table({"a": [1, 2], "b": ["x", "y"]}))
    warehouse.append("raw.numbers", pa.table({"b": ["z"], "a": pa.array([3], pa.int16())}))
    warehouse.append("raw.numbers", pa.table({"b": pa.array([], pa.string()), "a": pa.array([], pa.int64())}))
    assert warehouse.fetch("select * from raw.numbers order by a").to_pydict() == {"a": [1, 2, 3], "b": ["x", "y", "z"]}
    batches = list(warehouse.stream("select a from raw.numbers order by a", batch_rows=2))
    assert [value for batch in batches for value in batch.column(0).to_pylist()] == [1, 2, 3]


def test_a_table_on_which_a_view_hangs_can_be_replaced(warehouse: Warehouse) -> None:
    warehouse.replace("raw.numbers", pa.table({"a": [1, 2]}))
    warehouse.execute("create view raw.seen as select sum(a) as total from raw.numbers")
    warehouse.replace("raw.numbers", pa.table({"a": [3, 4]}))
    assert warehouse.fetch("select total from raw.seen").to_pylist() == [{"total": 7}]
    assert warehouse.tables("raw") == ["numbers", "seen"]


def test_every_type_comes_back_as_it_went_in(warehouse: Warehouse) -> None:
    rows = pa.table(
        {
            "text": ["é·'\"\\", None],
            "day": [DAY, None],
            "moment": pa.array([1_793_000_000_000_004, None], pa.timestamp("us")),
            "share": [0.1, None],
            "flag": [True, None],
            "tiny": pa.array([7, None], pa.int16()),
            "few": pa.array([7, None], pa.int32()),
            "many": [2**40, None],
        }
    )
    warehouse.replace("raw.kinds", rows)
    assert warehouse.fetch("select * from raw.kinds order by flag nulls last").equals(rows)
    assert pa.Table.from_batches(warehouse.stream("select * from raw.kinds order by flag nulls last")).equals(rows)
    assert [name for name, _ in warehouse.columns("raw.kinds")] == rows.column_names


def test_decimals_stay_exact(warehouse: Warehouse) -> None:
    (row,) = warehouse.fetch(
        "select cast('12.000000001' as decimal(38, 9)) as n, cast(null as decimal(4, 1)) as u"
    ).to_pylist()
    assert row == {"n": Decimal("12.000000001"), "u": None}


def test_parameters_stand_for_values_also_unknown_ones(warehouse: Warehouse) -> None:
    warehouse.execute("create table raw.kept (a varchar, b date, c bigint)")
    warehouse.execute("insert into raw.kept values (?, ?, ?), ('a ? b', ?, 2)", [None, DAY, 1, None])
    found = warehouse.fetch("select a, b, c from raw.kept where a is not distinct from ? and b = ?", [None, DAY])
    assert found.to_pylist() == [{"a": None, "b": DAY, "c": 1}]


def test_a_failed_transaction_leaves_nothing(warehouse: Warehouse) -> None:
    warehouse.execute("create table raw.kept (i integer)")
    with pytest.raises(RuntimeError, match="in the middle"), warehouse.transaction():
        warehouse.append("raw.kept", pa.table({"i": [1]}))
        raise RuntimeError("in the middle")
    with pytest.raises(WarehouseError), warehouse.transaction():
        warehouse.execute("insert into raw.kept values (2)")
        warehouse.execute("insert into raw.missing values (2)")
    assert warehouse.fetch("select * from raw.kept").num_rows == 0


def test_a_transaction_holds_what_was_written_in_every_way(warehouse: Warehouse, settings: Settings) -> None:
    with warehouse.transaction():
        warehouse.replace("raw.kept", pa.table({"i": [1]}))
        warehouse.append("raw.kept", pa.table({"i": [2]}))
        warehouse.execute("insert into raw.kept values (3)")
    assert warehouse.fetch("select i from raw.kept order by i").column(0).to_pylist() == [1, 2, 3]


def test_an_error_names_what_is_missing_and_no_value(warehouse: Warehouse) -> None:
    warehouse.replace("raw.people", pa.table({"name": ["JANE"]}))
    with pytest.raises(WarehouseError, match="partty"):
        warehouse.fetch("select partty from raw.people")
    with pytest.raises(WarehouseError) as caught:
        warehouse.fetch("select cast(name as integer) from raw.people")
    assert "JANE" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(WarehouseError):
        warehouse.append("raw.people", pa.table({"surname": ["JANE"]}))
    assert warehouse.fetch("select count(*) as n from raw.people").to_pylist() == [{"n": 1}]


def test_a_reader_cannot_write(warehouse: Warehouse, settings: Settings) -> None:
    warehouse.execute("create table raw.kept (i integer)")
    warehouse.close()
    with open_warehouse(settings, read_only=True) as reader:
        assert reader.tables("raw") == ["kept"]
        with pytest.raises(WarehouseError):
            reader.execute("insert into raw.kept values (1)")


ROWS = [
    ("the same in another order", "select * from raw.same order by id desc", True),
    ("a row is missing", "select * from raw.same where id <> 7", False),
    ("a pair of rows is doubled", "select * from raw.same union all select * from raw.same where id in (7, 8)", False),
    ("all rows are doubled", "select * from raw.same union all select * from raw.same", False),
    ("null is not blank", "select id, kind, share, coalesce(name, '') as name from raw.same", False),
    (
        "one bit of a double",
        "select id, kind, share + case when id = 9 then 1e-12 else 0 end as share, name from raw.same",
        False,
    ),
    (
        "two rows swap a value",
        "select id, case id when 1 then 2 when 2 then cast(1 as bigint) else kind end as kind, share, name from raw.same",
        False,
    ),
    ("another type", "select cast(id as integer) as id, kind, share, name from raw.same", False),
    ("another name", "select id as key, kind, share, name from raw.same", False),
    ("no rows", "select * from raw.same limit 0", False),
]


def test_the_content_hash_tells_every_change_but_the_order_of_rows(warehouse: Warehouse) -> None:
    numbers = range(3000)
    rows = pa.table(
        {
            "id": list(numbers),
            "kind": [i % 7 for i in numbers],
            "share": [i / 3 for i in numbers],
            "name": [None if i % 5 == 0 else f"v{i}" for i in numbers],
        }
    )
    warehouse.replace("raw.same", rows)
    expected = table_hash(warehouse, "raw.same")
    for number, (what, sql, is_same) in enumerate(ROWS):
        warehouse.execute(f"create table raw.other_{number} as {sql}")
        assert (table_hash(warehouse, f"raw.other_{number}") == expected) is is_same, what


def test_a_night_is_named_by_its_date_and_its_files(warehouse: Warehouse) -> None:
    def land(file_id: str, day: dt.date) -> None:
        ops.record(warehouse, "loaded_files", file_id=file_id, snapshot_date=day)

    land("b", dt.date(2026, 10, 17))
    land("a", DAY)
    name = ops.run_id(warehouse, DAY)
    land("b", dt.date(2026, 10, 17))
    land("c", dt.date(2026, 10, 26))
    assert name == ops.run_id(warehouse, DAY)
    assert name.startswith("20261025-")
    assert name != ops.run_id(warehouse, dt.date(2026, 10, 26))


def test_run_parameters_are_one_row(warehouse: Warehouse) -> None:
    for night, is_training, label in ((24, True, (None, None)), (25, False, (dt.date(2006, 8, 8), "primary"))):
        ops.set_run_parameters(warehouse, dt.date(2026, 10, night), is_training, *label)
    assert warehouse.fetch("select * from ops.run_parameters").to_pylist() == [
        dict(zip(("as_of_date", "is_training", "label_election_date", "label_election_type"), row, strict=True))
        for row in [(DAY, False, dt.date(2006, 8, 8), "primary")]
    ]


def test_a_stream_brings_many_rows_in_small_batches(warehouse: Warehouse) -> None:
    batch = pa.record_batch({"i": list(range(50_000)), "t": ["text"] * 50_000})
    rows = pa.RecordBatchReader.from_batches(batch.schema, itertools.repeat(batch, 4))
    warehouse.replace("raw.many", rows)
    sizes = [part.num_rows for part in warehouse.stream("select * from raw.many", batch_rows=30_000)]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 30_000
