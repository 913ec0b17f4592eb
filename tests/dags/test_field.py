"""The field DAG, run in process: it takes no place in the night's pool, and says why it did nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest


def test_a_batch_without_a_field_tool_says_so_and_leaves_the_warehouse_alone(
    airflow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROUNDGAME_HOME", str(tmp_path / "home"))
    from dags.field import field_dag

    run = field_dag.test(logical_date=dt.datetime(2026, 10, 25, 7, tzinfo=dt.UTC))
    assert str(run.state) == "success"
    (told,) = [ti.xcom_pull(task_ids="field") for ti in run.get_task_instances() if ti.task_id == "field"]
    assert told["details"] == {"state": "skipped", "reason": "no field tool has files here"}
    assert not (tmp_path / "home" / "warehouse.duckdb").exists()
    assert {task.pool for task in field_dag.tasks} == {"default_pool"}
