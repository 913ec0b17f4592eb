"""DuckDB as the embedded warehouse: one file, one writing process at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from groundgame.config import Settings
from groundgame.errors import WarehouseError
from groundgame.warehouse import migrate, ops

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMAS = ("raw", "ops", "scores")
# Another stage may hold the file for seconds; a minute of waiting outlasts all but a long build.
LOCK_WAIT_SECONDS = 60.0
TELLING = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


class DuckDBWarehouse:
    """A connection to the build file. See ``groundgame.warehouse.base.Warehouse`` for the contract."""

    engine = "duckdb"
    max_writers = 1

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> None:
        with _errors("execute"):
            self.connection.execute(sql, parameters)

    def fetch(self, sql: str, parameters: Sequence[Any] | None = None) -> pa.Table:
        with _errors("read"):
            return self.connection.execute(sql, parameters).to_arrow_table()

    def stream(self, sql: str, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        with _errors("read"):
            return self.connection.execute(sql).to_arrow_reader(batch_rows)

    def append(self, table: str, rows: pa.RecordBatchReader | pa.Table) -> None:
        # Read as a stream, a table of a million rows goes in twice as fast as when it is scanned as a table.
        self.connection.register("_rows", rows if hasattr(rows, "read_next_batch") else rows.to_reader())
        try:
            self.execute(f"insert into {table} by name select * from _rows")
        finally:
            self.connection.unregister("_rows")

    def replace(self, table: str, rows: pa.RecordBatchReader | pa.Table) -> None:
        self.connection.register("_rows", rows)
        try:
            self.execute(f"create or replace table {table} as select * from _rows")
        finally:
            self.connection.unregister("_rows")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.connection.execute("begin transaction")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def tables(self, schema: str) -> list[str]:
        sql = "select table_name from information_schema.tables where table_schema = ? order by 1"
        return self.fetch(sql, [schema]).column(0).to_pylist()

    def columns(self, table: str) -> list[tuple[str, str]]:
        return [(row["column_name"], row["column_type"]) for row in self.fetch(f"describe {table}").to_pylist()]

    def close(self) -> None:
        """Release the file, so that another process may write."""
        self.connection.close()


def connect(settings: Settings, read_only: bool = False) -> DuckDBWarehouse:
    """Open the build file, waiting for another process to finish with it.

    Raises:
        WarehouseError: the file stayed locked; the message names the process that holds it.
    """
    path = settings.warehouse_path
    path.parent.mkdir(parents=True, exist_ok=True)
    if read_only and not path.exists():
        raise WarehouseError("open", f"{path.name} does not exist yet; run a night first")
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "preserve_insertion_order": "false",
        "write_buffer_row_group_count": 1,  # compress rows while more come: five groups would wait until the stream has ended
    }
    deadline = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            if not path.exists():
                _create(path)
            connection = duckdb.connect(str(path), read_only=read_only, config=config)
            break
        except duckdb.IOException as error:
            if "lock" not in str(error).lower() or time.monotonic() > deadline:
                raise WarehouseError("open", str(error)) from error
            time.sleep(0.2)
    warehouse = DuckDBWarehouse(connection)
    if not read_only:
        _prepare(warehouse)
    return warehouse


def _prepare(warehouse: DuckDBWarehouse) -> None:
    """Make schemas and ledger, and bring them up to date. One look tells whether this version has done so already: a stage opens
    the file a dozen times, and asking for each of sixty tables takes longer than opening it."""
    stamp = migrate.stamp(*SCHEMAS, *ops.TABLES.items())
    if migrate.is_stamped(warehouse, stamp):
        return
    for schema in SCHEMAS:
        warehouse.execute(f"create schema if not exists {schema}")
    migrate.apply_to_ledger(warehouse)
    ops.create_tables(warehouse)
    migrate.set_stamp(warehouse, stamp)


@contextmanager
def _errors(action: str) -> Iterator[None]:
    """Pass on what the engine says only where it speaks of the SQL: all other errors may quote a cell."""
    try:
        yield
    except TELLING as error:
        raise WarehouseError(action, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}") from None
    except duckdb.Error as error:
        raise WarehouseError(action, type(error).__name__) from None


def _create(path: Path) -> None:
    """Make the build file in the newest format: text is compressed in one pass, a third less time for a table of votes.

    Not by a setting of the connection: a run file that is attached to it would inherit that, and readers' engines may be older.
    """
    quoted = str(path).replace("'", "''")
    with duckdb.connect() as memory:
        memory.execute(f"attach '{quoted}' as build_file (storage_version 'latest')")
