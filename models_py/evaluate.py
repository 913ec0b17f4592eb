"""What a set of probabilities is worth: discrimination and calibration, with intervals that respect households.

Pure functions of labels, probabilities and household keys. No thresholds: those are in the score's YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECILES = 10
# The bootstrap ranks voters in this many equal-count bins: AUC to the fourth digit at the price of one bincount.
RANK_BINS = 1_000
REPLICATES = 200
INTERVAL = (2.5, 97.5)
DIGITS = 5


def auc(label: NDArray[np.int8], p: NDArray[np.float64], weight: NDArray[np.float64] | None = None) -> float:
    """Area under the ROC curve, ties counted half; NaN when only one outcome occurs."""
    _, group, counts = np.unique(p, return_inverse=True, return_counts=True)
    if weight is not None:
        counts = np.bincount(group, weights=weight)
    positives = np.bincount(group, weights=label if weight is None else label * weight, minlength=len(counts))
    return _auc_of_bins(positives, counts - positives)


def deciles(
    label: NDArray[np.int8], p: NDArray[np.float64], weight: NDArray[np.float64] | None = None
) -> list[dict[str, float]]:
    """Ten equal-count bins by rising probability: rows, mean probability, share that has the outcome."""
    order = np.argsort(p, kind="stable")
    return [
        {"rows": len(part), "score": _mean(p, part, weight), "share": _mean(label, part, weight)}
        for part in np.array_split(order, DECILES)
        if len(part)
    ]


def metrics(
    label: NDArray[np.int8], p: NDArray[np.float64], weight: NDArray[np.float64] | None = None
) -> dict[str, float]:
    """AUC, log loss, Brier score, expected calibration error (10 equal-count bins), worst decile gap, base rate, lift.

    With weights all are those of the voters that the rows stand for.
    """
    bins = deciles(label, p, weight)
    gaps = [abs(part["score"] - part["share"]) for part in bins]
    base = float(np.average(label, weights=weight))
    values = {
        "auc": auc(label, p, weight),
        "log_loss": float(np.average(_log_losses(label, p), weights=weight)),
        "brier": float(np.average((p - label) ** 2, weights=weight)),
        "ece": sum(gap * part["rows"] for gap, part in zip(gaps, bins, strict=True)) / len(label),
        "worst_decile_gap": max(gaps),
        "base_rate": base,
        "mean_score": float(np.average(p, weights=weight)),
        "top_decile_lift": bins[-1]["share"] / base if base else float("nan"),
    }
    return {name: round(value, DIGITS) for name, value in values.items()}


def intervals(
    label: NDArray[np.int8],
    predictions: dict[str, NDArray[np.float64]],
    household: NDArray[np.uint64],
    seed: int,
    row_weight: NDArray[np.float64] | None = None,
) -> dict[str, dict[str, list[float]]]:
    """95% intervals by a Poisson bootstrap over whole households, the same draws for every set of predictions.

    Beside the metrics each set has ``auc_behind``: how much its AUC lies below that of the first set. The intervals are
    mirrored at the figure ("basic" bootstrap), because resampling adds noise of its own to a calibration error.
    """
    keys, member = np.unique(household, return_inverse=True)
    rng = np.random.default_rng(seed)
    ranked = {name: _Ranked(label, p) for name, p in predictions.items()}
    first = next(iter(ranked))
    draws: dict[str, list[dict[str, float]]] = {name: [] for name in ranked}
    own = np.ones(len(label), dtype=np.float32) if row_weight is None else row_weight.astype(np.float32)
    for _ in range(REPLICATES):
        weight = rng.poisson(1.0, size=len(keys)).astype(np.float32)[member] * own
        for name, one in ranked.items():
            draws[name].append(one.weighted(weight))
        for name in ranked:
            draws[name][-1]["auc_behind"] = draws[first][-1]["auc"] - draws[name][-1]["auc"]
    whole = {name: one.weighted(own) for name, one in ranked.items()}
    for values in whole.values():
        values["auc_behind"] = whole[first]["auc"] - values["auc"]
    return {name: _mirrored(values, whole[name]) for name, values in draws.items()}


class _Ranked:
    """One set of predictions prepared so that a reweighting costs a few passes over the rows."""

    def __init__(self, label: NDArray[np.int8], p: NDArray[np.float64]) -> None:
        rank = np.searchsorted(np.sort(p), p, side="left")
        self.bin = (rank * RANK_BINS // len(p)).astype(np.int64) * 2 + label
        self.losses = _log_losses(label, p).astype(np.float32)
        self.squares = ((p - label) ** 2).astype(np.float32)
        self.decile = rank * DECILES // len(p)
        self.p, self.label = p, label

    def weighted(self, weight: NDArray[np.float32]) -> dict[str, float]:
        """The metrics of one bootstrap draw."""
        counts = np.bincount(self.bin, weights=weight, minlength=2 * RANK_BINS).reshape(RANK_BINS, 2)
        total = float(counts.sum())
        per_decile = counts.reshape(DECILES, -1, 2).sum(axis=1)
        rows = per_decile.sum(axis=1)
        scores = np.bincount(self.decile, weights=weight * self.p, minlength=DECILES)
        gaps = np.abs(scores - per_decile[:, 1]) / np.maximum(rows, 1.0)
        return {
            "auc": _auc_of_bins(counts[:, 1], counts[:, 0]),
            "log_loss": float(weight @ self.losses) / total,
            "brier": float(weight @ self.squares) / total,
            "ece": float((gaps * rows).sum()) / total,
            "worst_decile_gap": float(gaps.max()),
        }


def decile_intervals(
    label: NDArray[np.int8],
    p: NDArray[np.float64],
    household: NDArray[np.uint64],
    weight: NDArray[np.float64] | None = None,
) -> list[tuple[float, float]]:
    """95% interval of the share that has the outcome in each decile, by the variance of household sums."""
    bounds = []
    for part in np.array_split(np.argsort(p, kind="stable"), DECILES):
        share = _mean(label, part, weight)
        _, member = np.unique(household[part], return_inverse=True)
        own = np.ones(len(part)) if weight is None else weight[part]
        residual = np.bincount(member, weights=(label[part] - share) * own)
        half = 1.96 * float(np.sqrt((residual**2).sum())) / float(own.sum())
        bounds.append((max(share - half, 0.0), min(share + half, 1.0)))
    return bounds


def _mirrored(draws: list[dict[str, float]], whole: dict[str, float]) -> dict[str, list[float]]:
    intervals = {}
    for name, figure in whole.items():
        low, high = np.percentile([draw[name] for draw in draws], INTERVAL)
        # No error is negative, and no interval leaves out the figure that it belongs to.
        bounds = min(2 * figure - high, figure), max(2 * figure - low, figure)
        floor = -1.0 if name == "auc_behind" else 0.0
        intervals[name] = [round(max(float(bound), floor), DIGITS) for bound in bounds]
    return intervals


def _mean(values: NDArray[Any], part: NDArray[np.int64], weight: NDArray[np.float64] | None) -> float:
    return float(np.average(values[part], weights=None if weight is None else weight[part]))


def _auc_of_bins(positives: NDArray[Any], negatives: NDArray[Any]) -> float:
    below = np.cumsum(negatives) - negatives
    pairs = float(positives.sum()) * float(negatives.sum())
    return float((positives * (below + 0.5 * negatives)).sum()) / pairs if pairs else float("nan")


def _log_losses(label: NDArray[np.int8], p: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log(np.clip(np.where(label == 1, p, 1.0 - p), 1e-7, 1.0))
