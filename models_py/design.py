"""Who is fitted on, who calibrates and who judges: decided by election and by a hash of the household, never by a random split of rows.

Two designs. ``next_election``: fit on all elections but the last, judge on the whole of the last. ``held_out_households``: where the
kind of the last election was never seen before (or there is only one, as in a study), every household is judged once by a model
that saw none of its members. In both, the trees that set a curve had not seen its households.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models_py.matrix import Election, TrainingRows
from models_py.spec import Folds

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEXT_ELECTION = "next_election"
HELD_OUT_HOUSEHOLDS = "held_out_households"


@dataclass(frozen=True)
class Rotation:
    """Four disjoint masks over the training rows."""

    fit: NDArray[np.bool_]
    validate: NDArray[np.bool_]
    calibrate: NDArray[np.bool_]
    judge: NDArray[np.bool_]


@dataclass(frozen=True)
class Design:
    """How a recipe is judged: on which election (a position in ``rows.elections``), in one rotation or several."""

    name: str
    judged: int
    rotations: tuple[Rotation, ...]


def choose_design(rows: TrainingRows, folds: Folds) -> Design:
    """Judge on the next election when one of its kind came before it, else on held-out households."""
    last = len(rows.elections) - 1
    if any(election.kind == rows.elections[last].kind for election in rows.elections[:last]):
        judge = rows.election == last
        return Design(NEXT_ELECTION, last, (_rotation(rows, folds, ~judge, judge),))
    part = rows.household % np.uint64(folds.household_parts)
    rotations = []
    for number in range(folds.household_parts):
        held_out = part == number
        # Members of a judged household are kept out in every election, not only in the judged one.
        rotations.append(_rotation(rows, folds, ~held_out, held_out & (rows.election == last)))
    return Design(HELD_OUT_HOUSEHOLDS, last, tuple(rotations))


def deployed_rotation(rows: TrainingRows, folds: Folds) -> Rotation:
    """All elections, the judged one included; nobody is judged, but calibration keeps households of its own."""
    everyone = np.ones(len(rows.label), dtype=bool)
    return _rotation(rows, folds, everyone, ~everyone)


def calibration_turns(rows: TrainingRows, folds: Folds, rotation: Rotation) -> tuple[Rotation, ...]:
    """One rotation in several: each household calibrates once what the others were fitted to. Those that stop the trees never do."""
    validate = folds.validate_share
    parts = folds.household_parts
    part = np.floor((_place(rows) - validate) / (1 - validate) * parts)
    seen = rotation.fit | rotation.calibrate
    return tuple(
        Rotation(seen & (part != number), rotation.validate, seen & (part == number), rotation.judge)
        for number in range(parts)
    )


def calibrating_election(elections: tuple[Election, ...], kind: str, before: int) -> int:
    """The latest election of a kind among the first ``before``; the latest of any kind when there is none."""
    same = [index for index in range(before) if elections[index].kind == kind]
    return same[-1] if same else before - 1


def _rotation(rows: TrainingRows, folds: Folds, seen: NDArray[np.bool_], judge: NDArray[np.bool_]) -> Rotation:
    place = _place(rows)
    validate = place < folds.validate_share
    calibrate = ~validate & (place < folds.validate_share + folds.calibrate_share)
    return Rotation(seen & ~validate & ~calibrate, seen & validate, seen & calibrate, judge)


def _place(rows: TrainingRows) -> NDArray[np.float64]:
    # The high bits place a household on [0, 1); the parts that judge use the low bits, so the two are independent.
    return (rows.household >> np.uint64(11)).astype(np.float64) * 2.0**-53
