"""An experiment's voters as matrices: features, the arm they were assigned to, and whether they voted or what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.errors import ModelRejected, SpecError
from groundgame.experiments.estimate import Effect
from models_py.encode import FEATURES_TABLE, check_columns, learn_encoding, literal
from models_py.learners import Arms
from models_py.spec import ScoreSpec

if TYPE_CHECKING:
    import pandas as pd

    from groundgame.warehouse.base import Warehouse

# The same for all in one election, or moved by the treatment itself: what users did in an app, or told it, after the letter came.
LEFT_OUT = frozenset({"target_election_kind", "app_actions_count", "religion"})


def read_experiment(warehouse: Warehouse, name: str) -> dict[str, Any]:
    """What the ledger knows of an experiment.

    Raises:
        SpecError: nobody was ever assigned in it.
    """
    found = warehouse.fetch("select * from ops.experiments where experiment_id = ?", [name]).to_pylist()
    if not found:
        raise SpecError("experiments", name, "has no assignments", "an uplift score needs an experiment that was run")
    return found[0]


def largest_arm(effects: Sequence[Effect]) -> str | None:
    """The arm with the largest effect that is known; the first by name where several are equal, none where nothing is known."""
    known = [one for one in effects if one.is_known]
    return max(known, key=lambda one: one.effect).arm if known else None


def read_arms(
    warehouse: Warehouse, spec: ScoreSpec, experiment: dict[str, Any], arm: str, people: pd.DataFrame
) -> Arms:
    """Voters of one arm and of control who have an outcome, ordered by voter, in a score's features from before an election.

    Args:
        warehouse: of a night that is built up to the marts.
        spec: the score whose features are looked at.
        experiment: a row of ops.experiments.
        arm: the arm that is compared with control.
        people: the experiment's ``outcomes``.

    Raises:
        ModelRejected: no assigned voter has such a row; nights with ``--training`` build them once the history is complete.
    """
    check_columns(warehouse, spec)
    condition = f"{_features_of(warehouse, experiment)} and f.is_scorable"
    encoding = learn_encoding(warehouse, spec, condition)
    encoding = encoding.keep([name for name in encoding.features if name not in LEFT_OUT])
    table = warehouse.fetch(
        f"select f.voter_id, {encoding.select('f.')} from {FEATURES_TABLE} f where {condition} order by f.voter_id"
    ).to_pandas()
    pair = people[people["arm"].isin([arm, experiment["control_arm"]]) & people["outcome"].notna()]
    rows = pair.merge(table, on="voter_id").sort_values("voter_id")
    is_treated = rows["arm"].to_numpy(dtype=str) == arm
    if is_treated.all() or not is_treated.any():
        problem = f"no voters of {arm} and of control with features from before an election in {FEATURES_TABLE}"
        raise ModelRejected(f"{experiment['experiment_id']}_{arm}", "challenger", [problem])
    x = rows[list(encoding.features)].to_numpy(dtype=np.float32)
    known = ~np.isnan(x).all(axis=0)
    return Arms(
        encoding.keep([name for name, is_known in zip(encoding.features, known, strict=True) if is_known]),
        x[:, known],
        rows["outcome"].to_numpy(dtype=np.float64),
        is_treated,
        np.unique(rows["cluster_key"].to_numpy(dtype=str), return_inverse=True)[1],
    )


def _features_of(warehouse: Warehouse, experiment: dict[str, Any]) -> str:
    """Which rows of the feature table tell what voters were like before the outcome, as a condition.

    For answers these are rows of the first election after the start once nights with ``--training`` have built them, and tonight's until
    then: before that election they count no vote that the treatment can have moved.
    """
    if experiment["outcome_kind"] == "votes":
        election = experiment["election_date"]
    else:
        election = (
            warehouse.fetch(
                f"select min(target_election_date) as election from {FEATURES_TABLE} where as_of_role = 'training'"
                " and target_election_date >= ?",
                [experiment["start_date"]],
            )
            .column(0)[0]
            .as_py()
        )
    if election is None:
        return "f.as_of_role = 'tonight'"
    return f"f.as_of_role = 'training' and f.target_election_date = date {literal(election)}"


def shuffled(arms: Arms, seed: int) -> Arms:
    """The same voters with arms dealt anew among homes of the same size: an experiment that did nothing."""
    _, first, member, size = np.unique(arms.household, return_index=True, return_inverse=True, return_counts=True)
    dealt = arms.is_treated[first]
    rng = np.random.default_rng(seed)
    for number in np.unique(size):
        same = np.flatnonzero(size == number)
        dealt[same] = rng.permutation(dealt[same])
    return replace(arms, is_treated=dealt[member])
