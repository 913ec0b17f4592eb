"""Train an uplift score: find its experiment, judge what is learned, and put it into use or say in one line why there is none.

The order of the steps and what makes an experiment unfit belong here; the judging is in ``uplift``.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.config import Settings
from groundgame.errors import ModelRejected
from groundgame.experiments.impact import effects_of, finished, outcomes
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from models_py import registry, uplift_card
from models_py.arms import largest_arm, read_arms
from models_py.effect_scale import fit_scale
from models_py.fitness import unfit, unfit_answers
from models_py.learners import Arms, fit_effects
from models_py.matrix import read_voters
from models_py.spec import load_spec
from models_py.uplift import Verdict, judge
from models_py.uplift_spec import UpliftSpec

if TYPE_CHECKING:
    import pandas as pd


def train_uplift(settings: Settings, spec: UpliftSpec, as_of: dt.date) -> Result:
    """Learn from the latest finished experiment; what is found wrong with it holds this score and nothing else (E13, E14).

    Returns:
        The version and its figures, or ``unpublished`` with the reason. The same inputs give the same answer and change nothing.
    """
    start = time.perf_counter()
    with open_warehouse(settings) as warehouse:
        experiment = latest_finished(warehouse, spec, as_of)
        if experiment is None:
            registry.retire(settings, spec.score)
            return _unpublished(
                spec, f"no experiment of its names has finished with {spec.outcome} as its outcome", start
            )
        people = outcomes(warehouse, experiment)
        arm, reason = _chosen_arm(warehouse, spec, experiment, people)
        if reason:
            registry.retire(settings, spec.score)
            return _unpublished(spec, reason, start)
        try:
            arms = read_arms(warehouse, load_spec(settings, spec.features_of), experiment, arm, people)
        except ModelRejected as error:
            return _unpublished(spec, "; ".join(error.reasons), start)
        tonight = read_voters(warehouse, spec.universe, as_of, arms.encoding)
    fingerprint = _fingerprint(arms, tonight, spec, experiment["experiment_id"], arm, settings.seed)
    known = _known(settings, spec, as_of, fingerprint)
    if known is None:
        known = _decide(settings, spec, as_of, arms, tonight, experiment, arm, fingerprint)
    version, is_promoted, said = known
    if not is_promoted:
        registry.retire(settings, spec.score)
        return _unpublished(spec, said, start)
    registry.promote(settings, registry.load(settings, spec.score, version))
    details = {"version": version, "experiment": experiment["experiment_id"], "arm": arm, "reason": said}
    return Result(
        stage="train",
        name=spec.score,
        rows_in=len(people),
        rows_out=len(arms.outcome),
        seconds=round(time.perf_counter() - start, 3),
        details={**details, "is_promoted": True},
    )


def latest_finished(warehouse: Warehouse, spec: UpliftSpec, as_of: dt.date) -> dict[str, Any] | None:
    """The latest finished experiment of the score's names and outcome; the first by name of those with one analysis date."""
    found = [
        one
        for one in finished(warehouse, as_of)
        if one["outcome_kind"] == spec.outcome
        and any(fnmatch.fnmatchcase(one["experiment_id"], name) for name in spec.experiments)
    ]
    return max(found, key=lambda one: one["analysis_date"], default=None)


def _chosen_arm(
    warehouse: Warehouse, spec: UpliftSpec, experiment: dict[str, Any], people: pd.DataFrame
) -> tuple[str, str]:
    """The arm to learn from, and why nothing may be learned from it; empty when it is sound."""
    control = experiment["control_arm"]
    if reason := unfit(warehouse, experiment):
        return control, reason
    effects = {one.arm: one for one in effects_of(people, control)}
    arm = spec.arm or largest_arm(list(effects.values())) or min(effects, default=control)
    return arm, unfit_answers(experiment, effects[arm]) if arm in effects else ""


def _unpublished(spec: UpliftSpec, reason: str, start: float) -> Result:
    seconds = round(time.perf_counter() - start, 3)
    return Result("train", spec.score, seconds=seconds, details={"unpublished": reason.removeprefix("unpublished: ")})


def _known(settings: Settings, spec: UpliftSpec, as_of: dt.date, fingerprint: str) -> tuple[str, bool, str] | None:
    """What was decided on the same inputs before."""
    version = registry.find(settings, spec.score, as_of, fingerprint) or _refused_name(spec, as_of, fingerprint)
    with open_warehouse(settings) as warehouse:
        past = warehouse.fetch(
            "select is_promoted, reason from ops.model_versions where score_name = ? and model_version = ?"
            " order by trained_at limit 1",
            [spec.score, version],
        ).to_pylist()
    return (version, past[0]["is_promoted"], past[0]["reason"]) if past else None


def _decide(
    settings: Settings,
    spec: UpliftSpec,
    as_of: dt.date,
    arms: Arms,
    tonight: np.ndarray[Any, np.dtype[np.float32]],
    experiment: dict[str, Any],
    arm: str,
    fingerprint: str,
) -> tuple[str, bool, str]:
    verdict = judge(arms, settings.seed, settings.threads, spec.boosting)
    decision = verdict.decision
    version, sha256 = _refused_name(spec, as_of, fingerprint), ""
    if decision.is_promoted:
        version = _save(settings, spec, as_of, arms, tonight, experiment, arm, verdict, fingerprint)
        sha256 = registry.load(settings, spec.score, version).manifest_sha256
    with open_warehouse(settings) as warehouse:
        ops.record(
            warehouse,
            "model_versions",
            score_name=spec.score,
            model_version=version,
            sha256=sha256,
            as_of_date=as_of,
            judged_election=f"{experiment['experiment_id']} {arm}",
            is_promoted=decision.is_promoted,
            reason=decision.reason,
            trained_at=ops.utc_now(),
        )
    return version, decision.is_promoted, decision.reason


def _save(
    settings: Settings,
    spec: UpliftSpec,
    as_of: dt.date,
    arms: Arms,
    tonight: np.ndarray[Any, np.dtype[np.float32]],
    experiment: dict[str, Any],
    arm: str,
    verdict: Verdict,
    fingerprint: str,
) -> str:
    """What was judged, fitted on all of the experiment's homes."""
    trees = fit_effects(arms, spec.boosting, settings.seed, settings.threads).trees
    raw = trees.predict(tonight, settings.threads)
    scale = fit_scale(arms, verdict.effect, verdict.turnout, raw)
    card = uplift_card.build(spec, as_of, arms, experiment, arm, verdict, trees, scale, settings.seed, fingerprint)
    files = {
        registry.MODEL: trees.text.encode(),
        registry.CALIBRATION: registry.json_bytes(scale.to_dict()),
        registry.ENCODING: registry.json_bytes(arms.encoding.to_dict()),
        registry.CARD: registry.json_bytes(card),
    }
    version = registry.version_name(spec.score, as_of, files)
    files[registry.PAGE] = uplift_card.render(card, version).encode()
    registry.save(settings, spec.score, version, files)
    return version


def _refused_name(spec: UpliftSpec, as_of: dt.date, fingerprint: str) -> str:
    return f"{spec.score}-{as_of:%Y%m%d}-{fingerprint[:8]}"


def _fingerprint(
    arms: Arms,
    tonight: np.ndarray[Any, np.dtype[np.float32]],
    spec: UpliftSpec,
    experiment: str,
    arm: str,
    seed: int,
) -> str:
    """Hash of all that the answer depends on."""
    digest = hashlib.sha256(arms.snapshot_sha256().encode())
    digest.update(np.ascontiguousarray(tonight).data.cast("B"))
    digest.update(repr((spec.sha256, experiment, arm, seed, registry.lightgbm_version())).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()
