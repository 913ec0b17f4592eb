"""kill -9 in every stage, then a rerun: what is published is the same, bit for bit, as after an undisturbed night (F1, F18)."""

from __future__ import annotations

import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from groundgame import stages
from groundgame.config import load_settings
from groundgame.publish.read import query
from tests.conftest import AS_OF, VOTERS, let_lie

Step = tuple[str, str]


def steps() -> list[Step]:
    """The night as separate calls, in order."""
    return [
        ("land", "graph"),
        ("land", "nc"),
        ("gate", "landing"),
        ("forget_deleted", ""),
        ("build", "staging"),
        ("gate", "staging"),
        ("link", ""),
        ("gate", "linkage"),
        ("build", "marts"),
        ("find_duplicates", ""),
        ("gate", "marts"),
        ("train", "turnout"),
        ("score", "turnout"),
        ("build", "scores"),
        ("gate", "scores"),
        ("build", "asks"),
        ("gate", "asks"),
        ("publish", ""),
    ]


def do(step: Step, home: Path, inbox: Path) -> None:
    """One stage in a process of its own, as Airflow runs it."""
    settings = load_settings(home=home, inbox=inbox)
    call = getattr(stages, step[0])
    call(settings, *([step[1]] if step[1] else []), AS_OF)


@pytest.fixture(scope="module")
def state_with_app(small_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small state beside an app of forty accounts, most of them with friends and consents."""
    from groundgame.synth.app.write import write_app

    folder = tmp_path_factory.mktemp("with_app")
    write_app(folder, 7, 40, voters=VOTERS, mean_friends=6)
    let_lie(folder)
    (folder / "nc").symlink_to(small_state / "nc")
    return folder


def start(processes: ForkServerContext, step: Step, home: Path, inbox: Path) -> ForkServerProcess:
    process = processes.Process(target=do, args=(step, home, inbox))
    process.start()
    return process


def test_killed_in_every_stage_and_rerun_publishes_the_same_bits(
    processes: ForkServerContext, state_with_app: Path, tmp_path: Path, hashes
) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    seconds: dict[Step, float] = {}
    for step in steps():
        begin = time.monotonic()
        process = start(processes, step, calm, state_with_app)
        process.join()
        assert process.exitcode == 0, step
        seconds[step] = time.monotonic() - begin
    chance = random.Random(2012)  # noqa: S311 - which moment to strike, nothing secret
    kills = strikes = 0
    for step in steps():
        # Twice where a second stroke may hit what the first has left: files, and what readers see.
        for _ in range(2 if step[0] in ("land", "publish") else 1):
            process = start(processes, step, rough, state_with_app)
            strikes += 1
            time.sleep(chance.uniform(0.05, 0.7) * seconds[step])
            if process.is_alive():
                os.kill(process.pid, signal.SIGKILL)
                kills += 1
            process.join()
        process = start(processes, step, rough, state_with_app)
        process.join()
        assert process.exitcode == 0, step
    assert kills >= 0.7 * strikes, "the kills came too late to prove anything"
    calm_hashes = hashes(load_settings(home=calm))
    assert query(load_settings(home=calm), "select count(*) as n from friend_asks").to_pylist()[0]["n"] > 0
    assert calm_hashes and hashes(load_settings(home=rough)) == calm_hashes
