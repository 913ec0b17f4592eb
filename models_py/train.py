"""Train one score: read, judge, fit for use, write the folder, and promote the model if it deserves it.

The order of the steps belongs here; each step is a module of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from pathlib import Path
from typing import Any

import numpy as np

from groundgame.config import Settings
from groundgame.errors import ModelRejected
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse
from models_py import card as cards
from models_py import contest, registry
from models_py.answers import read_answered_rows
from models_py.leaks import leaks
from models_py.matrix import (
    ScoredRows,
    TrainingRows,
    read_scored_rows,
    read_training_rows,
)
from models_py.promotion import Decision
from models_py.recipe import BASELINES, LEVEL_KNOWN, MODEL, deploy, judge
from models_py.spec import ScoreSpec, load_spec
from models_py.tune import tuned

# With fewer voters of one outcome, folds run empty and no figure means anything.
MIN_OUTCOMES = 50


def train(
    settings: Settings,
    score_name: str,
    as_of: dt.date,
    universe: dict[str, Any] | None = None,
    trials: int | None = None,
) -> Result:
    """Train a challenger and promote it if it reaches its floors and beats the champion.

    Args:
        settings: the installation.
        score_name: a spec in ``settings.scores_dir``.
        as_of: only elections before this day are used; names the version.
        universe: overrides parts of the spec's universe (a study: ``{"experiment_arm": ["control"]}``).
        trials: settings of the trees to try before; default: as many as the spec says.

    Returns:
        What was judged and decided. Unchanged inputs give the version that is there already and change nothing.

    Raises:
        ModelRejected: the model is unfit and there is no champion to fall back on; an optional score says so in its result instead.
        SpecError: the spec is wrong.
    """
    spec = load_spec(settings, score_name)
    if trials is not None:
        spec = spec.model_copy(update={"tuning_trials": trials})
    try:
        return _train(settings, spec, as_of, universe)
    except ModelRejected as error:
        if not spec.is_optional:
            raise
        # The night goes on without this score, or with the champion that it has.
        return Result(stage="train", name=score_name, details={"unpublished": "; ".join(error.reasons)})


def _train(settings: Settings, spec: ScoreSpec, as_of: dt.date, universe: dict[str, Any] | None) -> Result:
    start = time.perf_counter()
    score_name = spec.score
    read = read_training_rows if spec.label.answers is None else read_answered_rows
    with open_warehouse(settings) as warehouse:
        rows = read(warehouse, spec, as_of, universe, settings.seed)
        tonight = read_scored_rows(warehouse, spec, as_of, universe, settings.seed, rows.encoding)
    _check_outcomes(spec, rows)
    fingerprint = _fingerprint(rows, spec, tonight, universe, settings.seed)
    version = registry.find(settings, score_name, as_of, fingerprint)
    is_new = version is None
    if version is None:
        version = _make(settings, spec, rows, as_of, tonight, universe, fingerprint)
    challenger = registry.load(settings, score_name, version)
    with open_warehouse(settings) as warehouse:
        decision = contest.recorded(warehouse, challenger)
        if decision is None:
            decision = contest.decide_and_record(settings, warehouse, spec, challenger, as_of, universe)
        # The ledger comes first and the pointer follows it, so a run that was ended in between is completed here.
        is_latest = contest.latest_promoted(warehouse, score_name) == version
        if decision.is_promoted and (is_latest or registry.champion(settings, score_name) is None):
            registry.promote(settings, challenger)
    if not decision.is_promoted and registry.champion(settings, score_name) is None:
        raise ModelRejected(score_name, version, [decision.reason])
    return Result(
        stage="train",
        name=score_name,
        rows_in=sum(election.rows for election in rows.elections),
        rows_out=len(rows.label),
        seconds=round(time.perf_counter() - start, 3),
        details=_details(challenger.card, version, decision, is_new),
    )


def _check_outcomes(spec: ScoreSpec, rows: TrainingRows) -> None:
    """An election in which everybody or nobody voted has lost its votes on the way; no model comes of it."""
    for position, election in enumerate(rows.elections):
        label = rows.label[rows.election == position]
        voted = int(label.sum())
        if min(voted, len(label) - voted) < MIN_OUTCOMES:
            problem = (
                f"{election.name}: {voted} of {len(label)} voters have the outcome; {MIN_OUTCOMES} of each are needed"
            )
            raise ModelRejected(spec.score, "challenger", [problem])


def _fingerprint(
    rows: TrainingRows,
    spec: ScoreSpec,
    tonight: ScoredRows,
    universe: dict[str, Any] | None,
    seed: int,
) -> str:
    """Hash of all that a model depends on: data, spec, seed, LightGBM and the recipe's own source."""
    digest = hashlib.sha256(rows.snapshot_sha256().encode())
    digest.update(np.ascontiguousarray(tonight.x).data.cast("B"))
    facts = (spec.sha256, spec.tuning_trials, tonight.date, tonight.kind, universe, seed, registry.lightgbm_version())
    digest.update(repr(facts).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _make(
    settings: Settings,
    spec: ScoreSpec,
    rows: TrainingRows,
    as_of: dt.date,
    tonight: ScoredRows,
    universe: dict[str, Any] | None,
    fingerprint: str,
) -> str:
    tuning = None
    if spec.tuning_trials:
        folder = settings.models_dir / spec.score
        spec, tuning = tuned(rows, spec, spec.tuning_trials, folder, settings.seed, settings.threads)
    judged = judge(rows, spec, settings.seed, settings.threads)
    fitted = deploy(rows, spec, tonight, settings.seed, settings.threads)
    leaking = leaks(rows.x, rows.label, tonight.x, rows.encoding)
    card = cards.build(
        spec, as_of, rows, judged, fitted, tonight.kind, universe, settings.seed, fingerprint, tuning, leaking
    )
    files = {
        registry.MODEL: fitted.trees.text.encode(),
        registry.CALIBRATION: registry.json_bytes(fitted.calibrator.to_dict()),
        registry.ENCODING: registry.json_bytes(fitted.encoding.to_dict()),
        registry.CARD: registry.json_bytes(card),
    }
    version = registry.version_name(spec.score, as_of, files)
    files[registry.PAGE] = cards.render(card, version).encode()
    registry.save(settings, spec.score, version, files)
    return version


def _details(card: dict[str, Any], version: str, decision: Decision, is_new: bool) -> dict[str, Any]:
    judged = card["judged"]
    metrics_of = judged["metrics"]
    return {
        "version": version,
        "is_new": is_new,
        "is_promoted": decision.is_promoted,
        "reason": decision.reason,
        "judged_election": judged["election"],
        "design": judged["design"],
        **{name: metrics_of[MODEL][name] for name in ("auc", "ece", "worst_decile_gap")},
        "ece_level_known": metrics_of[LEVEL_KNOWN]["ece"],
        **{f"auc_{name}": values["auc"] for name, values in metrics_of.items() if name in BASELINES},
        "metrics": metrics_of[MODEL],
        "intervals": judged["intervals"][MODEL],
        "baselines": {name: values for name, values in metrics_of.items() if name in BASELINES},
    }
