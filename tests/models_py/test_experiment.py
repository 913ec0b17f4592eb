"""Real voters: who voted in a primary of 2006, judged on households that the model had never seen."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from groundgame.config import load_settings
from models_py.train import train
from tests.models_py import experiment
from tests.models_py.world import write


@pytest.mark.skipif(
    not experiment.FILE.is_file(), reason="the experiment's data may not be shipped and is not beside the checkout"
)
def test_turnout_of_real_voters_is_ranked_and_calibrated(tmp_path: Path) -> None:
    """Reference on the whole set, measured elsewhere: LightGBM .671, logistic .663, history alone .655."""
    as_of = dt.date(2007, 1, 1)
    settings = load_settings(home=tmp_path / "home", threads=1)
    features, votes = experiment.read()
    write(settings, features, votes, as_of, study=(experiment.ELECTION, "primary"))
    details = train(settings, "turnout", as_of, universe={"experiment_arm": ["Control"]}).details
    assert details["design"] == "held_out_households"
    assert details["metrics"]["auc"] >= 0.66
    assert details["metrics"]["ece"] <= 0.02
    assert (
        details["metrics"]["auc"]
        > details["baselines"]["logistic"]["auc"]
        > details["baselines"]["count_of_votes"]["auc"]
    )
