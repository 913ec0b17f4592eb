"""The two numbers of a record: the state's id, which stays for life, and the county's own, which a move to another county renews."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth.block import Block
from groundgame.synth.lifecourse import NEVER
from groundgame.synth.tables import Ints

FIRST_STATE_NUMBER = 100_001
# Two letters stand for the county of first registration.
LETTERS = [chr(65 + county // 10) + chr(65 + 2 * (county % 10)) for county in range(100)]


@dataclass(frozen=True)
class Numbers:
    """``voter_id`` as latin-1 bytes; the county's number before and after ``move_day``."""

    voter_id: pa.Array
    county_number: Ints
    county_number_before: Ints


class Numbering:
    """Counts on from block to block, per county."""

    def __init__(self) -> None:
        self._state = np.full(100, FIRST_STATE_NUMBER, np.int64)
        self._county = np.ones(100, np.int64)

    def number(self, block: Block) -> Numbers:
        """Number a block in the order of registration; a duplicate record comes right after its first."""
        lives = block.electorate.lives
        first, latest = block.county_at(-NEVER), block.county_at(NEVER - 1)
        state = _count_on(self._state, first, lives.registered_day)
        moved = np.flatnonzero(first != latest)
        counties = np.concatenate([first, latest[moved]])
        days = np.concatenate([lives.registered_day, lives.move_day[moved]])
        county = _count_on(self._county, counties, days)
        before, now = county[: block.size], county[: block.size].copy()
        now[moved] = county[block.size :]
        letters = pa.array([letters.encode() for letters in LETTERS], pa.binary()).take(pa.array(first))
        digits = pc.cast(pc.cast(pa.array(state), pa.string()), pa.binary())
        return Numbers(pc.binary_join_element_wise(letters, digits, b""), now, before)


def _count_on(counters: Ints, county: Ints, days: Ints) -> Ints:
    """Running numbers within each county in the order of ``days``; moves ``counters`` forward."""
    order = np.lexsort((days, county))
    sizes = np.bincount(county, minlength=100)
    starts = np.cumsum(sizes) - sizes
    found = np.empty(len(county), np.int64)
    found[order] = np.arange(len(county)) - starts[county[order]] + counters[county[order]]
    counters += sizes
    return found
