"""The runner: which layer, what failed first, and whether the warehouse is free afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import SpecError, WarehouseError
from groundgame.warehouse import dbt
from groundgame.warehouse.base import open_warehouse
from tests.dbt.world import World

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with two voters and the staging layer built."""
    settings = load_settings(home=tmp_path_factory.mktemp("runner"), threads=1, memory_limit="500MB")
    world = World()
    world.voter("V1")
    world.voter("V2")
    world.vote("V1", "2024-11-05")
    world.write(settings)
    return settings


def test_the_warehouse_is_free_for_this_process_and_for_others_after_a_build(settings: Settings) -> None:
    environment = dict(os.environ)
    result = dbt.build(settings, "staging")
    assert "stg_voter_file__votes" in result.details["nodes"]
    assert dict(os.environ) == environment
    with duckdb.connect(str(settings.warehouse_path), config={"threads": 3, "memory_limit": "1GB"}) as connection:
        assert connection.execute("select count(*) from staging.stg_voter_file__votes").fetchone() == (1,)
    script = (
        f"import duckdb; duckdb.connect({str(settings.warehouse_path)!r}).execute('create table main.free (i int)')"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("drop table main.free")


def test_nothing_is_written_outside_of_the_home(settings: Settings) -> None:
    dbt.build(settings, "staging", select=["stg_voter_file__sources"])
    assert not (PROJECT / "target").exists()
    assert not (PROJECT / "logs").exists()
    assert any((settings.home / "dbt" / "duckdb").iterdir())


def test_an_unknown_layer_is_a_usage_error(settings: Settings) -> None:
    with pytest.raises(SpecError, match="no layer is named 'gold'"):
        dbt.build(settings, "gold")


def test_a_failure_names_the_first_model_and_no_value_of_a_row(settings: Settings, tmp_path: Path) -> None:
    """F26: what depends on it is skipped, the message lists the first cause; a model that changes is read anew in the same process."""
    project = tmp_path / "dbt_project"
    shutil.copytree(PROJECT, project)
    changing = settings.model_copy(update={"dbt_project_dir": project})
    assert dbt.build(changing, "staging", select=["stg_voter_file__sources"]).details["models"] == 1
    model = project / "models" / "staging" / "voter_file" / "stg_voter_file__sources.sql"
    model.write_text(
        "{{ config(materialized='table') }} select cast(last_name as integer) as source from raw.voter_file_registrations"
    )
    with pytest.raises(WarehouseError) as caught:
        dbt.build(changing, "staging")
    assert "build staging: stg_voter_file__sources: Conversion Error" in str(caught.value)
    assert "SMITH" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with open_warehouse(settings) as warehouse:
        assert warehouse.tables("raw")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Runtime Error in model a (models/a.sql)\n  Conversion Error: Could not convert string 'JANE' to INT32",
            "Conversion Error: Could not convert string '…' to INT32",
        ),
        (
            'Constraint Error: Duplicate key "voter_id: NC-1" violates unique constraint',
            "Constraint Error: Duplicate key '…' violates unique constraint",
        ),
        (
            'Binder Error: Referenced column "partty" not found in FROM clause!',
            'Binder Error: Referenced column "partty" not found in FROM clause!',
        ),
        ("Got 3 results, configured to fail if != 0", "Got 3 results, configured to fail if != 0"),
    ],
)
def test_quoted_values_do_not_leave_the_warehouse(message: str, shown: str) -> None:
    assert dbt._without_values(message) == shown


def test_the_command_explains_itself_when_misused(capsys: pytest.CaptureFixture[str]) -> None:
    assert dbt.main(["compile"]) == 2
    assert "compile duckdb postgres" in capsys.readouterr().err


def test_docs_are_one_page_that_needs_no_server(settings: Settings) -> None:
    page = Path(dbt.generate_docs(settings))
    assert page.stat().st_size > 500_000
