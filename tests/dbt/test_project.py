"""The project as a whole: its tests pass, its contracts reach the database, it compiles for every engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from groundgame.sources.entities import REGISTRATIONS
from groundgame.warehouse import dbt
from tests.dbt.conftest import Built

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
MARTS = {
    "dim_app_users",
    "fct_app_actions",
    "friend_asks",
    "contact_permissions",
    "dim_field_nodes",
    "dim_turfs",
    "fct_contacts",
    "field_access",
    "field_flagged",
    "field_goals",
    "field_hours",
    "field_leaderboard",
    "field_notes",
    "field_outcomes",
    "field_progress",
    "dim_voters",
    "voter_duplicates",
    "dim_households",
    "dim_elections",
    "dim_precincts",
    "dim_zips",
    "dim_districts",
    "fct_votes",
    "fct_experiment_assignments",
    "impact_report",
    "targets",
    "feat_voters",
    "voter_score_history",
    "voter_scores",
}


def test_every_layer_builds_with_its_unit_and_data_tests(built: Built) -> None:
    assert {layer: result.details["tests"] > 3 for layer, result in built.results.items()} == {
        "staging": True,
        "marts": True,
        "scores": True,
        "asks": True,
    }
    assert built.results["marts"].details["rows"]["dim_voters"] > 40
    assert all(seconds >= 0 for seconds in built.results["marts"].details["nodes"].values())


def test_schemas_hold_exactly_what_their_names_say(built: Built) -> None:
    schemas = {row["schema_name"] for row in built.rows("select distinct schema_name from duckdb_tables()")}
    assert schemas == {"raw", "ops", "scores", "staging", "intermediate", "marts", "linkage"}
    assert set(built.warehouse.tables("marts")) == MARTS
    assert built.warehouse.tables("vault") == [
        "friends_to_match",
        "people_to_match",
        "voter_identities",
        "voters_to_match",
    ]


def test_every_mart_and_each_of_its_columns_is_explained_in_the_database(built: Built) -> None:
    tables = built.rows("select table_name from duckdb_tables() where schema_name = 'marts' and comment is null")
    columns = built.rows(
        "select table_name, column_name from duckdb_columns() where schema_name in ('marts', 'vault')"
        " and internal = false and coalesce(comment, '') = ''"
    )
    assert tables == []
    assert columns == []


def test_no_mart_has_a_personal_column(built: Built) -> None:
    columns = built.rows("select distinct column_name from information_schema.columns where table_schema = 'marts'")
    assert not {row["column_name"] for row in columns} & REGISTRATIONS.personal


def test_flags_in_marts_are_never_null(built: Built) -> None:
    flags = built.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts'"
        " and data_type = 'BOOLEAN'"
    )
    assert len(flags) >= 6
    for flag in flags:
        nulls = f"select count(*) as n from marts.{flag['table_name']} where {flag['column_name']} is null"
        assert built.rows(nulls) == [{"n": 0}], flag


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_is_short_explained_beside_itself_and_the_same_for_every_engine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    assert "target.type" not in text
    assert path.with_suffix(".yml").is_file()


def test_every_dialect_answers_every_question() -> None:
    """An engine is added by one file: it must answer all that models ask."""
    folder = PROJECT / "macros" / "dialect"
    asked = set(re.findall(r"adapter\.dispatch\('(\w+)'\)", (folder / "dispatch.sql").read_text(encoding="utf-8")))
    for engine in ("duckdb", "postgres", "spark"):
        text = (folder / f"{engine}.sql").read_text(encoding="utf-8")
        assert set(re.findall(rf"macro {engine}__(\w+)\(", text)) == asked, engine


@pytest.fixture(scope="session")
def bare_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(home=tmp_path_factory.mktemp("compile"))


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_the_project_compiles_without_a_server(bare_settings: Settings, target: str) -> None:
    assert dbt.compile_project(bare_settings, target) > len(MODELS)
    assert not bare_settings.warehouse_path.exists()
    compiled = bare_settings.home / "dbt" / target / "compiled"
    sql = next(compiled.rglob("int_voters__counted.sql")).read_text(encoding="utf-8")
    assert ("bit(64)" in sql) == (target == "postgres")
