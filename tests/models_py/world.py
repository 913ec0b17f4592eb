"""A made-up state for the models: people with a hidden propensity, twelve years of elections, and the feature table they give.

Everything is drawn from a seed and written in the columns of ``marts.feat_voters`` and ``marts.fct_votes``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from groundgame.config import Settings
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

AS_OF = dt.date(2026, 10, 25)
LEVEL = {"presidential": 1.15, "midterm": 0.25, "primary": -1.6, "municipal": -2.0}
RACES = ("white", "black", "asian", "undesignated")
PARTIES = ("democratic", "republican", "unaffiliated")


@dataclass(frozen=True)
class Day:
    """An election of the made-up state."""

    date: dt.date
    type: str
    kind: str

    @property
    def id(self) -> str:
        return f"nc-{self.date}-{self.type}"


def calendar(last: int = 2024) -> list[Day]:
    """Primaries and generals in even years, municipal elections in odd ones."""
    days = []
    for year in range(2012, last + 1):
        if year % 2:
            days.append(Day(dt.date(year, 11, 4), "municipal", "municipal"))
        else:
            days.append(Day(dt.date(year, 5, 10), "primary", "primary"))
            kind = "midterm" if year % 4 else "presidential"
            days.append(Day(dt.date(year, 11, 5), "general", kind))
    return days


TARGET = Day(dt.date(2026, 11, 3), "general", "midterm")


@dataclass
class World:
    """``votes`` is (voters, elections): 1 voted, 0 did not, -1 was not registered yet."""

    voters: int
    seed: int = 1
    days: list[Day] = field(default_factory=calendar)
    shift: dict[str, float] = field(default_factory=dict)
    votes: NDArray[np.int8] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        n = self.voters
        self.household = np.sort(rng.integers(0, int(n / 1.8) + 1, n))
        self.birth_year = rng.integers(1936, 2009, n)
        self.registered_year = np.maximum(rng.integers(1990, 2027, n), self.birth_year + 18)
        self.race = rng.choice(4, n, p=[0.63, 0.2, 0.03, 0.14])
        self.party = rng.choice(3, n, p=[0.33, 0.3, 0.37])
        self.sex = rng.choice(3, n, p=[0.5, 0.42, 0.08])
        self.status = rng.choice(4, n, p=[0.86, 0.1, 0.03, 0.01])
        self.zip = rng.integers(0, 60, n)
        shared = rng.normal(0, 0.6, self.household.max() + 1)[self.household]
        place = rng.normal(0, 0.25, 60)[self.zip]
        self.habit = rng.normal(0, 1.0, n) + shared + place + np.array([0.1, 0.15, -0.3])[self.party]
        self.votes = np.stack([self._turnout(day, rng) for day in self.days], axis=1)
        self.is_early = rng.random((n, len(self.days))) < 1 / (1 + np.exp(-rng.normal(0, 1.2, n)))[:, None]

    def _turnout(self, day: Day, rng: np.random.Generator) -> NDArray[np.int8]:
        age = day.date.year - self.birth_year
        curve = 1.3 * np.exp(-(((age - 68) / 30) ** 2)) - 0.9
        young = np.where((age < 30) & (day.kind != "presidential"), -0.7, 0.0)
        z = LEVEL[day.kind] + self.shift.get(day.id, 0.0) + 1.1 * self.habit + 1.4 * curve + young
        voted = (rng.random(self.voters) < 1 / (1 + np.exp(-z))).astype(np.int8)
        return np.where(self.registered_year < day.date.year, voted, -1).astype(np.int8)

    def features(self, as_of: dt.date, role: str, target: Day, snapshots_since: int = 2012) -> pa.Table:
        """The feature rows of everyone registered before ``as_of``."""
        here = self.registered_year < as_of.year
        known = as_of.year > snapshots_since
        columns = {**self._person(as_of, known), **self._history(as_of, target)}
        table = pa.table(
            {
                "voter_id": self.voter_ids(),
                "as_of_date": pa.array([as_of] * self.voters, pa.date32()),
                "as_of_role": [role] * self.voters,
                "source": ["nc"] * self.voters,
                "target_election_id": [target.id] * self.voters,
                "target_election_date": pa.array([target.date] * self.voters, pa.date32()),
                "target_election_kind": [target.kind] * self.voters,
                **columns,
            }
        )
        return table.filter(pa.array(here))

    def voter_ids(self) -> pa.Array:
        """Ids that do not follow the order of the households."""
        return pa.array([f"NC-{(i * 7919) % 10_000_019:08d}" for i in range(self.voters)])

    def vote_rows(self) -> pa.Table:
        """``marts.fct_votes``."""
        person, election = np.nonzero(self.votes == 1)
        ids = pa.array([day.id for day in self.days])
        dates = pa.array([day.date for day in self.days], pa.date32())
        method = np.where(self.is_early[person, election], "early", "election_day")
        return pa.table(
            {
                "voter_id": self.voter_ids().take(pa.array(person)),
                "election_id": ids.take(pa.array(election)),
                "election_date": dates.take(pa.array(election)),
                "voting_method": pa.array(method.tolist()),
            }
        )

    def _person(self, as_of: dt.date, known: bool) -> dict[str, Any]:
        def named(values: NDArray[Any], names: tuple[str, ...], present: bool = True) -> pa.Array:
            return pa.array(names).take(pa.array(values)) if present else pa.nulls(self.voters, pa.string())

        age = as_of.year - self.birth_year
        size = np.bincount(self.household)[self.household]
        return {
            "has_roll": [known] * self.voters,
            "is_scorable": (age >= 19) & (self.status < 2),
            "household_id": pa.array([f"house-{i:08d}" for i in self.household]),
            "status": named(self.status, ("active", "inactive", "removed", "denied"), known),
            "party": named(self.party, PARTIES, known),
            "party_last_voted": pa.nulls(self.voters, pa.string()),
            "age": pa.array(age, pa.int32()),
            "years_registered": (as_of.year - self.registered_year).astype(float),
            "sex": named(self.sex, ("female", "male", "undesignated")),
            "race": named(self.race, RACES),
            "ethnicity": ["undesignated"] * self.voters,
            "experiment_arm": pa.nulls(self.voters, pa.string()),
            "household_size": pa.array(size, pa.int32()) if known else pa.nulls(self.voters, pa.int32()),
            "county_code": named(self.zip % 7, tuple("1234567"), known),
            "zip_code": pa.array([f"27{i:03d}" for i in self.zip]),
        }

    def _history(self, as_of: dt.date, target: Day) -> dict[str, Any]:
        past = [i for i, day in enumerate(self.days) if day.date < as_of][::-1]
        columns: dict[str, Any] = {}
        for kind, depth in (("presidential", 2), ("midterm", 2), ("primary", 3), ("municipal", 1)):
            of_kind = [i for i in past if self.days[i].kind == kind]
            for back in range(depth):
                column = self.votes[:, of_kind[back]] if back < len(of_kind) else np.full(self.voters, -1)
                columns[f"{kind}_{back + 1}"] = pa.array(column, pa.int16(), mask=column < 0)
        generals = [i for i in past if self.days[i].type == "general"]
        share, count, eligible = self._shares(generals[:4])
        columns["general_votes_count"], columns["general_elections_count"] = count, eligible
        columns["general_vote_share"] = share
        columns["vote_share"], columns["votes_count"], columns["elections_count"] = self._shares(past)
        cycle = [i for i in past if (as_of - self.days[i].date).days <= 1503]
        columns["cycle_vote_share"], columns["cycle_votes_count"], columns["cycle_elections_count"] = self._shares(
            cycle
        )
        columns["cycle_general_vote_share"] = self._shares([i for i in cycle if i in generals])[0]
        columns["household_vote_share"] = self._mates_share(generals)
        columns["zip_vote_share"] = self._zip_share(generals)
        years = np.array([as_of.year - self.days[i].date.year for i in past])
        voted = self.votes[:, past] == 1
        first = voted.argmax(axis=1)
        columns["years_since_last_vote"] = pa.array(years[first].astype(float), mask=~voted.any(axis=1))
        columns["early_share"] = pa.array(
            (voted & self.is_early[:, past]).sum(1) / np.maximum(voted.sum(1), 1), mask=~voted.any(axis=1)
        )
        columns["mail_share"] = pa.array(np.zeros(self.voters), mask=~voted.any(axis=1))
        columns["app_actions_count"] = pa.nulls(self.voters, pa.int32())
        columns["religion"] = pa.nulls(self.voters, pa.string())
        for name in ("primary_dem_count", "primary_rep_count"):
            columns[name] = pa.array(np.zeros(self.voters), pa.int32())
        return columns

    def _shares(self, elections: list[int]) -> tuple[pa.Array, pa.Array, pa.Array]:
        chosen = self.votes[:, elections]
        count, eligible = (chosen == 1).sum(axis=1), (chosen >= 0).sum(axis=1)
        share = pa.array(count / np.maximum(eligible, 1), mask=eligible == 0)
        return share, pa.array(count, pa.int32()), pa.array(eligible, pa.int32())

    def _mates_share(self, generals: list[int]) -> pa.Array:
        voted, eligible = (self.votes[:, generals] == 1).sum(1), (self.votes[:, generals] >= 0).sum(1)
        mates = np.bincount(self.household, weights=eligible)[self.household] - eligible
        votes = np.bincount(self.household, weights=voted)[self.household] - voted
        return pa.array(votes / np.maximum(mates, 1), mask=mates == 0)

    def _zip_share(self, generals: list[int]) -> NDArray[np.float64]:
        voted, eligible = (self.votes[:, generals] == 1).sum(1), (self.votes[:, generals] >= 0).sum(1)
        sums = np.bincount(self.zip, weights=voted) / np.maximum(np.bincount(self.zip, weights=eligible), 1)
        return np.round(sums, 6)[self.zip]


def build(
    settings: Settings, world: World, as_of: dt.date = AS_OF, target: Day = TARGET, snapshots_since: int = 2012
) -> None:
    """Write the marts of one night: tonight's rows and those of the latest four general elections."""
    generals = [day for day in world.days if day.type == "general" and day.date < as_of][-4:]
    parts = [world.features(day.date, "training", day, snapshots_since) for day in generals]
    parts.append(world.features(as_of, "tonight", target, snapshots_since))
    write(settings, pa.concat_tables(parts), world.vote_rows(), as_of)


def write(
    settings: Settings, features: pa.Table, votes: pa.Table, as_of: dt.date, study: tuple[dt.date, str] | None = None
) -> None:
    """Replace the two tables that training and scoring read."""
    day, kind = study or (None, None)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema if not exists marts")
        warehouse.replace("marts.feat_voters", features)
        warehouse.replace("marts.fct_votes", votes)
        warehouse.execute("create schema if not exists intermediate")
        warehouse.replace("intermediate.int_votes__left", votes.slice(0, 0))
        warehouse.execute(
            "create table if not exists intermediate.int_support__answered"
            " (voter_id varchar, answered_on date, support_level smallint, contact_type varchar)"
        )
        warehouse.execute(
            "create table if not exists intermediate.int_contacts__reached"
            " (voter_id varchar, attempted_on date, is_reached smallint, contact_type varchar)"
        )
        ops.set_run_parameters(warehouse, as_of, True, label_election_date=day, label_election_type=kind)
