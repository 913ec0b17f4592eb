"""kill -9 in every step of a batch, then one that is left alone: readers get the same bits as after undisturbed batches (F1-F3)."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from groundgame.config import load_settings
from groundgame.publish.read import published_hashes
from tests.field.conftest import Batches
from tests.field.program import AS_OF, place, without_run

# Where a batch is struck: the function, by its module, and whether before it, after it, or some seconds into it.
STRIKES: list[tuple[str, str, str | float]] = [
    ("groundgame.ingest.ledger", "commit", "before"),
    ("groundgame.ingest.ledger", "commit", "after"),
    ("groundgame.field.pending", "open_batch", "after"),
    ("groundgame.warehouse.dbt", "build", 0.7),
    ("groundgame.warehouse.dbt", "build", "after"),
    ("groundgame.field.pending", "close_batch", "after"),
    ("groundgame.gates.gate", "run", "after"),
    ("groundgame.publish.folder", "install", "before"),
    ("groundgame.publish.folder", "flip", "before"),
    ("groundgame.publish.folder", "flip", "after"),
]


def run(home: Path, inbox: Path, strike: tuple[str, str, str | float] | None) -> None:
    """One batch in a process of its own, as Airflow runs it; it ends in the middle where it is struck."""
    if strike is not None:
        arm(*strike)
    from groundgame.field import batch

    batch.run(load_settings(home=home, inbox=inbox, threads=1), AS_OF)


def arm(module: str, name: str, when: str | float) -> None:
    """Let a function end its own process."""
    owner = importlib.import_module(module)
    real = getattr(owner, name)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def struck(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            die()
        elif isinstance(when, float):
            threading.Timer(when, die).start()
        result = real(*args, **kwargs)
        if when == "after":
            die()
        return result

    setattr(owner, name, struck)


def test_killed_in_every_step_and_left_alone_at_last_a_batch_publishes_the_same_bits(
    processes: ForkServerContext, batches: Batches, exports: Path, tmp_path: Path
) -> None:
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox")

    def batch(strike: tuple[str, str, str | float] | None) -> int | None:
        process = processes.Process(target=run, args=(settings.home, settings.inbox_dir, strike))
        process.start()
        process.join()
        return process.exitcode

    place(exports, settings, False)
    assert batch(None) == 0
    place(exports, settings, True)
    for strike in STRIKES:
        assert batch(strike) == -signal.SIGKILL, f"{strike} came too late to prove anything"
        # Whole runs only: the history's, or the new one's once the switch was thrown.
        assert len(published_hashes(settings.of_field())) > 5, strike
    assert batch(None) == 0
    assert without_run(published_hashes(settings.of_field())) == batches.hashes
