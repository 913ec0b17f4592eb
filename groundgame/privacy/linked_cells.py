"""Hide small cells of many tables over the same people at once: precincts, counties and districts, whose borders cross.

All tables share their columns, and every place is a union of parts: the finest pieces that any border makes. A cell under the threshold is
hidden, also that of a part, which stands in no table but is the difference of two places. For each of them eleven people are found who
could as well be in it: they change columns with eleven others of another part, which moves no total. What such an exchange touches is
hidden too, in every table. So the true value and one larger by the threshold both fit all that is shown, in all tables together.

Totals of places are shown: whoever calls gives no place or part that is too small for that (``MIN_PLACE``, ``MIN_PART``). Tables that
cut the same people in another way (another score) are hidden on their own: an exchange in one moves nothing in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from groundgame.errors import SpecError
from groundgame.privacy.small_cells import THRESHOLD, Counts, Mask

# A place has a hundred people, and a column too: then whoever is to be hidden always finds somebody to change with.
MIN_PLACE = 100
# Ten of a part's voters may be in the small cell: then there are still eleven beside them to change with.
MIN_PART = 2 * THRESHOLD - 1
# Of a large place only its largest parts are asked; any of them will do.
ASKED_PARTS = 6
Places = NDArray[np.int64]


def hide_linked_cells(parts: Counts, places: Mapping[str, Places], near: str) -> dict[str, Mask]:
    """Which cells of each level's table (place by column) are hidden. Zeros are shown, unless an exchange needs them.

    Args:
        parts: people by part and column, shape (parts, columns).
        places: for each level the number of the place that a part lies in, counted from 0.
        near: the level inside of which partners are looked for first, so that little else has to be hidden.

    Raises:
        SpecError: a place, a part or a column has too few people.
    """
    tables = {name: _summed(parts, index) for name, index in places.items()}
    for name, table in tables.items():
        _refuse_small(name, table.sum(axis=1), MIN_PLACE)
    _refuse_small("column", parts.sum(axis=0), MIN_PLACE)
    _refuse_small("part", parts.sum(axis=1), MIN_PART)
    levels = [_Level(index, tables[name], _small(tables[name])) for name, index in places.items()]
    everywhere = np.arange(len(parts))
    inner = _Level(everywhere, parts, np.ones(parts.shape, bool))
    for level in (*sorted(levels, key=lambda one: len(one.table)), inner):
        for place, column in np.argwhere(_small(level.table)).tolist():
            _protect(parts, levels, level.index == place, column, places[near])
    return {name: level.hidden for name, level in zip(places, levels, strict=True)}


@dataclass
class _Level:
    index: Places  # place by part
    table: Counts
    hidden: Mask


def _summed(parts: Counts, index: Places) -> Counts:
    table = np.zeros((int(index.max()) + 1, parts.shape[1]), np.int64)
    np.add.at(table, index, parts)
    return table


def _small(table: Counts) -> Mask:
    return (table > 0) & (table < THRESHOLD)


def _refuse_small(what: str, totals: Counts, least: int) -> None:
    if ((totals > 0) & (totals < least)).any():
        raise SpecError("small cells", what, f"fewer than {least} people", "merge it with its neighbours first")


def _protect(parts: Counts, levels: list[_Level], inside: Mask, column: int, near: Places) -> None:
    """Find people for a cell: some of its place from other columns, in exchange for as many of its column from elsewhere."""
    left, need = parts.copy(), THRESHOLD
    own = np.flatnonzero(inside)
    own = own[np.argsort(-parts[own].sum(axis=1), kind="stable")]
    neighbours = np.flatnonzero(~inside & np.isin(near, near[own]))
    others = np.flatnonzero(~inside)
    while need:
        found = (
            _cheapest(left, levels, own[:ASKED_PARTS], neighbours, column, need)
            or _cheapest(left, levels, own[:ASKED_PARTS], others, column, need)
            or _cheapest(left, levels, own, others, column, need)
        )
        if found is None:
            raise SpecError("small cells", "column", "is almost all in one place", "merge it with its neighbours first")
        part, other, partner = found
        amount = min(need, int(left[part, other]), int(left[partner, column]))
        left[part, other] -= amount
        left[partner, column] -= amount
        need -= amount
        for level in levels:
            here, there = level.index[part], level.index[partner]
            if here != there:
                level.hidden[np.ix_([here, there], [column, other])] = True


def _cheapest(
    left: Counts, levels: list[_Level], own: Places, partners: Places, column: int, need: int
) -> tuple[int, int, int] | None:
    """The exchange (own part, its other column, partner's part) that hides fewest people for each one who is moved."""
    partners = partners[left[partners, column] > 0]
    best: tuple[float, tuple[int, int, int]] | None = None
    if not len(partners):
        return None
    gives = np.minimum(left[partners, column], need)
    for part in own.tolist():
        for other in np.flatnonzero(left[part] > 0).tolist():
            if other == column:
                continue
            cost = np.zeros(len(partners))
            for level in levels:
                here, there = level.index[part], level.index[partners]
                pair = [column, other]
                prices = np.where(level.hidden[here, pair], 0, level.table[here, pair] + 1).sum()
                theirs = np.where(level.hidden[there][:, pair], 0, level.table[there][:, pair] + 1).sum(axis=1)
                cost += np.where(there == here, 0, prices + theirs)
            cost /= np.minimum(gives, left[part, other])
            at = int(cost.argmin())
            if best is None or cost[at] < best[0]:
                best = float(cost[at]), (part, other, int(partners[at]))
            if best[0] == 0:
                return best[1]
    return best[1] if best else None
