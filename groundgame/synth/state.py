"""Writes a synthetic state: registration and history files in North Carolina's layouts, and beside them the truth.

Blocks of people are made one after another and written while the next is being made; the same seed gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import numpy as np

from groundgame.errors import SpecError
from groundgame.result import Result
from groundgame.synth import block as blocks
from groundgame.synth import geography
from groundgame.synth.block import Block, Calendar
from groundgame.synth.elections import Election, default_elections, default_snapshots, next_general
from groundgame.synth.numbers import Numbering, Numbers
from groundgame.synth.packaging import COUNTY, STATEWIDE, FileSet
from groundgame.synth.truth import TruthFile
from groundgame.synth.turnout import Climate

AS_OF = dt.date(2026, 10, 25)
BLOCK = 300_000  # voters made at once: bounds memory at any size
WRITERS = 2
FEWEST_VOTERS = 100

Progress = Callable[[int, int], None]
Packaging = Literal["statewide", "county"]


def write_state(
    folder: Path,
    voters: int,
    seed: int,
    *,
    as_of: dt.date = AS_OF,
    snapshots: Sequence[dt.date] | None = None,
    packaging: Packaging = "statewide",
    quoted: bool = True,
    elections: Sequence[Election] | None = None,
    history_snapshots: Sequence[dt.date] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Write ``folder/nc/*.zip`` and ``folder/truth/voters.parquet``.

    Args:
        folder: where the two folders go; existing files of the same name are replaced.
        voters: rows of the latest registration file (removed and denied voters included), exactly.
        seed: the same seed gives the same bytes.
        as_of: the day of looking; the truth is about the next federal general election on or after it.
        snapshots: dates of the registration files; one before each of the latest four generals and one before ``as_of``.
        packaging: one zip for the state, or one per county.
        quoted: values in double quotes, as statewide files have them.
        elections: those that the history holds; by default twelve years of generals, primaries and municipal ones.
        history_snapshots: dates of the history files, among ``snapshots``; only the latest by default.
        progress: called with voters written so far and in all.

    Raises:
        SpecError: an argument makes no state.
    """
    start = time.perf_counter()
    calendar = calendar_for(as_of, snapshots, elections)
    histories = sorted(set(history_snapshots or calendar.snapshots[-1:]))
    _check(voters, calendar, histories, packaging)
    inbox = folder / "nc"
    inbox.mkdir(parents=True, exist_ok=True)
    registrations = [FileSet(inbox, "ncvoter", date, packaging, quoted) for date in calendar.snapshots]
    histories_sets = [FileSet(inbox, "ncvhis", date, packaging, quoted) for date in histories]
    truth = TruthFile(folder / "truth", calendar.coming)
    _write_blocks(voters, seed, calendar, [*histories_sets, *reversed(registrations)], truth, progress)
    truth.close()
    files = sum(each.close() for each in [*registrations, *histories_sets])
    return Result(
        stage="synth",
        name="nc",
        rows_out=registrations[-1].rows,
        seconds=time.perf_counter() - start,
        details={
            "registration_rows": sum(each.rows for each in registrations),
            "history_rows": sum(each.rows for each in histories_sets),
            "files": files,
            "snapshots": len(calendar.snapshots),
            "elections": len(calendar.elections),
        },
    )


def calendar_for(
    as_of: dt.date, snapshots: Sequence[dt.date] | None = None, elections: Sequence[Election] | None = None
) -> Calendar:
    """The days that matter, with the default files and elections where none are given."""
    chosen = default_elections(as_of) if elections is None else elections
    return Calendar(
        elections=sorted(chosen, key=lambda one: one.date),
        coming=next_general(as_of),
        snapshots=sorted(set(default_snapshots(as_of) if snapshots is None else snapshots)),
        as_of=as_of,
    )


def _check(voters: int, calendar: Calendar, histories: Sequence[dt.date], packaging: str) -> None:
    def refuse(field: str, problem: str, hint: str) -> None:
        raise SpecError("write_state", field, problem, hint)

    if voters < FEWEST_VOTERS:
        refuse("voters", f"{voters} is too few", f"at least {FEWEST_VOTERS}")
    if not calendar.snapshots:
        refuse("snapshots", "no date is given", "give at least one")
    if max(calendar.snapshots) > calendar.as_of:
        refuse("snapshots", f"{max(calendar.snapshots)} is after as_of", f"none may be after {calendar.as_of}")
    if any(one.date >= calendar.as_of for one in calendar.elections):
        refuse("elections", "one is on or after as_of", f"all must be before {calendar.as_of}")
    if not set(histories) <= set(calendar.snapshots):
        refuse("history_snapshots", "a date is not among the snapshots", "history goes with a registration file")
    if packaging not in {STATEWIDE, COUNTY}:
        refuse("packaging", f"{packaging!r} is unknown", f"{STATEWIDE} or {COUNTY}")


def _write_blocks(
    voters: int, seed: int, calendar: Calendar, files: list[FileSet], truth: TruthFile, progress: Progress | None
) -> None:
    """Make blocks in turn; while one is being made, the files of the one before are written, each in its own order."""
    with ThreadPoolExecutor(WRITERS) as pool:
        pending: list[Future[None]] = []
        for at, (block, numbers, until) in enumerate(population(voters, seed, calendar)):
            for future in pending:
                future.result()
            pending = [pool.submit(each.append, block, numbers, [seed, 3, at]) for each in files]
            truth.write(block, numbers)
            if progress:
                progress(until, voters)
        for future in pending:
            future.result()


def population(voters: int, seed: int, calendar: Calendar) -> Iterator[tuple[Block, Numbers, int]]:
    """All people of a state, block by block, with their numbers and how many voters there are up to the block's end.

    The same seed, size and calendar give the same people to whoever asks.
    """
    places = geography.build(np.random.default_rng([seed, 1]), voters)
    climate, numbering = Climate(seed), Numbering()
    count = -(-voters // BLOCK)
    for at in range(count):
        until = voters * (at + 1) // count
        block = blocks.build([seed, 2, at], until - voters * at // count, calendar, places, climate)
        yield block, numbering.number(block), until
