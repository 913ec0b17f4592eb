"""An experiment's voters as matrices: features from before the election, the arm they were assigned to, and whether they voted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.errors import ModelRejected, SpecError
from groundgame.experiments.impact import effects_of, outcomes
from models_py.encode import FEATURES_TABLE, check_columns, learn_encoding, literal
from models_py.learners import Arms
from models_py.spec import ScoreSpec
from models_py.uplift_spec import UpliftSpec

if TYPE_CHECKING:
    import pandas as pd

    from groundgame.warehouse.base import Warehouse

# The same for all in one election, or moved by the treatment itself: what users did in an app after the letter came.
ANSWERS_TABLE = "intermediate.int_support__answered"
LEFT_OUT = frozenset({"target_election_kind", "app_actions_count"})


def read_experiment(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """What the ledger knows of an experiment.

    Raises:
        SpecError: nobody was ever assigned in it.
    """
    found = warehouse.fetch("select * from ops.experiments where experiment_id = ?", [name]).to_pylist()
    if not found:
        raise SpecError("experiments", name, "has no assignments", "an uplift score needs an experiment that was run")
    return found[0]


def read_outcomes(warehouse: Warehouse, spec: UpliftSpec, experiment: dict[str, Any]) -> pd.DataFrame:
    """One row per assigned voter: arm, stratum, cluster and outcome; where answers are the outcome, of those who gave one."""
    people = outcomes(warehouse, experiment)
    if spec.outcome == "votes":
        return people
    levels = ", ".join(map(str, (*spec.supporting, *spec.opposing)))
    said = warehouse.fetch(
        f"""
        with ranked as (
            select voter_id, support_level,
                row_number() over (partition by voter_id order by answered_on desc, contact_type) as recency
            from {ANSWERS_TABLE}
            where answered_on >= ? and answered_on < ?
        )
        select voter_id, support_level from ranked where recency = 1 and support_level in ({levels}) order by voter_id""",
        [experiment["start_date"], experiment["analysis_date"]],
    ).to_pandas()
    people = people.merge(said, on="voter_id").sort_values("voter_id")
    people["outcome"] = people["support_level"].isin(spec.supporting).astype("int8")
    return people.drop(columns="support_level").reset_index(drop=True)


def largest_arm(people: pd.DataFrame, control: str) -> str:
    """The arm with the largest effect; the first by name where several are equal."""
    effects = effects_of(people, control)
    return max(effects, key=lambda one: one.effect).arm if effects else control


def read_arms(
    warehouse: Warehouse, spec: ScoreSpec, experiment: dict[str, Any], arm: str, people: pd.DataFrame
) -> Arms:
    """Voters of one arm and of control, ordered by voter, in a score's features as they stood before the election.

    Raises:
        ModelRejected: no assigned voter has such a row; nights with ``--training`` build them once the history is complete.
    """
    check_columns(warehouse, spec)
    condition = f"f.as_of_role = 'training' and f.is_scorable and f.target_election_date = date {literal(experiment['election_date'])}"
    encoding = learn_encoding(warehouse, spec, condition)
    encoding = encoding.keep([name for name in encoding.features if name not in LEFT_OUT])
    table = warehouse.fetch(
        f"select f.voter_id, {encoding.select('f.')} from {FEATURES_TABLE} f where {condition} order by f.voter_id"
    ).to_pandas()
    rows = (
        people[people["arm"].isin([arm, experiment["control_arm"]])].merge(table, on="voter_id").sort_values("voter_id")
    )
    is_treated = rows["arm"].to_numpy(dtype=str) == arm
    if is_treated.all() or not is_treated.any():
        problem = (
            f"no voters of {arm} and of control with features of {experiment['election_date']} in {FEATURES_TABLE}"
        )
        raise ModelRejected(f"{experiment['experiment_id']}_{arm}", "challenger", [problem])
    x = rows[list(encoding.features)].to_numpy(dtype=np.float32)
    known = ~np.isnan(x).all(axis=0)
    return Arms(
        encoding.keep([name for name, is_known in zip(encoding.features, known, strict=True) if is_known]),
        x[:, known],
        rows["outcome"].to_numpy(dtype=np.int8),
        is_treated,
        np.unique(rows["cluster_key"].to_numpy(dtype=str), return_inverse=True)[1],
    )


def shuffled(arms: Arms, seed: int) -> Arms:
    """The same voters with arms dealt anew among homes of the same size: an experiment that did nothing."""
    _, first, member, size = np.unique(arms.household, return_index=True, return_inverse=True, return_counts=True)
    dealt = arms.is_treated[first]
    rng = np.random.default_rng(seed)
    for number in np.unique(size):
        same = np.flatnonzero(size == number)
        dealt[same] = rng.permutation(dealt[same])
    return replace(arms, is_treated=dealt[member])
