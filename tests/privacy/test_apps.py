"""A forgotten user of an app: her account, and her name on other people's lists, whichever file brings them again."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import threading
import time
from pathlib import Path

import pytest

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.errors import WarehouseError
from groundgame.ingest import store
from groundgame.privacy import friends, landed
from groundgame.privacy.search import find_subject
from groundgame.warehouse.base import open_warehouse
from tests.ingest.desk import aged

HER = "777000111222"
FIRST, LATER = dt.date(2026, 10, 20), dt.date(2026, 10, 27)


def export(settings: Settings, day: dt.date, *accounts: str) -> None:
    """One day's folder of the graph app: accounts (hers if none are named) beside two others, and all that is told of them."""
    accounts = accounts or (HER,)
    at = f"{day}T01:00:00+0000"
    lines = {
        "users": [
            {"id": name, "name": f"Kanarienvogel {name}", "installed_at": at, "updated_time": at}
            for name in (*accounts, "5", "6")
        ],
        "friends": [
            {"user_id": "5", "data": [{"id": name, "name": "Zyxombard"} for name in accounts]},
            {"user_id": "5", "data": [{"id": "6", "name": f"Sam {day}"}]},
        ],
        "friend_shared": [
            *({"friend_id": name, "birthday": "06/06/1966"} for name in accounts),
            {"friend_id": "6", "birthday": f"01/{day.day}/1970"},
        ],
        "actions": [
            {"event_id": f"{day}-{number}", "user_id": user, "friend_id": friend, "type": "asked", "ask": "vote"}
            | {"occurred_at": 1_790_000_000_000}
            for number, (user, friend) in enumerate(
                [(accounts[0], "6"), *(("5", name) for name in accounts), ("5", "6")]
            )
        ],
        "consent": [
            {"event_id": f"c{day}{user}", "user_id": user, "scope": "basic", "action": "granted"}
            | {"occurred_at": 1_790_000_000_000}
            for user in (*accounts, "5")
        ],
    }
    folder = settings.inbox_dir / "app" / f"graph_{day:%Y%m%d}"
    folder.mkdir(parents=True)
    for name, rows in lines.items():
        end = {"trailer": True, "lines": len(rows), "schema_version": "1"}
        aged(folder / f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in [*rows, end]).encode(), day)


def rows(settings: Settings) -> dict[str, int]:
    with open_warehouse(settings) as warehouse:
        names = ("users", "friend_edges", "friend_shared", "actions", "consent_events")
        return {name: warehouse.fetch(f"select count(*) from raw.app_{name}").column(0)[0].as_py() for name in names}


def places(settings: Settings) -> list[str]:
    return [item.place for item in find_subject(settings, HER, "Zyxombard") if not item.is_original]


def test_she_leaves_every_file_of_an_app_and_does_not_come_back(tmp_path: Path) -> None:
    """A7."""
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox", threads=2)
    export(settings, FIRST)
    stages.land(settings, "graph", LATER)
    assert rows(settings) == {"users": 3, "friend_edges": 2, "friend_shared": 2, "actions": 3, "consent_events": 2}
    assert places(settings)
    stages.forget(settings, f"graph:{HER}", LATER, "asked in the app")
    without = {"users": 2, "friend_edges": 1, "friend_shared": 1, "actions": 1, "consent_events": 1}
    assert rows(settings) == without and places(settings) == []
    export(settings, LATER)
    landed = stages.land(settings, "graph", LATER)
    assert landed.rows_in == landed.rows_out + landed.rows_quarantined + landed.rows_dropped
    assert rows(settings) == {name: 2 * number for name, number in without.items()}
    assert places(settings) == []


def test_who_is_forgotten_while_her_file_is_read_does_not_land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's rows were let in before there was a tombstone; it is read again before it counts."""
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox", threads=2)
    export(settings, FIRST)
    real, calls = store.into_place, []

    def meanwhile(part: Path, target: Path) -> None:
        if not calls:
            calls.append(part)
            stages.forget(settings, f"graph:{HER}", LATER, "asked in the app")
        real(part, target)

    monkeypatch.setattr(store, "into_place", meanwhile)
    stages.land(settings, "graph", LATER)
    assert calls and rows(settings)["users"] == 2 and places(settings) == []


def test_purge_and_forget_do_not_write_back_what_the_other_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a shell beside Airflow: she is forgotten in the moment in which the purge has read her rows and not yet written them."""
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox", threads=2)
    export(settings, FIRST)
    stages.land(settings, "graph", LATER)
    asked: list[threading.Thread] = []
    real = friends.into_place

    def meanwhile(part: Path, target: Path) -> None:
        if not asked:
            forget = functools.partial(stages.forget, settings, f"graph:{HER}", LATER, "asked in the app")
            asked.append(threading.Thread(target=forget))
            asked[0].start()
            time.sleep(1.0)  # without the lock she would be out of the file by now
        real(part, target)

    monkeypatch.setattr(friends, "into_place", meanwhile)
    friends.purge(settings, LATER)
    asked[0].join()
    assert rows(settings)["friend_edges"] == 1 and places(settings) == []


def test_who_cannot_rewrite_is_told_who_does(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    with (
        landed.rewriting(settings),
        pytest.raises(WarehouseError, match=f"process {os.getpid()} is at it"),
        landed.rewriting(settings, wait_seconds=0.1),
    ):
        pass
