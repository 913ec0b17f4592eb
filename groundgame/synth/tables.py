"""Reads the reduced reference tables once, and draws from weights. Rebuilding them is ``reference/build.py``'s work."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent / "reference"

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


@cache
def table(name: str) -> pd.DataFrame:
    """One shipped table by file stem; callers must not change it."""
    return pd.read_parquet(FOLDER / f"{name}.parquet")


@cache
def shapes() -> dict[str, dict[str, float]]:
    """The shares of ``shapes.json``."""
    loaded: dict[str, dict[str, float]] = json.loads((FOLDER / "shapes.json").read_text())
    return loaded


def draw(rng: np.random.Generator, weights: Floats, size: int) -> NDArray[np.int64]:
    """``size`` indices, index i with probability weights[i] / sum."""
    edges = np.cumsum(weights, dtype=np.float64)
    return np.minimum(np.searchsorted(edges, rng.random(size) * edges[-1], side="right"), len(weights) - 1)


class GroupedWeights:
    """Many weight lists side by side: draws one index per row from that row's group with a single search.

    Group g occupies the interval [g, g+1) of one long cumulative list.
    """

    def __init__(self, groups: Ints, weights: Floats) -> None:
        """``groups`` must be sorted and hold every number from 0 to its maximum."""
        count = int(groups[-1]) + 1
        totals = np.bincount(groups, weights=weights, minlength=count)
        running = np.cumsum(weights, dtype=np.float64)
        before = np.concatenate([[0.0], np.cumsum(totals)[:-1]])
        self._edges = groups + np.minimum((running - before[groups]) / totals[groups], 1.0)
        self._last = np.searchsorted(groups, np.arange(count), side="right") - 1

    def draw(self, rng: np.random.Generator, groups: Ints) -> NDArray[np.int64]:
        """One index into the long list for each row of ``groups``."""
        found = np.searchsorted(self._edges, groups + rng.random(len(groups)), side="right")
        return np.minimum(found, self._last[groups])


def codes(values: Any, order: tuple[str, ...]) -> NDArray[np.int8]:
    """Text values as positions in ``order``."""
    return np.asarray(pd.Categorical(values, categories=list(order)).codes, dtype=np.int8)
