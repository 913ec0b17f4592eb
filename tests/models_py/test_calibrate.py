"""Of a hundred voters scored 75, 75 vote: in worlds whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models_py.calibrate import Calibrator, Level, fit_curve, moved_to
from models_py.spec import Calibration

MANY = Calibration(isotonic_min_rows=1_000, rows_per_knot=1_000)
FEW = Calibration(isotonic_min_rows=1_000_000, rows_per_knot=1_000)


def draw(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int8]]:
    """Raw probabilities that are too extreme and too high, the truth behind them, and votes."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.3, n)
    truth = 1 / (1 + np.exp(-(0.6 * z - 0.4)))
    return 1 / (1 + np.exp(-z)), truth, (rng.random(n) < truth).astype(np.int8)


@pytest.mark.parametrize(("spec", "method"), [(MANY, "isotonic"), (FEW, "line in log-odds")])
def test_calibration_finds_the_truth_of_a_known_world(spec: Calibration, method: str) -> None:
    raw, _, label = draw(40_000)
    curve = fit_curve(raw, label, spec)
    fresh, truth, _ = draw(40_000, seed=1)
    assert curve.method == method
    assert np.abs(curve.apply(fresh) - truth).mean() < 0.01
    assert np.abs(fresh - truth).mean() > 0.05


@pytest.mark.parametrize("spec", [MANY, FEW])
def test_a_curve_rises_and_keeps_the_ranking(spec: Calibration) -> None:
    raw, _, label = draw(40_000)
    curve = fit_curve(raw, label, spec)
    grid = np.linspace(0.001, 0.999, 2_000)
    calibrated = curve.apply(grid)
    assert (np.diff(calibrated) > 0).all()
    assert calibrated.min() > 0 and calibrated.max() < 1


def test_a_raw_score_that_means_the_opposite_becomes_the_base_rate() -> None:
    raw, _, label = draw(5_000)
    calibrated = fit_curve(1 - raw, label, FEW).apply(raw)
    assert calibrated.std() < 1e-6
    assert calibrated.mean() == pytest.approx(label.mean(), abs=0.05)


def test_each_kind_has_its_own_level_and_an_unknown_kind_the_latest_one() -> None:
    raw, _, label = draw(20_000)
    high = fit_curve(raw, np.maximum(label, (raw > 0.3).astype(np.int8)), MANY)
    calibrator = Calibrator({"midterm": fit_curve(raw, label, MANY), "presidential": high}, fallback="presidential")
    again = Calibrator.from_dict(calibrator.to_dict())
    assert again == calibrator
    assert calibrator.apply(raw, "presidential").mean() > calibrator.apply(raw, "midterm").mean() + 0.1
    assert (calibrator.apply(raw, "municipal") == calibrator.apply(raw, "presidential")).all()


@pytest.mark.parametrize("spec", [MANY, FEW])
@pytest.mark.parametrize("turnout", [0.12, 0.7])
def test_a_level_moves_the_mean_and_keeps_the_ranking(spec: Calibration, turnout: float) -> None:
    raw, _, label = draw(20_000)
    scored, _, _ = draw(20_000, seed=1)
    curve = fit_curve(raw, label, spec).at_level(Level("forecast", turnout), scored)
    assert curve.apply(scored).mean() == pytest.approx(turnout, abs=1e-6)
    assert (np.diff(curve.apply(np.linspace(0.001, 0.999, 2_000))) > 0).all()
    assert curve.level is not None and np.sign(curve.level.shift) == np.sign(turnout - label.mean())
    assert moved_to(scored, turnout).mean() == pytest.approx(turnout, abs=1e-6)
    assert Calibrator.from_dict(Calibrator({"midterm": curve}, "midterm").to_dict()).curves["midterm"] == curve
