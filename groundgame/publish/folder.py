"""The published folder: run files, the one path that readers open, and the steps that change them without a gap.

A run file is written under a temporary name, synced and renamed; ``current.duckdb`` is a symlink that is replaced, never edited.
A reader that has the old file open keeps it for as long as it likes. No rule about what may be published belongs here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb

from groundgame.config import Settings
from groundgame.durable import into_place, sync

CURRENT = "current.duckdb"
RUNS = "runs"
DRAFT = ".tmp"
# The format of a run file: readers' DuckDB must be of this version or newer. Written in two thirds of the time of the oldest
# format, and smaller.
STORAGE = "v1.3.0"


@dataclass(frozen=True)
class Run:
    """What a run file says about itself."""

    run_id: str
    as_of: dt.date
    seq: int
    content_hash: str


def run_path(settings: Settings, run_id: str) -> Path:
    """Where a run's file is, or would be."""
    return settings.published_dir / RUNS / f"{run_id}.duckdb"


def draft_path(settings: Settings, run_id: str) -> Path:
    """Where a run's file is while it is being built."""
    path = run_path(settings, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(path.name + DRAFT)


def current_path(settings: Settings) -> Path | None:
    """The file that readers get now, or None when nothing is published.

    The symlink is resolved here: within one process DuckDB would answer a second opening of the link with the file it led to before.
    """
    link = settings.published_dir / CURRENT
    return link.resolve() if link.exists() else None


def open_run(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a run file for reading. Without options: DuckDB refuses a process two connections to a file with different ones."""
    return duckdb.connect(str(path), read_only=True)


def describe(path: Path) -> Run:
    """Read what a run file says about itself."""
    with open_run(path) as connection:
        row = connection.execute("select run_id, as_of_date, seq, content_hash from ops.published_run").fetchone()
    if row is None:
        raise duckdb.InvalidInputException(f"{path.name} does not say which run it is")
    return Run(*row)


def served(settings: Settings) -> Run | None:
    """The run that readers get now."""
    path = current_path(settings)
    return describe(path) if path else None


def runs(settings: Settings) -> list[Run]:
    """Every run file that can still be served, oldest publication first."""
    files = sorted((settings.published_dir / RUNS).glob("*.duckdb"))
    return sorted((describe(file) for file in files), key=lambda run: run.seq)


def install(settings: Settings, draft: Path, run_id: str) -> None:
    """Give a finished draft its name, surviving a power cut."""
    into_place(draft, run_path(settings, run_id))


def flip(settings: Settings, run_id: str) -> None:
    """Point readers at a run: one atomic rename of a symlink."""
    link = settings.published_dir / (CURRENT + DRAFT)
    link.unlink(missing_ok=True)
    link.symlink_to(Path(RUNS) / f"{run_id}.duckdb")
    link.replace(settings.published_dir / CURRENT)
    sync(settings.published_dir)


def remove_litter(settings: Settings) -> None:
    """Remove what an interrupted publication left under temporary names. Only for the holder of the publisher's lock."""
    for pattern in (f"*{DRAFT}", f"{RUNS}/*{DRAFT}", f"{RUNS}/*.wal"):
        for path in settings.published_dir.glob(pattern):
            path.unlink(missing_ok=True)


def keep_only(settings: Settings, run_ids: set[str]) -> None:
    """Remove all other run files; a reader that has one open keeps it until it closes it."""
    for path in (settings.published_dir / RUNS).glob("*.duckdb"):
        if path.stem not in run_ids:
            path.unlink(missing_ok=True)
