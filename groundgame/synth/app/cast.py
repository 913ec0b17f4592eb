"""Everybody who can turn up on the app: the living voters of a block, and beside them people whom no voter file knows.

Who signs up is ``accounts``' work, what is shown of them ``labels`` and ``profiles``'.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace

import numpy as np

from groundgame.synth import names
from groundgame.synth.app import places
from groundgame.synth.block import Block
from groundgame.synth.names import Names
from groundgame.synth.people import YEAR
from groundgame.synth.tables import Bools, Floats, Ints

VOTER, UNREGISTERED, AWAY, ABROAD, TEEN, CHILD, MATE, NAMESAKE = range(8)
# Made-up people per living voter. About one adult citizen in eight is not registered; friends elsewhere are as
# many as surveys of friend lists find (one in ten); the rest are few, and enough that a test meets each of them.
MADE = {UNREGISTERED: 0.14, AWAY: 0.10, ABROAD: 0.008, TEEN: 0.05, CHILD: 0.006, MATE: 0.004, NAMESAKE: 0.006}
AGES = {AWAY: (18, 75), ABROAD: (18, 60), TEEN: (13, 18), CHILD: (9, 13), UNREGISTERED: (18, 80), NAMESAKE: (18, 80)}
YOUNG_TILT = 1.6  # those who are not registered are younger: a power of the uniform draw
FATHERS_YEARS = (20, 36)  # how much younger a son of the same name is


@dataclass
class Cast(Names):
    """One entry per human being or account, on top of the name.

    ``record`` is the row of the block that the entry is (voters) or was modelled on. ``person`` counts people of the
    voter file and the others apart. ``city`` is where they live, ``city_before`` where they lived until ``move_day``.
    """

    kind: Ints
    record: Ints
    person: Ints
    is_listed: Bools
    is_duplicate: Bools
    sex: Ints
    birth_day: Ints
    county: Ints
    city: Ints
    city_before: Ints
    move_day: Ints
    household: Ints
    party: Ints
    is_hispanic: Bools
    support: Floats
    propensity: Floats
    early_taste: Floats
    engagement: Floats

    def __len__(self) -> int:
        return len(self.kind)

    def age(self, on: int) -> Floats:
        """Years of age on a day."""
        return (on - self.birth_day) / YEAR

    def is_namesake_at_home(self) -> Bools:
        """Whether somebody of the same first and last name lives in the same household."""
        home = np.where(
            np.isin(self.kind, (VOTER, MATE)) & ~self.is_duplicate, self.household, -1 - np.arange(len(self))
        )
        order = np.lexsort((self.last, self.first, home))
        keys = np.stack([home, self.first, self.last, self.second_last])[:, order]
        same = (keys[:, 1:] == keys[:, :-1]).all(axis=0)
        found = np.zeros(len(self), dtype=bool)
        found[order[1:]] |= same
        found[order[:-1]] |= same
        return found


def build(rng: np.random.Generator, block: Block, on: int, latest: dt.date, strangers: int) -> Cast:
    """The cast of a block on a day.

    Args:
        rng: the cast's own stream.
        block: people of the synthetic state.
        on: the day of looking, in days since 1970.
        latest: date of the registration file that tells who is registered.
        strangers: number of the first made-up person, so that blocks do not share them.
    """
    people, lives = block.electorate.people, block.electorate.lives
    living = np.flatnonzero((lives.gone_day > on) & (people.departure_day > on) & (people.twin_of < 0))
    parts = [_entries(block, living, on, latest)]
    for kind, share in MADE.items():
        size = max(1, round(share * len(living)))
        made = _made(rng, block, kind, living, size, on, latest)
        made.person = np.arange(strangers, strangers + size)
        strangers += size
        parts.append(made)
    return join(parts)


def join(parts: list[Cast]) -> Cast:
    """Several casts, one behind the other."""
    return Cast(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Cast)})


def _entries(block: Block, rows: Ints, on: int, latest: dt.date) -> Cast:
    """The voters themselves."""
    electorate, chronicle = block.electorate, block.chronicle
    people, lives, minds = electorate.people.take(rows), electorate.lives.take(rows), electorate.minds.take(rows)
    zips = [electorate.places.zip_index[electorate.homes.precinct[at]] for at in (lives.home, lives.home_before)]
    city, before = (places.city_of_zip()[at] for at in zips)
    moved = lives.move_day <= on
    named = block.names.take(rows)
    return Cast(
        **{f.name: getattr(named, f.name) for f in fields(Names)},
        kind=np.full(len(rows), VOTER, np.int8),
        record=rows,
        person=rows,
        is_listed=chronicle.reasons[latest][rows] >= 0,
        is_duplicate=np.zeros(len(rows), dtype=bool),
        sex=people.sex,
        birth_day=people.birth_day,
        county=block.county_at(on)[rows],
        city=np.where(moved, city, before),
        city_before=before,
        move_day=lives.move_day,
        household=people.household,
        party=people.party,
        is_hispanic=people.ethnicity == 0,
        support=minds.support,
        propensity=chronicle.propensity["next"][rows],
        early_taste=minds.early_taste,
        engagement=minds.engagement,
    )


def _made(rng: np.random.Generator, block: Block, kind: int, living: Ints, size: int, on: int, latest: dt.date) -> Cast:
    """People modelled on voters: same place and leaning, another name and age; mates and namesakes keep the name."""
    people = block.electorate.people
    if kind in {MATE, NAMESAKE}:  # only who is on the file can be mistaken for them
        living = living[block.chronicle.reasons[latest][living] >= 0]
    if kind == MATE:
        age = (on - people.birth_day[living]) / YEAR
        fathers = living[(people.sex[living] == 1) & (age > 42) & (age < 80)]
        living = fathers if len(fathers) else living
    rows = rng.choice(living, size, replace=size > len(living))
    made = _entries(block, rows, on, latest)
    made.kind = np.full(size, kind, np.int8)
    made.is_listed = np.zeros(size, dtype=bool)
    made.propensity = np.zeros(size, np.float32)  # who is not registered here cannot vote here
    if kind == MATE:
        made.birth_day = (made.birth_day + rng.uniform(*FATHERS_YEARS, size) * YEAR).astype(np.int32)
        return made
    low, high = AGES[kind]
    age = low + (high - low) * rng.random(size) ** (YOUNG_TILT if high > 18 else 1.0)
    made.birth_day = (on - age * YEAR).astype(np.int32)
    made.household = -1 - np.arange(size, dtype=np.int32)
    if kind != NAMESAKE:
        _rename(rng, made, block, rows)
    if kind in {AWAY, ABROAD}:
        codes = places.away_codes() if kind == AWAY else places.abroad_codes()
        made.city = made.city_before = codes[rng.integers(0, len(codes), size)]
        made.county = np.full(size, 100 + (kind == ABROAD))
    return made


def _rename(rng: np.random.Generator, made: Cast, block: Block, rows: Ints) -> None:
    """Names of their own, fitting sex, birth year and race."""
    size = len(rows)
    persons = replace(
        block.electorate.people.take(rows),
        birth_day=made.birth_day,
        household=np.arange(size, dtype=np.int32),
        twin_of=np.full(size, -1, np.int32),
    )
    drawn = names.build(rng, persons)
    for f in fields(Names):
        setattr(made, f.name, getattr(drawn, f.name))
