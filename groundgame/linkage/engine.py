"""Where linkage works: in the embedded engine, also when the warehouse is a server. Nothing is matched here.

A server's people, voters and memory come as streams and the results go back in one transaction. Names are in memory meanwhile, or in
spilled blocks that go with the process.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.linkage.records import scratch
from groundgame.warehouse.base import open_warehouse

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse


@contextmanager
def linking(settings: Settings, inputs: Sequence[str], links_schema: str) -> Iterator[Warehouse]:
    """A warehouse in which ``inputs`` and the tables of ``links_schema`` can be read and the latter written, with its scratch database.

    Raises:
        WarehouseError: an engine failed; a server's tables are then as they were.
    """
    with open_warehouse(settings) as warehouse:
        if warehouse.engine == "duckdb":
            with scratch(warehouse):
                yield warehouse
            return
        with _embedded(settings) as engine:
            links = [f"{links_schema}.{name}" for name in warehouse.tables(links_schema)]
            for table in (*inputs, *links):
                engine.execute(f"create schema if not exists {table.partition('.')[0]}")
                engine.replace(table, warehouse.stream(f"select * from {table}"))
            with scratch(engine):
                yield engine
            with warehouse.transaction():
                warehouse.execute(f"create schema if not exists {links_schema}")
                for name in engine.tables(links_schema):
                    warehouse.replace(f"{links_schema}.{name}", engine.stream(f"select * from {links_schema}.{name}"))


@contextmanager
def _embedded(settings: Settings) -> Iterator[Warehouse]:
    import duckdb

    from groundgame.warehouse.duckdb import DuckDBWarehouse

    spill = settings.home / "linkage.tmp"
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
    }
    config["temp_directory"] = str(spill)
    with duckdb.connect(config=config) as connection:
        try:
            yield DuckDBWarehouse(connection)
        finally:
            shutil.rmtree(spill, ignore_errors=True)
