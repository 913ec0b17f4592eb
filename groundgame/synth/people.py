"""Who lives in the state: demographics by the real marginals, households, and those who die or leave.

A person here is one registration record; ``twin_of`` points to the record of the same human being where there are two.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from groundgame.synth.tables import Bools, Floats, GroupedWeights, Ints, codes, draw, shapes, table

PARTIES = ("DEM", "REP", "UNA", "LIB", "GRE", "CST", "NLB", "JFA")
RACES = ("A", "B", "I", "M", "O", "P", "U", "W")
ETHNICITIES = ("HL", "NL", "UN")
SEXES = ("F", "M", "U")
DEM, REP, UNA = 0, 1, 2
YEAR = 365.25

STAYS, DIES, LEAVES_STATE, LEAVES_COUNTY, ASKS, FELONY, DUPLICATE = range(7)
# Registrants are healthier than the population of the life table.
REGISTRANT_MORTALITY = 0.6
LEAVERS_PER_YEAR = 0.0035
LEAVER_KINDS = {LEAVES_STATE: 0.52, LEAVES_COUNTY: 0.41, ASKS: 0.02, FELONY: 0.04, DUPLICATE: 0.01}
# The sizes of the reference are what is left after some have died, left or moved out: households begin larger.
BEFORE_LEAVING = np.array([0.37, 1.0, 1.25, 1.6, 1.8, 1.8, 1.8, 1.8])
TWIN_SHARE = 0.3  # of those removed for a move to another county: registered anew there, under a new id
MINOR_SHARE = 0.004

_Self = TypeVar("_Self", bound="Records")


@dataclass
class Records:
    """Columns of equal length, one entry per record."""

    def take(self: _Self, rows: NDArray[Any]) -> _Self:
        """The chosen rows, in that order."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass
class People(Records):
    """Days are days since 1970; ``departure_day`` is the day the person died or left, far in the future for those who stay."""

    county: Ints
    party: Ints
    race: Ints
    ethnicity: Ints
    sex: Ints
    birth_day: Ints
    departure: Ints
    departure_day: Ints
    household: Ints
    twin_of: Ints

    def __len__(self) -> int:
        return len(self.county)


@dataclass(frozen=True)
class Window:
    """The days between which people may leave, and the day of the state's latest file; days since 1970."""

    start: int
    end: int
    as_of: int


def day(date: dt.date) -> int:
    """Days since 1970-01-01."""
    return date.toordinal() - 719_163


def build(rng: np.random.Generator, size: int, window: Window) -> People:
    """About ``size`` records that stay, and beside them those who leave within ``window``, grouped into households."""
    base = _stayers(rng, size, window)
    parts = [base, _dead(rng, base, window), _leavers(rng, base, window)]
    joined = People(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(People)})
    return _housed(rng, joined)


def _stayers(rng: np.random.Generator, size: int, window: Window) -> People:
    cells = table("cells")
    drawn = draw(rng, cells["share"].to_numpy(), size)
    age = _ages(rng, cells["age_from"].to_numpy()[drawn])
    minors = rng.random(size) < MINOR_SHARE
    age[minors] = 16.0 + 1.98 * rng.random(int(minors.sum()))
    party = codes(cells["party"], PARTIES)[drawn]
    # The reference counts three parties and no small ones of 2022-2024; a few unaffiliated belong to those.
    rare = (party == UNA) & (rng.random(size) < 0.0016)
    party[rare] = 5 + draw(rng, np.array([0.5, 0.35, 0.15]), int(rare.sum()))
    return People(
        county=cells["county_id"].to_numpy()[drawn].astype(np.int16) - 1,
        party=party,
        race=codes(cells["race"], RACES)[drawn],
        ethnicity=codes(cells["ethnicity"], ETHNICITIES)[drawn],
        sex=codes(cells["sex"], SEXES)[drawn],
        birth_day=(window.as_of - age * YEAR).astype(np.int32),
        departure=np.zeros(size, np.int8),
        departure_day=np.full(size, 2**30, np.int32),
        household=np.zeros(size, np.int32),
        twin_of=np.full(size, -1, np.int32),
    )


def _ages(rng: np.random.Generator, band: Ints) -> Floats:
    """An age in years within each band; the last band thins out as the life table does."""
    ages = np.arange(18, 106)
    bands = np.searchsorted([18, 26, 41, 66], ages, side="right") - 1
    rates = table("death_rates")
    q = np.mean([rates[rates["sex"].eq(sex)]["q"].to_numpy() for sex in "FM"], axis=0)
    alive = np.cumprod(1 - q)[ages]
    weights = np.where(ages >= 66, alive * np.exp(-(ages - 66) * 0.025), 1.0) * np.where(ages == 18, 0.75, 1.0)
    grouped = GroupedWeights(bands, weights)
    return ages[grouped.draw(rng, np.searchsorted([18, 26, 41, 66], band, side="right") - 1)] + rng.random(len(band))


def _dead(rng: np.random.Generator, base: People, window: Window) -> People:
    """Those who died within the window: for each survivor of a birth year, the expected number of dead of that year and sex."""
    first, last = window.start, window.end
    years = np.arange(first // YEAR, last // YEAR + 1)
    births = np.arange(int(base.birth_day.min() // YEAR) - 1, int(base.birth_day.max() // YEAR) + 2)
    rates = table("death_rates")
    ages = np.clip(years[None, :] - births[:, None], 0, 119).astype(int)
    expected = np.empty((2, len(births), len(years)))
    for at, letter in enumerate(SEXES[:2]):
        q = rates[rates["sex"].eq(letter)]["q"].to_numpy()[ages] * REGISTRANT_MORTALITY
        survived = np.cumprod((1 - q)[:, ::-1], axis=1)[:, ::-1]  # from that year to the last one
        expected[at] = np.where(ages >= 19, np.minimum(q / survived, 1.5), 0.0)
    born = (base.birth_day // YEAR).astype(int) - births[0]
    sex = np.where(base.sex == 2, rng.integers(0, 2, len(base)), base.sex)
    chosen = draw(rng, expected.sum(axis=2)[sex, born], int(expected.sum(axis=2)[sex, born].sum()))
    grouped = GroupedWeights(np.repeat(np.arange(2 * len(births)), len(years)), expected.ravel() + 1e-12)
    year = grouped.draw(rng, sex[chosen] * len(births) + born[chosen]) % len(years)
    when = (years[year] + rng.random(len(chosen))) * YEAR
    dead = base.take(chosen)
    dead.departure = np.full(len(chosen), DIES, np.int8)
    dead.departure_day = np.clip(when, first, last + 400).astype(np.int32)
    return dead


def _leavers(rng: np.random.Generator, base: People, window: Window) -> People:
    """Those removed for a move or at their wish; younger people leave more often."""
    age = (window.as_of - base.birth_day) / YEAR
    weights = np.where(age < 18.5, 0.0, np.exp(-(age - 18) / 28) + 0.15)
    chosen = draw(rng, weights, round(len(base) * LEAVERS_PER_YEAR * (window.end - window.start) / YEAR))
    leavers = base.take(chosen)
    kinds = np.array(list(LEAVER_KINDS))
    leavers.departure = kinds[draw(rng, np.array(list(LEAVER_KINDS.values())), len(chosen))].astype(np.int8)
    adult = np.minimum(np.maximum(leavers.birth_day + 18.3 * YEAR, window.start), window.end - 1)
    leavers.departure_day = (adult + (window.end - adult) * rng.random(len(chosen))).astype(np.int32)
    elsewhere = draw(rng, table("counties")["registered_share"].to_numpy(), len(chosen)).astype(np.int16)
    first = np.zeros(len(chosen), dtype=bool)
    first[np.unique(chosen, return_index=True)[1]] = True
    twins = (
        first
        & (leavers.departure == LEAVES_COUNTY)
        & (rng.random(len(chosen)) < TWIN_SHARE)
        & (elsewhere != leavers.county)
        & (leavers.birth_day + 19 * YEAR < leavers.departure_day)
    )
    leavers.county = np.where(twins, elsewhere, leavers.county)
    leavers.twin_of = np.where(twins, chosen, -1).astype(np.int32)
    return leavers


def _housed(rng: np.random.Generator, people: People) -> People:
    """Group people into households of one county, alike in race, party and age, and shuffle the households."""
    order = _neighbours(rng, people)
    sizes = np.array([shapes()["household_size"][str(size)] for size in range(1, 9)])
    drawn = 1 + draw(rng, sizes * BEFORE_LEAVING, len(people))
    ends = np.cumsum(drawn)
    county = people.county[order]
    starts = np.zeros(len(people), dtype=bool)
    starts[0] = True
    starts[ends[ends < len(people)]] = True
    starts[1:] |= county[1:] != county[:-1]
    household = np.cumsum(starts) - 1
    shuffled = rng.permutation(int(household[-1]) + 1)[household]
    rows = order[np.argsort(shuffled, kind="stable")]
    found = people.take(rows)
    found.household = np.sort(shuffled).astype(np.int32)
    place = np.empty(len(people), np.int32)
    place[rows] = np.arange(len(people), dtype=np.int32)
    found.twin_of = np.where(found.twin_of >= 0, place[found.twin_of], -1).astype(np.int32)
    return found


def _neighbours(rng: np.random.Generator, people: People) -> Ints:
    """An order in which people who could live together stand side by side: women and men of a group alternate by age."""
    size = len(people)
    race = np.where(rng.random(size) < 0.07, rng.integers(0, 8, size), people.race)
    leaning = np.array([-1.0, 1.0, 0.0, 0.3, -0.5, 0.5, 0.0, 0.0])[people.party] + rng.normal(0, 0.55, size)
    side = np.searchsorted([-0.55, 0.55], leaning)
    group = (people.county.astype(np.int64) * 8 + race) * 3 + side
    age = -people.birth_day / YEAR
    young = people.birth_day > np.quantile(people.birth_day, 0.88)
    with_parents = young & (rng.random(size) < 0.55)
    age = age + np.where(with_parents, rng.normal(28, 4, size), rng.normal(0, 2.5, size))
    by_sex = np.lexsort((age, people.sex, group))
    pair = group[by_sex] * 3 + people.sex[by_sex]
    first = np.concatenate([[True], pair[1:] != pair[:-1]])
    start = np.flatnonzero(first)
    run = np.cumsum(first) - 1
    length = np.diff(np.concatenate([start, [size]]))
    rank = (np.arange(size) - start[run] + 0.5) / length[run]
    return by_sex[np.lexsort((rank, group[by_sex]))]


def duplicate_rows(rng: np.random.Generator, recent: Bools, share: float) -> tuple[Ints, Bools]:
    """Rows in which a few of the ``recent`` registrations stand twice, one behind the other; and which of them are copies."""
    size = len(recent)
    candidates = np.flatnonzero(recent)
    count = min(len(candidates), max(2, round(share * size)))
    chosen = rng.choice(candidates, count, replace=False)
    rows = np.sort(np.concatenate([np.arange(size), chosen]))
    return rows, np.concatenate([[False], rows[1:] == rows[:-1]])


def retwin(twin_of: Ints, rows: Ints, copies: Bools) -> Ints:
    """``twin_of`` after the rows were repeated: old references follow their record, a copy points to its original."""
    originals = np.flatnonzero(~copies)
    moved = np.where(twin_of >= 0, originals[np.maximum(twin_of, 0)], -1)[rows]
    return np.where(copies, np.arange(len(rows)) - 1, moved).astype(np.int32)
