"""Whether anything may be learned from an experiment: what is wrong with it holds its uplift score and nothing else (E13, E14)."""

from __future__ import annotations

import json
from typing import Any

from groundgame.experiments.checks import FEWEST_IN_ARM
from groundgame.experiments.estimate import Effect
from groundgame.warehouse.base import Warehouse


def unfit(warehouse: Warehouse, experiment: dict[str, Any]) -> str:
    """Why nothing may be learned from an experiment; empty when it is sound."""
    name = experiment["experiment_id"]
    held = warehouse.fetch(
        "select distinct check_name, arm from ops.experiment_checks where experiment_id = ? and verdict = 'hold' order by 1, 2",
        [name],
    ).to_pylist()
    reasons = [" ".join(filter(None, [one["check_name"], one["arm"]])) + " is held" for one in held]
    counted = warehouse.fetch(
        "select arm, count(*) as n, count(distinct voter_id) as voters from ops.experiment_assignments where experiment_id = ?"
        " group by arm order by arm",
        [name],
    ).to_pylist()
    voters = warehouse.fetch(
        "select count(distinct voter_id) as n from ops.experiment_assignments where experiment_id = ?", [name]
    )
    if sum(one["n"] for one in counted) != voters.column(0)[0].as_py():
        reasons.append("some voter is in two arms")
    missing = sorted(set(json.loads(experiment["spec"])["arms"]) - {one["arm"] for one in counted})
    reasons += [f"arm {arm} has no voter" for arm in missing]
    return f"experiment {name}: {'; '.join(reasons)}" if reasons else ""


def unfit_now(warehouse: Warehouse, experiment_id: str, arm: str) -> str:
    """The same of the arm that a model has learned from, which may have been found wrong since: answers come late."""
    rows = warehouse.fetch("select * from ops.experiments where experiment_id = ?", [experiment_id]).to_pylist()
    if not rows:
        return f"experiment {experiment_id} is not in the ledger"
    told = warehouse.fetch(
        "select has_uneven_answers from ops.experiment_effects where experiment_id = ? and arm = ?"
        " order by as_of_date desc limit 1",
        [experiment_id, arm],
    )
    is_uneven = any(told.column(0).to_pylist())
    return unfit(warehouse, rows[0]) or (_uneven(experiment_id, arm, rows[0]["control_arm"]) if is_uneven else "")


def unfit_answers(experiment: dict[str, Any], effect: Effect) -> str:
    """Why nothing may be learned of one arm from what voters answered; empty when it is sound, and where votes are the outcome."""
    name, control = experiment["experiment_id"], experiment["control_arm"]
    if not effect.is_known:
        return f"experiment {name}: fewer than {FEWEST_IN_ARM} of {effect.arm} or of {control} have answered"
    if effect.has_uneven_answers:
        return _uneven(name, effect.arm, control)
    return ""


def _uneven(name: str, arm: str, control: str) -> str:
    return f"experiment {name}: {arm} and {control} differ in who answered by more than chance"
