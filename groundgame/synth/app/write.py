"""Writes the app's exports and their truth, block by block, beside a state that ``write_state`` has written.

The people are made again from the state's seed rather than read from its files: no file holds birthdays, moves or leanings.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq

from groundgame.errors import SpecError
from groundgame.result import Result
from groundgame.synth.app.block import AppWriter
from groundgame.synth.app.calendar import Exports
from groundgame.synth.block import Block
from groundgame.synth.elections import Election
from groundgame.synth.numbers import Numbers
from groundgame.synth.people import day
from groundgame.synth.state import AS_OF, calendar_for, population
from groundgame.synth.truth import listed_rows, voter_ids

EXPORT_DAYS_BACK = (16, 9, 2)  # weekly exports, the last one shortly before the day of looking
MEAN_FRIENDS, MOST_FRIENDS = 25.0, 600
FEWEST_USERS, VOTERS_PER_USER = 20, 2


def write_app(
    folder: Path,
    seed: int,
    users: int,
    *,
    voters: int,
    as_of: dt.date = AS_OF,
    snapshots: Sequence[dt.date] | None = None,
    elections: Sequence[Election] | None = None,
    exports: Sequence[dt.date] | None = None,
    mean_friends: float = MEAN_FRIENDS,
    most_friends: int = MOST_FRIENDS,
) -> Result:
    """Write ``folder/app/`` (graph, impactive, empower) and ``folder/truth/app_*.parquet``.

    Args:
        folder: where the state is; existing files of the same name are replaced.
        seed: that of the state: the same people, and the same bytes.
        users: accounts in all exports together, exactly.
        voters: as ``write_state`` was given it; the people would be others otherwise.
        as_of: the day of looking, likewise.
        snapshots: dates of the registration files, likewise; the latest tells who is registered.
        elections: likewise.
        exports: dates of the exports, at least two, none on or after ``as_of``.
        mean_friends: friends per account on average; a few have more than ten times as many.
        most_friends: where the heavy tail ends.

    Raises:
        SpecError: an argument makes no app, or the state in ``folder`` is another one.
    """
    start = time.perf_counter()
    found = Exports(sorted(set(exports or [as_of - dt.timedelta(back) for back in EXPORT_DAYS_BACK])))
    _check(users, voters, found, as_of, mean_friends)
    calendar = calendar_for(as_of, snapshots, elections)
    writer: AppWriter | None = None
    made = 0
    with ThreadPoolExecutor(1) as pool:
        pending: Future[None] | None = None
        for at, (block, numbers, until) in enumerate(population(voters, seed, calendar)):
            if writer is None:
                _check_state(folder, block, numbers)
                latest = max(calendar.snapshots)
                writer = AppWriter(folder, found, seed, day(as_of), latest, mean_friends, most_friends)
            quota = users * until // voters - made
            made += quota
            if pending:
                pending.result()
            pending = pool.submit(writer.append, block, numbers, quota, at)
        if pending:
            pending.result()
    counts = writer.close() if writer else {}
    return Result(stage="synth", name="app", rows_out=users, seconds=time.perf_counter() - start, details=counts)


def _refuse(field: str, problem: str, hint: str) -> None:
    """Name the argument that makes no app."""
    raise SpecError("write_app", field, problem, hint)


def _check_state(folder: Path, block: Block, numbers: Numbers) -> None:
    """The voters that were made again must be those of the state beside it, if there is one."""
    path = folder / "truth" / "voters.parquet"
    if not path.exists():
        return
    known = pq.ParquetFile(path).read_row_group(0, columns=["voter_id"])["voter_id"].combine_chunks()
    if not known.equals(voter_ids(numbers, listed_rows(block))):
        _refuse("folder", "it holds another state", "give the voters, seed and dates that the state was written with")


def _check(users: int, voters: int, exports: Exports, as_of: dt.date, mean_friends: float) -> None:
    if users < FEWEST_USERS:
        _refuse("users", f"{users} is too few", f"at least {FEWEST_USERS}")
    if users * VOTERS_PER_USER > voters:
        _refuse("users", f"{users} is too many for {voters} voters", f"at most one in {VOTERS_PER_USER}")
    if len(exports.dates) < 2:
        _refuse("exports", "fewer than two dates", "later exports hold what is late and corrected")
    if max(exports.dates) >= as_of:
        _refuse("exports", f"{max(exports.dates)} is on or after as_of", f"all must be before {as_of}")
    if not 1 <= mean_friends <= 500:
        _refuse("mean_friends", f"{mean_friends} is out of reach", "between 1 and 500")
