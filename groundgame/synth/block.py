"""A block of the synthetic population: its people with all that belongs to them, and what happened to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from groundgame.synth import lifecourse, names, people, traits, turnout
from groundgame.synth.elections import Election
from groundgame.synth.geography import Geography
from groundgame.synth.lifecourse import NEVER
from groundgame.synth.names import Names
from groundgame.synth.people import STAYS, YEAR, Window
from groundgame.synth.tables import Ints
from groundgame.synth.timeline import Chronicle, Timeline
from groundgame.synth.traits import Traits
from groundgame.synth.turnout import Climate, Electorate

DUPLICATE_SHARE = 2.2e-5  # exact duplicates with consecutive ids, as in the real file
# How many records it takes, per row wanted in the latest file, so that enough are in it.
SURPLUS, SMALL_SURPLUS = 1.04, 60


@dataclass(frozen=True)
class Calendar:
    """The days that matter: past elections, the coming one, the files' dates, and the day of looking."""

    elections: Sequence[Election]
    coming: Election
    snapshots: Sequence[dt.date]
    as_of: dt.date

    @property
    def window(self) -> Window:
        """People may have left up to ten years before the first file, whose removed voters they are."""
        first, last = people.day(min(self.snapshots)), people.day(max(self.snapshots))
        return Window(first - round(10 * YEAR), last, people.day(self.as_of))


@dataclass(frozen=True)
class Block:
    """People of one block, cut so that the latest file holds exactly the rows that were asked for."""

    electorate: Electorate
    names: Names
    traits: Traits
    chronicle: Chronicle

    @property
    def size(self) -> int:
        """How many records the block holds."""
        return len(self.electorate.people)

    def county_at(self, on: int) -> Ints:
        """County of residence on a day, as a position from 0 to 99."""
        electorate = self.electorate
        found: Ints = electorate.places.county[electorate.homes.precinct[electorate.home_at(on)]]
        return found


def build(seed: Sequence[int], quota: int, calendar: Calendar, places: Geography, climate: Climate) -> Block:
    """A block whose latest file has ``quota`` rows; grows the population until there are enough."""
    size = round(quota * SURPLUS) + SMALL_SURPLUS
    while True:
        block = _populate(seed, size, calendar, places, climate)
        present = np.cumsum(block.chronicle.reasons[max(calendar.snapshots)] >= 0)
        if present[-1] >= quota:
            return _cut(block, int(np.searchsorted(present, quota)) + 1)
        size = round(size * quota / present[-1] * 1.02) + SMALL_SURPLUS


def _populate(seed: Sequence[int], size: int, calendar: Calendar, places: Geography, climate: Climate) -> Block:
    streams = np.random.SeedSequence(list(seed)).spawn(6)
    rngs = [np.random.default_rng(stream) for stream in streams]
    window = calendar.window
    persons = people.build(rngs[0], size, window)
    lives, homes = lifecourse.build(rngs[1], persons, window, places)
    named = names.build(rngs[2], persons)
    noted = traits.build(rngs[3], len(persons))
    recent = (
        (lives.registered_day > window.end - 2.5 * YEAR)
        & (lives.registered_day < window.end - 200)
        & (lives.move_day == NEVER)
        & (persons.departure == STAYS)
        & (persons.twin_of < 0)
    )
    recent[round(0.8 * len(recent)) :] = False  # the end may be cut off; households stand in no order
    rows, copies = people.duplicate_rows(rngs[3], recent, DUPLICATE_SHARE)
    twin_of = people.retwin(persons.twin_of, rows, copies)
    persons = replace(persons.take(rows), twin_of=twin_of)
    lives, named, noted = lives.take(rows), named.take(rows), noted.take(rows)
    lives.gone_day[copies] = lives.registered_day[copies]  # the person votes through the first record
    minds = turnout.build(rngs[4], persons, lives, homes, places)
    electorate = Electorate(persons, lives, minds, homes, places, climate)
    timeline = Timeline(electorate, rngs[5])
    timeline.pending[copies] = timeline.pending[np.flatnonzero(copies) - 1]
    chronicle = timeline.run(calendar.elections, calendar.snapshots, calendar.coming)
    return Block(electorate, named, noted, chronicle)


def _cut(block: Block, size: int) -> Block:
    """The first ``size`` records; addresses stay, since only records point to them."""
    rows = np.arange(size)
    electorate, chronicle = block.electorate, block.chronicle
    votes = []
    for one in chronicle.votes:
        end = int(np.searchsorted(one.voter, size))
        cut = replace(one, voter=one.voter[:end], method=one.method[:end], party=one.party[:end], home=one.home[:end])
        votes.append(cut)
    return Block(
        electorate=replace(
            electorate,
            people=electorate.people.take(rows),
            lives=electorate.lives.take(rows),
            minds=electorate.minds.take(rows),
        ),
        names=block.names.take(rows),
        traits=block.traits.take(rows),
        chronicle=Chronicle(
            votes=votes,
            reasons={date: reason[:size] for date, reason in chronicle.reasons.items()},
            propensity={key: values[:size] for key, values in chronicle.propensity.items()},
            voted={key: values[:size] for key, values in chronicle.voted.items()},
        ),
    )
