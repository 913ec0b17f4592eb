"""Put rows and kept lines on disk as Parquet, so that a reader sees a whole file or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.durable import into_place
from groundgame.ingest.findings import Findings

ROW_GROUP = 131_072
SYSTEM_FIELDS = [
    ("_source", pa.string()),
    ("_file_id", pa.string()),
    ("_line", pa.int64()),
    ("_snapshot_date", pa.date32()),
]
KEPT_COLUMNS = ["line", "kind", "column_name", "rule", "text"]


def raw_schema(names: list[str]) -> pa.Schema:
    """The schema of a landed file: text columns, then where the row is from."""
    return pa.schema([(name, pa.string()) for name in names] + SYSTEM_FIELDS)


def write_rows(part: Path, tables: Iterator[pa.Table], names: list[str], constants: dict[str, Any]) -> int:
    """Write tables in row groups of one size; ``constants`` are the columns that are the same in every row."""
    schema = raw_schema(names)
    rows = 0
    with pq.ParquetWriter(part, schema, compression="zstd", compression_level=1) as writer:
        for group in _groups(tables):
            same = {name: pa.repeat(pa.scalar(value), group.num_rows) for name, value in constants.items()}
            arrays = [same[name] if name in same else group.column(name) for name in schema.names]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=ROW_GROUP)
            rows += group.num_rows
    return rows


def _groups(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += table.num_rows
        if rows >= ROW_GROUP:
            whole = pa.concat_tables(held)
            full = rows - rows % ROW_GROUP
            yield whole.slice(0, full)
            held, rows = [whole.slice(full)], rows - full
    if rows:
        yield pa.concat_tables(held)


def keep_lines(folder: Path, findings: Findings, place: str) -> None:
    """The text of refused and normalised lines: personal data, for the pipeline alone. ``place`` tells writers of one file apart."""
    rows = [(item.line, "refused", item.column, item.rule, item.text) for item in findings.refused]
    rows += [(item.line, "normalised", item.column, item.rule, item.text) for item in findings.normalised]
    if not rows:
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    columns = [pa.array(list(values)) for values in zip(*sorted(rows), strict=True)]
    part = folder / f".part-0.{place}.parquet.tmp"
    pq.write_table(pa.Table.from_arrays(columns, names=KEPT_COLUMNS), part, compression="zstd")
    into_place(part, folder / "part-0.parquet")


def remove_empty(folder: Path, top: Path) -> None:
    """Remove folders that a refused file leaves behind, up to ``top``."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
