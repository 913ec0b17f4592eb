"""Columns that exist only after the outcome: found by what they do, and refused by name.

A model judged on such a column shines until the next election, when nobody has it. Pure functions of arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models_py.evaluate import auc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models_py.encode import Encoding

# People are not that predictable.
LEAK_AUC = 0.99
# So many rows tell an AUC of .99 from one of .98 beyond doubt.
LOOKED_AT = 50_000
# Known of most voters whose outcome is known and of none whose outcome is to come.
KNOWN_AFTER, KNOWN_BEFORE = 0.5, 0.001


def leaks(
    x: NDArray[np.float32], label: NDArray[np.int8], scored: NDArray[np.float32], encoding: Encoding
) -> dict[str, str]:
    """Why each leaking feature may not be used, by its name.

    Args:
        x: (rows, features) of voters whose outcome is known.
        label: their outcome, 0 or 1.
        scored: (rows, features) of voters whose outcome is to come.
        encoding: names of the columns.
    """
    step = max(1, len(label) // LOOKED_AT)
    x, label = x[::step], label[::step]
    found = {}
    for place, name in enumerate(encoding.features):
        values = x[:, place]
        known = ~np.isnan(values)
        alone = _tells(values, known, label, is_category=name in encoding.categories)
        if alone > LEAK_AUC:
            found[name] = f"tells the outcome by itself (AUC {alone:.3f})"
        elif known.mean() > KNOWN_AFTER and np.mean(~np.isnan(scored[:, place])) < KNOWN_BEFORE:
            found[name] = f"is known of {known.mean():.0%} of past outcomes and of nobody before the next one"
    return found


def _tells(values: NDArray[np.float32], known: NDArray[np.bool_], label: NDArray[np.int8], is_category: bool) -> float:
    """How well the outcome is told by a column, or by its being known at all."""
    by_presence = auc(label, known.astype(np.float64))
    if is_category:
        codes = np.where(known, values, -1).astype(np.int64) + 1
        counts = np.bincount(codes)
        ranked = (np.bincount(codes, weights=label) / np.maximum(counts, 1))[codes]
    else:
        ranked = np.where(known, values, np.nanmin(values) - 1 if known.any() else 0.0).astype(np.float64)
    areas = [max(area, 1 - area) for area in (by_presence, auc(label, ranked)) if np.isfinite(area)]
    return max(areas, default=0.5)
