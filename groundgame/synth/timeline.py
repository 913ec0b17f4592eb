"""Time passes over a block of people: elections, list maintenance and snapshots in the order of their days.

Votes, habit, inactivity and removal follow from what happened before, so that all snapshots tell one life.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from groundgame.synth import methods, turnout
from groundgame.synth.elections import Election, general
from groundgame.synth.lifecourse import NEVER
from groundgame.synth.people import (
    ASKS,
    DIES,
    DUPLICATE,
    FELONY,
    LEAVES_COUNTY,
    LEAVES_STATE,
    YEAR,
    day,
)
from groundgame.synth.tables import Bools, Floats, Ints
from groundgame.synth.turnout import Electorate

# status, its label, reason, its label: in the order of the reason numbers below.
REASONS = (
    ("A", "ACTIVE", "AV", "VERIFIED"),
    ("A", "ACTIVE", "A2", "CONFIRMATION PENDING"),
    ("A", "ACTIVE", "AP", "VERIFICATION PENDING"),
    ("A", "ACTIVE", "AL", "LEGACY DATA"),
    ("A", "ACTIVE", "AN", "UNVERIFIED NEW"),
    ("I", "INACTIVE", "IN", "CONFIRMATION NOT RETURNED"),
    ("I", "INACTIVE", "IU", "CONFIRMATION RETURNED UNDELIVERABLE"),
    ("R", "REMOVED", "RD", "DECEASED"),
    ("R", "REMOVED", "RS", "MOVED FROM STATE"),
    ("R", "REMOVED", "RL", "MOVED FROM COUNTY"),
    ("R", "REMOVED", "RQ", "REQUEST FROM VOTER"),
    ("R", "REMOVED", "RF", "FELONY CONVICTION"),
    ("R", "REMOVED", "R2", "DUPLICATE"),
    ("R", "REMOVED", "RM", "REMOVED AFTER 2 FED GENERAL ELECTIONS IN INACTIVE STATUS"),
    ("D", "DENIED", "DU", "VERIFICATION RETURNED UNDELIVERABLE"),
    ("S", "TEMPORARY", "SO", "OVERSEAS CITIZEN"),
)
AV, A2, AP, AL, AN, IN, IU, RD, RS, RL, RQ, RF, R2, RM, DU, SO = range(16)
FIRST_REMOVED, LAST_REMOVED = RD, RM
REMOVAL_REASON = {DIES: RD, LEAVES_STATE: RS, LEAVES_COUNTY: RL, ASKS: RQ, FELONY: RF, DUPLICATE: R2}
KEPT_DAYS = round(10 * YEAR)  # removed voters leave the file when their last vote is older


@dataclass
class Votes:
    """Who voted in one election, how, with which party and from which address. Entries stand in the order of ``voter``."""

    election: Election
    voter: Ints
    method: Ints
    party: Ints
    home: Ints


@dataclass
class Chronicle:
    """What came of it: votes by election, the reason number of every person at every snapshot (-1: not in that file)."""

    votes: list[Votes] = field(default_factory=list)
    reasons: dict[dt.date, Ints] = field(default_factory=dict)
    propensity: dict[str, Floats] = field(default_factory=dict)
    voted: dict[str, Bools] = field(default_factory=dict)


class Timeline:
    """The changing state of one block of people."""

    def __init__(self, electorate: Electorate, rng: np.random.Generator) -> None:
        size = len(electorate.people)
        self.electorate, self.rng = electorate, rng
        self.habit: Floats = np.full(size, 0.5, np.float32)
        self.is_active: Bools = np.ones(size, dtype=bool)
        self.inactive_day: Ints = np.full(size, NEVER, np.int32)
        self.is_undeliverable: Bools = np.zeros(size, dtype=bool)
        self.removed_day: Ints = electorate.lives.removed_day.copy()
        self.is_purged: Bools = np.zeros(size, dtype=bool)
        self.last_vote: Ints = np.full(size, -NEVER, np.int32)
        self.last_contact: Ints = electorate.lives.registered_day.copy()
        self.pending: Floats = rng.random(size, dtype=np.float32)

    def run(self, elections: Sequence[Election], snapshots: Sequence[dt.date], coming: Election) -> Chronicle:
        """Let every day of importance happen; ``coming`` is voted on last and enters no file."""
        chronicle = Chronicle()
        days: list[tuple[dt.date, int, Any]] = [(one.date, 2, one) for one in elections]
        warm = _before(elections, snapshots, coming)
        days += [(one.date, 1, one) for one in warm]
        days += [(snapshot, 3, snapshot) for snapshot in snapshots]
        first = min(one[0] for one in [*days, (coming.date, 0, None)])
        days += [(dt.date(year, 3, 15), 0, year) for year in range(first.year | 1, coming.date.year + 1, 2)]
        last_general = [one for one in elections if one.is_general][-1:]
        for date, what, item in sorted(days, key=lambda entry: entry[:2]):
            if what == 0:
                self._maintain(date)
            elif what == 3:
                chronicle.reasons[item] = self._reasons(item)
            else:
                probability, voter = self._vote(item)
                if what == 2:
                    chronicle.votes.append(self._record(item, voter))
                if item in last_general:
                    chronicle.propensity["last"] = probability
        chronicle.propensity["next"], voter = self._vote(coming)
        chronicle.voted["next"] = np.zeros(len(self.habit), dtype=bool)
        chronicle.voted["next"][voter] = True
        return chronicle

    def _vote(self, election: Election) -> tuple[Floats, Ints]:
        """Hold an election: who votes becomes active again, and grows the habit."""
        electorate, on = self.electorate, day(election.date)
        able = electorate.can_vote(election, self.removed_day)
        listed = (electorate.lives.registered_day <= on) & (on < self.removed_day) & ~electorate.lives.is_denied
        probability = electorate.propensity(election, able, self.is_active, self.habit, listed)
        voted = self.rng.random(len(probability), dtype=np.float32) < probability
        pace = turnout.HABIT_PACE[election.kind]
        self.habit = np.where(able, self.habit + pace * (voted - self.habit), self.habit).astype(np.float32)
        self.last_vote[voted] = on
        self.last_contact[voted] = on
        self.is_active |= voted
        self.inactive_day[voted] = NEVER
        return probability, np.flatnonzero(voted).astype(np.int32)

    def _record(self, election: Election, voter: Ints) -> Votes:
        return Votes(
            election=election,
            voter=voter,
            method=methods.choose(self.rng, self.electorate, election, voter),
            party=turnout.ballots(self.rng, self.electorate, election, voter),
            home=self.electorate.home_at(day(election.date))[voter].astype(np.int32),
        )

    def _maintain(self, date: dt.date) -> None:
        """Spring of odd years: write to those not heard of for two federal elections; remove who stayed inactive for two."""
        lives, on = self.electorate.lives, day(date)
        cutoff = day(dt.date(date.year - 3, 11, 1))
        listed = (lives.registered_day < on) & (on < self.removed_day) & ~lives.is_denied & ~lives.is_military
        contact = np.maximum(self.last_contact, np.where(lives.move_day < on, lives.move_day, -NEVER))
        chance = self.rng.random(len(contact), dtype=np.float32)
        purged = listed & ~self.is_active & (self.inactive_day < cutoff) & (chance < 0.97)
        self.removed_day[purged] = on + 10 + (chance[purged] * 30).astype(np.int32)
        self.is_purged |= purged
        gone = lives.gone_day < on
        silent = listed & self.is_active & (contact < cutoff)
        lapsed = silent & (chance < np.where(gone, 0.92, 0.6))
        returned = listed & self.is_active & ~silent & (lives.gone_day < on - 180) & (chance < 0.45)
        newly = lapsed | returned
        self.is_active &= ~newly
        self.inactive_day[newly] = on
        self.is_undeliverable = np.where(newly, (gone & (chance < 0.5)) | (self.pending > 0.8), self.is_undeliverable)
        self.last_contact[silent & ~lapsed] = on

    def _reasons(self, snapshot: dt.date) -> Ints:
        """The reason number of each person in the file of that date, -1 for those not in it."""
        electorate, on = self.electorate, day(snapshot)
        lives, people = electorate.lives, electorate.people
        reason = np.where(self.pending < 0.045, A2, AV)
        reason = np.where((lives.registered_day < day(dt.date(1992, 1, 1))) & (self.pending > 0.93), AL, reason)
        new = lives.registered_day > on - 45
        reason = np.where(new & (self.pending < 0.5), np.where(self.pending < 0.05, AN, AP), reason)
        reason = np.where(self.is_active, reason, np.where(self.is_undeliverable, IU, IN))
        reason = np.where(lives.is_military, SO, np.where(lives.is_denied, DU, reason))
        removed = self.removed_day <= on
        why = np.zeros(max(REMOVAL_REASON) + 1, np.int8)
        why[list(REMOVAL_REASON)] = list(REMOVAL_REASON.values())
        # The removal that came first counts: who was purged did not die on the rolls.
        reason = np.where(removed, np.where(self.is_purged, RM, why[people.departure]), reason)
        forgotten = removed & (np.maximum(self.last_vote, lives.registered_day) < on - KEPT_DAYS)
        return np.where((lives.registered_day > on) | forgotten, -1, reason).astype(np.int8)


def _before(elections: Sequence[Election], snapshots: Sequence[dt.date], coming: Election) -> list[Election]:
    """Federal generals before the first known election: they form habits and are in no file."""
    first = min([one.date for one in elections] or [coming.date])
    start = min(first.year - 4, min(snapshots).year - 10)
    return [one for year in range(start + start % 2, first.year + 1, 2) if (one := general(year)).date < first]
