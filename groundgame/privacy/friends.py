"""Friends' names, birthdays and cities serve to find them on the voter file once, and are purged from what was landed.

What is left of a friend is the id on somebody's list. A later export that brings a friend again brings the name again, and the
next night purges it again.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.privacy.landed import rewriting
from groundgame.sources.entities import ENTITIES
from groundgame.warehouse.base import open_warehouse

# Entity -> the columns that tell who somebody else is than the one who sent them.
PURGED = {key: tuple(sorted(entity.personal)) for key, entity in ENTITIES.items() if entity.is_of_others}


def purge(settings: Settings, as_of: dt.date) -> dict[str, int]:
    """Blank the columns in every landed file dated on or before the night; safe to end at any point and to repeat.

    Returns:
        Lines that lost a value, by entity.
    """
    with open_warehouse(settings, read_only=True) as warehouse:
        files = warehouse.fetch(
            "select distinct entity, raw_path from ops.loaded_files where snapshot_date <= ? order by 1, 2", [as_of]
        ).to_pylist()
    counts = dict.fromkeys(PURGED, 0)
    with rewriting(settings):
        for row in files:
            if row["entity"] in PURGED and (file := settings.home / row["raw_path"]).exists():
                counts[row["entity"]] += _blank(file, PURGED[row["entity"]])
    return counts


def _blank(file: Path, columns: tuple[str, ...]) -> int:
    """Rewrite one file with the columns empty; a file that has nothing to blank is left alone."""
    with pq.ParquetFile(file) as source:
        told = _lines_told(source, columns)
        if not told:
            return 0
        part = file.with_name(f".{file.name}.purged.tmp")
        with pq.ParquetWriter(part, source.schema_arrow, compression="zstd", compression_level=1) as writer:
            for index in range(source.num_row_groups):
                group = source.read_row_group(index)
                for name in columns:
                    at = group.schema.get_field_index(name)
                    group = group.set_column(at, group.schema.field(at), pa.nulls(group.num_rows, pa.string()))
                writer.write_table(group)
    into_place(part, file)
    return told


def _lines_told(source: pq.ParquetFile, columns: tuple[str, ...]) -> int:
    told = 0
    for index in range(source.num_row_groups):
        group = source.read_row_group(index, columns=list(columns))
        told += group.num_rows - min(column.null_count for column in group.columns)
    return told
