"""A night in four tables: a hand-made warehouse that is ready to publish, without landing, dbt or a model."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
from pydantic import SecretStr

from groundgame.config import Settings
from groundgame.gates import ledger
from groundgame.gates.spec import NIGHT_STAGES
from groundgame.gates.verdict import Finding
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

FIRST = dt.date(2026, 10, 1)
FORMAT = "select tags['storage_version'] as storage_version from duckdb_databases() where not internal"


def settings_in(folder: Path, keep_runs: int = 3, uri: str | None = None) -> Settings:
    """A home of its own, with an empty dbt project; on Postgres where a database is given."""
    settings = Settings(home=folder / "home", dbt_project_dir=folder / "dbt_project", keep_runs=keep_runs, threads=2)
    server = {"engine": "postgres", "warehouse_uri": SecretStr(uri)} if uri else {}
    return settings.model_copy(update=server)


def build_night(settings: Settings, number: int, voters: int = 20, verdicts: dict[str, str] | None = None) -> dt.date:
    """Build night ``number``: every row of every mart carries that number, so a mixture of two nights shows.

    ``verdicts`` gives the verdict of a stage's one rule; a stage given as "" is not judged at all.
    """
    as_of = FIRST + dt.timedelta(days=number)
    with open_warehouse(settings) as warehouse:
        land_file(warehouse, number)
        warehouse.execute("create schema if not exists marts")
        ids = [f"NC-{i}" for i in range(voters)][::-1]
        for table in ("voter_scores", "dim_voters", "feat_voters"):
            counties = (
                {"state_abbr": ["NC"] * voters, "county_code": [i[-1] for i in ids]} if table == "dim_voters" else {}
            )
            warehouse.replace(f"marts.{table}", pa.table({"voter_id": ids, "night": [number] * voters} | counties))
        warehouse.execute("comment on table marts.voter_scores is 'one row per voter''s scores'")
        warehouse.execute("comment on column marts.voter_scores.night is 'which night'")
        ops.set_run_parameters(warehouse, as_of, is_training=False)
        run_id = ops.run_id(warehouse, as_of)
        for stage in NIGHT_STAGES:
            verdict = (verdicts or {}).get(stage, "pass")
            if verdict:
                finding = Finding(f"{stage}.table", "rows", verdict, "told by the test", "at least 1", float(voters))
                ledger.record(warehouse, run_id, as_of, stage, [finding])
    return as_of


def land_file(warehouse, number: int) -> None:
    """One more loaded file, dated before its night."""
    ops.record(
        warehouse,
        "loaded_files",
        file_id=f"file{number:04d}",
        source="nc",
        entity="registrations",
        file_name=f"{number}.zip",
        snapshot_date=FIRST + dt.timedelta(days=number - 1),
        raw_path="/secret/place",
        loaded_at=ops.utc_now(),
    )
