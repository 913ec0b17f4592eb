"""One life course per record: registering, moving, changing party, leaving. Every snapshot reads its date off the same life.

What follows from not voting (inactive, removed after two federal elections) happens in ``timeline``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from groundgame.synth import homes as addresses
from groundgame.synth.geography import Geography
from groundgame.synth.homes import Homes
from groundgame.synth.people import (
    DEM,
    DIES,
    LEAVES_COUNTY,
    LEAVES_STATE,
    REP,
    STAYS,
    UNA,
    YEAR,
    People,
    Records,
    Window,
    day,
)
from groundgame.synth.tables import Bools, Ints, draw, shapes

NEVER = 2**30
CUMBERLAND, CUMBERLAND_SHARE_OF_MASKED = 25, 0.47
MASKED, SENTINEL, ANCIENT = 1, 2, 3
NEW_PARTIES_SINCE = day(dt.date(2023, 8, 15))
MONTHS_OF_GENERAL_YEAR = np.array([7, 6, 8, 5, 5, 6, 7, 9, 14, 24, 3, 3.0])
MONTHS_OF_OTHER_YEAR = np.array([8, 8, 9, 8, 8, 8, 8, 9, 9, 9, 8, 7.0])


@dataclass
class Lives(Records):
    """Days since 1970; ``NEVER`` where a thing does not happen.

    ``home`` and ``home_before`` (until ``move_day``) point into ``Homes``; ``party_before`` holds until ``party_day``.
    ``gone_day``: from then on the person cannot vote here, whatever the file says. ``date_mark``: how the date is spoilt.
    """

    registered_day: Ints
    move_day: Ints
    home: Ints
    home_before: Ints
    is_redated: Bools  # a move to another county gave a new registration date
    party_day: Ints
    party_before: Ints
    gone_day: Ints
    removed_day: Ints
    confidential_day: Ints
    is_denied: Bools
    is_military: Bools
    date_mark: Ints


def build(rng: np.random.Generator, people: People, window: Window, places: Geography) -> tuple[Lives, Homes]:
    """Draw the lives of ``people`` and the addresses that they need."""
    size = len(people)
    gone, removed = _departures(rng, people, window)
    registered = _registrations(rng, people, window, gone)
    twins = np.flatnonzero(people.twin_of >= 0)
    gone = np.where((people.departure == STAYS) & (gone <= registered), NEVER, gone)
    registered[people.twin_of[twins]] = np.minimum(removed[twins] - rng.integers(0, 15, len(twins)), window.end)
    move_day, home, home_before, homes = _moves(rng, people, window, places, registered)
    county_now, county_then = (places.county[homes.precinct[at]] for at in (home, home_before))
    redated = (move_day < NEVER) & (county_now != county_then) & (rng.random(size) < 0.6)
    party_day, party_before = _parties(rng, people, window, registered)
    recent = (people.departure == STAYS) & (registered > window.end - 18 * YEAR)
    denied = recent & (rng.random(size) < 0.010)
    lives = Lives(
        registered_day=registered,
        move_day=move_day,
        home=home,
        home_before=home_before,
        is_redated=redated,
        party_day=party_day,
        party_before=party_before,
        gone_day=gone,
        removed_day=removed,
        confidential_day=_confidential(rng, registered, window),
        is_denied=denied,
        is_military=(people.departure == STAYS) & ~denied & (rng.random(size) < 0.0006),
        date_mark=_date_marks(rng, people, window, removed),
    )
    return lives, homes


def _departures(rng: np.random.Generator, people: People, window: Window) -> tuple[Ints, Ints]:
    """When each person is out of reach, and when the file says so. Some leave and nobody notices."""
    size = len(people)
    gone = people.departure_day.copy()
    removed = people.departure_day.copy()
    kind = people.departure
    removed += np.where(kind == DIES, rng.integers(15, 160, size), 0).astype(np.int32)
    gone -= np.where(kind == LEAVES_STATE, rng.exponential(380, size), 0).astype(np.int32)
    gone -= np.where(kind == LEAVES_COUNTY, rng.integers(0, 60, size), 0).astype(np.int32)
    age = (window.as_of - people.birth_day) / YEAR
    # The same yearly rate over the whole window, so that every election finds about as many of them on the rolls.
    years = np.clip(age - 19, 0, (window.end - window.start) / YEAR)
    yearly = 0.003 + 0.009 * np.exp(-np.maximum(age - 22, 0) / 20)
    unnoticed = (kind == STAYS) & (rng.random(size) < 1 - np.exp(-yearly * years))
    since = window.end - (years * YEAR * rng.random(size)).astype(np.int32)
    gone = np.maximum(np.where(unnoticed, since, gone), people.birth_day + 18.2 * YEAR)
    return gone.astype(np.int32), removed.astype(np.int32)


def _registrations(rng: np.random.Generator, people: People, window: Window, gone: Ints) -> Ints:
    """First registration: the calendar of a real county, cut to the years in which the person could register."""
    first = day(dt.date(1955, 1, 1))
    days = np.arange(first, window.end + 1).astype("datetime64[D]")
    years = days.astype("datetime64[Y]").astype(int) + 1970
    months = days.astype("datetime64[M]").astype(int) % 12
    ago = {int(key): value for key, value in shapes()["registered_years_ago"].items()}
    # A real date is often that of a later move, which is drawn apart: first registrations are less recent.
    ago_weights = np.array([ago.get(back, 0.0005) * (1 - 0.8 * np.exp(-back / 9)) for back in range(120)])
    # The real county's calendar ends in a midterm year: an even number of years keeps presidential peaks in their place.
    last_year = window.as_of // YEAR + 1970
    back = np.clip(last_year - years + (int(last_year) - 2018) % 4, 0, 119).astype(int)
    by_month = np.where(years % 2 == 0, MONTHS_OF_GENERAL_YEAR[months], MONTHS_OF_OTHER_YEAR[months])
    weekday = np.where((days.astype(int) + 3) % 7 == 6, 0.15, 1.0)
    edges = np.concatenate([[0.0], np.cumsum(ago_weights[back] * by_month * weekday)])
    early = rng.random(len(people)) < 0.08
    low = people.birth_day + np.where(early, 16.1, 17.9) * YEAR
    low = np.minimum(
        np.where(people.birth_day > window.end - 18 * YEAR, people.birth_day + 16.0 * YEAR, low), window.end
    )
    high = np.minimum(np.where(gone < NEVER, gone - 120, window.end), window.end)
    high = np.maximum(high, low + 1)
    at_low, at_high = (edges[np.clip(at - first, 0, len(days)).astype(int)] for at in (low, high))
    drawn = at_low + (at_high - at_low) * rng.random(len(people))
    found = first + np.searchsorted(edges, drawn, side="right") - 1
    return np.clip(found, first, window.end).astype(np.int32)


def _moves(
    rng: np.random.Generator, people: People, window: Window, places: Geography, registered: Ints
) -> tuple[Ints, Ints, Ints, Homes]:
    """Moves of whole households and of single people; the young into dormitories, the old into care homes."""
    size, households = len(people), int(people.household[-1]) + 1
    county_of = np.zeros(households, np.int64)
    county_of[people.household] = people.county
    precinct = places.by_county.draw(rng, county_of)
    together = (rng.random(households) < 0.30)[people.household]
    age = (window.as_of - people.birth_day) / YEAR
    alone = ~together & (rng.random(size) < 0.08 + 0.3 * np.exp(-np.abs(age - 27) / 10))
    dormitory = (age > 18) & (age < 22.5) & (rng.random(size) < 0.07)
    care = (age > 84) & (rng.random(size) < 0.12)
    quarters = dormitory | care
    household_day = window.end - (12 * YEAR * rng.random(households)).astype(np.int32)
    own_day = window.end - 20 - (np.where(quarters, 2.5, 12.0) * YEAR * rng.random(size)).astype(np.int32)
    move_day = np.where(together & ~quarters, household_day[people.household], own_day)
    home = people.household.astype(np.int64)
    home[quarters] = 2 * households + size + 2 * people.county[quarters].astype(np.int64) + care[quarters]
    before = np.where(together, households + people.household, 2 * households + np.arange(size))
    before = np.where(quarters, people.household, before)
    moves = (together | alone | quarters) & (move_day > registered + 30)
    everywhere = np.concatenate(
        [
            precinct,
            addresses.move_from(rng, places, precinct),
            addresses.move_from(rng, places, precinct[people.household]),
            places.by_county.draw(rng, np.repeat(np.arange(100), 2)),
        ]
    )
    before = np.where(moves, before, home)
    return (
        np.where(moves, move_day, NEVER).astype(np.int32),
        home.astype(np.int32),
        before.astype(np.int32),
        addresses.build(rng, everywhere),
    )


def _parties(rng: np.random.Generator, people: People, window: Window, registered: Ints) -> tuple[Ints, Ints]:
    """Party switches: mostly from the two large parties to unaffiliated; small new parties exist since 2023."""
    size = len(people)
    new = people.party >= 5
    switches = new | (rng.random(size) < np.where(people.party == UNA, 0.15, 0.08))
    when = window.end - (12 * YEAR * rng.random(size)).astype(np.int64)
    when = np.where(new, np.maximum(when, NEW_PARTIES_SINCE), when)
    odds = {DEM: [0.0, 0.25, 0.75], REP: [0.45, 0.0, 0.55], UNA: [0.58, 0.42, 0.0]}
    before = np.full(size, UNA, np.int8)
    for party, weights in odds.items():
        mine = people.party == party
        before[mine] = draw(rng, np.array(weights), int(mine.sum()))
    switches &= when > registered
    return np.where(switches, when, NEVER).astype(np.int32), np.where(switches, before, people.party).astype(np.int8)


def _confidential(rng: np.random.Generator, registered: Ints, window: Window) -> Ints:
    """One in five hundred is in the address confidentiality programme, some only since lately."""
    size = len(registered)
    late = window.end - (6 * YEAR * rng.random(size)).astype(np.int64)
    since = np.where(rng.random(size) < 0.6, registered, np.maximum(late, registered))
    return np.where(rng.random(size) < 0.002, since, NEVER).astype(np.int32)


def _date_marks(rng: np.random.Generator, people: People, window: Window, removed: Ints) -> Ints:
    """Registration dates under review (half of them in one county), the sentinel of 1900, an impossible year."""
    size = len(people)
    cumberland = people.county == CUMBERLAND
    share = max(float(cumberland.mean()), 1e-3)
    odds = np.where(cumberland, CUMBERLAND_SHARE_OF_MASKED / share, (1 - CUMBERLAND_SHARE_OF_MASKED) / (1 - share))
    marks = np.where(rng.random(size) < 0.003 * odds, MASKED, 0)
    old = window.as_of - people.birth_day > 45 * YEAR
    marks = np.where(old & (rng.random(size) < 0.0022), SENTINEL, marks)
    return np.where(old & (rng.random(size) < 4e-6), ANCIENT, marks).astype(np.int8)
