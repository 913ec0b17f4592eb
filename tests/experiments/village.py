"""A village on hand-made marts, whose voters' both outcomes are known."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa

from groundgame.config import Settings
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

AS_OF, LATER, ANALYSIS = dt.date(2026, 10, 1), dt.date(2026, 10, 2), dt.date(2027, 1, 20)
ELECTION = dt.date(2026, 11, 3)
SPEC = """
experiment: letter
hypothesis: A letter brings voters of middle age to the polls.
level: household
arms: {control: {share: 0.5}, letter: {share: 0.3}, call: {share: 0.2}}
strata: [party]
universe: [{column: status, values: ["active"]}, {column: age, at_least: 18}]
outcome: {election_date: 2026-11-03, election_type: general}
baseline: {column: midterm_1}
start_date: 2026-10-10
analysis_date: 2027-01-15
"""
OUTCOME = """outcome:
  kind: answers
  from_date: 2026-10-12
  until_date: 2026-10-18
  contact_types: ["call"]
  supports: {1: 0.98, 2: 0.8, 3: 0.5, 4: 0.2, 5: 0.02}
  answered_share: 0.4
"""
ANSWERS = (
    SPEC.replace("outcome: {election_date: 2026-11-03, election_type: general}\n", OUTCOME)
    .replace("baseline: {column: midterm_1}", "baseline: {share: 0.5, icc: 0.1}")
    .replace("analysis_date: 2027-01-15", "analysis_date: 2026-10-20")
)
VOTERS = 6_000


def village(settings: Settings, as_of: dt.date, voters: int = VOTERS, renamed: bool = False) -> None:
    """Marts of one night. Homes hold two; ``renamed``: every home goes by its second member's id."""
    rng = np.random.default_rng(5)
    number = np.arange(voters)
    home = number // 2 * 2 + (1 if renamed else 0)
    habit = rng.normal(0, 1, VOTERS)[number // 2]
    ids = [f"NC-{one:05d}" for one in number]
    features = {
        "voter_id": ids,
        "household_id": [f"NC-{one:05d}" for one in home],
        "as_of_role": ["tonight"] * voters,
        "as_of_date": pa.array([as_of] * voters, pa.date32()),
        "is_scorable": [True] * voters,
        "status": np.where(number % 10 == 9, "inactive", "active").tolist(),
        "party": np.array(["democratic", "republican"])[number // 2 % 2].tolist(),
        "experiment_arm": pa.nulls(voters, pa.string()),
        "age": (20 + number * 7 % 60),
        "midterm_1": (habit + rng.normal(0, 1, VOTERS)[:voters] > 0).astype(np.int16),
        **{name: (number * 31 % 97).astype(float) for name in ("votes_count", "general_vote_share", "vote_share")},
        **{name: (number * 17 % 89).astype(float) for name in ("household_size", "years_registered")},
    }
    with open_warehouse(settings) as warehouse:
        for schema in ("marts", "intermediate"):
            warehouse.execute(f"create schema if not exists {schema}")
        warehouse.replace("marts.feat_voters", pa.table(features))
        warehouse.replace(
            "marts.dim_voters", pa.table({"voter_id": ids, "precinct_id": [f"P{n % 40}" for n in number]})
        )
        ops.set_run_parameters(warehouse, as_of, False)


def ballots(settings: Settings, voted: dict[str, bool]) -> None:
    """The election with its complete history."""
    came = [voter for voter, did in voted.items() if did]
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "create table marts.dim_elections as select 'nc' as election_id, date '2026-11-03' as election_date,"
            " 'general' as election_type, true as is_history_complete"
        )
        warehouse.replace("marts.fct_votes", pa.table({"voter_id": came, "election_id": ["nc"] * len(came)}))
        warehouse.execute("create table intermediate.int_votes__left as select * from marts.fct_votes limit 0")
        warehouse.execute("create table intermediate.int_voters__hidden as select 'NC-00000' as voter_id")


def ledger(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch("select * from ops.experiment_assignments order by voter_id").to_pylist()


def declare(settings: Settings, text: str = SPEC) -> None:
    settings.experiments_folder.mkdir(parents=True, exist_ok=True)
    (settings.experiments_folder / "letter.yml").write_text(text, encoding="utf-8")
