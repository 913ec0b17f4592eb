"""What a landed text means is the same on every engine: a moment, a day, or nothing."""

from __future__ import annotations

import contextlib

import duckdb
import jinja2
import pytest

from groundgame.config import ROOT
from groundgame.warehouse import migrate
from groundgame.warehouse.postgres import PostgresWarehouse

FOLDER = ROOT / "dbt_project" / "macros" / "dialect"
DAYS = (
    *("2026-10-24", "0001-01-01", "9999-12-31", "2024-02-29", "2000-02-29"),
    *("2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-10-00", "20261024", "10/24/2026"),
    *("", " ", "today", "yesterday", "2026", "aaaa-bb-cc", None),
)
MOMENTS = (
    *("2026-10-24", "2026-10-24 12:30:00", "2026-10-24T23:59:59Z", "2026-10-24T12:30:00.123Z", "2026-10-24 12:30"),
    *("2024-02-29T00:00:00Z", "2026-02-29T00:00:00Z", "2026-10-24 12:60:00", "2026-10-24 25:00:00", "now"),
    *("2026-13-24T12:30:00Z", "", None),
)


@pytest.mark.parametrize("server", ["postgres", "oldest_postgres"])
@pytest.mark.parametrize(("macro", "texts"), [("safe_date", DAYS), ("safe_timestamp", MOMENTS)])
def test_a_text_is_the_same_day_or_moment_or_none_on_both_engines(
    request: pytest.FixtureRequest, server: str, macro: str, texts: tuple[str | None, ...]
) -> None:
    asked = {
        engine: getattr(jinja2.Template((FOLDER / f"{engine}.sql").read_text()).module, f"{engine}__{macro}")("text")
        for engine in ("duckdb", "postgres")
    }
    marks = ", ".join(f"({number}, ?)" for number in range(len(texts)))
    sql = "select {} from (values {}) as t(number, text) order by number"
    here = duckdb.execute(sql.format(asked["duckdb"], marks), list(texts)).fetchall()
    with contextlib.closing(PostgresWarehouse(request.getfixturevalue(f"{server}_uri"))) as warehouse:
        migrate.apply(warehouse)
        found = warehouse.fetch(sql.format(asked["postgres"], marks), texts)
        there = [tuple(row.values()) for row in found.to_pylist()]
    assert dict(zip(texts, there, strict=True)) == dict(zip(texts, here, strict=True))
    assert sum(row != (None,) for row in here) >= 5
