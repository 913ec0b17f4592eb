"""Days that came in many small files, read as one: the files stay the record, and one copy of each such day is what the views read.

A field tool that sends every five minutes leaves three hundred files a day and entity, and each costs every query its opening. Which files
are in use is decided in ``views``; a file that was rewritten since (a person forgotten) makes its day's copy anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.ingest.store import raw_schema
from groundgame.privacy.landed import COMPRESSION, LEVEL, ROW_GROUP, rewriting
from groundgame.sources.entities import Entity

# A query opens some thousand files in a second of processor time; fewer than these are not worth a copy.
MANY = 12


def as_few(settings: Settings, entity: Entity, paths: Sequence[str]) -> list[str]:
    """Paths under home that hold the same rows as ``paths`` in fewer files: a copy for each folder of a day that holds many.

    A sender's newest day is still filling, so its files are read as they are. Copies of what is no longer in use go: for one reader only.
    """
    days: dict[Path, list[Path]] = defaultdict(list)
    for path in paths:
        days[Path(path).parent.parent].append(settings.home / path)
    newest = {day.parent: day for day in sorted(days)}
    crowded = {day: files for day, files in days.items() if len(files) >= MANY and day != newest[day.parent]}
    found = [path for path in paths if Path(path).parent.parent not in crowded]
    if crowded:
        with rewriting(settings):
            for day, files in crowded.items():
                found.append(str(_copy(settings, entity, day, files).relative_to(settings.home)))
    return found


def _copy(settings: Settings, entity: Entity, day: Path, files: list[Path]) -> Path:
    """The day's copy, made where it is missing; its folder is named after the files and when each was written."""
    facts = [(file, file.stat()) for file in sorted(files)]
    marks = "\n".join(f"{file.parent.name} {stat.st_size} {stat.st_mtime_ns}" for file, stat in facts)
    folder = settings.home / day / f"day={hashlib.sha256(marks.encode()).hexdigest()[:16]}"
    copy = folder / "part-0.parquet"
    if not copy.exists():
        folder.mkdir(exist_ok=True)
        draft = folder / f".part-0.parquet.{os.getpid()}.tmp"
        _write(draft, raw_schema(list(entity.fields)), [file for file, _ in facts])
        into_place(draft, copy)
    for other in (settings.home / day).glob("day=*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return copy


def _write(draft: Path, schema: pa.Schema, files: list[Path]) -> None:
    """One file after the other, in row groups of the usual size; columns that a file's version did not know are empty."""
    with pq.ParquetWriter(draft, schema, compression=COMPRESSION, compression_level=LEVEL) as writer:
        waiting, rows = [], 0
        for file in files:
            table = pq.read_table(file, partitioning=None)
            columns = [
                table.column(field.name).cast(field.type)
                if field.name in table.column_names
                else pa.nulls(table.num_rows, field.type)
                for field in schema
            ]
            waiting.append(pa.table(columns, schema=schema))
            rows += table.num_rows
            if rows >= ROW_GROUP:
                writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
                waiting, rows = [], 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
