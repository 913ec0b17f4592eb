"""Calibration: from a raw probability to the share of such voters who vote, one curve per kind of election.

Turnout of a presidential and of a midterm election differ by 20 points and more, two elections of one kind by a few. So each kind has its
own curve, set on the held-out households of the latest election of that kind. A curve knows how voters differ; how many come is set
apart (``Curve.at_level``), because past votes do not add up to a level: after an election that drew everybody, every history looks
keener than before, and yet the next election of the kind draws about as many as the ones before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from models_py.spec import Calibration

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_KNOTS, MAX_KNOTS = 5, 60
# Log-odds of +-9 is one voter in 8,000: beyond what any score of 0-100 can show.
LOGIT_LIMIT = 9.0
# Few voters say little about the level: a line is pulled towards "leave it as it is" with the weight of some 400 voters.
PRIOR = 100.0
# Halving an interval of 18 this often leaves less than a float can tell.
BISECTIONS = 50


@dataclass(frozen=True)
class Level:
    """How many of the voters to be scored are expected to come, by what, and how far the log-odds were moved for it."""

    basis: str
    turnout: float
    shift: float = 0.0


@dataclass(frozen=True)
class Curve:
    """A rising line through ``raw`` -> ``share`` knots. ``method``, ``rows`` and ``level`` say how it came about."""

    method: str
    rows: int
    raw: tuple[float, ...]
    share: tuple[float, ...]
    level: Level | None = None

    def at_level(self, level: Level, raw: NDArray[np.float64]) -> Curve:
        """The same curve with its log-odds moved until the mean over ``raw``, the voters to be scored, is the level's turnout."""
        share = np.array(self.share)
        inner = (share > 0) & (share < 1)

        def moved(shift: float) -> NDArray[np.float64]:
            return np.where(inner, _sigmoid(_logit(share) + shift), share)

        shift = _rising_root(lambda shift: float(np.interp(raw, self.raw, moved(shift)).mean()), level.turnout)
        return replace(self, share=tuple(moved(shift).tolist()), level=replace(level, shift=round(shift, 6)))

    def apply(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probabilities."""
        return np.interp(raw, self.raw, self.share)


@dataclass(frozen=True)
class Calibrator:
    """Curves by election kind; ``fallback`` names the one for a kind that no training election had."""

    curves: dict[str, Curve]
    fallback: str

    lowest: ClassVar[float] = 0.0

    def points(self, share: NDArray[np.float64]) -> NDArray[np.int16]:
        """Calibrated probabilities as whole points, 0-100."""
        return np.rint(share * 100).astype(np.int16)

    def apply(self, raw: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
        """Calibrated probabilities for voters whose target election is of ``kind``."""
        return self.curves.get(kind, self.curves[self.fallback]).apply(raw)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, stored in the model folder."""
        curves = {
            kind: {**asdict(curve), "raw": list(curve.raw), "share": list(curve.share)}
            for kind, curve in self.curves.items()
        }
        return {"fallback": self.fallback, "curves": curves}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibrator:
        """Inverse of ``to_dict``."""
        curves = {
            kind: Curve(
                curve["method"],
                curve["rows"],
                tuple(curve["raw"]),
                tuple(curve["share"]),
                Level(**curve["level"]) if curve["level"] else None,
            )
            for kind, curve in values["curves"].items()
        }
        return cls(curves, values["fallback"])


def moved_to(p: NDArray[np.float64], turnout: float, weight: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Probabilities with all log-odds moved alike until their mean is ``turnout``: what is left of an error is not the level's."""
    logit = _logit(p)
    return _sigmoid(
        logit + _rising_root(lambda shift: float(np.average(_sigmoid(logit + shift), weights=weight)), turnout)
    )


def fit_curve(
    raw: NDArray[np.float64],
    label: NDArray[np.int8],
    spec: Calibration,
    weight: NDArray[np.float64] | None = None,
) -> Curve:
    """Fit one curve: isotonic between knots of many voters each, or a line in log-odds where voters are few."""
    weight = np.ones(len(label)) if weight is None else weight
    if len(label) >= spec.isotonic_min_rows:
        return _isotonic(raw, label, spec.rows_per_knot, weight)
    return _line(raw, label, weight)


def _isotonic(
    raw: NDArray[np.float64], label: NDArray[np.int8], rows_per_knot: int, weight: NDArray[np.float64]
) -> Curve:
    """Equal-count bins, pooled until they rise, joined by lines. Unlike plain isotonic steps it keeps the ranking."""
    from sklearn.isotonic import isotonic_regression

    bins = int(np.clip(len(label) // rows_per_knot, MIN_KNOTS, MAX_KNOTS))
    order = np.argsort(raw, kind="stable")
    edges = np.linspace(0, len(order), bins + 1).astype(np.int64)
    counts = np.add.reduceat(weight[order], edges[:-1])
    mean_raw = np.add.reduceat((raw * weight)[order], edges[:-1]) / counts
    share = np.add.reduceat((label * weight)[order], edges[:-1]) / counts
    rising = isotonic_regression(share, sample_weight=counts)
    knots: list[tuple[float, float]] = []
    for level in np.unique(rising):
        pooled = rising == level
        knots.append((float(np.average(mean_raw[pooled], weights=counts[pooled])), float(level)))
    # Beyond the outer knots probabilities shrink in proportion; flat ends would tie the most and least likely voters.
    raws, shares = zip((0.0, 0.0), *knots, (1.0, 1.0), strict=True)
    return Curve("isotonic", len(label), raws, shares)


def _line(raw: NDArray[np.float64], label: NDArray[np.int8], weight: NDArray[np.float64]) -> Curve:
    """Platt's two parameters by Newton's method, written down as knots so that one way of applying serves both."""
    logit = _logit(raw)
    design = np.column_stack([np.ones_like(logit), logit])
    unchanged = np.array([0.0, 1.0])
    weights = unchanged
    for _ in range(25):
        fitted = _sigmoid(design @ weights)
        hessian = design.T @ (design * (weight * fitted * (1 - fitted))[:, None]) + PRIOR * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (weight * (label - fitted)) - PRIOR * (weights - unchanged))
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    grid = np.linspace(-LOGIT_LIMIT, LOGIT_LIMIT, 289)
    # A falling line would turn the ranking round; a raw score that means nothing becomes the base rate instead.
    share = _sigmoid(weights[0] + max(weights[1], 0.0) * grid)
    return Curve("line in log-odds", len(label), tuple(_sigmoid(grid).tolist()), tuple(share.tolist()))


def _rising_root(mean: Callable[[float], float], wanted: float) -> float:
    low, high = -LOGIT_LIMIT, LOGIT_LIMIT
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(middle) < wanted else (low, middle)
    return low


def _logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(p, 1e-9, 1 - 1e-9)
    return np.clip(np.log(clipped / (1 - clipped)), -LOGIT_LIMIT, LOGIT_LIMIT)


def _sigmoid(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-z))
