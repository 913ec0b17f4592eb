"""The days of the app: when it opened, when each export was made, and what of a stream an export holds.

Lines come late, twice, out of order and corrected; everything here is about arrival, nothing about what a line says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from groundgame.synth.tables import Ints

DAY_MS = 86_400_000
OPEN_DAYS = 160  # from the launch to the first export
# Phones that were offline deliver weeks later; almost all events arrive within the hour.
LATE_SHARE, LATEST_DAYS, USUAL_DELAY_MS = 0.03, 30, 600_000
DUPLICATE_SHARE = 0.01  # a client that heard no answer sends again
DISPLACED_SHARE, DISPLACED_BY = 0.05, 400  # lines that several servers wrote into one file out of order
REVISED_SHARE, REVISED_WITHIN_DAYS = 0.02, 12
# Event numbers of an export are above all of those before, so that "what is new" is one comparison.
NUMBERS_PER_EXPORT = 1_000_000_000


@dataclass(frozen=True)
class Exports:
    """The dates of the exports; each holds what arrived before its day began (UTC)."""

    dates: Sequence[dt.date]

    @property
    def cuts(self) -> Ints:
        """Epoch milliseconds at which each export ends."""
        return np.array([(date.toordinal() - 719_163) * DAY_MS for date in self.dates], np.int64)

    @property
    def opened(self) -> int:
        """Epoch milliseconds of the app's first day."""
        return int(self.cuts[0]) - OPEN_DAYS * DAY_MS

    def first(self, arrived: Ints) -> Ints:
        """The first export that holds what arrived at these times; the number of exports where none does."""
        return np.searchsorted(self.cuts, arrived, side="right")


@dataclass(frozen=True)
class Lines:
    """Lines of a stream in the order of the files: which event, its number and revision, and in which export it stands."""

    event: Ints
    number: Ints
    revision: Ints
    export: Ints


class Stream:
    """Numbers the events of one stream from block to block."""

    def __init__(self, exports: Exports) -> None:
        self.exports = exports
        self._counts = np.zeros(len(exports.dates), np.int64)

    def deliver(self, rng: np.random.Generator, occurred: Ints, revised_share: float = REVISED_SHARE) -> Lines:
        """How events that occurred at these times (ms) arrive; what arrives after the last export is left out."""
        size = len(occurred)
        late = rng.random(size) < LATE_SHARE
        delay = np.where(late, rng.random(size) * LATEST_DAYS * DAY_MS, rng.exponential(USUAL_DELAY_MS, size))
        arrived = occurred + delay.astype(np.int64)
        export = self.exports.first(arrived)
        held = np.flatnonzero(export < len(self.exports.dates))
        number = self._number(arrived, export, held)
        revised = held[rng.random(len(held)) < revised_share]
        again = held[rng.random(len(held)) < DUPLICATE_SHARE]
        later = arrived[revised] + (rng.random(len(revised)) * REVISED_WITHIN_DAYS * DAY_MS).astype(np.int64)
        repeated = arrived[again] + rng.exponential(2 * DAY_MS, len(again)).astype(np.int64)
        event = np.concatenate([held, revised, again])
        when = np.concatenate([arrived[held], later, repeated])
        revision = np.concatenate([np.ones(len(held)), np.full(len(revised), 2), np.ones(len(again))]).astype(np.int64)
        holder = self.exports.first(when)
        order = np.lexsort((when, holder))
        order = order[holder[order] < len(self.exports.dates)]
        place = np.arange(len(order)) + np.where(
            rng.random(len(order)) < DISPLACED_SHARE, rng.normal(0, DISPLACED_BY, len(order)), 0
        )
        order = order[np.lexsort((place, holder[order]))]
        return Lines(event[order], number[event[order]], revision[order], holder[order])

    def _number(self, arrived: Ints, export: Ints, held: Ints) -> Ints:
        """Running numbers by arrival, in the range of the first export that holds each event."""
        number = np.zeros(len(arrived), np.int64)
        order = held[np.lexsort((arrived[held], export[held]))]
        sizes = np.bincount(export[held], minlength=len(self._counts))
        starts = np.cumsum(sizes) - sizes
        of = export[order]
        number[order] = (of + 1) * NUMBERS_PER_EXPORT + self._counts[of] + np.arange(len(order)) - starts[of] + 1
        self._counts += sizes
        return number
