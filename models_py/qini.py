"""What a ranking by expected effect is worth: votes gained over treating at random, from an experiment's own arms.

Pure functions of arrays. A voter's effect is never seen, so a ranking is judged by groups: the treated against the controls among the
first tenth, the first fifth, and so on (Radcliffe 2007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Effects of groups of fewer than a hundredth of the voters are noise, and a bootstrap over bins costs one count.
BINS = 100


class Ranking:
    """A ranking of an experiment's voters, prepared so that a reweighting of them costs a few counts."""

    def __init__(
        self, rank_by: NDArray[np.float64], outcome: NDArray[np.float64], is_treated: NDArray[np.bool_]
    ) -> None:
        """``rank_by``: higher is treated first. Ties are drawn, alike in all rankings: rows come in an order that may tell of places.

        ``outcome`` is from 0 to 1 and has few values: a vote, or the worth of an answer.
        """
        drawn = np.random.default_rng(len(rank_by)).permutation(len(rank_by))
        order = np.lexsort((drawn, -rank_by))
        bins = np.empty(len(order), dtype=np.int64)
        bins[order] = np.arange(len(order)) * BINS // len(order)
        self._values, code = np.unique(outcome, return_inverse=True)
        self._cell = (bins * 2 + is_treated) * len(self._values) + code

    def qini(self, weight: NDArray[np.float32] | None = None) -> float:
        """Area between the curve of votes gained and the line of treating at random, per voter.

        The curve at a share of voters is that share times the difference between the arms' mean outcome in it.
        """
        shape = (BINS, 2, len(self._values))
        counts = np.bincount(self._cell, weights=weight, minlength=int(np.prod(shape))).reshape(shape).cumsum(axis=0)
        rows = counts.sum(axis=2)
        share = counts @ self._values / np.maximum(rows, 1.0)
        gained = rows.sum(axis=1) / rows[-1].sum() * (share[:, 1] - share[:, 0])
        at = np.linspace(0, 1, BINS + 1)
        curve = np.concatenate([[0.0], gained])
        return float(np.trapezoid(curve - at * curve[-1], at))


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value's place among all, from 0 to 1; equal values share theirs."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / (2 * len(values))


def bootstrap(
    rankings: dict[str, Ranking], household: NDArray[np.int64], seed: int, replicates: int = 400
) -> dict[str, NDArray[np.float64]]:
    """Qini of each ranking in Poisson bootstraps over whole households, the same draws for all: (replicates,) each."""
    keys, member = np.unique(household, return_inverse=True)
    rng = np.random.default_rng(seed)
    draws: dict[str, list[float]] = {name: [] for name in rankings}
    for _ in range(replicates):
        weight = rng.poisson(1.0, size=len(keys)).astype(np.float32)[member]
        for name, ranking in rankings.items():
            draws[name].append(ranking.qini(weight))
    return {name: np.array(values) for name, values in draws.items()}
