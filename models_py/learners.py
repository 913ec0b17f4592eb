"""Whom a treatment moves: what the S-, T-, X- and DR-learner tell of each voter, drawn half the way to a line, in one regression.

An effect is a difference of two small things, and each learner's is mostly noise. Their mean over repeated cross-fits has less of it, and
drawing it towards the simplest thing that may be true, a constant plus so much per point of turnout, leaves less again. No learner is
chosen by how it did, so nothing is won by luck; equal weights, because weights learned from one experiment are noise too.

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

TREATMENT = "treatment"
# Each cuts the homes anew; what one cut adds to an effect by chance, the other mostly takes away.
CROSS_FITS = 2


@dataclass(frozen=True)
class Arms:
    """Voters of one arm and of control. ``x`` is (rows, features) float32; ``outcome`` from 0 to 1; ``household`` codes of homes."""

    encoding: Encoding
    x: NDArray[np.float32]
    outcome: NDArray[np.float64]
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
    """One regression of the effect, and models of the outcome without treatment."""

    trees: Trees
    without: tuple[Trees, ...]

    def turnout(self, x: NDArray[np.float32], threads: int) -> NDArray[np.float64]:
        """Expected outcome if left alone: what "sort by turnout score" sorts by."""
        return np.asarray(np.mean([trees.predict(x, threads) for trees in self.without], axis=0))


def halves(household: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Whole households, half of them drawn."""
    keys, member = np.unique(household, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(keys)) % 2 == 0)[member]


def fit_effects(arms: Arms, spec: Boosting, seed: int, threads: int) -> Effects:
    """Fit the regression of the effect. All that is expected of a voter comes from models of other homes than hers."""
    rows = len(arms.outcome)
    learned, alone, single = np.zeros(rows), np.zeros(rows), np.zeros(rows)
    models: list[Trees] = []
    for number in range(CROSS_FITS):
        half = halves(arms.household, seed + number)
        for part in (half, ~half):
            expected, difference = _expected(arms.take(part), arms.x[~part], spec, seed + number, threads, models)
            other = arms.take(~part)
            pseudo = _doubly_robust(other, expected, float(arms.is_treated.mean()))
            crossed = np.where(other.is_treated, other.outcome - expected[0], expected[1] - other.outcome)
            learned[~part] += (difference + expected[1] - expected[0] + crossed + pseudo) / 4 / CROSS_FITS
            alone[~part] += expected[0] / CROSS_FITS
            single[~part] += pseudo / CROSS_FITS
    slope, constant = np.polyfit(alone, single, 1)
    target = (learned + constant + slope * alone) / 2
    return Effects(fit_regression(arms.x, target, arms.encoding, spec, seed), tuple(models))


def _expected(
    seen: Arms, x: NDArray[np.float32], spec: Boosting, seed: int, threads: int, models: list[Trees]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Outcomes (2, rows) without and with treatment by a model for each arm; and the S-learner's difference (rows,)."""
    expected = np.zeros((2, len(x)))
    for arm in (0, 1):
        chosen = seen.is_treated == bool(arm)
        trees = fit_regression(seen.x[chosen], seen.outcome[chosen], seen.encoding, spec, seed)
        expected[arm] = trees.predict(x, threads)
        if arm == 0:
            models.append(trees)
    encoding = Encoding((*seen.encoding.features, TREATMENT), seen.encoding.categories)
    trees = fit_regression(
        np.column_stack([seen.x, seen.is_treated]).astype(np.float32), seen.outcome, encoding, spec, seed
    )
    column = np.ones((len(x), 1), dtype=np.float32)
    with_it, without = (trees.predict(np.hstack([x, value * column]), threads) for value in (1, 0))
    return expected, with_it - without


def _doubly_robust(arms: Arms, expected: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """A noisy effect for each voter, right on average where either the outcome models or the arms' shares are (Kennedy 2023)."""
    residual = arms.outcome - np.where(arms.is_treated, expected[1], expected[0])
    return expected[1] - expected[0] + residual * np.where(arms.is_treated, 1 / share, -1 / (1 - share))
