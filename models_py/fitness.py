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


def unfit_now(warehouse: Warehouse, experiment_id: str) -> str:
    """The same of the experiment that a model has learned from, which may have been found wrong since."""
    rows = warehouse.fetch("select * from ops.experiments where experiment_id = ?", [experiment_id]).to_pylist()
    return unfit(warehouse, rows[0]) if rows else f"experiment {experiment_id} is not in the ledger"


def unfit_answers(experiment: dict[str, Any], effect: Effect) -> str:
    """Why nothing may be learned of one arm from what voters answered; empty when it is sound, and where votes are the outcome."""
    name, control = experiment["experiment_id"], experiment["control_arm"]
    if not effect.is_known:
        return f"experiment {name}: fewer than {FEWEST_IN_ARM} of {effect.arm} or of {control} have answered"
    if effect.has_uneven_answers:
        return f"experiment {name}: {effect.arm} and {control} differ in who answered by more than chance"
    return ""
