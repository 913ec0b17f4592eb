"""Nobody judges a model that has seen him: the folds, checked row by row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from models_py.design import (
    HELD_OUT_HOUSEHOLDS,
    NEXT_ELECTION,
    calibrating_election,
    calibration_turns,
    choose_design,
    deployed_rotation,
)
from models_py.encode import Encoding
from models_py.matrix import Election, TrainingRows
from models_py.spec import Folds

FOLDS = Folds(validate_share=0.1, calibrate_share=0.2, household_parts=5)


def training_rows(kinds: Sequence[str], households: int = 2_000) -> TrainingRows:
    """Two voters a household, each in every election."""
    rng = np.random.default_rng(3)
    keys = np.repeat(rng.integers(0, 2**64, households, dtype=np.uint64), 2)
    n, count = len(keys), len(kinds)
    elections = tuple(Election((f"e{i}",), dt.date(2010 + 2 * i, 11, 5), kind, n, True) for i, kind in enumerate(kinds))
    return TrainingRows(
        Encoding((), {}),
        elections,
        np.empty((n * count, 0), dtype=np.float32),
        np.zeros(n * count, dtype=np.int8),
        np.zeros(n * count, dtype=np.float32),
        np.tile(keys, count),
        np.repeat(np.arange(count), n).astype(np.int16),
    )


def test_next_election_is_judged_whole_and_seen_by_nobody() -> None:
    rows = training_rows(["midterm", "presidential", "midterm", "presidential"])
    design = choose_design(rows, FOLDS)
    assert design.name == NEXT_ELECTION
    (rotation,) = design.rotations
    assert (rotation.judge == (rows.election == 3)).all()
    for seen in (rotation.fit, rotation.validate, rotation.calibrate):
        assert not (seen & (rows.election == 3)).any()


def test_held_out_households_are_judged_once_and_strangers_to_their_model() -> None:
    for kinds in (["primary"], ["midterm", "presidential"]):
        rows = training_rows(kinds)
        design = choose_design(rows, FOLDS)
        assert design.name == HELD_OUT_HOUSEHOLDS
        last = rows.election == len(kinds) - 1
        assert (sum(rotation.judge.astype(int) for rotation in design.rotations) == last).all()
        for rotation in design.rotations:
            judged = set(rows.household[rotation.judge].tolist())
            for seen in (rotation.fit, rotation.validate, rotation.calibrate):
                assert judged.isdisjoint(rows.household[seen].tolist())


def test_fit_stopping_and_calibration_share_no_household_in_any_election() -> None:
    rows = training_rows(["midterm", "presidential", "midterm", "presidential"])
    rotations = [*choose_design(rows, FOLDS).rotations, deployed_rotation(rows, FOLDS)]
    for rotation in rotations:
        parts = [set(rows.household[mask].tolist()) for mask in (rotation.fit, rotation.validate, rotation.calibrate)]
        assert parts[0].isdisjoint(parts[1]) and parts[0].isdisjoint(parts[2]) and parts[1].isdisjoint(parts[2])
        everyone = sum(len(part) for part in parts)
        assert abs(len(parts[1]) / everyone - 0.1) < 0.02
        assert abs(len(parts[2]) / everyone - 0.2) < 0.03


def test_each_household_calibrates_once_what_strangers_were_fitted_to() -> None:
    rows = training_rows(["presidential"])
    for rotation in [*choose_design(rows, FOLDS).rotations, deployed_rotation(rows, FOLDS)]:
        turns = calibration_turns(rows, FOLDS, rotation)
        calibrated = sum(turn.calibrate.astype(int) for turn in turns)
        assert (calibrated == (rotation.fit | rotation.calibrate)).all()
        for turn in turns:
            assert (turn.validate == rotation.validate).all()
            strangers = set(rows.household[turn.fit | turn.validate | rotation.judge].tolist())
            assert strangers.isdisjoint(rows.household[turn.calibrate].tolist())
            assert turn.calibrate.sum() > 0.14 * len(rows.label) * 0.8


def test_level_comes_from_the_latest_election_of_the_kind() -> None:
    elections = training_rows(["midterm", "presidential", "midterm", "presidential"], households=1).elections
    assert calibrating_election(elections, "midterm", before=4) == 2
    assert calibrating_election(elections, "presidential", before=3) == 1
    assert calibrating_election(elections, "municipal", before=4) == 3
