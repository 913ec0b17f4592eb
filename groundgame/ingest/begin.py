"""Begin a text: take its header off, fit one of the source's layouts, and say how its lines are read."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundgame.errors import FileRefused
from groundgame.ingest import layout
from groundgame.ingest.blocks import Block
from groundgame.ingest.conform import Job
from groundgame.ingest.container import TextFile
from groundgame.ingest.findings import Findings
from groundgame.ingest.inspect import RESEND, Manifest
from groundgame.ingest.json_read import JsonShape
from groundgame.ingest.read import Shape
from groundgame.ingest.snapshot import county_in_name
from groundgame.sources.entities import ENTITIES
from groundgame.sources.spec import EntityName, EntitySpec, SourceSpec


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
    def entity(self) -> EntitySpec:
        """How the source declares the entity."""
        return self.source.entities()[self.entity_name]

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


def begin(
    incoming: Incoming, found: Iterator[Block], findings: Findings
) -> tuple[Job, Shape | JsonShape, Iterator[Block]]:
    """Fit the layout to the first block; returns the job, how to read a block, and the blocks without the header.

    Raises:
        FileRefused: the text is empty (T1, T2), of another encoding (S3), or fits no layout (S10, S13, S15, S19).
    """
    name, entity = incoming.text.name, incoming.entity
    first = next(found, None)
    if first is None:
        raise FileRefused(name, "T1", "the text is empty", RESEND)
    if entity.text.is_json:
        plan, chosen = layout.of_paths(entity, incoming.snapshot)
        return (
            _job(incoming, plan),
            JsonShape(entity.text, chosen, ENTITIES[incoming.entity_name]),
            _chained([first], found),
        )
    return _tabular(incoming, entity, first, found, findings)


def _tabular(
    incoming: Incoming, entity: EntitySpec, first: Block, found: Iterator[Block], findings: Findings
) -> tuple[Job, Shape, Iterator[Block]]:
    """Take the header off the first block and fit the layout."""
    name = incoming.text.name
    raw, header, rest = b"", "", [first]
    while entity.text.header and not raw:
        line, _, data = rest[0].data.partition(b"\n")
        raw = line.removesuffix(b"\r")
        findings.dropped["header" if raw else "blank"] += 1
        rest = [Block(rest[0].first_line + 1, rest[0].offset + len(line) + 1, data, first.encoding)] if data else []
        if not raw and not rest:
            raise FileRefused(name, "T2", "the text is one blank line", RESEND)
    try:
        # Without a header the first line is a row like any other: what it cannot say is for the reader to judge.
        header = (raw or first.data.partition(b"\n")[0].removesuffix(b"\r")).decode(
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
    header_names = tuple(names) if entity.text.header else ()
    shape = Shape(entity.text, plan.width, plan.keep, header_names, raw, layouts[0].record)
    return _job(incoming, plan), shape, _chained(rest, found)


def _job(incoming: Incoming, plan: layout.Plan) -> Job:
    place = f"{incoming.text.path.name}/{incoming.text.member or ''}"
    county = county_in_name(place, incoming.entity.files.county_in_name)
    return Job(incoming.source, incoming.entity_name, incoming.entity, plan, incoming.snapshot, county)


def _chained(first: list[Block], rest: Iterator[Block]) -> Iterator[Block]:
    yield from first
    yield from rest
