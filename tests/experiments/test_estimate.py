"""The statistics against worlds whose answer is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from groundgame.experiments.checks import (
    balance,
    intracluster_correlation,
    minimum_detectable_effect,
    sample_ratio,
)
from groundgame.experiments.estimate import effect_of, pooled

# Some are sure to vote as it is, and chances end at one: of a push of .04 the mean voter keeps .0397.
PUSH, TRUE_MEAN = 0.04, 0.0397
Drawn = tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]


def draw(rng: np.random.Generator, effect: float = PUSH, homes: int = 500) -> Drawn:
    """Homes of one to six who vote much alike, drawn whole; strata differ in level."""
    home = np.repeat(np.arange(homes), rng.integers(1, 7, homes))
    stratum = rng.integers(0, 3, homes)[home]
    is_treated = (rng.random(homes) < 0.4)[home]
    habit = rng.normal(0, 1.5, homes)[home]
    chance = 1 / (1 + np.exp(-(habit + 0.4 * stratum - 0.4)))
    chance = np.clip(chance + effect * is_treated, 0, 1)
    return (rng.random(len(home)) < chance).astype(float), is_treated, stratum, home


def test_intervals_of_experiments_on_households_cover_the_truth_as_often_as_they_say() -> None:
    """Of 200 experiments a 95% interval should miss 10, give or take 3."""
    covered = naive = 0
    for seed in range(200):
        outcome, is_treated, stratum, home = draw(np.random.default_rng(seed))
        found = effect_of("letter", outcome, is_treated, stratum, home)
        alone = effect_of("letter", outcome, is_treated, stratum, np.arange(len(home)))
        covered += found.low <= TRUE_MEAN <= found.high
        naive += alone.low <= TRUE_MEAN <= alone.high
    assert 182 <= covered <= 198
    assert naive < covered - 10


def test_a_strong_stratum_that_is_treated_more_is_no_effect() -> None:
    rng = np.random.default_rng(3)
    stratum = rng.integers(0, 2, 40_000)
    is_treated = rng.random(40_000) < np.where(stratum == 1, 0.7, 0.3)
    outcome = (rng.random(40_000) < np.where(stratum == 1, 0.8, 0.2)).astype(float)
    found = effect_of("letter", outcome, is_treated, stratum, np.arange(40_000))
    assert found.share - found.control_share > 0.2
    assert found.low < 0 < found.high


def test_thin_strata_are_taken_together() -> None:
    stratum = np.array([0] * 100 + [1] * 3 + [2] * 3)
    is_treated = np.arange(106) % 2 == 0
    assert set(pooled(stratum, is_treated)) == {0}


def test_the_detectable_effect_is_found_in_four_of_five_experiments() -> None:
    outcome, is_treated, _, home = draw(np.random.default_rng(0), homes=4_000)
    size = np.bincount(home)
    icc = intracluster_correlation(outcome, home)
    assert 0.2 < icc < 0.4
    least = minimum_detectable_effect(outcome.mean(), icc, size, int(is_treated.sum()), int((~is_treated).sum()))
    found = 0
    for seed in range(100):
        world = draw(np.random.default_rng(seed), effect=least, homes=4_000)
        found += effect_of("letter", *world).low > 0
    assert 70 <= found <= 92


def test_a_lost_part_of_an_arm_and_a_lopsided_arm_are_held() -> None:
    shares = {"control": 0.5, "letter": 0.5}
    assert sample_ratio({"control": 5_020, "letter": 4_980}, shares).verdict == "pass"
    assert sample_ratio({"control": 5_020, "letter": 4_600}, shares).verdict == "hold"
    rng = np.random.default_rng(1)
    arm, age = rng.integers(0, 2, 4_000), rng.normal(50, 15, 4_000)
    even, tilted = {"age": age}, {"age": age + 3 * arm}
    home = np.arange(4_000)
    assert [one.verdict for one in balance(even, arm, home, list(shares), 0)] == ["pass"]
    assert [one.verdict for one in balance(tilted, arm, home, list(shares), 0)] == ["hold"]
