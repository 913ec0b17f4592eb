"""Landing's page in the ledger: what landed, what was refused, and what that means for the next file.

The warehouse is opened for moments only: while files are read, other stages may use it.
"""

from __future__ import annotations

import datetime as dt

from groundgame.config import Settings
from groundgame.errors import FileRefused
from groundgame.ingest.land import Landed
from groundgame.ingest.snapshot import county_in_name
from groundgame.sources.spec import SourceSpec
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

SHOWN_COUNTIES = 10


def known_files(settings: Settings, source: str) -> dict[str, str]:
    """The files of a source that have landed before: file id -> the name under which they came."""
    with open_warehouse(settings) as warehouse:
        rows = warehouse.fetch("select file_id, file_name from ops.loaded_files where source = ?", [source]).to_pylist()
    return {str(row["file_id"]): str(row["file_name"]) for row in rows}


def commit(settings: Settings, files: list[Landed]) -> list[str]:
    """Write the rows of landed files in one transaction; files that are there already change nothing. Returns the verdicts."""
    verdicts = []
    with open_warehouse(settings) as warehouse, warehouse.transaction():
        for landed in files:
            landed.holds.extend(_replaced(warehouse, landed))
            verdicts.append("hold" if landed.holds else "pass")
            row = landed.ledger
            there = warehouse.fetch("select 1 from ops.loaded_files where file_id = ?", [row["file_id"]])
            if there.num_rows:
                continue
            warehouse.append("ops.quarantined_lines", landed.quarantined)
            reasons, stamp = "; ".join(landed.holds) or None, _next_stamp(warehouse)
            facts = {**row, "verdict": verdicts[-1], "hold_reasons": reasons, "loaded_at": stamp}
            ops.record(warehouse, "loaded_files", **facts)
    return verdicts


def _replaced(warehouse: Warehouse, landed: Landed) -> list[str]:
    """A known name with other content must bring a newer date; else it rewrites what was published (T7)."""
    row = landed.ledger
    sql = """
        select max(snapshot_date) as newest
        from ops.loaded_files
        where source = ? and entity = ? and file_name = ? and sha256 <> ?
    """
    newest = warehouse.fetch(sql, [row["source"], row["entity"], row["file_name"], row["sha256"]]).to_pylist()[0][
        "newest"
    ]
    if newest is None or row["snapshot_date"] > newest:
        return []
    return [f"T7 new content under a known name, dated {row['snapshot_date']}, not after {newest}"]


def _next_stamp(warehouse: Warehouse) -> dt.datetime:
    """The clock, but always later than the last row: files are ordered by it, and clocks jump back."""
    last = warehouse.fetch("select max(loaded_at) as last from ops.loaded_files").to_pylist()[0]["last"]
    now = ops.utc_now()
    return now if last is None or now > last else last + dt.timedelta(microseconds=1)


def refuse(
    settings: Settings, source: str, entity: str, name: str, sha256: str | None, error: FileRefused
) -> dt.datetime | None:
    """Note a refused file, once for the same content and rule however often it is tried.

    Returns:
        When it was refused before, None when this is the first time.
    """
    facts = {"source": source, "entity": entity, "file_name": name, "sha256": sha256, "rule": error.rule}
    facts["problem"] = f"{error.problem} · next: {error.next_step}"
    same = " and ".join(f"{column} is not distinct from ?" for column in facts)
    with open_warehouse(settings) as warehouse, warehouse.transaction():
        sql = f"select max(refused_at) as refused_at from ops.refused_files where {same}"
        before: dt.datetime | None = warehouse.fetch(sql, list(facts.values())).to_pylist()[0]["refused_at"]
        if before is None:
            ops.record(warehouse, "refused_files", **facts, refused_at=ops.utc_now())
    return before


def landed_after(settings: Settings, source: str, entity: str, moment: dt.datetime) -> bool:
    """Whether a file of this source and entity has landed after a moment."""
    sql = "select 1 from ops.loaded_files where source = ? and entity = ? and loaded_at > ? limit 1"
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch(sql, [source, entity, moment]).num_rows > 0


def missing_counties(
    settings: Settings, source: SourceSpec, entity: str, snapshot: dt.date, arriving: set[str]
) -> list[str]:
    """The hold of an incomplete set of county files of one date (T14); ``arriving`` are names that are not committed yet."""
    spec = source.entities()[entity]
    expected, pattern = spec.expect.counties, spec.files.county_in_name
    if expected is None or pattern is None:
        return []
    with open_warehouse(settings) as warehouse:
        sql = "select file_name from ops.loaded_files where source = ? and entity = ? and snapshot_date = ?"
        rows = warehouse.fetch(sql, [source.name, entity, snapshot]).to_pylist()
    names = {str(row["file_name"]) for row in rows} | arriving
    counties = [county_in_name(name, pattern) for name in sorted(names)]
    have = {county.lstrip("0") for county in counties if county is not None}
    if None in counties or len(have) >= expected:
        return []
    absent = [str(number) for number in range(1, expected + 1) if str(number) not in have]
    shown = ", ".join(absent[:SHOWN_COUNTIES]) + (", ..." if len(absent) > SHOWN_COUNTIES else "")
    return [f"T14 {len(have)} of {expected} county files, missing: {shown}"]
