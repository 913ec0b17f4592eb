"""Writes the field program's exports and their truth beside a state that ``write_state`` has written, made again from its seed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.errors import SpecError
from groundgame.result import Result
from groundgame.synth import geography
from groundgame.synth.block import Block
from groundgame.synth.field import contacts, exports, program
from groundgame.synth.field.contacts import Attempts
from groundgame.synth.field.exports import Arrivals
from groundgame.synth.field.program import Program
from groundgame.synth.geography import county_labels, precinct_codes
from groundgame.synth.numbers import Numbers
from groundgame.synth.people import YEAR, day
from groundgame.synth.state import AS_OF, calendar_for, population
from groundgame.synth.truth import voter_ids

EXPORT_DAYS_BACK = (16, 9, 2)  # as the app's: a large first file, then a week each
SPAN_DAYS = 60
FEWEST_CONTACTS = 100
STREAM = 6  # the field program's own part of the seed


def write_field(
    folder: Path,
    seed: int,
    count: int,
    *,
    voters: int,
    as_of: dt.date = AS_OF,
    snapshots: Sequence[dt.date] | None = None,
    dates: Sequence[dt.date] | None = None,
) -> Result:
    """Write ``folder/field/*`` and ``folder/truth/field_*.parquet``.

    Args:
        folder: where the state is; existing files of the same name are replaced.
        seed: that of the state: the same people, and the same bytes.
        count: attempts to reach somebody, exactly; repeated and corrected reports come on top.
        voters: as ``write_state`` was given it; the people would be others otherwise.
        as_of: the day of looking, likewise.
        snapshots: dates of the registration files, likewise.
        dates: dates of the exports, none on or after ``as_of``.

    Raises:
        SpecError: an argument makes no field program.
    """
    start = time.perf_counter()
    found = sorted(set(dates or [as_of - dt.timedelta(back) for back in EXPORT_DAYS_BACK]))
    if count < FEWEST_CONTACTS:
        raise SpecError("write_field", "count", f"{count} is too few", f"at least {FEWEST_CONTACTS}")
    if max(found) >= as_of:
        raise SpecError("write_field", "dates", f"{max(found)} is on or after as_of", f"all must be before {as_of}")
    calendar = calendar_for(as_of, snapshots)
    latest = max(calendar.snapshots)
    last = day(max(found)) - 1
    made, offset = 0, 0
    parts: list[Attempts] = []
    ids: list[pa.Array] = []
    truths: list[pa.Table] = []
    places = geography.build(np.random.default_rng([seed, 1]), voters)  # as ``population`` does
    workers = program.build(count, places.precincts)
    for at, (block, numbers, until) in enumerate(population(voters, seed, calendar)):
        rng = np.random.default_rng([seed, STREAM, at])
        quota = count * until // voters - made
        made += quota
        attempts = _attempts(rng, block, latest, quota, last, workers)
        truths.append(_truth(block, numbers, attempts))
        attempts.record = attempts.record + offset
        offset += block.size
        parts.append(attempts)
        ids.append(voter_ids(numbers, np.arange(block.size)))
    rng = np.random.default_rng([seed, STREAM, 10_000_000])
    joined = Attempts(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})
    arrivals = exports.arrive(rng, joined, [day(date) for date in found])
    inbox = folder / "field"
    inbox.mkdir(parents=True, exist_ok=True)
    rows = exports.write_tools(inbox, found, arrivals, pa.concat_arrays(ids))
    rows |= exports.write_turf(
        inbox,
        found[-1],
        workers,
        places.county,
        county_labels(latest, True)["county_id"],
        precinct_codes(places, latest),
        np.bincount(arrivals.attempts.precinct, minlength=places.precincts),
    )
    rows |= exports.write_program(rng, inbox, found, workers, joined, last - SPAN_DAYS + 1, last)
    _write_truth(folder / "truth", truths, arrivals, pa.concat_arrays(ids))
    return Result("synth", "field", rows_out=count, seconds=time.perf_counter() - start, details=rows)


def _attempts(
    rng: np.random.Generator, block: Block, latest: dt.date, quota: int, last: int, workers: Program
) -> Attempts:
    """Attempts on the living voters of a block, each by somebody of the organizer whose precinct it is."""
    electorate = block.electorate
    rows = np.flatnonzero((block.chronicle.reasons[latest] >= 0) & (electorate.lives.gone_day > last))
    age = (last - electorate.people.birth_day[rows]) / YEAR
    support = electorate.minds.support[rows].astype(np.float64)
    found = contacts.draw(rng, rows, quota, age, support, last - SPAN_DAYS + 1, last)
    found.precinct = electorate.homes.precinct[electorate.home_at(last)][found.record].astype(np.int64)
    found.worker = workers.worker(rng, workers.organizer_of[found.precinct], found.day, found.second // 3600)
    return found


def _truth(block: Block, numbers: Numbers, attempts: Attempts) -> pa.Table:
    """Of everybody who was tried: how often, what conversations do to the chance of voting, and what is really thought."""
    size = block.size
    talked = attempts.result == contacts.CANVASSED
    strength = np.bincount(attempts.record, contacts.EFFECT[attempts.kind] * talked, minlength=size).astype(np.float64)
    tried = np.bincount(attempts.record, minlength=size)
    rows = np.flatnonzero(tried)
    before = block.chronicle.propensity["next"]
    effect = contacts.after_contact(before, strength) - before
    return pa.table(
        {
            "voter_id": voter_ids(numbers, rows),
            "attempts_count": pa.array(tried[rows], pa.int32()),
            "conversations_count": pa.array(
                np.bincount(attempts.record, talked, minlength=size)[rows].astype(np.int32)
            ),
            "true_support": block.electorate.minds.support[rows],
            "true_effect_of_contact": effect[rows],
        }
    )


def _write_truth(folder: Path, truths: list[pa.Table], arrivals: Arrivals, ids: pa.Array) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables(truths), folder / "field_voters.parquet", compression="zstd")
    attempts = arrivals.attempts
    table = pa.table(
        {
            "contact_key": arrivals.keys(),
            "voter_id": ids.take(pa.array(attempts.record)),
            "is_late": arrivals.is_late,
            "is_corrected": arrivals.is_corrected,
            "is_repeated": arrivals.is_repeated,
            "is_unknown": arrivals.is_unknown,
        }
    )
    pq.write_table(table, folder / "field_contacts.parquet", compression="zstd")
