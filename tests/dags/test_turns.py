"""Two runs never build the warehouse in turns, and a run that died keeps nobody out."""

from __future__ import annotations

from pathlib import Path

from dags.shared import turns
from groundgame.config import load_settings

NIGHT, PAST, TRAINING = ("nightly", "scheduled__1"), ("nightly", "backfill__0"), ("train", "manual__2")


def test_who_has_the_turn_keeps_it_until_its_run_is_over_however_it_ended(tmp_path: Path) -> None:
    settings, over = load_settings(home=tmp_path), set()

    def take(run: turns.Run) -> bool:
        return turns.take(settings, run, over.__contains__)

    assert take(NIGHT) and not take(PAST) and not take(TRAINING)
    assert take(NIGHT), "a retry of the same run has its turn still"
    over.add(NIGHT)
    assert take(PAST) and not take(TRAINING)
    over.add(PAST)
    assert take(TRAINING)
