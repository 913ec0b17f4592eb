"""Is a model as right about some voters as about others? Error and calibration by race, sex, age, party and county.

Judged rows only, groups of voters only. The level of the judged election is taken as known, because nobody could know it: what is
left is how a group differs from the whole.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from models_py.calibrate import moved_to
from models_py.evaluate import DIGITS, auc
from models_py.matrix import TrainingRows
from models_py.recipe import MODEL, Judged

if TYPE_CHECKING:
    from numpy.typing import NDArray

CATEGORIES = ("race", "ethnicity", "sex", "party")
AGE_STARTS = (18, 25, 35, 45, 55, 65, 75)
# Below this the margin is wider than any gap worth acting on, and few people could be told apart.
FEWEST_VOTERS = 200
UNKNOWN = "unknown"


def slices(rows: TrainingRows, judged: Judged) -> list[dict[str, Any]]:
    """One entry a group, sorted by kind and value.

    ``gap_share`` is the mean probability less the share that has the outcome, ``margin_share`` half its 95% interval; ``auc`` is null
    where all did the same.
    """
    weight = judged.weight
    p = moved_to(judged.predictions[MODEL], float(np.average(judged.label, weights=weight)), weight)
    found = []
    for kind, value in sorted(_groups(rows, judged.rows).items()):
        for name in sorted(set(value.tolist())):
            chosen = value == name
            if int(chosen.sum()) >= FEWEST_VOTERS:
                found.append({"slice_kind": kind, "slice_value": name, **_figures(judged, p, chosen)})
    return found


def _figures(judged: Judged, p: NDArray[np.float64], chosen: NDArray[np.bool_]) -> dict[str, Any]:
    label, p = judged.label[chosen], p[chosen]
    weight = None if judged.weight is None else judged.weight[chosen]
    gap = p - label
    area = auc(label, p, weight)
    return {
        "voters_count": len(label),
        "voted_share": round(float(np.average(label, weights=weight)), DIGITS),
        "mean_share": round(float(np.average(p, weights=weight)), DIGITS),
        "gap_share": round(float(np.average(gap, weights=weight)), DIGITS),
        "margin_share": round(1.96 * _error(gap, judged.household[chosen], weight), DIGITS),
        "brier": round(float(np.average(gap**2, weights=weight)), DIGITS),
        "auc": round(area, DIGITS) if np.isfinite(area) else None,
    }


def _error(gap: NDArray[np.float64], household: NDArray[np.uint64], weight: NDArray[np.float64] | None) -> float:
    """Standard error of the mean gap; of weighed answers by home, because one answer may be two rows."""
    if weight is None:
        return float(gap.std()) / len(gap) ** 0.5
    _, member = np.unique(household, return_inverse=True)
    sums = np.bincount(member, weights=weight * (gap - np.average(gap, weights=weight)))
    return float(np.sqrt((sums**2).sum()) / weight.sum())


def _groups(rows: TrainingRows, judged: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """The value of each judged row, by kind of group."""
    groups: dict[str, NDArray[Any]] = {}
    names = rows.encoding.features
    for name in CATEGORIES:
        if name in rows.encoding.categories:
            values = np.array([*rows.encoding.categories[name], UNKNOWN])
            code = rows.x[judged, names.index(name)]
            groups[name] = values[np.where(np.isnan(code), len(values) - 1, np.nan_to_num(code)).astype(np.int64)]
    if "age" in names:
        age = rows.x[judged, names.index("age")]
        bands = [f"{low}-{high - 1}" for low, high in pairwise(AGE_STARTS)]
        values = np.array([f"under {AGE_STARTS[0]}", *bands, f"{AGE_STARTS[-1]} and over", UNKNOWN])
        place = np.searchsorted(AGE_STARTS, np.nan_to_num(age), side="right")
        groups["age"] = values[np.where(np.isnan(age), len(values) - 1, place)]
    if rows.county is not None:
        groups["county"] = rows.county[judged]
    return groups
