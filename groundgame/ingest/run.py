"""Land one source: every new file of it, each on its own. A refused file stops itself and, at the end, the night."""

from __future__ import annotations

import datetime as dt
import difflib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from groundgame.config import Settings
from groundgame.errors import FileRefused, SpecError
from groundgame.ingest import fetch, inspect, ledger
from groundgame.ingest.checksums import Checksums
from groundgame.ingest.container import text_files
from groundgame.ingest.fetch import Remote
from groundgame.ingest.land import Incoming, Landed, land
from groundgame.ingest.snapshot import snapshot_date
from groundgame.ingest.transport import Connections
from groundgame.ingest.views import prepare
from groundgame.result import Result
from groundgame.sources.catalog import load_catalog
from groundgame.sources.spec import EntityName, SourceSpec

__all__ = ["due_sources", "prepare", "run"]
Progress = Callable[[str], None]
BATCH = 20  # files per commit: opening the warehouse costs as much as reading a small county


@dataclass
class Night:
    """What landing one source has done so far."""

    settings: Settings
    source: SourceSpec
    as_of: dt.date
    progress: Progress
    known: dict[str, str]
    checksums: Checksums
    landed: list[Landed] = field(default_factory=list)
    refused: list[tuple[FileRefused, EntityName, dt.datetime | None]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, file: str, outcome: str, **facts: Any) -> None:
        """Note what became of a file."""
        self.files.append({"file": file, "outcome": outcome, **facts})
        self.progress(f"{self.source.name} {file}: {outcome}")


def run(
    settings: Settings,
    source: str,
    as_of: dt.date,
    connections: Connections | None = None,
    progress: Progress | None = None,
) -> Result:
    """Land the new files of a source and leave the raw views ready.

    Raises:
        SpecError: there is no such source.
        FetchError: files could not be listed or downloaded.
        FileRefused: the first refused file; the others are in its notes. All other files have landed. A refusal that is
            known already and after which other files of the source have landed is only listed: the gate judges it.
    """
    spec, known = _source(settings, source), ledger.known_files(settings, source)
    night = Night(settings, spec, as_of, progress or (lambda message: None), known, Checksums(settings, source))
    for name, items in _standing_still(night, connections).items():
        _land_entity(night, cast("EntityName", name), items)
    night.checksums.save()
    prepare(settings, as_of)
    result = _result(night)
    still_open = _open_refusals(night)
    for other in still_open[1:]:
        still_open[0].add_note(str(other))
    if still_open:
        raise still_open[0]
    return result


def due_sources(settings: Settings) -> list[str]:
    """Names of the sources to land tonight: those that settings name, else those with a local file or a remote place."""
    catalog = load_catalog(settings)
    if settings.sources:
        return list(catalog)
    return [
        name
        for name, source in catalog.items()
        if any(_has_files(source, kind, settings) for kind in source.entities())
    ]


def _has_files(source: SourceSpec, kind: str, settings: Settings) -> bool:
    files = source.entities()[kind].files
    if any("://" in uri for uri in files.uri):
        return True  # looking there is the landing task's business
    return bool(fetch.list_files(source.name, files, settings))


def _source(settings: Settings, name: str) -> SourceSpec:
    catalog = load_catalog(settings)
    if name not in catalog:
        near = difflib.get_close_matches(name, catalog, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {sorted(catalog)}"
        raise SpecError("source", "name", f"no source is named {name!r}", hint)
    return catalog[name]


def _standing_still(night: Night, connections: Connections | None) -> dict[str, list[Remote]]:
    """The files of each entity, without those that still grow: two looks with a pause, unless all are long quiet."""

    def look() -> dict[str, list[Remote]]:
        entities = night.source.entities().items()
        return {
            name: fetch.list_files(night.source.name, spec.files, night.settings, connections)
            for name, spec in entities
        }

    found = look()
    if all(fetch.is_quiet(items) for items in found.values()):
        return found
    time.sleep(max(spec.files.settle_seconds for spec in night.source.entities().values()))
    again = look()
    for name, items in found.items():
        growing = fetch.still_growing(items, again[name])
        for item in items:
            if item.path in growing:
                night.tell(inspect.shown(item.name), "waiting", entity=name, rule="T3")
        found[name] = [item for item in items if item.path not in growing]
    return found


def _land_entity(night: Night, kind: EntityName, items: list[Remote]) -> None:
    """Land files one by one and commit them in batches; the set of each date is judged at the end."""
    pending: list[Landed] = []
    for item in items:
        try:
            path = fetch.bring(item, night.settings)
            texts = _new_texts(night, kind, path, item.name)
        except FileRefused as error:
            _refuse(night, kind, item.name, None, error)
            continue
        for incoming in texts:
            try:
                pending.append(land(incoming, night.settings))
            except FileRefused as error:
                _refuse(night, kind, incoming.text.name, incoming.sha256, error)
        if len(pending) > BATCH:
            newest = _last_of_each_date(pending)
            _commit(night, [landed for landed in pending if landed not in newest])
            pending = newest
    for landed in _last_of_each_date(pending):
        day = landed.ledger["snapshot_date"]
        arriving = {str(other.ledger["file_name"]) for other in pending if other.ledger["snapshot_date"] == day}
        landed.holds.extend(ledger.missing_counties(night.settings, night.source, kind, day, arriving))
    _commit(night, pending)


def _last_of_each_date(files: list[Landed]) -> list[Landed]:
    """The files that wait until their set is known, because a missing county is their hold (T14)."""
    return list({landed.ledger["snapshot_date"]: landed for landed in files}.values())


def _new_texts(night: Night, kind: EntityName, path: Path, name: str) -> list[Incoming]:
    """The texts of a file that have not landed yet, after everything that can be said from outside was checked."""
    files = night.source.entities()[kind].files
    texts = text_files(path, files, name)
    sha256, size = night.checksums.of(path), path.stat().st_size
    manifest = inspect.read_manifest(path, path.name)
    inspect.check_manifest(manifest, size, sha256, path.name)
    found = []
    for text in texts:
        snapshot = snapshot_date(text, files)
        incoming = Incoming(text, night.source, kind, snapshot, sha256, size, manifest)
        known = night.known.get(incoming.file_id)
        if known is not None:
            same = {} if known == text.name else {"rule": "T6", "same_as": known}
            night.tell(text.name, "already landed", entity=kind, **same)
        elif snapshot > night.as_of:
            night.tell(text.name, "dated after the night", entity=kind, snapshot_date=snapshot.isoformat())
        else:
            night.known[incoming.file_id] = text.name
            found.append(incoming)
    return found


def _commit(night: Night, files: list[Landed]) -> None:
    verdicts = ledger.commit(night.settings, files) if files else []
    night.landed += files
    for landed, verdict in zip(files, verdicts, strict=True):
        row = landed.ledger
        facts = {
            key: row[key]
            for key in ("entity", "layout", "lines_in", "rows_landed", "rows_quarantined", "lines_dropped")
        }
        night.tell(
            row["file_name"],
            "landed",
            verdict=verdict,
            snapshot_date=row["snapshot_date"].isoformat(),
            holds=landed.holds,
            warnings=landed.warnings,
            by_rule=landed.by_rule,
            dropped=landed.dropped,
            **facts,
        )


def _refuse(night: Night, kind: EntityName, name: str, sha256: str | None, error: FileRefused) -> None:
    before = ledger.refuse(night.settings, night.source.name, kind, inspect.shown(name), sha256, error)
    night.refused.append((error, kind, before))
    outcome = "refused" if before is None else "refused again"
    night.tell(inspect.shown(name), outcome, entity=kind, rule=error.rule, reason=str(error))


def _open_refusals(night: Night) -> list[FileRefused]:
    """New refusals, and known ones that no later file has answered."""
    return [
        error
        for error, kind, before in night.refused
        if before is None or not ledger.landed_after(night.settings, night.source.name, kind, before)
    ]


def _result(night: Night) -> Result:
    rows = [landed.ledger for landed in night.landed]
    total = {
        key: sum(row[key] for row in rows) for key in ("lines_in", "rows_landed", "rows_quarantined", "lines_dropped")
    }
    held = any(landed.holds for landed in night.landed)
    return Result(
        stage="land",
        name=night.source.name,
        rows_in=total["lines_in"],
        rows_out=total["rows_landed"],
        rows_quarantined=total["rows_quarantined"],
        rows_dropped=total["lines_dropped"],
        verdict="hold" if held else "pass",
        details={"files": night.files, "refused": [str(error) for error, _, _ in night.refused]},
    )
