"""Settings of the trees by trial: a fixed budget, picked up where it was left, and the same settings from the same inputs.

Trials are judged on what the recipe itself is not judged on: the election before the judged one, or half of the households where there is
only one. The first trial is the YAML's own settings, so that the tuned ones are never worse there.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models_py.design import NEXT_ELECTION, choose_design
from models_py.evaluate import metrics
from models_py.matrix import TrainingRows
from models_py.recipe import MODEL, judge
from models_py.spec import Boosting, ScoreSpec

if TYPE_CHECKING:
    import optuna

FILE = "tuning.sqlite3"


def tuned(
    rows: TrainingRows, spec: ScoreSpec, trials: int, folder: Path, seed: int, threads: int
) -> tuple[ScoreSpec, dict[str, Any]]:
    """The spec with the best settings of ``trials`` trials, and what the card says of them.

    Args:
        rows: all labelled rows; those that judge the recipe take no part.
        spec: its own settings are the first trial.
        trials: in all, those of earlier and interrupted calls on the same inputs included.
        folder: where the trials are kept.
        seed: the same trials follow each other however often the search was interrupted.
        threads: for the fits; changes no result.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seen = _seen(rows, spec)
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        storage=f"sqlite:///{folder / FILE}",
        study_name=_name(seen, spec, seed),
        direction="minimize",
        load_if_exists=True,
    )
    done = _done(study)
    space = _space()
    while len(done) < trials:
        if not done:
            own = {name: getattr(spec.boosting, name) for name in space}
            value = _loss(seen, spec, own, seed, threads)
            study.add_trial(optuna.trial.create_trial(params=own, distributions=space, value=value))
        else:
            # What a trial tries depends on the finished ones before it alone, so an interrupted search goes on as if it were not.
            study.sampler = optuna.samplers.TPESampler(seed=seed + len(done))
            trial = study.ask(fixed_distributions=space)
            study.tell(trial, _loss(seen, spec, trial.params, seed, threads))
        done = _done(study)
    best = min(done[:trials], key=lambda trial: (trial.value, trial.number))
    settings = _settings(best.params, spec.boosting)
    facts = {
        "trials": trials,
        "judged_on": seen.elections[-1].name,
        "log_loss": round(float(best.value or 0), 6),
        "log_loss_untuned": round(float(done[0].value or 0), 6),
        "boosting": settings.model_dump(),
    }
    return spec.model_copy(update={"boosting": settings}), facts


def _seen(rows: TrainingRows, spec: ScoreSpec) -> TrainingRows:
    """The rows that trials may see."""
    if choose_design(rows, spec.folds).name == NEXT_ELECTION and len(rows.elections) > 2:
        chosen = rows.election < len(rows.elections) - 1
        elections = rows.elections[:-1]
    else:
        # The parts that rotate in judging use the low bits of a household; halves are cut by another.
        chosen = (rows.household >> np.uint64(32)) % np.uint64(2) == 0
        elections = rows.elections
    at = np.flatnonzero(chosen)
    return replace(
        rows,
        elections=elections,
        x=rows.x[at],
        label=rows.label[at],
        count=rows.count[at],
        household=rows.household[at],
        election=rows.election[at],
        county=None,
        weight=rows.weight_of(at),
    )


def _name(rows: TrainingRows, spec: ScoreSpec, seed: int) -> str:
    facts = (rows.snapshot_sha256(), spec.sha256, seed)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


def _done(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Finished trials in order; one that was cut off counts for nothing."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _space() -> dict[str, optuna.distributions.BaseDistribution]:
    """Depth and leaves are not tried: two questions a tree are what scoring and its reasons are fast for."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    return {
        "learning_rate": FloatDistribution(0.02, 0.3, log=True),
        "min_leaf_share": FloatDistribution(0.0005, 0.05, log=True),
        "l2": FloatDistribution(0.1, 200.0, log=True),
        "feature_share": FloatDistribution(0.2, 1.0),
        "random_cuts": CategoricalDistribution([True, False]),
    }


def _loss(rows: TrainingRows, spec: ScoreSpec, tried: dict[str, Any], seed: int, threads: int) -> float:
    judged = judge(rows, spec.model_copy(update={"boosting": _settings(tried, spec.boosting)}), seed, threads)
    return metrics(judged.label, judged.predictions[MODEL], judged.weight)["log_loss"]


def _settings(tried: dict[str, Any], base: Boosting) -> Boosting:
    return Boosting.model_validate({**base.model_dump(), **tried})
