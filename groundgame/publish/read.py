"""Read what is published: queries for people, hashes for comparisons. Nothing here can change a byte."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from groundgame.config import Settings
from groundgame.errors import PublishRefused, SpecError, WarehouseError
from groundgame.publish import folder, server
from groundgame.warehouse.digest import table_hash
from groundgame.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    import pyarrow as pa


def query(settings: Settings, sql: str, parameters: Sequence[Any] | None = None) -> pa.Table:
    """Run one query on the run that is served now; marts need no schema prefix, ``parameters`` stand as ``?``.

    Raises:
        WarehouseError: nothing is published yet.
        SpecError: the engine refuses the query.
    """
    if settings.engine == "postgres":
        return server.query(settings, sql, parameters)
    with folder.open_run(_current(settings)) as connection:
        connection.execute("set search_path = 'marts,ops'")
        # The query may come from anywhere: it reaches no other file and no network, and cannot switch that back on.
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            return connection.execute(sql, parameters).to_arrow_table()
        except duckdb.Error as error:
            raise SpecError("sql", type(error).__name__, " ".join(str(error).split())) from error


def published_hashes(settings: Settings) -> dict[str, str]:
    """The content hash of every published table, computed from what is served now."""
    if settings.engine == "postgres":
        return server.published_hashes(settings)
    path = _current(settings)
    return _computed(path, sorted(recorded_hashes(path)))


def verify(path: Path, run_id: str) -> None:
    """Compare a run file with the hashes in it, table by table.

    Raises:
        PublishRefused: a table is not what was published.
    """
    recorded = recorded_hashes(path)
    computed = _computed(path, sorted(recorded))
    if damaged := [name for name in sorted(recorded) if computed[name] != recorded[name]]:
        raise PublishRefused(run_id, [f"{name} is not what was published" for name in damaged])


def _computed(path: Path, names: list[str]) -> dict[str, str]:
    with folder.open_run(path) as connection:
        warehouse = DuckDBWarehouse(connection)
        return {name: table_hash(warehouse, name) for name in names}


def recorded_hashes(path: Path) -> dict[str, str]:
    """The content hash of every table of a run file, as recorded when it was built."""
    with folder.open_run(path) as connection:
        rows = connection.execute("select table_name, content_hash from ops.published_tables order by 1").fetchall()
    return dict(rows)


def _current(settings: Settings) -> Path:
    path = folder.current_path(settings)
    if path is None:
        raise WarehouseError("read", "nothing is published yet; run a night first")
    return path
