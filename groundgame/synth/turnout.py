"""What makes a person vote: a hidden engagement, age, party, place, habit, the kind of election, and chance.

Effects interact and bend on purpose, and much of engagement is never seen in a file: a good model ranks well, not perfectly.
Figures are logits; levels are set so that the share of active registrants who vote is the election's own.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np

from groundgame.synth.elections import Election
from groundgame.synth.geography import Geography
from groundgame.synth.homes import Homes
from groundgame.synth.lifecourse import Lives
from groundgame.synth.people import DEM, REP, UNA, YEAR, People, Records, day
from groundgame.synth.tables import Bools, Floats, Ints, table

AGE_CURVES = {
    "presidential": (
        (17, -0.2),
        (21, -0.6),
        (30, -0.4),
        (45, 0.1),
        (60, 0.45),
        (71, 0.65),
        (80, 0.4),
        (86, -0.3),
        (96, -1.7),
    ),
    "midterm": (
        (17, -1.1),
        (22, -1.3),
        (30, -0.9),
        (45, 0.0),
        (60, 0.6),
        (71, 0.95),
        (80, 0.7),
        (86, -0.1),
        (96, -1.6),
    ),
    "primary": (
        (17, -1.6),
        (24, -1.6),
        (35, -0.95),
        (50, 0.0),
        (65, 0.85),
        (73, 1.1),
        (81, 0.8),
        (87, 0.0),
        (96, -1.5),
    ),
    "municipal": (
        (17, -1.7),
        (24, -1.6),
        (35, -0.8),
        (50, 0.1),
        (65, 0.7),
        (73, 0.9),
        (81, 0.6),
        (87, -0.2),
        (96, -1.6),
    ),
}
# DEM, REP, UNA, LIB, GRE, CST, NLB, JFA
PARTY = {
    "presidential": (0.0, 0.2, -0.25, -0.45, -0.5, -0.4, -0.2, -0.3),
    "midterm": (0.0, 0.18, -0.35, -0.6, -0.5, -0.4, -0.2, -0.3),
    "primary": (0.15, 0.2, -0.95, -2.2, -2.2, -2.2, -2.2, -2.2),
    "municipal": (0.2, -0.2, -0.3, -0.6, -0.5, -0.5, -0.3, -0.3),
}
# A, B, I, M, O, P, U, W
RACE = np.array([-0.3, -0.05, -0.4, -0.1, -0.3, -0.4, -0.2, 0.05])
RACE_OFF_YEAR = np.array([-0.3, -0.2, -0.2, -0.1, -0.2, -0.2, -0.1, 0.05])
ENGAGEMENT = {"presidential": 1.15, "midterm": 1.25, "primary": 1.3, "municipal": 1.25}
HABIT = {"presidential": 0.8, "midterm": 1.15, "primary": 1.2, "municipal": 1.1}
HABIT_PACE = {"presidential": 0.22, "midterm": 0.28, "primary": 0.15, "municipal": 0.12}
INACTIVE, OUTSIDE_TOWN = -1.1, -1.3
AGE_GROUPS = (30, 45, 65)
PLAIN_LEAN = np.array([2.4, -2.9, -0.1, -0.5, 2.0, -2.0, 0.0, 1.2])
RACE_LEAN = np.array([0.7, 2.2, 0.2, 0.3, 0.4, 0.2, 0.2, -0.45])


@dataclass
class Minds(Records):
    """What no file shows: engagement, education, taste in voting methods, and the probability of choosing the Democrat."""

    engagement: Floats
    education: Floats
    early_taste: Floats
    mail_taste: Floats
    support: Floats


@dataclass
class Climate:
    """Shocks of each election, the same for everybody; intercepts are filled in when the first people vote."""

    seed: int
    intercepts: dict[dt.date, float] = field(default_factory=dict)

    def shocks(self, election: Election) -> dict[str, Floats]:
        """Modest seeded surprises by age group, party and county, and in the level."""
        rng = np.random.default_rng([self.seed, election.date.toordinal()])
        return {
            "level": rng.normal(0, 0.05, 1),
            "age": rng.normal(0, 0.12, len(AGE_GROUPS) + 1),
            "party": rng.normal(0, 0.1, 8),
            "county": rng.normal(0, 0.1, 100),
        }


def build(rng: np.random.Generator, people: People, lives: Lives, homes: Homes, places: Geography) -> Minds:
    """Draw the hidden side of people; households share a part of it."""
    size = len(people)
    precinct = homes.precinct[lives.home]
    shared = rng.normal(0, 1, int(people.household[-1]) + 1)[people.household]
    education = 0.5 * places.ses[precinct] + 0.35 * shared + 0.75 * rng.normal(0, 1, size)
    # Some never vote and some always do: three kinds of people rather than one bell curve.
    habitual = np.array([-1.7, 0.0, 1.5])[np.searchsorted([0.12, 0.82], rng.random(size))]
    engagement = 0.5 * shared + 0.7 * rng.normal(0, 1, size) + 0.4 * education + habitual
    county_lean = table("counties")["dem_share_2024"].to_numpy()[people.county]
    lean = PLAIN_LEAN[people.party] + RACE_LEAN[people.race] + np.log(county_lean / (1 - county_lean))
    lean = lean + 0.5 * places.lean[precinct] + 0.25 * education + np.where(people.sex == 0, 0.2, -0.15)
    lean = lean + np.where(people.ethnicity == 0, 0.3, 0.0) + rng.normal(0, 0.9, size)
    tastes = rng.normal(0, 1, (2, size)).astype(np.float32)
    return Minds(
        engagement=engagement.astype(np.float32),
        education=education.astype(np.float32),
        early_taste=tastes[0],
        mail_taste=tastes[1],
        support=_sigmoid(lean).astype(np.float32),
    )


@dataclass
class Electorate:
    """The people of one block, as elections see them."""

    people: People
    lives: Lives
    minds: Minds
    homes: Homes
    places: Geography
    climate: Climate

    def can_vote(self, election: Election, removed_day: Ints) -> Bools:
        """Registered in time, of age, still here, neither denied nor removed."""
        on = day(election.date)
        lives = self.lives
        found: Bools = (
            (lives.registered_day <= on - 4)
            & (self.people.birth_day + 18 * YEAR <= on)
            & (on < lives.gone_day)
            & (on < removed_day)
            & ~lives.is_denied
        )
        return found

    def propensity(self, election: Election, able: Bools, active: Bools, habit: Floats, listed: Bools) -> Floats:
        """Probability that each person votes; zero for those who cannot. ``listed`` people make up the turnout share."""
        z = self._logit(election, habit) + np.where(active, 0.0, INACTIVE)
        if election.date not in self.climate.intercepts:
            self.climate.intercepts[election.date] = _intercept(z, able, active & listed, election.turnout)
        z = z + self.climate.intercepts[election.date] + self.climate.shocks(election)["level"]
        return np.where(able, _sigmoid(z), 0.0).astype(np.float32)

    def party_at(self, on: int) -> Ints:
        """Party of registration on a day."""
        return np.where(on < self.lives.party_day, self.lives.party_before, self.people.party)

    def home_at(self, on: int) -> Ints:
        """Address on a day."""
        return np.where(on < self.lives.move_day, self.lives.home_before, self.lives.home)

    def _logit(self, election: Election, habit: Floats) -> Floats:
        kind, on = election.kind, day(election.date)
        people, minds = self.people, self.minds
        shocks = self.climate.shocks(election)
        age = ((on - people.birth_day) / YEAR).astype(np.float32)
        precinct = self.homes.precinct[self.home_at(on)]
        county = self.places.county[precinct]
        party = self.party_at(on)
        knots = np.array(AGE_CURVES[kind])
        z = np.interp(age, knots[:, 0], knots[:, 1]) + shocks["age"][np.searchsorted(AGE_GROUPS, age)]
        z += np.array(PARTY[kind])[party] + shocks["party"][party] + shocks["county"][county]
        z += RACE[people.race] + np.where(people.ethnicity == 0, -0.35, 0.0) + np.where(people.sex == 2, -0.12, 0.0)
        z += self.places.turnout_effect[precinct] + _competition(election)[county]
        z += self._personal(kind, age, party) + HABIT[kind] * 2 * (habit - 0.5)
        z += self._tenure(election, on, age)
        if kind == "municipal":
            z += np.where(self.places.is_municipal[precinct] == 1, 0.0, OUTSIDE_TOWN)
        if kind != "presidential":
            z += RACE_OFF_YEAR[people.race] * np.where(age < 45, 1.4, 0.4)
        return z + 0.08 * (people.sex == 0) - 0.1 * (minds.education < -1)

    def _personal(self, kind: str, age: Floats, party: Ints) -> Floats:
        """Engagement counts more for those of no party and less for the old; education matters most to the young in off years."""
        minds = self.minds
        slope = ENGAGEMENT[kind] * np.where(party == UNA, 1.15, 0.95) * np.where(age > 68, 0.85, 1.0)
        young = np.clip((42 - age) / 20, 0, 1)
        education = (0.1 if kind == "presidential" else 0.3) * young * minds.education
        return slope * minds.engagement + education

    def _tenure(self, election: Election, on: int, age: Floats) -> Floats:
        """New registrants come for a presidential year and stay away from the next off year; movers lose a little."""
        lives = self.lives
        years = (on - lives.registered_day) / YEAR
        moved = (on - lives.move_day) / YEAR
        fresh = 0.55 if election.kind == "presidential" else -0.1
        z = np.where(
            years < 0.8, fresh, np.where(years < 2.3, -0.3, 0.06 * np.minimum(np.maximum(years, 0), 20) ** 0.5)
        )
        z = z + np.where((moved >= 0) & (moved < 1.2), np.where(age < 40, -0.55, -0.25), 0.0)
        return z + np.where(lives.is_military, -0.8, 0.0)


def _competition(election: Election) -> Floats:
    """Close counties vote a little more when something is at stake."""
    counties = table("counties")
    year = 2016 if election.date.year < 2018 else 2020 if election.date.year < 2022 else 2024
    close = 1 - 2 * np.abs(counties[f"dem_share_{year}"].to_numpy() - 0.5)
    effect = 0.5 * (close - close.mean())
    if election.kind != "municipal":
        return effect if election.is_general else 0.4 * effect
    share = np.maximum(counties["municipal_turnout_2025"].to_numpy(), 0.004)  # some counties had nothing to vote on
    logit = np.log(share / (1 - share))
    return 0.6 * (logit - logit.mean())


def _intercept(z: Floats, able: Bools, counted: Bools, target: float) -> float:
    """The level at which the mean over the counted people, able to vote or not, is ``target``."""
    rows = np.flatnonzero(counted)[:: max(1, int(counted.sum()) // 100_000)]
    z, able = z[rows], able[rows]
    low, high = -9.0, 9.0
    for _ in range(40):
        middle = (low + high) / 2
        if np.where(able, _sigmoid(z + middle), 0.0).mean() < target:
            low = middle
        else:
            high = middle
    return middle


def _sigmoid(z: Floats) -> Floats:
    return 1 / (1 + np.exp(-z))


def ballots(rng: np.random.Generator, electorate: Electorate, election: Election, voters: Ints) -> Ints:
    """Party that the history file shows: of registration, in primaries the ballot that was asked for."""
    party = electorate.party_at(day(election.date))[voters].astype(np.int8)
    if election.kind != "primary":
        return party
    democrat = rng.random(len(voters)) < electorate.minds.support[voters]
    picked = np.where(democrat, DEM, REP)
    return np.where((party == UNA) & (rng.random(len(voters)) < 0.98), picked, party).astype(np.int8)
