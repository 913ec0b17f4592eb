"""Killed while a person is forgotten: readers are served, doctor tells, and the same call again completes it."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import signal
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

from groundgame import stages
from groundgame.config import Settings
from groundgame.doctor import examine
from groundgame.privacy.search import find_subject
from groundgame.publish import folder
from groundgame.publish.read import published_hashes, query
from groundgame.warehouse.base import open_warehouse
from tests.privacy.conftest import copied
from tests.privacy.world import CANARIES, USER, VOTER, VOTERS

ASKED = dt.date(2024, 12, 3)
# Each forgetting goes on where the one before was killed, so a step is the first of its kind that is still to be done.
STEPS = [
    ("privacy.ledger", "write_note", "after"),
    ("privacy.ledger", "begin", "after"),
    ("privacy.landed", "rewrite", "after"),  # the kept lines
    ("privacy.landed", "rewrite", "after"),  # a landed file
    ("privacy.tables", "remove", "after"),
    ("publish.folder", "install", "before"),  # the served run
    ("publish.folder", "install", "after"),
    ("publish.folder", "install", "before"),  # the older run
    ("publish.folder", "install", "after"),
    ("privacy.forget", "write_anew", "before"),
    ("privacy.ledger", "finish", "before"),
    ("privacy.ledger", "finish", "after"),
]


def forget_and_die(settings: Settings, module_name: str, name: str, when: str) -> None:
    """Forget in this process, killed right before or after the first call of a step."""
    die_in(module_name, name, when, stages.forget, settings, VOTER, ASKED, "asked by letter")


def die_in(module_name: str, name: str, when: str, call: Callable[..., object], *arguments: object) -> None:
    """Call a stage in this process, killed right before or after the first call of a step."""
    module = importlib.import_module(f"groundgame.{module_name}")
    real = getattr(module, name)

    def dying(*args: object, **kwargs: object) -> None:
        if when == "after":
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, dying)
    call(*arguments)


def test_killed_at_every_step_the_next_call_goes_on_and_the_last_completes_it(
    processes: ForkServerContext, planted: Settings, tmp_path: Path
) -> None:
    calm, rough = copied(planted, tmp_path / "calm"), copied(planted, tmp_path / "rough")
    stages.forget(calm, USER, ASKED, "asked in the app")  # by her account, which leads to the voter as well
    assert [item.place for item in find_subject(calm, *CANARIES) if not item.is_original] == []
    for step in STEPS:
        process = processes.Process(target=forget_and_die, args=(rough, *step))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"{step} was not reached"
        served = query(rough, "select count(*) as n from dim_voters")["n"][0].as_py()
        assert served in (VOTERS - 1, VOTERS), "a reader is always served"
        assert [item.ok for item in examine(rough) if item.check == "forgotten"] == [False], step
    stages.forget(rough, VOTER, ASKED, "asked by letter")
    assert [item.place for item in find_subject(rough, *CANARIES) if not item.is_original] == []
    assert [item.ok for item in examine(rough) if item.check in ("forgotten", "litter")] == [True, True]
    assert published_hashes(rough) == published_hashes(calm)
    assert [run.content_hash for run in folder.runs(rough)] == [run.content_hash for run in folder.runs(calm)]
    with open_warehouse(rough, read_only=True) as warehouse:
        states = warehouse.fetch("select state from ops.forget_requests order by noted_at")["state"].to_pylist()
        stones = warehouse.fetch("select count(*) from ops.tombstones").column(0)[0].as_py()
        open_switches = warehouse.fetch(
            "select count(*) from ops.publications as i where state = 'intent' and not exists ("
            " select 1 from ops.publications as o where o.seq = i.seq and o.state in ('done', 'abandoned'))"
        )
    # The request that was killed after its last word was complete; the call after it found a note and asked once more.
    assert states == ["intent", "done", "intent", "done"] and stones == 2
    assert open_switches.column(0).to_pylist() == [0]
