"""The exports DAG, run in process: a list is made when a person lets it out, in her name, and not otherwise."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from tests.conftest import AS_OF
from tests.dags.person import answering


@pytest.mark.parametrize(
    ("option", "state", "ledger"), [("Approve", "success", ["intent", "done"]), ("Reject", "failed", [])]
)
def test_a_list_is_made_when_a_person_lets_it_out(
    airflow: Path, home: Settings, monkeypatch, option: str, state: str, ledger: list[str]
) -> None:
    monkeypatch.setenv("GROUNDGAME_HOME", str(home.home))
    monkeypatch.setenv("GROUNDGAME_INBOX", str(home.inbox_dir))
    folder = home.inbox_dir / "suppression"
    folder.mkdir()
    (folder / f"do_not_contact_{AS_OF}.csv").write_text("kind,value\nnone,\n", encoding="utf-8")
    from dags.exports import exports_dag

    conf = {"as_of": AS_OF.isoformat(), "recipient": "walk_list", "purpose": "turnout", "only": ["turnout_score>=40"]}
    start = dt.datetime(2026, 10, 25, len(ledger), tzinfo=dt.UTC)
    with answering("exports", "ask", option):
        run = exports_dag.test(logical_date=start, run_conf=conf)
    assert str(run.state) == state
    with open_warehouse(home, read_only=True) as warehouse:
        entries = warehouse.fetch("select state, approved_by from ops.exports order by seq").to_pylist()
    assert entries == [{"state": one, "approved_by": "ada"} for one in ledger]
    assert bool(list(home.exports_dir.glob("*"))) is bool(ledger)
