"""Uplift: what can be learned is learned, what is not there is refused."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from models_py.arms import shuffled
from models_py.encode import Encoding
from models_py.learners import Arms, fit_effects, halves
from models_py.qini import Ranking, ranks
from models_py.uplift import SMALL, judge

FAST = SMALL.model_copy(update={"trees": 15, "learning_rate": 0.3})


def town(effect: float, seed: int = 1, homes: int = 6_000) -> Arms:
    """Homes of two. Turnout rises with ``habit``; only people of the last third of ``age`` are moved."""
    rng = np.random.default_rng(seed)
    home = np.repeat(np.arange(homes), 2)
    age, habit = rng.random(2 * homes), rng.normal(0, 1, 2 * homes)
    is_treated = (rng.random(homes) < 0.4)[home]
    chance = np.clip(1 / (1 + np.exp(-habit)) + effect * is_treated * (age > 0.67), 0, 1)
    voted = (rng.random(2 * homes) < chance).astype(np.float64)
    x = np.column_stack([age, habit]).astype(np.float32)
    return Arms(Encoding(("age", "habit"), {}), x, voted, is_treated, home)


def test_qini_of_the_true_effect_is_the_area_that_it_must_be() -> None:
    """A third is moved by .3: the curve climbs to .1 by a third of the voters and stays; half of 2/3 of .1 lies above the line."""
    arms = town(0.3, homes=200_000)
    moved = (arms.x[:, 0] > 0.67).astype(float)
    clipped = 0.3 * 0.33 * 0.83  # some would have voted anyway: chances end at one
    assert Ranking(moved, arms.outcome, arms.is_treated).qini() == pytest.approx(clipped * 0.67 / 2, abs=0.004)
    assert Ranking(-moved, arms.outcome, arms.is_treated).qini() < -0.015
    halved = Ranking(moved, 0.25 + arms.outcome / 2, arms.is_treated).qini()  # answers of which none is sure
    assert halved == pytest.approx(Ranking(moved, arms.outcome, arms.is_treated).qini() / 2)
    chance = np.random.default_rng(0).random(len(moved))
    assert abs(Ranking(chance, arms.outcome, arms.is_treated).qini()) < 0.003


def test_who_is_moved_is_found_and_the_score_may_be_published() -> None:
    arms = town(0.3)
    verdict = judge(arms, 1, 1, FAST, planned=4)
    assert verdict.decision.is_promoted, verdict.decision.reason
    assert verdict.wins == len(verdict.splits) == 4
    old = arms.x[:, 0] > 0.67
    assert verdict.effect[old].mean() - verdict.effect[~old].mean() > 0.08
    again = judge(arms, 1, 2, FAST, planned=4)
    assert (again.effect == verdict.effect).all() and again.splits == verdict.splits, "two threads tell the same"


def test_an_arm_that_moves_those_who_vote_least_is_not_drawn_the_wrong_way() -> None:
    """The line on turnout falls as well as it rises."""
    arms = town(0.0, homes=12_000)
    rng = np.random.default_rng(3)
    moved = arms.is_treated & (arms.x[:, 1] < -0.5) & (rng.random(len(arms.x)) < 0.3)
    verdict = judge(replace(arms, outcome=np.maximum(arms.outcome, moved)), 1, 1, FAST, planned=2)
    assert verdict.decision.is_promoted, verdict.decision.reason
    assert np.corrcoef(verdict.effect, verdict.turnout)[0, 1] < -0.5


def test_equal_values_share_a_place_and_ties_do_not_follow_the_order_of_the_rows() -> None:
    assert ranks(np.array([3.0, 1.0, 1.0, 9.0])) == pytest.approx([0.625, 0.25, 0.25, 0.875])
    rows = 20_000
    outcome = (np.arange(rows) < rows / 2).astype(np.float64)  # the first half of the file votes where it is treated
    is_treated = np.arange(rows) % 2 == 0
    assert abs(Ranking(np.zeros(rows), outcome * is_treated, is_treated).qini()) < 0.005


def test_where_all_are_moved_alike_or_arms_are_dealt_anew_no_score_is_published() -> None:
    for arms in (shuffled(town(0.3), 1), shuffled(town(0.3), 2), town(0.0)):
        verdict = judge(arms, 1, 1, FAST, planned=2)
        assert verdict.decision.is_refused and verdict.decision.reason.startswith("unpublished: ")


def test_the_bound_is_as_wide_as_chance_alone_spreads_what_was_learned() -> None:
    """Where nobody is moved. Draws to which the ranks are given spread by a third less: one in thirty would be taken for a find."""
    verdicts = [judge(town(0.0, seed, homes=1_500), seed, 1, FAST, planned=1) for seed in range(60)]
    found = [verdict.qini["uplift"] for verdict in verdicts]
    allowed = [(verdict.qini["uplift"] - verdict.low["uplift"]) / NormalDist().inv_cdf(0.995) for verdict in verdicts]
    assert 0.8 < np.std(found) / np.mean(allowed) < 1.2


def test_arms_are_dealt_anew_among_whole_homes() -> None:
    arms = town(0.3)
    dealt = shuffled(arms, 3)
    assert dealt.is_treated.sum() == arms.is_treated.sum()
    assert (dealt.is_treated[::2] == dealt.is_treated[1::2]).all()
    assert 0.4 < (dealt.is_treated == arms.is_treated).mean() < 0.6


def test_no_home_is_on_both_sides_of_a_split() -> None:
    half = halves(town(0.3).household, 4)
    assert (half[::2] == half[1::2]).all() and abs(half.mean() - 0.5) < 0.01


def test_the_same_voters_give_the_same_models_to_the_byte_on_any_number_of_threads() -> None:
    arms = town(0.3, homes=2_000)
    one, two = (fit_effects(arms, FAST, 1, threads) for threads in (1, 2))
    assert one.trees.text == two.trees.text
    assert fit_effects(replace(arms, outcome=1 - arms.outcome), FAST, 1, 1).trees.text != one.trees.text
