"""What dbt reads of landed files: raw views over their Parquet (on a server: partitions), and the catalog's facts as tables.

Which version of a file counts is decided here, once: the latest landing of a name and date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.ingest import days, partitions
from groundgame.ingest.store import raw_schema
from groundgame.result import Result
from groundgame.sources.catalog import load_catalog
from groundgame.sources.entities import ENTITIES, SYSTEM_COLUMNS, Entity
from groundgame.sources.spec import SourceSpec
from groundgame.warehouse.base import Warehouse, open_warehouse

# A file counts unless a later landing has its name and date (T7), or is the same content read by a changed spec (then
# the name may differ; a member of a zip is told apart by what follows the slash).
FILES_IN_USE = """
    with ranked as (
        select
            *,
            row_number() over (
                partition by source, entity, file_name, snapshot_date order by loaded_at desc, file_id
            ) as by_name,
            row_number() over (
                partition by source, entity, sha256, split_part(file_name, '/', 2) order by loaded_at desc, file_id
            ) as by_content
        from ops.loaded_files
        where snapshot_date <= ?
    )
    select entity, file_id, raw_path
    from ranked
    where by_name = 1 and by_content = 1
    order by entity, source, snapshot_date, file_id
"""


def prepare(settings: Settings, as_of: dt.date) -> Result:
    """(Re)create the raw views and the catalog tables as a night of ``as_of`` sees them."""
    catalog = load_catalog(settings)
    with open_warehouse(settings) as warehouse:
        used = warehouse.fetch(FILES_IN_USE, [as_of]).to_pylist()
        if warehouse.engine != "duckdb":
            for name, entity in ENTITIES.items():
                partitions.load(warehouse, settings, entity, [row for row in used if row["entity"] == name])
        with warehouse.transaction():
            for name, entity in ENTITIES.items() if warehouse.engine == "duckdb" else ():
                paths = [row["raw_path"] for row in used if row["entity"] == name]
                if settings.place == "field":  # every five minutes; a night reads each file once
                    paths = days.as_few(settings, entity, paths)
                _create_view(warehouse, settings, entity, paths)
            for table, rows in _catalog_tables(catalog).items():
                warehouse.replace(f"raw.{table}", rows)
    files = {name: sum(row["entity"] == name for row in used) for name in ENTITIES}
    return Result("prepare", "raw", rows_out=len(used), details={"files": files})


def reload_rewritten(settings: Settings) -> None:
    """Load again what a server copied from landed files that were rewritten since; which files are in use stays as it is."""
    if settings.engine == "duckdb":
        return
    with open_warehouse(settings) as warehouse:
        known = warehouse.fetch("select distinct file_id, raw_path from ops.loaded_files order by 1").to_pylist()
        for entity in ENTITIES.values():
            there = partitions.loaded(warehouse, entity)
            if files := [row for row in known if row["file_id"] in there]:
                partitions.load(warehouse, settings, entity, files)


def _create_view(warehouse: Warehouse, settings: Settings, entity: Entity, paths: list[str]) -> None:
    """An explicit list of files: what a crash left lying about is never read. The first file is empty and has all columns."""
    anchor = settings.raw_dir / entity.name / "columns.parquet"
    anchor.parent.mkdir(parents=True, exist_ok=True)
    part = anchor.with_name(".columns.parquet.tmp")
    pq.write_table(raw_schema(list(entity.fields)).empty_table(), part)
    into_place(part, anchor)
    files = [str(anchor), *(str(settings.home / path) for path in paths)]
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    columns = ", ".join((*entity.fields, *SYSTEM_COLUMNS))
    warehouse.execute(
        f"create or replace view raw.{entity.name} as select {columns} "
        f"from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
    )


def _catalog_tables(catalog: dict[str, SourceSpec]) -> dict[str, pa.Table]:
    codes = [
        (source.name, field, code, value)
        for source in catalog.values()
        for field, pairs in sorted(source.codes.items())
        for code, value in sorted(pairs.items())
    ]
    elections = [
        (source.name, election.date, str(election.type), election.name or f"{election.date} {election.type}")
        for source in catalog.values()
        if source.votes is not None and source.votes.history is not None
        for election in sorted(source.votes.history.elections.values(), key=lambda item: (item.date, item.type))
    ]
    sources = [
        (
            s.name,
            s.state_abbr,
            s.history_lag_days,
            s.history_start_date,
            _has_separate_history(s),
            round(s.retention_years * 365.25),
        )
        for s in catalog.values()
        if s.kind == "voter_file"
    ]
    text, day = pa.string(), pa.date32()
    return {
        "source_codes": _table(codes, source=text, field=text, code=text, value=text),
        "source_elections": _table(elections, source=text, election_date=day, election_type=text, election_name=text),
        "sources": _table(
            sources,
            source=text,
            state_abbr=text,
            history_lag_days=pa.int32(),
            history_start_date=day,
            has_separate_history=pa.bool_(),
            retention_days=pa.int32(),
        ),
        "field_sources": _table(
            [(s.name, s.state_abbr) for s in catalog.values() if s.kind == "field"], source=text, state_abbr=text
        ),
    }


def _has_separate_history(source: SourceSpec) -> bool:
    """A history file of its own still tells of voters who have left the voter file; columns of the voter file do not."""
    return source.votes is not None and source.votes.history is not None and source.votes.history.shape == "long"


def _table(rows: Sequence[tuple[object, ...]], **types: pa.DataType) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(types)
    arrays = [pa.array(list(values), kind) for values, kind in zip(columns, types.values(), strict=True)]
    return pa.table(arrays, names=list(types))
