"""Land one text: read its blocks in parallel, write one Parquet file, judge it, then move it to its place.

Until the move nothing is visible; the same text gives the same bytes, so a rerun after any crash ends the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from groundgame.config import Settings
from groundgame.errors import FileRefused
from groundgame.ingest import layout, store, verdict
from groundgame.ingest.blocks import BLOCK_BYTES, Block, TextFacts, blocks
from groundgame.ingest.conform import Job, conform
from groundgame.ingest.container import TextFile, open_text
from groundgame.ingest.findings import Findings
from groundgame.ingest.inspect import RESEND, Manifest
from groundgame.ingest.read import Shape, read_block
from groundgame.ingest.snapshot import county_in_name
from groundgame.privacy.tombstones import FORGOTTEN, Guard, guard
from groundgame.sources.entities import ENTITIES
from groundgame.sources.spec import EntityName, SourceSpec

log = logging.getLogger(__name__)
Read = tuple[pa.Table, Findings]


@dataclass(frozen=True)
class Incoming:
    """One text to land and what is known about it before it is read."""

    text: TextFile
    source: SourceSpec
    entity_name: EntityName
    snapshot: dt.date
    sha256: str
    size: int
    manifest: Manifest

    @property
    def file_id(self) -> str:
        """The same for the same content read by the same spec, whatever the file is called."""
        digest = self.source.digest(self.entity_name)
        key = "|".join((self.source.name, self.entity_name, self.sha256, self.text.member or "", digest))
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """Its place under ``raw`` and under ``kept_lines``."""
        entity = ENTITIES[self.entity_name].name
        return Path(entity, f"source={self.source.name}", f"snapshot_date={self.snapshot}", f"file_id={self.file_id}")


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
    keeper = guard(settings, incoming.source.name, incoming.source.state_abbr)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(".part-0.parquet.tmp")
    try:
        with open_text(incoming.text) as stream:
            entity = incoming.source.entities()[incoming.entity_name]
            found = blocks(stream, entity.text, incoming.text.name, facts, block_bytes)
            job, shape, rest = _start(incoming, found, findings)
            tables = _tables(rest, shape, job, findings, settings.threads, incoming.text.name, keeper)
            constants = {
                "_source": incoming.source.name,
                "_file_id": incoming.file_id,
                "_snapshot_date": incoming.snapshot,
            }
            rows = store.write_rows(part, tables, job.names, constants)
        counts = _counts(job, facts, findings, rows)
        verdict.refuse_or_pass(job, counts, findings, incoming.manifest, incoming.text.name)
        store.keep_lines(settings.kept_lines_dir / incoming.folder, keeper.lines(findings))
        store.into_place(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        store.remove_empty(target.parent, settings.raw_dir)
        raise
    if not keeper.is_current():  # somebody was forgotten while this file was read
        return land(incoming, settings, block_bytes)
    return _landed(incoming, job, facts, findings, counts, settings)


def _start(incoming: Incoming, found: Iterator[Block], findings: Findings) -> tuple[Job, Shape, Iterator[Block]]:
    """Take the header off the first block and fit the layout."""
    name = incoming.text.name
    entity = incoming.source.entities()[incoming.entity_name]
    first = next(found, None)
    if first is None:
        raise FileRefused(name, "T1", "the text is empty", RESEND)
    raw, header, rest = b"", "", [first]
    while entity.text.header and not raw:
        raw, _, data = rest[0].data.partition(b"\n")
        findings.dropped["header" if raw else "blank"] += 1
        rest = [Block(rest[0].first_line + 1, rest[0].offset + len(raw) + 1, data, first.encoding)] if data else []
        if not raw and not rest:
            raise FileRefused(name, "T2", "the text is one blank line", RESEND)
    try:
        # Without a header the first line is a row like any other: what it cannot say is for the reader to judge.
        header = (raw or first.data.partition(b"\n")[0]).decode(
            first.encoding, "strict" if entity.text.header else "replace"
        )
    except UnicodeDecodeError as error:
        problem = f"not {first.encoding}: first wrong byte at offset {first.offset + error.start}"
        raise FileRefused(name, "S3", problem, "declare the file's encoding in the source's YAML", 1) from error
    layouts = entity.layouts
    if entity.text.header:
        names = layout.header_fields(header, entity.text, name)
    else:
        layouts = (layout.headerless(header, entity, name, incoming.snapshot),)
        names = layouts[0].ordered_columns()
    plan = layout.fit(names, layouts, incoming.source, entity, name, incoming.snapshot)
    job = Job(
        incoming.source,
        incoming.entity_name,
        entity,
        plan,
        incoming.snapshot,
        county_in_name(f"{incoming.text.path.name}/{incoming.text.member or ''}", entity.files.county_in_name),
    )
    header_names = tuple(names) if entity.text.header else ()
    shape = Shape(entity.text, plan.width, plan.keep, header_names, raw, layouts[0].record)

    def chained() -> Iterator[Block]:
        yield from rest
        yield from found

    return job, shape, chained()


def _tables(
    found: Iterator[Block], shape: Shape, job: Job, findings: Findings, threads: int, file: str, keeper: Guard
) -> Iterator[pa.Table]:
    """The landed rows of each block, in the file's order; blocks are read by a few threads at a time."""

    def work(block: Block) -> Read:
        read = read_block(block, shape)
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
    """Lines of the file, or cells where a line holds several elections: then a refused line stands for all its cells."""
    refused, dropped = len(findings.refused), findings.dropped.total()
    not_votes = findings.dropped["not a vote"] + findings.dropped[FORGOTTEN]  # counted in cells, not in lines
    data_lines = facts.lines - (dropped - not_votes)
    per_line = len(job.plan.elections)
    if per_line == 0:
        return verdict.Counts(facts.lines, data_lines, rows, refused, dropped)
    whole_lines = sum(not item.column for item in findings.refused)
    dropped = (dropped - not_votes) * per_line + not_votes + whole_lines * (per_line - 1)
    return verdict.Counts(facts.lines * per_line, data_lines, rows, refused, dropped)


def _landed(
    incoming: Incoming, job: Job, facts: TextFacts, findings: Findings, counts: verdict.Counts, settings: Settings
) -> Landed:
    holds = verdict.hold_reasons(job, counts, findings, facts, incoming.manifest)
    warnings = [f"S14 new column {name.removeprefix('x_')}" for name in job.plan.extra]
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
