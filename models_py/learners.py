"""S-, T-, X- and DR-learner over LightGBM: four ways to tell whom a treatment moves, each ending in one regression of the effect.

Own, because all four are fifty lines once outcome models are there (Kuenzel et al. 2019; Kennedy 2023), and econml brings numba, shap, a
second scikit-learn contract and models that are pickles; here a model is the same checked ``model.txt`` as every score's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models_py.boost import Trees, fit_regression
from models_py.encode import Encoding
from models_py.spec import Boosting

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEARNERS = ("s", "t", "x", "dr")
TREATMENT = "treatment"


@dataclass(frozen=True)
class Arms:
    """Voters of one arm and of control. ``x`` is (rows, features) float32; ``outcome`` 0 or 1; ``household`` codes of homes."""

    encoding: Encoding
    x: NDArray[np.float32]
    outcome: NDArray[np.int8]
    is_treated: NDArray[np.bool_]
    household: NDArray[np.int64]

    def snapshot_sha256(self) -> str:
        """Hash of all that learners see."""
        digest = hashlib.sha256(repr(self.encoding).encode())
        for part in (self.x, self.outcome, self.is_treated, self.household):
            digest.update(np.ascontiguousarray(part).data.cast("B"))
        return digest.hexdigest()

    def take(self, chosen: NDArray[np.bool_]) -> Arms:
        """The chosen voters."""
        return Arms(
            self.encoding, self.x[chosen], self.outcome[chosen], self.is_treated[chosen], self.household[chosen]
        )


@dataclass(frozen=True)
class Effects:
    """One regression of the effect per learner, and the turnout of each voter without treatment, by models of other homes."""

    trees: dict[str, Trees]
    without: tuple[Trees, Trees]

    def turnout(self, x: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Expected turnout if left alone: what "sort by turnout score" sorts by."""
        return (self.without[0].predict(x, threads) + self.without[1].predict(x, threads)) / 2


def halves(household: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Whole households, half of them drawn."""
    keys, member = np.unique(household, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(keys)) % 2 == 0)[member]


def fit_learners(arms: Arms, spec: Boosting, seed: int, threads: int) -> Effects:
    """Fit all learners; what is expected of a voter with and without treatment comes from models of the other half of the homes."""
    half = halves(arms.household, seed)
    treated, rows = arms.is_treated, len(arms.outcome)
    expected = np.zeros((2, rows))
    models: list[Trees] = []
    for part in (half, ~half):
        for arm in (0, 1):
            chosen = part & (treated == bool(arm))
            trees = fit_regression(arms.x[chosen], arms.outcome[chosen], arms.encoding, spec, seed)
            expected[arm, ~part] = trees.predict(arms.x[~part], threads)
            models.append(trees)
    share = float(treated.mean())
    outcome, difference = arms.outcome.astype(np.float64), expected[1] - expected[0]
    correction = np.where(treated, (outcome - expected[1]) / share, -(outcome - expected[0]) / (1 - share))
    targets = {
        "s": _single(arms, spec, seed, threads),
        "t": difference,
        "x": np.where(treated, outcome - expected[0], expected[1] - outcome),
        "dr": difference + correction,
    }
    trees_of = {name: fit_regression(arms.x, target, arms.encoding, spec, seed) for name, target in targets.items()}
    return Effects(trees_of, (models[0], models[2]))


def _single(arms: Arms, spec: Boosting, seed: int, threads: int) -> NDArray[np.float64]:
    """The S-learner's effect: one model with the treatment among its features, asked twice."""
    encoding = Encoding((*arms.encoding.features, TREATMENT), arms.encoding.categories)
    column = arms.is_treated.astype(np.float32)[:, None]
    trees = fit_regression(np.hstack([arms.x, column]), arms.outcome, encoding, spec, seed)
    with_it, without = (np.hstack([arms.x, np.full_like(column, value)]) for value in (1.0, 0.0))
    return trees.predict(with_it, threads) - trees.predict(without, threads)
