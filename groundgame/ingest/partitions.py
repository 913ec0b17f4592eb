"""Landed files as a server's tables: one partition of raw.<entity> for each file in use, loaded by COPY.

The Parquet files stay the record. A partition carries the mark of the file that it was loaded from, so that a rerun loads nothing
twice and a file that was rewritten (a purge, a person forgotten) is loaded again. Which files are in use is decided in ``views``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.ingest.store import raw_schema
from groundgame.sources.entities import Entity
from groundgame.warehouse.base import Warehouse

BATCH_ROWS = 65_536
TYPES = {pa.string(): "varchar", pa.int64(): "bigint", pa.date32(): "date"}


def load(warehouse: Warehouse, settings: Settings, entity: Entity, files: Sequence[dict[str, Any]]) -> None:
    """Make raw.<entity> hold exactly the rows of ``files`` (rows with file_id and raw_path); killed anywhere, a rerun completes it."""
    schema = raw_schema(list(entity.fields))
    table = f"raw.{entity.name}"
    _make_parent(warehouse, table, schema)
    wanted = {f"f_{row['file_id']}": settings.home / row["raw_path"] for row in files}
    is_new = False
    there = _partitions(warehouse, table)
    for name, mark in there.items():
        if name not in wanted or mark != _mark(wanted[name]):
            warehouse.execute(f"drop table raw.{name}")
    for row in files:
        name = f"f_{row['file_id']}"
        if there.get(name) != _mark(wanted[name]):
            _load_file(warehouse, table, name, row["file_id"], wanted[name], schema)
            is_new = True
    if is_new:
        # A server gathers no statistics of the whole by itself, only of its parts.
        warehouse.execute(f"analyze {table}")


def loaded(warehouse: Warehouse, entity: Entity) -> set[str]:
    """Ids of the files whose rows raw.<entity> holds."""
    return {name.removeprefix("f_") for name in _partitions(warehouse, f"raw.{entity.name}")}


def _make_parent(warehouse: Warehouse, table: str, schema: pa.Schema) -> None:
    """A new version of the code may know more fields: then all files are loaded again."""
    if table.partition(".")[2] in warehouse.tables("raw"):
        if [name for name, _ in warehouse.columns(table)] == schema.names:
            return
        warehouse.execute(f"drop table {table} cascade")
    columns = ", ".join(f'"{field.name}" {TYPES[field.type]}' for field in schema)
    warehouse.execute(f"create table {table} ({columns}) partition by list (_file_id)")


def _partitions(warehouse: Warehouse, table: str) -> dict[str, str]:
    rows = warehouse.fetch(
        "select c.relname, obj_description(c.oid, 'pg_class') as mark from pg_inherits as i"
        " join pg_class as c on i.inhrelid = c.oid where i.inhparent = to_regclass(?)",
        [table],
    )
    return {row["relname"]: row["mark"] for row in rows.to_pylist()}


def _mark(file: Path) -> str:
    facts = file.stat()
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _load_file(warehouse: Warehouse, table: str, name: str, file_id: str, file: Path, schema: pa.Schema) -> None:
    mark = _mark(file)
    with warehouse.transaction(), pq.ParquetFile(file) as source:
        warehouse.execute(f"create table raw.{name} (like {table})")
        names = [column for column in schema.names if column in source.schema_arrow.names]
        known = pa.schema([schema.field(column) for column in names])
        batches = (
            pa.RecordBatch.from_arrays(
                [batch.column(column).cast(schema.field(column).type) for column in names], schema=known
            )
            for batch in source.iter_batches(BATCH_ROWS, columns=names)
        )
        warehouse.append(f"raw.{name}", pa.RecordBatchReader.from_batches(known, batches))
        warehouse.execute(f"alter table {table} attach partition raw.{name} for values in ('{file_id}')")
        warehouse.execute(f"comment on table raw.{name} is '{mark}'")
        warehouse.execute(f"analyze raw.{name}")
