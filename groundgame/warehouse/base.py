"""The interface that every engine answers, and the one place that opens one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from groundgame.config import Settings

if TYPE_CHECKING:
    import pyarrow as pa


class Warehouse(Protocol):
    """A warehouse connection. SQL given to it must run on every engine; parameters stand as ``?``.

    What an engine refuses is raised as WarehouseError, without any value of a row.
    """

    engine: str
    max_writers: int
    """How many processes may write at once; an orchestrator's pool is of this size."""

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> None:
        """Run one statement, no result."""

    def fetch(self, sql: str, parameters: Sequence[Any] | None = None) -> pa.Table:
        """Run one query and return its whole (small) result."""

    def stream(self, sql: str, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        """Run one query and return its result in batches; memory stays bounded."""

    def append(self, table: str, rows: pa.RecordBatchReader | pa.Table) -> None:
        """Insert rows by column name into an existing table."""

    def replace(self, table: str, rows: pa.RecordBatchReader | pa.Table) -> None:
        """Create or replace a whole table from Arrow data."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""

    def tables(self, schema: str) -> list[str]:
        """Names of tables and views in a schema, sorted; a partitioned table is one table."""

    def columns(self, table: str) -> list[tuple[str, str]]:
        """Names of a table's columns with their types as the engine calls them, in order.

        Raises:
            WarehouseError: there is no such table.
        """

    def close(self) -> None:
        """Let go of the warehouse."""


def max_writers(settings: Settings) -> int:
    """``Warehouse.max_writers`` of the installation's engine, without opening it."""
    if settings.engine == "postgres":
        from groundgame.warehouse.postgres import PostgresWarehouse

        return PostgresWarehouse.max_writers
    from groundgame.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse.max_writers


def is_there(settings: Settings) -> bool:
    """Whether the warehouse exists: opening one makes it, and a look must not."""
    if settings.engine == "postgres":
        from groundgame.warehouse import postgres

        return postgres.is_there(settings)
    return settings.warehouse_path.exists()


@contextmanager
def open_warehouse(settings: Settings, read_only: bool = False) -> Iterator[Warehouse]:
    """Open the installation's warehouse, closing it on exit; creates it with its ops tables when it is missing."""
    warehouse = _connect(settings, read_only)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _connect(settings: Settings, read_only: bool) -> Warehouse:
    if settings.engine == "postgres":
        from groundgame.warehouse import postgres

        return postgres.connect(settings, read_only=read_only)
    from groundgame.warehouse import duckdb

    return duckdb.connect(settings, read_only=read_only)
