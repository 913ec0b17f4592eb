"""Tables of places in which no small group of voters can be found: registered voters and their scores by county, precinct and district.

A precinct that a district's border cuts falls into parts. A part of fewer than 21 voters is counted with the largest part of its
precinct; a place of fewer than 100 goes together with other small ones. So every number is a sum over parts that are large enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from groundgame.privacy.linked_cells import MIN_PART, MIN_PLACE, hide_linked_cells
from groundgame.privacy.small_cells import Counts

if TYPE_CHECKING:
    import pandas as pd

DISTRICTS = ("congressional_district", "state_senate_district", "state_house_district")
TOGETHER = "small places together"
PRECINCT = ["state_abbr", "county_code", "precinct_code"]
PART = [*PRECINCT, *DISTRICTS]


@dataclass(frozen=True)
class PlaceRow:
    """One place: its voters, and of each column how many; None where that is hidden."""

    key: str
    name: str
    county: str  # key of the county of a precinct; empty elsewhere
    total: int
    counts: tuple[int | None, ...]


def side_by_side(cuts: Mapping[str, PlaceTables], level: str) -> list[tuple[PlaceRow, list[int | None]]]:
    """Each place of a level with its first column in every cut; cuts of the same voters have the same places in the same order."""
    rows = zip(*(cut.levels[level] for cut in cuts.values()), strict=True)
    return [(group[0], [row.counts[0] for row in group]) for group in rows]


@dataclass(frozen=True)
class PlaceTables:
    """One cut of the voters (the bands of a score): its columns, the state's row, and the rows of each level."""

    columns: tuple[str, ...]
    state: PlaceRow
    levels: dict[str, list[PlaceRow]]


def tables(voters: pd.DataFrame, columns: tuple[str, ...]) -> PlaceTables | None:
    """Count, merge what is too small, hide what is left of it.

    Args:
        voters: counts by part; the columns of ``PART``, ``county_name``, ``precinct_name``, and one per name of ``columns``.
        columns: neighbours are merged when the whole state has fewer than 100 voters in one of them.

    Returns:
        None where there are fewer voters than one place needs.
    """
    if voters.empty or int(voters[list(columns)].to_numpy().sum()) < MIN_PLACE:
        return None
    parts = whole_parts(voters, list(columns))
    names, counts = merged_columns(tuple(columns), parts[list(columns)].to_numpy(np.int64))
    places = {level: parts[f"{level}_place"].to_numpy(str) for level in LEVELS}
    keys, index = {}, {}
    for level, values in places.items():
        keys[level], index[level] = np.unique(values, return_inverse=True)
    hidden = hide_linked_cells(counts, index, near="county")
    shown = {}
    for level in LEVELS:
        table = np.zeros((len(keys[level]), len(names)), np.int64)
        np.add.at(table, index[level], counts)
        first = parts.groupby(index[level], sort=True)[[f"{level}_name", "county_place"]].first().astype(str)
        counties = first["county_place"].tolist() if level == "precinct" else [""] * len(first)
        shown_counts = np.where(hidden[level], -1, table).tolist()
        rows = [
            PlaceRow(key, name, county, total, tuple(None if count < 0 else count for count in row))
            for key, name, county, total, row in zip(
                keys[level].tolist(),
                first[f"{level}_name"].tolist(),
                counties,
                table.sum(axis=1).tolist(),
                shown_counts,
                strict=True,
            )
        ]
        shown[level] = sorted(rows, key=lambda row: _in_order(row.name))
    state = PlaceRow("state", "The whole state", "", int(counts.sum()), tuple(int(n) for n in counts.sum(axis=0)))
    return PlaceTables(names, state, shown)


def _in_order(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """District 2 comes before district 10, and what is shown together comes last."""
    return TOGETHER in name, [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


LEVELS = ("county", "congressional", "state_senate", "state_house", "precinct")


def whole_parts(voters: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The parts with the place that they are counted in at every level; none has fewer than 21 voters, no place fewer than 100."""
    parts = voters.fillna("").copy()
    parts["people"] = parts[columns].sum(axis=1)
    parts["state_county"] = parts["state_abbr"] + "-" + parts["county_code"]
    parts["county_place"] = _merged(parts["state_county"], parts["people"], within=None)
    parts["county_name"] = np.where(parts["county_place"] == TOGETHER, TOGETHER, parts["county_name"])
    full = parts["state_county"] + "-" + parts["precinct_code"]
    parts["precinct_place"] = _merged(full, parts["people"], within=parts["county_place"])
    small = parts["precinct_place"].str.endswith(TOGETHER)
    parts["precinct_name"] = np.where(small, TOGETHER, parts["precinct_name"])
    for column in DISTRICTS:
        parts[column] = (parts["state_abbr"] + " " + parts[column]).where(parts[column] != "", "none given")
    parts = _with_largest_part(parts, columns)
    for column in DISTRICTS:
        level = column.removesuffix("_district")
        parts[f"{level}_place"] = _merged(parts[column], parts["people"], within=None)
        parts[f"{level}_name"] = parts[f"{level}_place"]
    return parts


def _with_largest_part(parts: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Add a part of fewer than 21 voters to the largest part of its precinct, and so count it in that part's districts."""
    sums = {**dict.fromkeys([*columns, "people"], "sum"), "county_name": "first", "precinct_name": "first"}
    by = ["county_place", "precinct_place", *DISTRICTS]
    pieces = parts.groupby(by, as_index=False, sort=True).agg(sums)
    largest = pieces.loc[pieces.groupby("precinct_place")["people"].idxmax()].set_index("precinct_place")
    small = pieces["people"] < MIN_PART
    for column in DISTRICTS:
        pieces[column] = pieces[column].where(~small, pieces["precinct_place"].map(largest[column]))
    return pieces.groupby(by, as_index=False, sort=True).agg(sums)


def _merged(names: pd.Series[Any], people: pd.Series[Any], within: pd.Series[Any] | None) -> NDArray[np.str_]:
    """The name of the place that each part is counted in: its own, or that of all small ones (of the same ``within``) together."""
    import pandas as pd

    group = within if within is not None else pd.Series("", index=names.index)
    frame = pd.DataFrame({"name": names, "group": group, "people": people})
    sizes = frame.groupby(["group", "name"], as_index=False)["people"].sum().sort_values(["group", "people", "name"])
    together: set[tuple[str, str]] = set()
    for key, members in sizes.groupby("group"):
        taken = 0
        for name, count in zip(members["name"], members["people"], strict=True):
            # Smallest first; once there are small ones, others join them until they are a hundred together.
            if count >= MIN_PLACE and (taken == 0 or taken >= MIN_PLACE):
                break
            together.add((str(key), str(name)))
            taken += int(count)
    prefix = [f"{one} · {TOGETHER}" if one else TOGETHER for one in group]
    pairs = zip(group, names, prefix, strict=True)
    return np.array([label if (key, name) in together else name for key, name, label in pairs])


def merged_columns(names: tuple[str, ...], counts: Counts) -> tuple[tuple[str, ...], Counts]:
    """Merge a column that has fewer than 100 voters in the whole state into a neighbour, the smaller one first."""
    labels = list(names)
    while len(labels) > 1:
        sums = counts.sum(axis=0)
        small = np.flatnonzero((sums > 0) & (sums < MIN_PLACE))
        if not len(small):
            break
        at = int(small[0])
        other = min((n for n in (at - 1, at + 1) if 0 <= n < len(labels)), key=lambda n: (int(sums[n]), n))
        low, high = sorted((at, other))
        counts[:, low] += counts[:, high]
        counts = np.delete(counts, high, axis=1)
        labels[low : high + 1] = [f"{labels[low]} or {labels[high]}"]
    return tuple(labels), counts
