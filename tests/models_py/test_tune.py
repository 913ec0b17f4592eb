"""Trials of settings: a budget that is kept, the same settings from the same inputs, and no look at the rows that judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import tune
from models_py.matrix import TrainingRows, read_training_rows
from models_py.spec import ScoreSpec, load_spec
from tests.models_py.world import AS_OF, World, build

TRIALS = 3


@pytest.fixture
def asked(untrained: Settings) -> tuple[TrainingRows, ScoreSpec]:
    build(untrained, World(4_000))
    spec = load_spec(untrained, "turnout")
    spec = spec.model_copy(update={"boosting": spec.boosting.model_copy(update={"trees": 20})})
    with open_warehouse(untrained) as warehouse:
        return read_training_rows(warehouse, spec, AS_OF, None, 1), spec


def test_an_interrupted_search_goes_on_to_the_same_settings_and_never_sees_the_judging_election(
    asked: tuple[TrainingRows, ScoreSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, spec = asked
    whole, facts = tune.tuned(rows, spec, TRIALS, tmp_path / "whole", 1, 1)
    assert facts["judged_on"] == rows.elections[-2].name and facts["log_loss"] <= facts["log_loss_untuned"]
    losses: list[dict[str, object]] = []
    honest = tune._loss

    def failing(rows: TrainingRows, spec: ScoreSpec, tried: dict[str, object], seed: int, threads: int) -> float:
        losses.append(tried)
        if len(losses) == 2:
            raise KeyboardInterrupt
        return honest(rows, spec, tried, seed, threads)

    monkeypatch.setattr(tune, "_loss", failing)
    with pytest.raises(KeyboardInterrupt):
        tune.tuned(rows, spec, TRIALS, tmp_path / "cut", 1, 1)
    again, facts_again = tune.tuned(rows, spec, TRIALS, tmp_path / "cut", 1, 1)
    assert losses[1] == losses[2], "the trial that was cut off is tried again"
    assert len(losses) == TRIALS + 1
    assert (again, facts_again) == (whole, facts)
    tune.tuned(rows, spec, TRIALS, tmp_path / "cut", 1, 1)
    assert len(losses) == TRIALS + 1, "the budget is spent"
