"""The plain rules to beat."""

from __future__ import annotations

import numpy as np

from models_py.baselines import count_of_votes, logistic
from models_py.encode import Encoding
from models_py.evaluate import auc


def test_count_of_votes_ranks_by_the_count_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    count = rng.integers(0, 9, 3_000).astype(np.float32)
    label = (rng.random(3_000) < 0.1 + 0.08 * count).astype(np.int8)
    p = count_of_votes(count, label, np.arange(3_000) < 2_000)
    order = np.argsort(count, kind="stable")
    assert (np.diff(p[order]) >= 0).all()
    assert len(np.unique(p)) == 9


def test_logistic_uses_unknown_flags_and_categories() -> None:
    rng = np.random.default_rng(2)
    n = 6_000
    party = rng.integers(0, 3, n).astype(np.float32)
    age = rng.normal(50, 15, n).astype(np.float32)
    z = np.array([-1.0, 0.0, 1.5])[party.astype(int)] + 0.05 * (age - 50)
    is_unknown = rng.random(n) < 0.2
    z = np.where(is_unknown, 2.0, z)
    age[is_unknown] = np.nan
    label = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(np.int8)
    x = np.column_stack([party, age, np.full(n, np.nan, dtype=np.float32)])
    encoding = Encoding(("party", "age", "empty"), {"party": ("a", "b", "c")})
    fit = np.arange(n) < 4_000
    p = logistic(x, label, fit, encoding)
    truth = 1 / (1 + np.exp(-z))
    assert auc(label[~fit], p[~fit]) > auc(label[~fit], truth[~fit]) - 0.01
