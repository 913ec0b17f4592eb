"""Those who answered, weighed to be like the whole universe: raking (Deming and Stephan 1940), column by column until all agree.

Campaigns ask whom they hope to win and whoever opens the door, so the people who answered are not the voters. Weights repair what the
balanced columns tell of that and nothing else: the card says how far apart the two were, and how many voters the weights leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDS = 50


def rake(
    codes: Sequence[NDArray[np.int64]], shares: Sequence[NDArray[np.float64]], rows: int, at_most: float
) -> NDArray[np.float64]:
    """Weights (rows,) with mean 1.

    Args:
        codes: for each balanced column the value of each row, as a position in ``shares``.
        shares: for each balanced column the share of the universe that has each value; values that nobody has among the rows are left out.
        rows: how many answered.
        at_most: the largest weight, and the inverse of the smallest.
    """
    weight = np.ones(rows)
    for _ in range(ROUNDS):
        for code, wanted in zip(codes, shares, strict=True):
            have = np.bincount(code, weights=weight, minlength=len(wanted))
            target = np.where(have > 0, wanted, 0.0)
            factor = target / max(float(target.sum()), 1e-12) * rows / np.maximum(have, 1e-12)
            # A value that no voter of the universe has keeps its rows, at the smallest weight.
            weight = weight * np.where(wanted > 0, factor, 1.0)[code]
        weight = np.clip(weight / weight.mean(), 1 / at_most, at_most)
    return weight / weight.mean()


def effective_rows(weight: NDArray[np.float64]) -> float:
    """How many equal answers tell as much as these (Kish 1965)."""
    return float(weight.sum() ** 2 / (weight**2).sum())
