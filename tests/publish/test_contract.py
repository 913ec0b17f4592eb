"""What readers may rely on: the version tells every change, and nothing goes without a warning."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from groundgame.config import load_settings
from groundgame.errors import SpecError
from groundgame.publish.contract import FILE, Column, Frozen, Table, frozen, next_version
from groundgame.publish.dictionary import all_tables, page
from groundgame.publish.read import query
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
BEFORE = Frozen((1, 4, 0), {"voter_scores": {"voter_id": "varchar", "score": "smallint"}})
TABLE = Table("voter_scores", "scores", "", "", (Column("voter_id", "varchar", ""), Column("score", "smallint", "")))


def test_the_version_and_the_page_are_those_of_the_tables() -> None:
    """If this fails, `make docs` writes both anew."""
    tables = all_tables(ROOT / "dbt_project")
    known = frozen(ROOT / "dbt_project")
    assert next_version(known, tables) == known, f"{FILE} is older than the tables"
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == page(known, tables)


def test_a_new_column_raises_the_minor_version() -> None:
    more = replace(TABLE, columns=(*TABLE.columns, Column("party", "varchar", "")))
    assert next_version(BEFORE, [more]).named() == "1.5.0"


@pytest.mark.parametrize(
    "columns", [TABLE.columns[:1], (TABLE.columns[0], Column("score", "integer", ""))], ids=["gone", "another type"]
)
def test_a_column_goes_only_after_a_warning(columns: tuple[Column, ...]) -> None:
    less = replace(TABLE, columns=columns)
    with pytest.raises(SpecError, match=r"voter_scores\.score"):
        next_version(BEFORE, [less])
    warned = replace(TABLE, columns=(TABLE.columns[0], replace(TABLE.columns[1], deprecated="voter_score_history")))
    announced = next_version(BEFORE, [warned])
    assert announced.named() == "1.5.0"
    assert next_version(announced, [less]).named() == "2.0.0"


def test_the_page_for_analysts_holds_eleven_queries_and_each_runs(published_home: Path) -> None:
    assert len(QUERIES) == 11
    settings = load_settings(home=published_home)
    rows = [query(settings, sql).num_rows for sql in QUERIES]
    # A state without an app has no asks, and without answers no targets; every other question has an answer.
    empty = [sql for sql, count in zip(QUERIES, rows, strict=True) if count == 0]
    assert [sql for sql in empty if "friend_asks" not in sql and "from targets" not in sql] == []


def test_run_status_tells_the_night_that_is_served(published_home: Path) -> None:
    settings = load_settings(home=published_home)
    row = query(settings, "select * from run_status").to_pylist()
    told = query(
        settings,
        "select r.run_id, r.as_of_date, (select count(*) from voter_scores) as scored_voters_count,"
        " (select min(model_version) from ops.model_versions where is_promoted) as model from ops.published_run as r",
    ).to_pylist()[0]
    assert len(row) == 1
    assert {name: row[0][name] for name in ("run_id", "as_of_date", "scored_voters_count")} == {
        name: told[name] for name in ("run_id", "as_of_date", "scored_voters_count")
    }
    assert row[0]["model_versions"] == f"turnout {told['model']}"
    assert row[0]["schema_version"] == frozen(ROOT / "dbt_project").named()
    assert row[0]["passed_rules_count"] > 50
    described = query(settings, "select comment from duckdb_columns() where table_name = 'run_status'")["comment"]
    assert all(described.to_pylist())
