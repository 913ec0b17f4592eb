"""No small count can be worked out from a table of counts with totals, whatever an attacker computes."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from groundgame.privacy.small_cells import THRESHOLD, hidden_cells, hide_small_cells, with_totals

TABLES = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.sampled_from([0, 1, 2, 3, 5, 10, 11, 12, 30, 400]), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def bounds(shown: list[list[int | None]], slack: int = 0) -> dict[tuple[int, int], tuple[int, int]]:
    """Every attacker's best: the least and the largest value of each hidden cell that fits all that is shown.

    ``slack``: what is shown may be this much too high, because it was rounded up.
    """
    height, width = len(shown), len(shown[0])
    cells = list(itertools.product(range(height), range(width)))
    equations = []
    for row in range(height):
        equations.append([(1 if c < width - 1 else -1) * (r == row) for r, c in cells])
    for column in range(width):
        equations.append([(1 if r < height - 1 else -1) * (c == column) for r, c in cells])
    limits = [(0, None) if shown[r][c] is None else (max(shown[r][c] - slack, 0), shown[r][c]) for r, c in cells]
    found = {}
    for number, (r, c) in enumerate(cells):
        if shown[r][c] is None:
            ends = []
            for sign in (1, -1):
                goal = np.zeros(len(cells))
                goal[number] = sign
                done = linprog(goal, A_eq=equations, b_eq=np.zeros(len(equations)), bounds=limits)
                ends.append(10**9 if done.status == 3 else round(sign * done.fun))  # 3: without bound
            found[r, c] = (ends[0], ends[1])
    return found


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_no_small_cell_is_shown_or_derivable(rows: list[list[int]]) -> None:
    inner = np.array(rows, np.int64)
    whole, hidden = with_totals(inner), hidden_cells(inner)
    shown = [[None if hidden[r, c] else int(whole[r, c]) for c in range(whole.shape[1])] for r in range(whole.shape[0])]
    known = bounds(shown)
    for r, c in np.argwhere((whole > 0) & (whole < THRESHOLD)).tolist():
        low, high = known[r, c]
        assert low <= whole[r, c] and high >= whole[r, c] + THRESHOLD


def test_brute_force_over_a_small_table_finds_many_answers() -> None:
    inner = np.array([[3, 20, 40], [25, 30, 35], [15, 18, 50]])
    whole, hidden = with_totals(inner), hidden_cells(inner)
    assert not hidden[:, -1].any() and not hidden[-1].any(), "totals are large, so they stay"
    open_cells = np.argwhere(hidden).tolist()
    assert len(open_cells) == 4, "one small cell and the three others of its ring"
    guesses = np.indices((61,) * len(open_cells), dtype=np.int16).reshape(len(open_cells), -1)
    fits = np.ones(guesses.shape[1], bool)
    for axis in (0, 1):
        for line in range(3):
            fixed = sum(int(inner[cell]) for cell in np.ndindex(3, 3) if cell[axis] == line and not hidden[cell])
            free = [guesses[n] for n, cell in enumerate(open_cells) if cell[axis] == line]
            fits &= fixed + sum(free) == (whole[line, -1] if axis == 0 else whole[-1, line])
    assert len(set(guesses[open_cells.index([0, 0])][fits].tolist())) > THRESHOLD


def test_a_table_of_large_counts_is_shown_whole_and_an_empty_one_too() -> None:
    assert not hidden_cells(np.array([[11, 12], [0, 500]])).any()
    assert not hidden_cells(np.zeros((2, 2), np.int64)).any()


def test_a_tiny_table_hides_its_totals_too() -> None:
    assert hidden_cells(np.array([[2]])).all()


def test_the_long_table_has_totals_and_nulls() -> None:
    table = pa.table({"county": ["a", "a", "b", "b"], "party": ["d", "r", "d", "r"], "people": [5, 40, 30, 60]})
    out = {
        (row["county"], row["party"]): row["people"]
        for row in hide_small_cells(table, "county", "party", "people").to_pylist()
    }
    assert len(out) == 9
    assert [out[key] for key in (("a", None), ("b", None), (None, "d"), (None, "r"), (None, None))] == [
        45,
        90,
        35,
        100,
        135,
    ]
    assert {key for key, value in out.items() if value is None} == {("a", "d"), ("a", "r"), ("b", "d"), ("b", "r")}
