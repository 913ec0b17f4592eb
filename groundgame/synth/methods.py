"""How people vote: early, by mail, on election day, and the rare ways. The history file's names for it changed over time."""

from __future__ import annotations

import datetime as dt

import numpy as np

from groundgame.synth.elections import Election
from groundgame.synth.people import DEM, REP, YEAR, day
from groundgame.synth.tables import Floats, Ints
from groundgame.synth.turnout import Electorate

ELECTION_DAY, EARLY, MAIL, CURBSIDE, PROVISIONAL, TRANSFER = range(6)
OLD_NAMES = ("IN-PERSON", "ABSENTEE ONESTOP", "ABSENTEE", "CURBSIDE", "PROVISIONAL", "TRANSFER")
NEW_NAMES = (
    *("ELECTION DAY IN-PERSON", "EARLY VOTING IN-PERSON", "ABSENTEE BY MAIL"),
    *("CURBSIDE", "PROVISIONAL", "TRANSFER"),
)
NEW_NAMES_SINCE = dt.date(2023, 1, 1)
# Share early and share by mail among those who vote, by year and kind.
EARLY_SHARE = {"presidential": 0.66, "midterm": 0.52, "primary": 0.36, "municipal": 0.24}
MAIL_SHARE = {"presidential": 0.045, "midterm": 0.04, "primary": 0.02, "municipal": 0.02}
PANDEMIC_MAIL = 0.18


def names(election: Election) -> tuple[str, ...]:
    """What the history file calls the methods of that day."""
    return NEW_NAMES if election.date >= NEW_NAMES_SINCE else OLD_NAMES


def choose(rng: np.random.Generator, electorate: Electorate, election: Election, voters: Ints) -> Ints:
    """The method of each voter; tastes last, and older voters and Democrats mail more."""
    minds, people = electorate.minds, electorate.people
    age = (day(election.date) - people.birth_day[voters]) / YEAR
    party = people.party[voters]
    pandemic = election.date.year == 2020 and election.is_general
    mail_share = PANDEMIC_MAIL if pandemic else MAIL_SHARE[election.kind]
    mail = 1.5 * minds.mail_taste[voters] + 0.025 * (age - 50) + np.where(party == DEM, 0.5, 0.0)
    mail = mail - np.where(party == REP, 0.5, 0.0) + np.where(electorate.lives.is_military[voters], 6.0, 0.0)
    early = 1.3 * minds.early_taste[voters] + 0.03 * np.minimum(age - 45, 30)
    by_mail = rng.random(len(voters)) < _share(mail, mail_share)
    is_early = rng.random(len(voters)) < _share(early, EARLY_SHARE[election.kind] / (1 - mail_share))
    found = np.where(by_mail, MAIL, np.where(is_early, EARLY, ELECTION_DAY))
    rare = rng.random(len(voters))
    found = np.where((rare < 0.008) & (age > 60), CURBSIDE, found)
    found = np.where(rare > 0.996, PROVISIONAL, found)
    return np.where((rare > 0.993) & (rare <= 0.996), TRANSFER, found).astype(np.int8)


def _share(z: Floats, share: float) -> Floats:
    """Probabilities that follow ``z`` and average about ``share``."""
    low, high = -12.0, 12.0
    sample = z[:: max(1, len(z) // 20_000)]
    for _ in range(30 if len(z) else 0):
        middle = (low + high) / 2
        if (1 / (1 + np.exp(-(sample + middle)))).mean() < share:
            low = middle
        else:
            high = middle
    return 1 / (1 + np.exp(-(z + low)))
