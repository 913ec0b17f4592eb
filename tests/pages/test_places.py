"""What may be shown of places: small ones together, hidden cells hidden everywhere, totals that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from groundgame.pages.places import DISTRICTS, LEVELS, PART, TOGETHER, merged_columns, tables, whole_parts
from groundgame.privacy.linked_cells import MIN_PART, MIN_PLACE

COLUMNS = ("not scored", "0–49", "50–100")


def state(seed: int, precincts: int = 40) -> pd.DataFrame:
    """Parts of precincts in three counties, many of them tiny, with districts that cut them at random."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(precincts):
        for _ in range(int(draw.integers(1, 4))):
            names = ["NC", f"{number % 3:03d}", f"{number:02d}", *(str(draw.integers(1, 4)) for _ in DISTRICTS)]
            counts = draw.choice([0, 1, 3, 8, 12, 60, 300], len(COLUMNS))
            rows.append([*names, f"County {number % 3}", f"Precinct {number}", *counts])
    frame = pd.DataFrame(rows, columns=[*PART, "county_name", "precinct_name", *COLUMNS])
    keys = [*PART, "county_name", "precinct_name"]
    return frame.groupby(keys, as_index=False).sum()


def test_no_place_or_part_is_too_small_and_nobody_is_lost() -> None:
    for seed in range(5):
        voters = state(seed)
        parts = whole_parts(voters, list(COLUMNS))
        assert parts["people"].min() >= MIN_PART
        assert int(parts["people"].sum()) == int(voters[list(COLUMNS)].to_numpy().sum())
        for level in LEVELS:
            assert parts.groupby(f"{level}_place")["people"].sum().min() >= MIN_PLACE


def test_each_level_adds_up_and_no_small_count_is_shown() -> None:
    found = tables(state(7), COLUMNS)
    assert found is not None
    for level, rows in found.levels.items():
        assert sum(row.total for row in rows) == found.state.total, level
        assert all(count is None or count == 0 or count > 10 for row in rows for count in row.counts)
    assert any(None in row.counts for row in found.levels["precinct"])
    assert any(TOGETHER in row.name for row in found.levels["precinct"])


def test_a_state_of_a_few_voters_shows_no_table() -> None:
    assert tables(state(7).head(0), COLUMNS) is None


def test_a_column_of_a_few_voters_joins_its_smaller_neighbour() -> None:
    names, counts = merged_columns(("a", "b", "c"), np.array([[200, 40, 100], [300, 20, 100]]))
    assert names == ("a", "b or c") and counts.tolist() == [[200, 140], [300, 120]]
