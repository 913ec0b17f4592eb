"""The figures, against scikit-learn and against hand-made cases."""

from __future__ import annotations

import numpy as np
import pytest

from models_py.evaluate import auc, decile_intervals, deciles, intervals, metrics


def test_metrics_agree_with_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    rng = np.random.default_rng(1)
    p = np.round(rng.random(5_000), 2).clip(0.01, 0.99)
    label = (rng.random(5_000) < p).astype(np.int8)
    ours = metrics(label, p)
    assert ours["auc"] == pytest.approx(roc_auc_score(label, p), abs=1e-5)
    assert ours["log_loss"] == pytest.approx(log_loss(label, p), abs=1e-5)
    assert ours["brier"] == pytest.approx(brier_score_loss(label, p), abs=1e-5)


def test_calibration_error_and_worst_gap_of_ten_equal_groups() -> None:
    label = np.tile(np.array([0, 1], dtype=np.int8), 500)
    p = np.full(1_000, 0.5)
    p[-100:] = 0.7
    ours = metrics(label, p)
    assert ours["worst_decile_gap"] == pytest.approx(0.2)
    assert ours["ece"] == pytest.approx(0.02)
    assert [part["rows"] for part in deciles(label, p)] == [100] * 10


def test_one_outcome_only_has_no_auc() -> None:
    assert np.isnan(auc(np.ones(10, dtype=np.int8), np.linspace(0, 1, 10)))


def test_intervals_cover_the_figure_and_know_households() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(2_000)
    label = (rng.random(2_000) < p).astype(np.int8)
    alone = np.arange(2_000, dtype=np.uint64)
    one = intervals(label, {"model": p, "worse": rng.random(2_000)}, alone, seed=1)
    low, high = one["model"]["auc"]
    assert low < metrics(label, p)["auc"] < high
    assert one["worse"]["auc_behind"][0] > 0.2
    # Four copies of each voter in one household are no new information: the interval must not shrink.
    copies = intervals(np.repeat(label, 4), {"model": np.repeat(p, 4)}, np.repeat(alone, 4), seed=1)
    assert np.ptp(copies["model"]["auc"]) == pytest.approx(np.ptp([low, high]), rel=0.2)
    shares = decile_intervals(label, p, alone)
    assert all(low <= part["share"] <= high for (low, high), part in zip(shares, deciles(label, p), strict=True))
