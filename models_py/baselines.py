"""The plain rules that a model has to beat: sort by the count of past votes, and a logistic regression on the same features.

Both give raw probabilities for all rows and are calibrated and judged exactly like the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models_py.encode import Encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A hundred coefficients are settled by this many rows; more only costs time.
LOGISTIC_ROWS = 100_000


def count_of_votes(
    count: NDArray[np.float32],
    label: NDArray[np.int8],
    fit: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Share of voters with each count of past votes who voted, among the fitted rows; rises with the count by construction."""
    from sklearn.isotonic import IsotonicRegression

    rule = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    rule.fit(count[fit].astype(np.float64), label[fit], sample_weight=None if weight is None else weight[fit])
    # Equal shares of neighbouring counts would tie voters whom the rule tells apart.
    tie_break = 1e-6 * count / max(float(count.max()), 1.0)
    return np.clip(rule.predict(count.astype(np.float64)) + tie_break, 0.0, 1.0)


def logistic(
    x: NDArray[np.float32],
    label: NDArray[np.int8],
    fit: NDArray[np.bool_],
    encoding: Encoding,
    weight: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Logistic regression: numbers standardised with the mean for unknown and a flag, categories one-hot."""
    from sklearn.linear_model import LogisticRegression

    chosen = np.flatnonzero(fit)
    chosen = chosen[:: max(1, -(-len(chosen) // LOGISTIC_ROWS))]
    design = _Design(x[chosen], encoding)
    model = LogisticRegression(solver="newton-cholesky", C=1.0)
    model.fit(
        design.matrix(x[chosen]).astype(np.float64),
        label[chosen],
        sample_weight=None if weight is None else weight[chosen],
    )
    weights = model.coef_[0].astype(np.float32)
    parts = [design.matrix(block) @ weights for block in np.array_split(x, max(1, len(x) // 100_000))]
    z = np.concatenate(parts).astype(np.float64) + float(model.intercept_[0])
    return 1.0 / (1.0 + np.exp(-z))


class _Design:
    """The dense columns of the regression, with what was learned from the fitted rows alone."""

    def __init__(self, x: NDArray[np.float32], encoding: Encoding) -> None:
        self.categorical = encoding.categorical
        self.codes = [len(encoding.categories[encoding.features[i]]) for i in self.categorical]
        self.numeric = [i for i in range(len(encoding.features)) if i not in set(self.categorical)]
        numbers = x[:, self.numeric].astype(np.float64)
        known = ~np.isnan(numbers)
        counts = np.maximum(known.sum(axis=0), 1)
        self.mean = (np.where(known, numbers, 0.0).sum(axis=0) / counts).astype(np.float32)
        centred = np.where(known, numbers - self.mean, 0.0)
        self.scale = np.maximum(np.sqrt((centred**2).sum(axis=0) / counts), 1e-6).astype(np.float32)
        self.flagged = np.flatnonzero(~known.all(axis=0))

    def matrix(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """(rows, columns) float32."""
        numbers = x[:, self.numeric]
        unknown = np.isnan(numbers)
        parts = [np.where(unknown, np.float32(0), (numbers - self.mean) / self.scale), unknown[:, self.flagged]]
        for column, codes in zip(self.categorical, self.codes, strict=True):
            parts.append(x[:, column, None] == np.arange(codes, dtype=np.float32))
        return np.concatenate(parts, axis=1, dtype=np.float32)
