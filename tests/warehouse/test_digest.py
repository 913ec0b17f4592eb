"""The content hash: same rows, same hash; any other change, another."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from groundgame.warehouse.digest import table_hash
from groundgame.warehouse.duckdb import DuckDBWarehouse

ROWS = "select i as id, i % 7 as kind, i / 3.0 as share, case when i % 5 = 0 then null else 'v' || i end as name from range(5000) t(i)"


@pytest.fixture
def warehouse() -> Iterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(duckdb.connect(config={"threads": 2}))
    warehouse.execute(f"create table same as {ROWS}")
    yield warehouse
    warehouse.close()


def changed(warehouse: DuckDBWarehouse, sql: str) -> bool:
    warehouse.execute(f"create or replace table other as {sql}")
    return table_hash(warehouse, "other") != table_hash(warehouse, "same")


def test_the_order_of_rows_does_not_matter(warehouse: DuckDBWarehouse) -> None:
    assert not changed(warehouse, "from same order by hash(id, 3)")


def test_the_hash_is_the_same_in_another_process(warehouse: DuckDBWarehouse) -> None:
    warehouse.execute("create table fixed as select 1::integer as a, 'x' as b, null::date as c, 0.5::double as d")
    assert table_hash(warehouse, "fixed") == table_hash(warehouse, "main.fixed")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("from same where id <> 7", id="a row is missing"),
        pytest.param("from same union all from same where id in (7, 8)", id="a pair of rows is doubled"),
        pytest.param("from same union all from same", id="all rows are doubled"),
        pytest.param("select id, kind, share, coalesce(name, '') as name from same", id="null is not blank"),
        pytest.param(
            "select id, kind, share + case when id = 9 then 1e-12 else 0 end as share, name from same",
            id="one bit of a double",
        ),
        pytest.param(
            "select id, case id when 1 then 2 when 2 then 1 else kind end as kind, share, name from same",
            id="two rows swap a value",
        ),
        pytest.param("select id::integer as id, kind, share, name from same", id="another type"),
        pytest.param("select id as key, kind, share, name from same", id="another name"),
        pytest.param("from same limit 0", id="no rows"),
    ],
)
def test_any_other_change_does(warehouse: DuckDBWarehouse, sql: str) -> None:
    assert changed(warehouse, sql)
