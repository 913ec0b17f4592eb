"""What difference the experiments made: the ledger's arms joined to who voted, or to what was answered. Read by the mart ``impact_report``.

Every declared experiment is measured on and after its analysis date and every arm is told, also when it did nothing or harm.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.config import Settings
from groundgame.experiments.checks import FEWEST_IN_ARM
from groundgame.experiments.estimate import Effect, effect_of, unknown_effect
from groundgame.experiments.spec import AnswersOutcome
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

if TYPE_CHECKING:
    import pandas as pd

ANSWERS_TABLE = "intermediate.int_support__answered"


def measure(settings: Settings, as_of: dt.date) -> dict[str, list[Effect]]:
    """Measure every finished experiment.

    Returns:
        The effects by experiment. A rerun replaces what this night had written.
    """
    with open_warehouse(settings) as warehouse:
        found = finished(warehouse, as_of)
        effects = {one["experiment_id"]: effects_of(outcomes(warehouse, one), one["control_arm"]) for one in found}
        for one in found:
            _write(warehouse, one, as_of, effects[one["experiment_id"]])
    return effects


def finished(warehouse: Warehouse, as_of: dt.date) -> list[dict[str, Any]]:
    """Rows of ops.experiments whose analysis date has come, by id; where votes count, with a complete history of the election."""
    return warehouse.fetch(
        "select * from ops.experiments e where analysis_date <= ? and registered_as_of_date <= ?"
        " and (outcome_kind = 'answers' or exists (select 1 from marts.dim_elections d"
        " where d.election_date = e.election_date and d.election_type = e.election_type and d.is_history_complete))"
        " order by experiment_id",
        [as_of, as_of],
    ).to_pylist()


def outcomes(warehouse: Warehouse, experiment: dict[str, Any]) -> pd.DataFrame:
    """One row per assigned voter, with arm, stratum, cluster and outcome: whether she voted, or from 0 to 1 what she answered.

    Who left the roll without voting is a non-voter in every arm. Who did not answer has no outcome (NaN), and ``has_answered`` is 0. Who
    became confidential is out in every arm: her votes are in no table, and to take them for none would be an outcome that nobody had.

    Args:
        warehouse: of a night that is built up to the marts.
        experiment: a row of ops.experiments.
    """
    is_said = experiment["outcome_kind"] == "answers"
    query, parameters = _answers(experiment) if is_said else _votes(experiment)
    is_known = "case when o.voter_id is null then 0 else 1 end"
    columns = f"o.outcome, {is_known} as has_answered" if is_said else f"{is_known} as outcome"
    return warehouse.fetch(
        f"""
        with outcomes as ({query})
        select a.voter_id, a.arm, a.stratum, a.cluster_key, {columns}
        from ops.experiment_assignments a
        left join outcomes o on a.voter_id = o.voter_id
        left join intermediate.int_voters__hidden h on a.voter_id = h.voter_id
        where a.experiment_id = ? and h.voter_id is null
        order by a.voter_id""",
        [*parameters, experiment["experiment_id"]],
    ).to_pandas()


def _votes(experiment: dict[str, Any]) -> tuple[str, list[Any]]:
    """A query of those who voted, with its parameters."""
    query = """
        select v.voter_id from marts.fct_votes v inner join marts.dim_elections e on v.election_id = e.election_id
        where e.election_date = ? and e.election_type = ?
        union
        select v.voter_id from intermediate.int_votes__left v
        inner join marts.dim_elections e on v.election_id = e.election_id
        where e.election_date = ? and e.election_type = ?"""
    return query, [experiment["election_date"], experiment["election_type"]] * 2


def _answers(experiment: dict[str, Any]) -> tuple[str, list[Any]]:
    """A query of what each voter's latest answer in time is worth, with its parameters.

    What an answer is worth was declared before the start and stands in the ledger: no later change of a score can move an effect.
    """
    declared = AnswersOutcome.model_validate_json(json.dumps(json.loads(experiment["spec"])["outcome"]))
    worth = " ".join(f"when {level} then {share}" for level, share in sorted(declared.supports.items()))
    ways = ", ".join(f"'{way}'" for way in declared.contact_types)
    query = f"""
        select voter_id, cast(case support_level {worth} end as double precision) as outcome from (
            select voter_id, support_level,
                row_number() over (partition by voter_id order by answered_on desc, contact_type, support_level) as recency
            from {ANSWERS_TABLE}
            where contact_type in ({ways}) and answered_on between ? and ?
        ) as answers where recency = 1"""
    return query, [declared.from_date, declared.until_date]


def effects_of(rows: pd.DataFrame, control: str) -> list[Effect]:
    """Each arm against control, in the order of their names; none where nobody is in control, which leaves nothing to compare with."""
    stratum = np.unique(rows["stratum"].to_numpy(dtype=str), return_inverse=True)[1]
    cluster = np.unique(rows["cluster_key"].to_numpy(dtype=str), return_inverse=True)[1]
    outcome = rows["outcome"].to_numpy(dtype=np.float64)
    arms = rows["arm"].to_numpy(dtype=str)
    effects: list[Effect] = []
    if control not in arms:
        return effects
    for arm in sorted(set(arms) - {control}):
        pair = (arms == arm) | (arms == control)
        known = pair & ~np.isnan(outcome)
        counts = int((arms[known] == arm).sum()), int((arms[known] == control).sum())
        if "has_answered" in rows and min(counts) < FEWEST_IN_ARM:
            effect = unknown_effect(arm, *counts, len(np.unique(cluster[known])))
        else:
            effect = effect_of(arm, outcome[known], arms[known] == arm, stratum[known], cluster[known])
        if "has_answered" in rows:
            said = rows["has_answered"].to_numpy(dtype=np.float64)[pair]
            effect = replace(effect, answered=effect_of(arm, said, arms[pair] == arm, stratum[pair], cluster[pair]))
        effects.append(effect)
    return effects


def _write(warehouse: Warehouse, experiment: dict[str, Any], as_of: dt.date, effects: list[Effect]) -> None:
    with warehouse.transaction():
        name = experiment["experiment_id"]
        warehouse.execute(
            "delete from ops.experiment_effects where experiment_id = ? and as_of_date = ?", [name, as_of]
        )
        for effect in effects:
            ops.record(
                warehouse,
                "experiment_effects",
                experiment_id=name,
                as_of_date=as_of,
                control_arm=experiment["control_arm"],
                **_row(effect),
            )


def _row(effect: Effect) -> dict[str, Any]:
    """An effect in the columns of the ledger; what is not known is null."""
    assigned, answered = effect.answered or effect, {}
    if effect.answered is not None:
        answered = {
            "answered_count": effect.voters,
            "control_answered_count": effect.control_voters,
            "answered_share": effect.answered.share,
            "control_answered_share": effect.answered.control_share,
        }
    figures = {
        "outcome_share": effect.share,
        "control_outcome_share": effect.control_share,
        "effect_share": effect.effect,
        "standard_error": effect.standard_error,
        "effect_low_share": effect.low,
        "effect_high_share": effect.high,
    }
    return {
        "arm": effect.arm,
        "voters_count": assigned.voters,
        "control_voters_count": assigned.control_voters,
        "clusters_count": effect.clusters,
        **(figures if effect.is_known else {}),
        **answered,
        "has_uneven_answers": effect.has_uneven_answers,
    }
