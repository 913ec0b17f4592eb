"""Rules over a whole file of app rows, once its rows are on disk: keys that come twice, edges both ways, bursts of sign-ups.

Runs on DuckDB over the written part, so that memory stays bounded, and rewrites the part only where rows must go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.ingest import store
from groundgame.ingest.findings import Findings, Refused
from groundgame.sources.entities import Entity
from groundgame.sources.spec import EntitySpec

# Given line numbers, the text of each as received.
Texts = Callable[[set[int]], dict[int, str]]


def settle(
    part: Path, entity: Entity, spec: EntitySpec, names: list[str], findings: Findings, settings: Settings, texts: Texts
) -> int:
    """Judge the rows of a file together; returns how many rows it lost.

    Equal rows of one key land once. Of different ones, in the file's order, the first lands and the others are refused,
    kept or dropped, as the entity says (A10, A21).
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": settings.threads,
        "memory_limit": settings.memory_limit,
        "temp_directory": str(part.with_name(part.name.replace(".part", ".spill"))),
    }
    with duckdb.connect(config=config) as connection:
        quoted = str(part).replace("'", "''")
        connection.execute(f"create view landed as select * from read_parquet('{quoted}', file_row_number = true)")
        gone = _repeated(connection, entity, findings, texts)
        if entity.name == "app_friend_edges":
            _count_reverse(connection, entity, findings)
        if "installed_at" in entity.fields:
            _count_burst(connection, spec, findings)
    if len(gone):
        _rewrite(part, names, gone)
    return len(gone)


def _repeated(
    connection: duckdb.DuckDBPyConnection, entity: Entity, findings: Findings, texts: Texts
) -> npt.NDArray[np.int64]:
    """The rows (positions in the part) that must go because another one has their key."""
    key, fields = ", ".join(entity.key), ", ".join(entity.fields)
    found = connection.execute(
        f"""
        with repeated as (select {key} from landed group by all having count(*) > 1)
        select * from (
            select
                file_row_number, _line,
                row_number() over same_key as nth,
                row({fields}) is not distinct from first_value(row({fields})) over same_key as is_same
            from landed semi join repeated using ({key})
            window same_key as (partition by {key} order by _line, file_row_number)
        )
        where nth > 1
        order by file_row_number
        """
    ).to_arrow_table()
    rows, lines = found.column("file_row_number").to_numpy(), found.column("_line").to_numpy()
    same = found.column("is_same").to_numpy().astype(np.bool_)
    if entity.on_conflict == "drop":
        same[:] = True
    findings.dropped["duplicate"] += int(same.sum())
    findings.count(entity.once, entity.key[-1], "duplicate", int(same.sum()))
    if entity.on_conflict == "keep":
        return rows[same]
    others = lines[~same].tolist()
    kept = texts(set(others)) if others else {}
    reason = "the same id stands before it with another body"
    findings.refused += [Refused(line, entity.key[0], entity.once, reason, kept.get(line, "")) for line in others]
    return rows


def _count_reverse(connection: duckdb.DuckDBPyConnection, entity: Entity, findings: Findings) -> None:
    """Friendships that stand in both lists: one friendship, two askers (A21)."""
    both = connection.execute(
        """
        with edges as (select distinct user_id, friend_id from landed)
        select count(*)
        from edges as a
        inner join edges as b on a.user_id = b.friend_id and a.friend_id = b.user_id
        where a.user_id < a.friend_id
        """
    ).fetchone()
    findings.count(entity.once, "friend_id", "reverse", both[0] if both else 0)


def _count_burst(connection: duckdb.DuckDBPyConnection, spec: EntitySpec, findings: Findings) -> None:
    """Sign-ups of one minute, where there are more than people can bring about (A20)."""
    sql = "select count(*) as n from landed where installed_at is not null group by substr(installed_at, 1, 16)"
    row = connection.execute(f"select max(n) from ({sql})").fetchone()
    most = row[0] if row and row[0] else 0
    if most > spec.expect.sign_ups_per_minute:
        findings.count("A20", "installed_at", rows=most)


def _rewrite(part: Path, names: list[str], gone: npt.NDArray[np.int64]) -> None:
    """Write the part anew without some of its rows."""
    fresh = part.with_name(part.name.replace(".part", ".fresh"))

    def remaining() -> Iterator[pa.Table]:
        start = 0
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=store.ROW_GROUP):
                keep = np.ones(batch.num_rows, np.bool_)
                here = gone[(gone >= start) & (gone < start + batch.num_rows)]
                keep[here - start] = False
                start += batch.num_rows
                yield pa.Table.from_batches([batch]).filter(pa.array(keep))

    try:
        store.write_rows(fresh, remaining(), names, {})
        fresh.replace(part)
    finally:
        fresh.unlink(missing_ok=True)
