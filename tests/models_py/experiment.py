"""The social-pressure experiment of 2008 (Michigan, August 2006) in the columns of the feature table.

Real, pseudonymous voters: read from beside the checkout when they are there, measured, and never printed or copied.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "experiments" / "ggl2008_half.csv.gz"
ELECTION = dt.date(2006, 8, 8)
ELECTION_ID = "mi-2006-08-08-primary"
PAST = {
    "presidential_1": "g2004",
    "midterm_1": "g2002",
    "presidential_2": "g2000",
    "primary_1": "p2004",
    "primary_2": "p2002",
    "primary_3": "p2000",
}
NEVER = (
    "app_actions_count",
    "midterm_2",
    "municipal_1",
    "early_share",
    "mail_share",
    "zip_vote_share",
    "years_registered",
)
NO_TEXT = ("status", "party", "party_last_voted", "county_code", "zip_code")


def read() -> tuple[pa.Table, pa.Table]:
    """Feature rows (training and tonight) and votes."""
    raw = pa.csv.read_csv(FILE)
    n = raw.num_rows
    voted = {name: _yes(raw[column]) for name, column in PAST.items()}
    generals = np.stack([voted["presidential_1"], voted["midterm_1"], voted["presidential_2"]])
    primaries = np.stack([voted["primary_1"], voted["primary_2"], voted["primary_3"]])
    cycle = np.stack([*generals[:2], *primaries[:2]])
    count = generals.sum(axis=0) + primaries.sum(axis=0)
    household = raw["hh_id"].to_numpy()
    _, home, size = np.unique(household, return_inverse=True, return_counts=True)
    mates = size[home] - 1
    mates_share = (np.bincount(home, weights=generals.sum(axis=0))[home] - generals.sum(axis=0)) / np.maximum(
        3 * mates, 1
    )
    ids = pa.array([f"MI-{i:06d}" for i in range(n)])
    whole = {
        "voter_id": ids,
        "source": ["ggl2008"] * n,
        "target_election_id": [ELECTION_ID] * n,
        "target_election_date": pa.array([ELECTION] * n, pa.date32()),
        "target_election_kind": ["primary"] * n,
        "has_roll": [True] * n,
        "is_scorable": [True] * n,
        "household_id": raw["hh_id"].cast(pa.string()),
        "age": pa.array(2006 - raw["yob"].to_numpy(), pa.int32()),
        "sex": raw["sex"].cast(pa.string()),
        "race": ["undesignated"] * n,
        "ethnicity": ["undesignated"] * n,
        "experiment_arm": pa.compute.utf8_trim_whitespace(raw["treatment"]),
        "household_size": pa.array(size[home], pa.int32()),
        "household_vote_share": pa.array(mates_share, mask=mates == 0),
        **{name: pa.array(values, pa.int16()) for name, values in voted.items()},
        "general_votes_count": pa.array(generals.sum(axis=0), pa.int32()),
        "general_elections_count": pa.array(np.full(n, 3), pa.int32()),
        "general_vote_share": generals.mean(axis=0),
        "votes_count": pa.array(count, pa.int32()),
        "elections_count": pa.array(np.full(n, 6), pa.int32()),
        "vote_share": count / 6,
        "cycle_votes_count": pa.array(cycle.sum(axis=0), pa.int32()),
        "cycle_elections_count": pa.array(np.full(n, 4), pa.int32()),
        "cycle_vote_share": cycle.mean(axis=0),
        "cycle_general_vote_share": cycle[:2].mean(axis=0),
        "years_since_last_vote": pa.array(np.full(n, 1.75)),
        **{name: pa.nulls(n, pa.float64()) for name in NEVER},
        **{name: pa.nulls(n, pa.string()) for name in NO_TEXT},
    }
    parts = []
    for role, day in (("training", ELECTION), ("tonight", dt.date(2007, 1, 1))):
        parts.append(pa.table({"as_of_role": [role] * n, "as_of_date": pa.array([day] * n, pa.date32()), **whole}))
    did = raw.append_column("voter_id", ids).filter(pa.array(_yes(raw["voted"]) == 1))
    votes = pa.table(
        {
            "voter_id": did["voter_id"],
            "election_id": [ELECTION_ID] * did.num_rows,
            "election_date": pa.array([ELECTION] * did.num_rows, pa.date32()),
            "voting_method": ["election_day"] * did.num_rows,
        }
    )
    return pa.concat_tables(parts), votes


def _yes(column: pa.ChunkedArray) -> NDArray[np.int8]:
    import pyarrow.compute as pc

    return pc.equal(pc.utf8_lower(column.cast(pa.string())), "yes").to_numpy().astype(np.int8)
