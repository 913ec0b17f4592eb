"""The LightGBM fit: deterministic to the bit, whatever the number of threads. Nothing here knows about elections or files."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models_py.encode import Encoding
from models_py.spec import Boosting

if TYPE_CHECKING:
    import lightgbm
    from numpy.typing import NDArray

# Of fewer voters than this a leaf knows nothing, however small the town.
FEWEST_LEAF_ROWS = 100


@dataclass(frozen=True)
class Trees:
    """A fitted model as text, with the gain of each feature (shares that sum to 1, largest first)."""

    text: str
    trees: int
    gain: dict[str, float]

    @property
    def sha256(self) -> str:
        """Hash of the model text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def predict(self, x: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Raw probabilities. Only for a model that this process has just fitted; stored ones are run in a child process."""
        import lightgbm

        return np.asarray(lightgbm.Booster(model_str=self.text).predict(x, num_threads=threads), dtype=np.float64)


def fit_trees(
    x: NDArray[np.float32],
    label: NDArray[np.int8],
    stop_x: NDArray[np.float32],
    stop_label: NDArray[np.int8],
    encoding: Encoding,
    spec: Boosting,
    seed: int,
    threads: int,
    weight: NDArray[np.float64] | None = None,
    stop_weight: NDArray[np.float64] | None = None,
) -> Trees:
    """Fit trees on ``x``; ``stop_x`` decides how many are kept. Weights: how many voters each row stands for."""
    # Threads that wait by spinning make a fit four times as long on a machine that has other work; read when OpenMP is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm

    parameters = _parameters(spec, len(label), seed, threads)
    names = list(encoding.features)
    data = lightgbm.Dataset(
        x,
        label=label,
        weight=weight,
        feature_name=names,
        categorical_feature=encoding.categorical,
        params=parameters,
    )
    stop = lightgbm.Dataset(stop_x, label=stop_label, weight=stop_weight, reference=data, params=parameters)
    booster = lightgbm.train(
        parameters,
        data,
        num_boost_round=spec.trees,
        valid_sets=[stop],
        callbacks=[lightgbm.early_stopping(spec.early_stopping_rounds, verbose=False)],
    )
    return _as_text(booster, booster.best_iteration or spec.trees, names)


def refit_trees(
    x: NDArray[np.float32],
    label: NDArray[np.int8],
    encoding: Encoding,
    spec: Boosting,
    trees: int,
    seed: int,
    threads: int,
    weight: NDArray[np.float64] | None = None,
) -> Trees:
    """So many trees on ``x``, as ``fit_trees`` has found to be enough; weights as there."""
    return _fit_all(_parameters(spec, len(label), seed, threads), x, label, weight, encoding, trees)


def fit_regression(
    x: NDArray[np.float32],
    target: NDArray[Any],
    encoding: Encoding,
    spec: Boosting,
    seed: int,
) -> Trees:
    """Fit all of the spec's trees to the mean of a number, a share of voters or an effect; nothing stops them early.

    On one thread: an experiment's arms are small, and threads would wait for each other longer than they work.
    """
    parameters = {**_parameters(spec, len(target), seed, threads=1), "objective": "regression", "metric": "l2"}
    return _fit_all(parameters, x, target, None, encoding, spec.trees)


def _fit_all(
    parameters: dict[str, Any],
    x: NDArray[np.float32],
    target: NDArray[Any],
    weight: NDArray[np.float64] | None,
    encoding: Encoding,
    trees: int,
) -> Trees:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import lightgbm

    names = list(encoding.features)
    data = lightgbm.Dataset(
        x,
        label=target,
        weight=weight,
        feature_name=names,
        categorical_feature=encoding.categorical,
        params=parameters,
    )
    return _as_text(lightgbm.train(parameters, data, num_boost_round=trees), trees, names)


def _as_text(booster: lightgbm.Booster, kept: int, names: list[str]) -> Trees:
    # The thread count is the one parameter that differs between machines; the trees do not depend on it.
    text = re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", booster.model_to_string(num_iteration=kept))
    gain = booster.feature_importance("gain", iteration=kept)
    shares = gain / max(float(gain.sum()), 1e-12)
    order = np.argsort(-shares, kind="stable")
    return Trees(text, kept, {names[i]: round(float(shares[i]), 5) for i in order})


def _parameters(spec: Boosting, rows: int, seed: int, threads: int) -> dict[str, Any]:
    return {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": spec.learning_rate,
        "num_leaves": spec.leaves,
        "max_depth": spec.depth,
        "min_data_in_leaf": max(FEWEST_LEAF_ROWS, round(spec.min_leaf_share * rows)),
        "lambda_l2": spec.l2,
        "feature_fraction": spec.feature_share,
        "extra_trees": spec.random_cuts,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed,
        "num_threads": threads,
        "verbosity": -1,
    }
