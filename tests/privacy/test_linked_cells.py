"""No small count can be worked out from tables of places whose borders cross, also not as the difference of two of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from groundgame.errors import SpecError
from groundgame.privacy.linked_cells import MIN_PART, MIN_PLACE, hide_linked_cells
from groundgame.privacy.small_cells import THRESHOLD

CELLS = st.sampled_from([0, 1, 2, 5, 9, 10, 11, 14, 40, 200])
Places = dict[str, np.ndarray]


@st.composite
def states(draw: st.DrawFn) -> tuple[np.ndarray, Places]:
    """Two counties of three precincts, two of which a district's border cuts; every total is large enough to be shown."""
    columns = draw(st.integers(3, 4))
    parts = np.array(draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=8, max_size=8)))
    places = {
        "county": np.array([0, 0, 0, 0, 1, 1, 1, 1]),
        "precinct": np.array([0, 1, 2, 2, 3, 4, 5, 5]),
        "district": np.array(draw(st.sampled_from([[0, 0, 0, 1, 1, 1, 1, 0], [0, 0, 0, 0, 1, 1, 1, 0]]))),
    }
    whole = np.array([MIN_PLACE, MIN_PLACE, MIN_PART, MIN_PLACE, MIN_PLACE, MIN_PLACE, MIN_PLACE, MIN_PART])
    parts[:, 0] += np.maximum(whole - parts.sum(axis=1), 0)
    parts[0] += np.where(parts.sum(axis=0) < MIN_PLACE, MIN_PLACE, 0)
    return parts, places


def attacker(parts: np.ndarray, places: Places, hidden: Places) -> tuple[list[np.ndarray], list[int]]:
    """Everything that is shown, as equations over the unknown people of every part and column: totals, and cells not hidden."""
    left, right = [], []
    size = parts.size
    numbers = np.arange(size).reshape(parts.shape)
    shown = [parts.sum(axis=0)]
    for column, total in enumerate(shown[0]):
        left.append(np.isin(np.arange(size), numbers[:, column]))
        right.append(total)
    for name, index in places.items():
        for place in range(index.max() + 1):
            inside = index == place
            left.append(np.isin(np.arange(size), numbers[inside]))
            right.append(parts[inside].sum())
            for column in np.flatnonzero(~hidden[name][place]):
                left.append(np.isin(np.arange(size), numbers[inside, column]))
                right.append(parts[inside, column].sum())
    return left, right


@settings(max_examples=15, deadline=None)
@given(states())
def test_each_small_cell_of_a_place_or_part_may_as_well_be_larger_by_the_threshold(
    state: tuple[np.ndarray, Places],
) -> None:
    parts, places = state
    hidden = hide_linked_cells(parts, places, near="county")
    left, right = attacker(parts, places, hidden)
    equations, totals = np.array(left, float), np.array(right, float)
    regions = [np.flatnonzero(index == place) for index in places.values() for place in range(index.max() + 1)]
    for region in [*regions, *([part] for part in range(len(parts)))]:
        for column in range(parts.shape[1]):
            true = parts[region, column].sum()
            if 0 < true < THRESHOLD:
                goal = np.zeros(parts.shape)
                goal[region, column] = -1
                done = linprog(goal.ravel(), A_eq=equations, b_eq=totals, bounds=(0, None))
                assert -done.fun >= true + THRESHOLD - 1e-6


def test_large_cells_are_all_shown_and_a_place_that_is_too_small_is_refused() -> None:
    places = {"county": np.array([0, 0, 1]), "precinct": np.array([0, 1, 2])}
    assert not any(mask.any() for mask in hide_linked_cells(np.full((3, 4), 50), places, "county").values())
    with pytest.raises(SpecError, match="precinct: fewer than 100"):
        hide_linked_cells(np.array([[90, 200], [4, 5], [300, 400]]), places, "county")
