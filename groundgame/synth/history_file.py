"""What stands in each column of the history file: one line per voter and election, party and precinct as of that day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from groundgame.synth import geography, methods
from groundgame.synth.block import Block
from groundgame.synth.lines import Built, Coded, Group, padded
from groundgame.synth.numbers import Numbers
from groundgame.synth.people import PARTIES, day
from groundgame.synth.registration_file import county_numbers
from groundgame.synth.tables import Ints
from groundgame.synth.timeline import Votes

PARTY_NAMES = {
    "DEM": "DEMOCRATIC",
    "REP": "REPUBLICAN",
    "UNA": "UNAFFILIATED",
    "LIB": "LIBERTARIAN",
    "GRE": "GREEN",
    "CST": "CONSTITUTION",
    "NLB": "NO LABELS",
    "JFA": "JUSTICE FOR ALL",
}
ORPHAN_SHARE = 2e-4  # lines of voters who are no longer in the registration file
DUPLICATE_SHARE = 1.4e-5  # second lines of one voter in one election
ENTRY_DAYS = (10, 55)  # counties enter an election's votes this many days after it


@dataclass(frozen=True)
class Lines:
    """One entry per line of the file; ``election`` is a position in the list of elections."""

    voter: Ints
    election: Ints
    method: Ints
    party: Ints
    precinct: Ints


def lines(block: Block, snapshot: dt.date, seed: Sequence[int]) -> Lines:
    """The lines that a history file of that date holds: a few of them twice, a few of voters who left the registration file."""
    rng = np.random.default_rng(list(seed))
    votes = block.chronicle.votes
    parts = [_of_election(block, one, at, snapshot) for at, one in enumerate(votes) if one.election.date < snapshot]
    if not parts:
        return Lines(*(np.empty(0, np.int32) for _ in range(5)))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    known = block.chronicle.reasons[snapshot][columns[0]] >= 0
    orphans = rng.permutation(np.flatnonzero(~known))
    known[orphans[: max(2, rng.poisson(ORPHAN_SHARE * len(known)))]] = True
    columns = [column[known] for column in columns]
    if not known.any():
        return Lines(*columns)
    repeated = rng.integers(0, len(columns[0]), max(2, rng.poisson(DUPLICATE_SHARE * len(columns[0]))))
    again = [column[repeated] for column in columns]
    again[2][::2] = methods.PROVISIONAL  # every other repetition names another method
    return Lines(*(np.concatenate(pair) for pair in zip(columns, again, strict=True)))


def _of_election(block: Block, votes: Votes, at: int, snapshot: dt.date) -> list[Ints]:
    """Votes of one election, as far as the counties had entered them by then."""
    precinct = block.electorate.homes.precinct[votes.home]
    entered = np.random.default_rng([7, votes.election.date.toordinal()]).integers(*ENTRY_DAYS, 100)
    in_time = entered[block.electorate.places.county[precinct]] <= (snapshot - votes.election.date).days
    rows = np.flatnonzero(in_time)
    return [
        votes.voter[rows],
        np.full(len(rows), at, np.int16),
        votes.method[rows],
        votes.party[rows],
        precinct[rows].astype(np.int32),
    ]


def groups(block: Block, numbers: Numbers, found: Lines, snapshot: dt.date, statewide: bool) -> list[Group]:
    """The fifteen columns of ``found``; the county in front is the present one, the voted county that of the day."""
    on = day(snapshot)
    elections = [one.election for one in block.chronicle.votes]
    places = block.electorate.places
    labels = geography.county_labels(snapshot, statewide)
    now = county_numbers(block, numbers, on)
    recoded = np.array([one.date >= geography.CODE_RECODED_SINCE for one in elections])
    renamed = np.array([methods.names(one) == methods.NEW_NAMES for one in elections])
    codes = [code for date in (dt.date.min, dt.date.max) for code in geography.precinct_codes(places, date)]
    described = geography.precinct_names(places) * 2
    precinct = found.precinct + places.precincts * recoded[found.election]
    return [
        Coded(block.county_at(on)[found.voter], labels),
        Built("voter_reg_num", lambda rows: padded(now[found.voter[rows]], 12)),
        Coded(
            found.election,
            {
                "election_lbl": [one.label for one in elections],
                "election_desc": [one.description for one in elections],
            },
        ),
        Coded(
            found.method + len(methods.OLD_NAMES) * renamed[found.election],
            {"voting_method": [*methods.OLD_NAMES, *methods.NEW_NAMES]},
        ),
        Coded(
            found.party,
            {"voted_party_cd": list(PARTIES), "voted_party_desc": [PARTY_NAMES[party] for party in PARTIES]},
        ),
        Coded(precinct, {"pct_label": codes, "pct_description": described}),
        Built("ncid", lambda rows: numbers.voter_id.take(pa.array(found.voter[rows]))),
        Coded(
            places.county[found.precinct],
            {"voted_county_id": labels["county_id"], "voted_county_desc": labels["county_desc"]},
        ),
        Coded(precinct, {"vtd_label": codes, "vtd_description": [f"VTD {code}" for code in codes]}),
    ]
