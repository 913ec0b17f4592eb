"""Accounts that an app reports as deleted are gone after the night, from everywhere but the voter file, and stay out."""

from __future__ import annotations

import datetime as dt
import json
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.doctor import examine
from groundgame.privacy import deletions, keys
from groundgame.privacy.search import find_subject
from groundgame.warehouse.base import open_warehouse
from tests.ingest.desk import aged
from tests.privacy.test_apps import export, rows
from tests.privacy.test_faults import die_in

HER, HIS, UNKNOWN = "777000111222", "777000333444", "777000555666"
CANARIES = (HER, HIS, UNKNOWN, "Zyxombard", "Papagenoweg")
FIRST, LATER = dt.date(2026, 10, 20), dt.date(2026, 10, 27)


def report(settings: Settings, day: dt.date, *ids: str) -> None:
    """An export of the graph app in which accounts are deleted and nothing else is told."""
    at = f"{day}T01:00:00+0000"
    users = [{"id": one, "name": "Papagenoweg", "updated_time": at, "deleted_at": at} for one in ids]
    folder = settings.inbox_dir / "app" / f"graph_{day:%Y%m%d}"
    folder.mkdir(parents=True, exist_ok=True)
    end = {"trailer": True, "lines": len(users), "schema_version": "1"}
    aged(folder / "users.jsonl", "".join(json.dumps(row) + "\n" for row in [*users, end]).encode(), day)


def left(settings: Settings) -> list[str]:
    return [item.place for item in find_subject(settings, *CANARIES) if not item.is_original]


@pytest.fixture
def told(tmp_path: Path) -> Settings:
    """Two accounts with lists, actions and consents, linked to voters; a later export deletes both, and one that nobody knew."""
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox", threads=2)
    export(settings, FIRST, HER, HIS)
    stages.land(settings, "graph", LATER)
    with open_warehouse(settings) as warehouse:
        from groundgame.linkage import ledger

        ledger.create(warehouse)
        for number, local_id in enumerate((HER, HIS, "5")):
            warehouse.execute(f"""
                insert into linkage.person_links (person_key, voter_id) values ('graph:{local_id}', 'NC-AA{number}')""")
        warehouse.execute("create schema if not exists marts")
        warehouse.execute("create table marts.dim_voters as select voter_id from linkage.person_links")
    report(settings, LATER, HER, HIS, UNKNOWN)
    stages.land(settings, "graph", LATER)
    return settings


def voters(settings: Settings, table: str) -> list[str]:
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.fetch(f"select voter_id from {table} order by 1").column(0).to_pylist()


def test_deleted_accounts_go_in_one_request_and_the_voter_file_keeps_its_own(told: Settings) -> None:
    assert left(told)
    result = stages.forget_deleted(told, LATER)
    assert result.rows_in == 3 and left(told) == []
    without = {"users": 2, "friend_edges": 1, "friend_shared": 1, "actions": 1, "consent_events": 1}
    assert rows(told) == without
    assert voters(told, "linkage.person_links") == ["NC-AA2"]
    assert voters(told, "marts.dim_voters") == ["NC-AA0", "NC-AA1", "NC-AA2"]
    with open_warehouse(told, read_only=True) as warehouse:
        stones = set(warehouse.fetch("select subject_key from ops.tombstones").column(0).to_pylist())
        requests = warehouse.fetch("select state from ops.forget_requests order by noted_at").column(0).to_pylist()
    key = keys.read_key(told)
    assert key is not None and stones == {keys.subject_key(key, f"graph:{one}") for one in (HER, HIS, UNKNOWN)}
    assert requests == ["intent", "done"]
    # The next night brings nothing new, and a late export of the account nothing back (A6, A7).
    assert stages.forget_deleted(told, LATER).rows_in == 0
    report(told, LATER + dt.timedelta(1), HER, UNKNOWN)
    stages.land(told, "graph", LATER + dt.timedelta(1))
    assert rows(told) == without and left(told) == []


@pytest.mark.parametrize(
    "step",
    [("ledger", "write_note"), ("ledger", "begin"), ("landed", "rewrite"), ("tables", "remove"), ("ledger", "finish")],
    ids="_".join,
)
def test_killed_at_any_step_the_accounts_stay_out_and_the_next_call_completes_it(
    processes: ForkServerContext, told: Settings, step: tuple[str, str]
) -> None:
    process = processes.Process(
        target=die_in, args=(f"privacy.{step[0]}", step[1], "after", stages.forget_deleted, told, LATER)
    )
    process.start()
    process.join()
    assert process.exitcode == -9, f"{step} was not reached"
    assert deletions.is_due(told)
    stages.forget_deleted(told, LATER)
    assert left(told) == [] and rows(told)["users"] == 2
    assert [item.ok for item in examine(told) if item.check in ("forgotten", "litter")] == [True, True]
    assert not deletions.is_due(told)
