"""What readers see while runs are switched, and what is left when a publisher dies (F1-F3, F10-F13)."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import duckdb
import pytest

from groundgame.config import Settings
from groundgame.errors import PublishRefused
from groundgame.publish import switch
from groundgame.publish.lock import publisher_lock
from groundgame.publish.read import published_hashes, query
from groundgame.warehouse.base import open_warehouse
from tests.publish.night import build_night, settings_in


def publish_and_die(settings: Settings, as_of: dt.date, step: str, when: str) -> None:
    """Publish in this process, killed right before or after the first call of ``step`` (``module.function``)."""
    module_name, name = step.split(".")
    module = importlib.import_module(f"groundgame.publish.{module_name}")
    real = getattr(module, name)

    def dying(*args: object, **kwargs: object) -> None:
        if when == "after":
            real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, dying)
    switch.publish(settings, as_of)


def poll(current: str, stop: str, out: str) -> None:
    """Read what is published until told to stop, as an outsider would; count reads and whatever is wrong with them."""
    reads, bad, nights = 0, [], set()
    sql = (
        "select count(*), min(s.night), max(s.night), min(d.night), max(d.night)"
        " from marts.voter_scores as s full join marts.dim_voters as d using (voter_id)"
    )
    while not Path(stop).exists():
        try:
            with duckdb.connect(current, read_only=True) as connection:
                count, *seen = connection.execute(sql).fetchone()
            if count != 20 or len(set(seen)) != 1:
                bad.append(f"{count} rows of nights {seen}")
            nights.add(seen[0])
        except duckdb.Error as error:
            bad.append(str(error))
        reads += 1
        time.sleep(0.002)  # leave a core to the publisher
    Path(out).write_text(f"{reads}\n{len(nights)}\n" + "\n".join(bad), encoding="utf-8")


def served_night(settings: Settings) -> int:
    return query(settings, "select max(night) as night from voter_scores")["night"][0].as_py()


def test_a_reader_polling_during_fifty_publications_sees_no_bad_read(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    switch.publish(settings, build_night(settings, 1))
    current, stop, out = settings.published_dir / "current.duckdb", tmp_path / "stop", tmp_path / "out"
    reader = processes.Process(target=poll, args=(str(current), str(stop), str(out)))
    reader.start()
    for number in range(2, 51):
        switch.publish(settings, build_night(settings, number))
    switch.rollback(settings)
    time.sleep(0.2)
    stop.touch()
    reader.join()
    reads, nights, *bad = out.read_text(encoding="utf-8").splitlines()
    assert not bad, bad[:3]
    assert int(reads) > 200 and int(nights) > 25


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What two undisturbed nights publish."""
    settings = settings_in(tmp_path_factory.mktemp("calm"))
    for number in (1, 2):
        switch.publish(settings, build_night(settings, number))
    return published_hashes(settings)


STEPS = [
    ("folder.remove_litter", "after", 1),
    ("ledger.note", "before", 1),
    ("ledger.note", "after", 1),
    ("folder.install", "after", 1),
    ("folder.flip", "after", 2),
    ("folder.keep_only", "before", 2),
]


@pytest.mark.parametrize(("step", "when", "served"), STEPS, ids=lambda value: str(value))
def test_killed_at_a_step_the_old_or_the_new_run_is_served_and_a_rerun_completes_it(
    processes: ForkServerContext, calm: dict[str, str], tmp_path: Path, step: str, when: str, served: int
) -> None:
    rough = settings_in(tmp_path)
    switch.publish(rough, build_night(rough, 1))
    as_of = build_night(rough, 2)
    process = processes.Process(target=publish_and_die, args=(rough, as_of, step, when))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert served_night(rough) == served
    switch.publish(rough, as_of)
    assert served_night(rough) == 2
    assert published_hashes(rough) == calm
    with open_warehouse(rough, read_only=True) as warehouse:
        rows = warehouse.fetch("select seq, run_id from ops.publications where state = 'done' order by seq").to_pylist()
        open_intents = warehouse.fetch(
            "select count(*) - count(case when state <> 'intent' then 1 end) * 2 as n from ops.publications"
        )
    assert [row["seq"] for row in rows] == [1, 2]
    assert open_intents["n"].to_pylist() == [0]
    assert not list(rough.published_dir.rglob("*.tmp"))


def test_killed_at_random_moments_never_serves_half_a_run(processes: ForkServerContext, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    switch.publish(settings, build_night(settings, 1))
    chance = random.Random(7)  # noqa: S311 - which moment to strike, nothing secret
    for number in range(2, 8):
        as_of = build_night(settings, number)
        process = processes.Process(target=switch.publish, args=(settings, as_of))
        process.start()
        time.sleep(chance.uniform(0.02, 0.4))
        process.kill()
        process.join()
        assert served_night(settings) in (number - 1, number)
        switch.publish(settings, as_of)
        assert served_night(settings) == number


def test_killed_in_the_middle_of_a_rollback_the_ledger_is_completed(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    for number in (1, 2):
        switch.publish(settings, build_night(settings, number))
    from groundgame.publish import folder, ledger

    target = folder.runs(settings)[0]
    ledger.announce_rollback(settings, target)
    ledger.recover(settings)  # died before the flip: nothing happened
    assert served_night(settings) == 2
    ledger.announce_rollback(settings, target)
    folder.flip(settings, target.run_id)
    for _ in range(2):
        ledger.recover(settings)
    with open_warehouse(settings, read_only=True) as warehouse:
        states = warehouse.fetch("select state from ops.publications order by seq, published_at")["state"].to_pylist()
    assert states == ["intent", "done", "intent", "done", "rolled_back"]


def hold_lock(settings: Settings, ready: str) -> None:
    with publisher_lock(settings, "test"):
        Path(ready).touch()
        time.sleep(60)


def test_a_second_publisher_is_told_who_is_at_work_and_a_dead_one_does_not_block(
    processes: ForkServerContext, tmp_path: Path
) -> None:
    settings, ready = settings_in(tmp_path), tmp_path / "ready"
    holder = processes.Process(target=hold_lock, args=(settings, str(ready)))
    holder.start()
    while not ready.exists():
        time.sleep(0.01)
    with (
        pytest.raises(PublishRefused, match=rf"already running \(process {holder.pid}\)"),
        publisher_lock(settings, "of tonight", wait_seconds=0.2),
    ):
        pass
    holder.kill()
    holder.join()
    with publisher_lock(settings, "of tonight", wait_seconds=0):
        pass
