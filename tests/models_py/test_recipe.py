"""Which features a fit may use, and that judging and using are two models of one recipe."""

from __future__ import annotations

import json

import numpy as np

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import registry
from models_py.matrix import read_training_rows
from models_py.recipe import deploy, judge, unusable_features
from models_py.spec import load_spec
from models_py.train import train
from tests.models_py.world import AS_OF, World, build


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
    assert "100% of voters when calibrated, for 0% when scored" in card["deployed"]["left_out"]["party"]
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
    known = dict.fromkeys(rows.encoding.features, 0.0)
    used = deploy(rows, spec, "midterm", known, 1, 2)
    rows.label[rows.election == len(rows.elections) - 1] ^= 1
    assert deploy(rows, spec, "midterm", known, 1, 2).sha256 != used.sha256
    assert set(used.calibrator.curves) == {"midterm", "presidential"}
