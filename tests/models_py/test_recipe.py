"""Which features a fit may use, and that judging and using are two models of one recipe."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import registry
from models_py.matrix import ScoredRows, TrainingRows, read_scored_rows, read_training_rows
from models_py.recipe import deploy, judge, unusable_features
from models_py.spec import ExpectedTurnout, ScoreSpec, load_spec
from models_py.train import train
from tests.models_py.world import AS_OF, TARGET, World, build


def test_features_whose_being_known_differs_are_left_out_with_the_reason() -> None:
    reference = {"party": 1.0, "age": 0.0, "primary_3": 0.4, "mail_share": 1.0}
    scored = {"party": 0.0, "age": 0.0, "primary_3": 0.1, "mail_share": 1.0}
    assert unusable_features(reference, scored, 0.5) == {
        "party": "unknown for 100% of voters when calibrated, for 0% when scored",
        "mail_share": "unknown for all voters",
    }


def test_what_is_known_only_since_the_first_snapshot_is_not_used(untrained: Settings) -> None:
    """Party, status and household are unknown in every past election here, and known tonight."""
    build(untrained, World(6_000), snapshots_since=2025)
    version = train(untrained, "turnout", AS_OF).details["version"]
    card = json.loads((untrained.models_dir / "turnout" / version / registry.CARD).read_text(encoding="utf-8"))
    assert {"party", "status", "household_size"} <= set(card["deployed"]["left_out"])
    assert "100% of voters when calibrated, for 0% when scored" in card["deployed"]["left_out"]["household_size"]
    assert card["judged"]["left_out"]["party"] == "unknown for all voters"
    stored = registry.load(untrained, "turnout", version)
    assert "party" not in stored.encoding.features and "age" in stored.encoding.features


def test_outcomes_of_the_judged_election_change_no_prediction_for_it(untrained: Settings) -> None:
    """The judged rows are in neither the fit nor its stopping nor the calibration."""
    spec = load_spec(untrained, "turnout")
    spec = spec.model_copy(update={"sample": spec.sample.model_copy(update={"rows_per_election": 5_000})})
    with open_warehouse(untrained) as warehouse:
        rows = read_training_rows(warehouse, spec, AS_OF, None, 1)
    before = judge(rows, spec, 1, 2)
    judged = rows.election == len(rows.elections) - 1
    rows.label[judged] = 1 - rows.label[judged]
    after = judge(rows, spec, 1, 2)
    for name, predictions in before.predictions.items():
        np.testing.assert_array_equal(predictions, after.predictions[name])
    assert (before.label != after.label).all()


def test_the_model_in_use_learns_from_the_judged_election_too(untrained: Settings) -> None:
    spec = load_spec(untrained, "turnout")
    spec = spec.model_copy(update={"sample": spec.sample.model_copy(update={"rows_per_election": 5_000})})
    with open_warehouse(untrained) as warehouse:
        rows = read_training_rows(warehouse, spec, AS_OF, None, 1)
    tonight = ScoredRows(TARGET.date, "midterm", rows.x[rows.election == 2])
    used = deploy(rows, spec, tonight, 1, 2)
    rows.label[rows.election == len(rows.elections) - 1] ^= 1
    assert deploy(rows, spec, tonight, 1, 2).sha256 != used.sha256
    assert set(used.calibrator.curves) == {"midterm", "presidential"}


def test_the_mean_score_is_the_expected_turnout(untrained: Settings) -> None:
    """Of the latest two midterms, unless the campaign knows better; and no level is taken from a roll that nobody knows."""
    spec = load_spec(untrained, "turnout")
    with open_warehouse(untrained) as warehouse:
        rows = read_training_rows(warehouse, spec, AS_OF, None, 1)
        tonight = read_scored_rows(warehouse, spec, AS_OF, None, 1, rows.encoding)
    assert (tonight.date, tonight.kind) == (TARGET.date, "midterm")

    def mean_score(spec: ScoreSpec, rows: TrainingRows) -> float:
        fitted = deploy(rows, spec, tonight, 1, 2)
        columns = [rows.encoding.features.index(name) for name in fitted.encoding.features]
        return float(fitted.calibrator.apply(fitted.trees.predict(tonight.x[:, columns], 2), "midterm").mean())

    midterms = [float(rows.label[rows.election == at].mean()) for at in (0, 2)]
    assert mean_score(spec, rows) == pytest.approx(sum(midterms) / 2, abs=1e-4)
    forecast = ExpectedTurnout(election_date=TARGET.date, turnout=0.61)
    told = spec.model_copy(update={"calibration": spec.calibration.model_copy(update={"expected_turnout": [forecast]})})
    assert mean_score(told, rows) == pytest.approx(0.61, abs=1e-4)
    unknown = replace(rows, elections=tuple(replace(one, has_roll=False) for one in rows.elections))
    assert mean_score(spec, unknown) != pytest.approx(sum(midterms) / 2, abs=1e-3)
