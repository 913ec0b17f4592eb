"""Land one text: read its blocks in parallel, write one Parquet file, judge it, then move it to its place.

Until the move nothing is visible; the same text gives the same bytes, so a rerun after any crash ends the same.
"""

from __future__ import annotations

import functools
import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from groundgame.config import Settings
from groundgame.ingest import store, verdict, whole
from groundgame.ingest.begin import Incoming, begin
from groundgame.ingest.blocks import BLOCK_BYTES, Block, TextFacts, blocks
from groundgame.ingest.conform import Job, conform
from groundgame.ingest.container import open_text
from groundgame.ingest.findings import Findings
from groundgame.ingest.json_careful import kept_text
from groundgame.ingest.json_document import DocumentLines
from groundgame.ingest.json_read import JsonShape, read_json
from groundgame.ingest.read import Shape, read_block
from groundgame.ingest.scan import Lines
from groundgame.privacy.tombstones import FORGOTTEN, Guard, guard
from groundgame.sources.entities import ENTITIES

__all__ = ["Incoming", "Landed", "land"]
log = logging.getLogger(__name__)
# Dropped lines that are data all the same, unlike a header or a trailer.
DROPPED_ROWS = ("not a vote", FORGOTTEN, "self edge", "duplicate", "empty list")
Read = tuple[pa.Table, Findings]


@dataclass(frozen=True)
class Landed:
    """A landed text: its row for ``ops.loaded_files`` (without clock and verdict), its holds, its refused lines."""

    ledger: dict[str, Any]
    holds: list[str]
    warnings: list[str]
    quarantined: pa.Table
    by_rule: dict[str, int]
    dropped: dict[str, int]


def land(incoming: Incoming, settings: Settings, block_bytes: int = BLOCK_BYTES) -> Landed:
    """Read and land one text.

    Raises:
        FileRefused: the text is refused as a whole; nothing was moved into ``raw``.
    """
    target = settings.raw_dir / incoming.folder / "part-0.parquet"
    facts, findings = TextFacts(), Findings()
    source = incoming.source
    keeper = guard(settings, source.name, source.state_abbr, source.kind == "field")
    target.parent.mkdir(parents=True, exist_ok=True)
    # A name of the place: a night and a batch of the field may land the same file at once, and both end with the same bytes.
    part = target.with_name(f".part-0.{settings.place}.parquet.tmp")
    try:
        with _opened(incoming, facts, block_bytes) as found:
            job, shape, rest = begin(incoming, found, findings)
            tables = _tables(rest, shape, job, findings, settings.threads, incoming.text.name, keeper)
            constants = {
                "_source": incoming.source.name,
                "_file_id": incoming.file_id,
                "_snapshot_date": incoming.snapshot,
            }
            rows = store.write_rows(part, tables, job.names, constants)
        entity = ENTITIES[incoming.entity_name]
        if entity.kind in ("app", "field"):
            texts = functools.partial(_line_texts, incoming, block_bytes)
            rows -= whole.settle(part, entity, incoming.entity, job.names, findings, settings, texts)
        counts = _counts(job, facts, findings, rows)
        verdict.refuse_or_pass(job, counts, findings, incoming.manifest, incoming.text.name)
        told = findings.without_texts() if entity.is_of_others else findings
        store.keep_lines(settings.kept_lines_dir / incoming.folder, keeper.lines(told), settings.place)
        store.into_place(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        store.remove_empty(target.parent, settings.raw_dir)
        raise
    if not keeper.is_current():  # somebody was forgotten while this file was read
        return land(incoming, settings, block_bytes)
    return _landed(incoming, job, facts, findings, counts, settings)


@contextmanager
def _opened(incoming: Incoming, facts: TextFacts, block_bytes: int) -> Iterator[Iterator[Block]]:
    """The blocks of a text; a JSON document comes as the lines of its lists."""
    text = incoming.entity.text
    with open_text(incoming.text) as stream:
        lines = DocumentLines(stream, text.lists, incoming.text.name) if text.lists else stream
        yield blocks(lines, text, incoming.text.name, facts, block_bytes)  # type: ignore[arg-type]


def _line_texts(incoming: Incoming, block_bytes: int, wanted: set[int]) -> dict[int, str]:
    """Some lines of a text as received, read once more."""
    found = {}
    with _opened(incoming, TextFacts(), block_bytes) as again:
        for block in again:
            end = block.first_line + block.data.count(b"\n")
            if here := [line for line in wanted if block.first_line <= line < end]:
                lines = Lines(block.data)
                found.update({line: kept_text(lines.raw(line - block.first_line)) for line in here})
    return found


def _tables(
    found: Iterator[Block],
    shape: Shape | JsonShape,
    job: Job,
    findings: Findings,
    threads: int,
    file: str,
    keeper: Guard,
) -> Iterator[pa.Table]:
    """The landed rows of each block, in the file's order; blocks are read by a few threads at a time."""

    def work(block: Block) -> Read:
        read = read_json(block, shape) if isinstance(shape, JsonShape) else read_block(block, shape)
        return keeper.keep(conform(read, job), read.findings.dropped), read.findings

    landed = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        for table, more in _in_order(pool, work, found, threads):
            findings.add(more)
            landed += table.num_rows
            verdict.check_running(job, findings, landed, file)
            yield table


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Block], Read], found: Iterator[Block], ahead: int
) -> Iterator[Read]:
    """Results in the order of the blocks, with at most ``ahead`` blocks waiting, so that memory stays bounded."""
    waiting: deque[Future[Read]] = deque()
    try:
        for block in found:
            waiting.append(pool.submit(work, block))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _counts(job: Job, facts: TextFacts, findings: Findings, rows: int) -> verdict.Counts:
    """Lines of the file, or cells where a line holds several elections: then a refused line stands for all its cells.

    A line that holds a list counts as many times as the list has items.
    """
    refused, dropped = len(findings.refused), findings.dropped.total()
    not_votes = findings.dropped["not a vote"] + findings.dropped[FORGOTTEN]  # counted in cells, not in lines
    data_lines = facts.lines - (dropped - sum(findings.dropped[kind] for kind in DROPPED_ROWS))
    per_line = len(job.plan.elections)
    if per_line == 0:
        return verdict.Counts(facts.lines + findings.items, data_lines, rows, refused, dropped)
    whole_lines = sum(not item.column for item in findings.refused)
    dropped = (dropped - not_votes) * per_line + not_votes + whole_lines * (per_line - 1)
    return verdict.Counts(facts.lines * per_line, data_lines, rows, refused, dropped)


def _landed(
    incoming: Incoming, job: Job, facts: TextFacts, findings: Findings, counts: verdict.Counts, settings: Settings
) -> Landed:
    holds = verdict.hold_reasons(job, counts, findings, facts, incoming.manifest)
    warnings = [f"S14 new column {name.removeprefix('x_')}" for name in (*job.plan.extra, *job.plan.news)]
    warnings += verdict.unread_fields(findings)
    kinds = [name for name, number in facts.line_ends.items() if number]
    if len(kinds) > 1 or kinds == ["cr"]:
        warnings.append(f"S7 line ends {' and '.join(kinds)}")
    if facts.has_bom:
        warnings.append("S1 byte order mark")
    for alarm in verdict.alarms(findings):
        warnings.append(alarm)
        log.warning("%s: %s", incoming.text.name, alarm)
    ledger = {
        "file_id": incoming.file_id,
        "source": incoming.source.name,
        "entity": incoming.entity_name,
        "file_name": incoming.text.name,
        "snapshot_date": incoming.snapshot,
        "file_bytes": incoming.size,
        "sha256": incoming.sha256,
        "layout": job.plan.layout,
        "lines_in": counts.lines_in,
        "rows_landed": counts.rows_landed,
        "rows_quarantined": counts.rows_quarantined,
        "rows_normalised": len({item.line for item in findings.normalised}),
        "lines_dropped": counts.lines_dropped,
        "raw_path": str((settings.raw_dir / incoming.folder / "part-0.parquet").relative_to(settings.home)),
    }
    refused = sorted(findings.refused)
    quarantined = pa.table(
        {
            "file_id": pa.array([incoming.file_id] * len(refused), pa.string()),
            "line": pa.array([item.line for item in refused], pa.int64()),
            "column_name": pa.array([item.column for item in refused], pa.string()),
            "rule": pa.array([item.rule for item in refused], pa.string()),
            "reason": pa.array([item.reason for item in refused], pa.string()),
        }
    )
    return Landed(ledger, holds, warnings, quarantined, findings.by_rule(), dict(sorted(findings.dropped.items())))
