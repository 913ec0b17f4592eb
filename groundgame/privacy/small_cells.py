"""Hide small cells of a table of counts with totals, and as many more as it takes that none can be worked out from the rest.

A cell under the threshold is hidden; so are the cells of one ring through it, along rows and columns (a total is a cell too): then its
true value and one larger by the threshold both fit all that is shown. What is known from outside the table is not considered, and two
tables over the same people that are cut differently have to be hidden together.
"""

from __future__ import annotations

import heapq
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

THRESHOLD = 11  # the rule of the US health agencies (CMS): no count from 1 to 10 is shown
TOTAL_COST = 1_000_000_000  # a total is hidden only where no ring of inner cells exists
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]


def hide_small_cells(table: pa.Table, rows: str, columns: str, count: str, threshold: int = THRESHOLD) -> pa.Table:
    """The table with its totals (null under a dimension: over all of it) and null in place of every hidden count.

    Args:
        table: one row per pair of values of two dimensions; a missing pair counts nobody.
        rows: the first dimension, text without nulls.
        columns: the second.
        count: people.
        threshold: the smallest count that may be shown, but for 0.
    """
    first, second = (sorted(set(table.column(name).to_pylist())) for name in (rows, columns))
    inner = np.zeros((len(first), len(second)), np.int64)
    triples = zip(*(table.column(name).to_pylist() for name in (rows, columns, count)), strict=True)
    for row, column, number in triples:
        inner[first.index(row), second.index(column)] += number
    whole = with_totals(inner)
    hidden = hidden_cells(inner, threshold)
    out = [
        (row, column, None if hidden[i, j] else int(whole[i, j]))
        for i, row in enumerate([*first, None])
        for j, column in enumerate([*second, None])
    ]
    names, types = (rows, columns, count), (pa.string(), pa.string(), pa.int64())
    return pa.table({n: pa.array(v, t) for n, v, t in zip(names, zip(*out, strict=True), types, strict=True)})


def with_totals(inner: Counts) -> Counts:
    """The counts with a last column and a last row of totals."""
    wide = np.hstack([inner, inner.sum(axis=1, keepdims=True)])
    return np.vstack([wide, wide.sum(axis=0, keepdims=True)])


def hidden_cells(inner: Counts, threshold: int = THRESHOLD) -> Mask:
    """Which cells of the table with totals are hidden. Zeros are shown: nobody is in them."""
    whole = with_totals(inner)
    small = (whole > 0) & (whole < threshold)
    hidden = small.copy()
    for row, column in np.argwhere(small).tolist():
        for cell in _ring(whole, hidden, row, column, threshold):
            hidden[cell] = True
    return hidden


def _ring(whole: Counts, hidden: Mask, row: int, column: int, need: int) -> list[tuple[int, int]]:
    """The cheapest other cells of a ring through a cell along which ``need`` people can be moved into it, nothing shown changing.

    Dijkstra over rows and columns: from a row to a column by a cell that loses people, from a column to a row by one that gains.
    """
    height, width = whole.shape
    start, goal = (0, row), (1, column)
    best: dict[tuple[int, int], int] = {start: 0}
    came: dict[tuple[int, int], tuple[int, int]] = {}
    queue = [(0, start)]
    while queue:
        cost, node = heapq.heappop(queue)
        if node == goal:
            break
        if cost > best[node]:
            continue
        side, at = node
        for other in range(width if side == 0 else height):
            cell = (at, other) if side == 0 else (other, at)
            # In a row the cell met first loses what this one gains; a total gains with its parts, so it is the other way round.
            loses = (side == 0) != _is_turned(whole, (row, column))
            if cell == (row, column) or not _can_move(whole, cell, loses, need):
                continue
            step = cost + _cost(whole, hidden, cell)
            if step < best.get((1 - side, other), step + 1):
                best[1 - side, other] = step
                came[1 - side, other] = node
                heapq.heappush(queue, (step, (1 - side, other)))
    path = [goal]
    while path[-1] != start:
        path.append(came[path[-1]])
    return [(a[1], b[1]) if a[0] == 0 else (b[1], a[1]) for a, b in pairwise(path)]


def _can_move(whole: Counts, cell: tuple[int, int], loses: bool, need: int) -> bool:
    """Whether a cell may take its part: an empty one is known to be empty, and none can lose more people than it has.

    A total stands on the other side of its equation: where an inner cell would lose, it gains.
    """
    value = int(whole[cell])
    if value == 0:
        return False
    return value >= need or loses == _is_turned(whole, cell)


def _is_turned(whole: Counts, cell: tuple[int, int]) -> bool:
    """Whether a cell is the total of one row or column; the total of all stands on the same side as the inner cells."""
    return (cell[0] == whole.shape[0] - 1) != (cell[1] == whole.shape[1] - 1)


def _cost(whole: Counts, hidden: Mask, cell: tuple[int, int]) -> int:
    if hidden[cell]:
        return 0
    is_total = cell[0] == whole.shape[0] - 1 or cell[1] == whole.shape[1] - 1
    return int(whole[cell]) + (TOTAL_COST if is_total else 1)
