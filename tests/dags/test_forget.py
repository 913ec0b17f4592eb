"""The forget DAG, run in process: she is gone, and neither logs nor XComs say who."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import pytest

from groundgame.config import load_settings
from groundgame.privacy import keys, ledger
from groundgame.warehouse.base import open_warehouse

HER = "QZ987654"


def test_a_person_is_forgotten_and_not_named(airflow: Path, tmp_path: Path, monkeypatch, caplog, capfd) -> None:
    monkeypatch.setenv("GROUNDGAME_HOME", str(tmp_path))
    settings = load_settings(home=tmp_path)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema marts")
        warehouse.execute(f"create table marts.dim_voters as select 'NC-{HER}' as voter_id")
    from dags.forget import forget_dag

    conf = {"subject": f"NC-{HER}", "as_of": "2026-10-26"}
    with caplog.at_level(logging.DEBUG):
        run = forget_dag.test(logical_date=dt.datetime(2026, 10, 26, 7, tzinfo=dt.UTC), run_conf=conf)
    assert str(run.state) == "success"
    with open_warehouse(settings) as warehouse:
        assert warehouse.fetch("select count(*) from marts.dim_voters").column(0)[0].as_py() == 0
        key = keys.read_key(settings)
        assert key is not None and ledger.is_forgotten(warehouse, keys.subject_key(key, f"NC-{HER}"))
    told = capfd.readouterr()
    logs = "".join(file.read_text() for file in airflow.rglob("*.log"))
    assert "forget" in told.out + told.err + logs + caplog.text
    assert HER not in told.out + told.err + logs + caplog.text
    results = [
        instance.xcom_pull(task_ids=task) for instance in run.get_task_instances() for task in ("forget", "run_date")
    ]
    assert results and HER not in str(results)


@pytest.mark.parametrize("subject", ["", "AA"])
def test_a_run_without_an_id_does_not_start(airflow: Path, subject: str) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    from dags.forget import forget_dag

    with pytest.raises(ParamValidationError):
        forget_dag.test(run_conf={"subject": subject})
