"""Killed while a worker of the field is forgotten: she stays out, doctor tells, and the same call again completes it in both places."""

from __future__ import annotations

import signal
from multiprocessing.context import ForkServerContext
from pathlib import Path

from groundgame import stages
from groundgame.config import Settings
from groundgame.doctor import examine
from groundgame.privacy.search import find_subject
from groundgame.publish.read import published_hashes
from groundgame.warehouse.base import open_warehouse
from tests.privacy import field_world as field
from tests.privacy.conftest import copied
from tests.privacy.test_faults import die_in

HER = (f"openfield#{field.NUMBERS['openfield']}", field.AS_OF, "asked by letter")
# Each forgetting goes on where the one before was killed, so a step is the first of its kind that is still to be done.
STEPS = [
    ("privacy.ledger", "write_note", "after"),
    ("privacy.ledger", "begin", "after"),
    ("privacy.landed", "rewrite", "after"),
    ("privacy.tables", "remove", "after"),
    ("publish.folder", "install", "before"),
    ("privacy.forget", "write_anew", "after"),
    ("publish.folder", "install", "after"),
    ("pages.build", "build_field", "before"),
    ("privacy.ledger", "finish", "before"),
    ("privacy.ledger", "finish", "after"),
]


def test_killed_at_every_step_the_next_call_goes_on_and_the_last_completes_it(
    processes: ForkServerContext, program: Settings, tmp_path: Path
) -> None:
    calm, rough = copied(program, tmp_path / "calm"), copied(program, tmp_path / "rough")
    stages.forget(calm, *HER)
    for step in STEPS:
        process = processes.Process(target=die_in, args=(f"{step[0]}", *step[1:], stages.forget, rough, *HER))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"{step} was not reached"
        assert [item.ok for item in examine(rough) if item.check == "forgotten"] == [False], step
    stages.forget(rough, *HER)
    assert [item.place for item in find_subject(rough, *field.CANARIES) if not item.is_original] == []
    assert [item.ok for item in examine(rough) if item.check in ("forgotten", "litter")] == [True, True]
    for place in ("warehouse", "field"):
        one, other = (settings.model_copy(update={"place": place}) for settings in (rough, calm))
        # What is hidden of her number depends on the key, which each home has of its own.
        assert published_hashes(one) == published_hashes(other), place
    with open_warehouse(rough, read_only=True) as warehouse:
        states = warehouse.fetch("select state from ops.forget_requests order by noted_at")["state"].to_pylist()
    assert states == ["intent", "done", "intent", "done"]
