"""A batch on a team's server: in a database beside the nights', as fresh and as guarded as in the embedded engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.errors import WarehouseError
from groundgame.publish.read import query
from groundgame.publish.visible import field_run, rows_for
from groundgame.warehouse.base import is_there, open_warehouse
from tests import server
from tests.field.conftest import Batches
from tests.field.program import AS_OF, place

TABLES = ("field_progress", "field_hours", "field_leaderboard", "field_goals", "field_notes", "dim_field_nodes")
LEVELS = ("state", "region", "team", "organizer")


@pytest.fixture(scope="module")
def engines(
    batches: Batches, postgres_server: str, exports: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Settings]:
    """The same batches on DuckDB and on Postgres: the history, and what came later."""
    folder, uri = tmp_path_factory.mktemp("team"), server.new_database(postgres_server, "team")
    team = load_settings(home=folder / "home", inbox=folder / "inbox", engine="postgres", warehouse_uri=uri)
    for later in (False, True):
        place(exports, team, later)
        assert stages.field(team, AS_OF).details["is_fresh"] is not later
    return [batches.settings, team]


def rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    """All rows of a published table, in an order that no engine makes."""
    found = query(settings.of_field(), f"select * from {table}").to_pylist()
    return sorted(found, key=lambda row: [str(value) for value in row.values()])


def leaders(settings: Settings) -> list[str]:
    """An account of each level, by the highest name."""
    sql = "select level, max(login) as login from field_access group by level"
    by_level = {row["level"]: row["login"] for row in query(field_run(settings), sql).to_pylist()}
    return [by_level[level] for level in LEVELS]


def test_a_batch_on_a_server_publishes_the_rows_of_one_on_duckdb_and_leaves_the_nights_alone(
    engines: list[Settings],
) -> None:
    embedded, team = engines
    for table in TABLES:
        found = rows(team, table)
        assert found and found == rows(embedded, table), table
    assert stages.field(team, AS_OF).details["state"] == "unchanged"
    with open_warehouse(team, read_only=True) as nights:
        assert nights.tables("marts") == [] and nights.fetch("select * from ops.loaded_files").num_rows == 0
    assert (team.pages_dir / "field.html").is_file()


def test_director_region_team_and_organizer_see_their_subtree_alone_on_both_engines(engines: list[Settings]) -> None:
    embedded, team = engines
    people = leaders(team)
    assert people == leaders(embedded)
    seen: dict[str, int] = {}
    for person in (*people, "nora"):
        with psycopg.connect(login_of(team, person), autocommit=True) as login:
            for table in TABLES:
                found = login.execute(f"select node_path from published.{table} order by 1").fetchall()
                wanted = rows_for(embedded, person, table).column("node_path").to_pylist()
                assert [path for (path,) in found] == sorted(wanted), (person, table)
                assert rows_for(team, person, table).column("node_path").to_pylist() == wanted, (person, table)
                seen[person] = seen.get(person, 0) + len(found)
    counts = [seen[person] for person in people]
    assert counts == sorted(counts, reverse=True) and len(set(counts)) == len(LEVELS) and seen["nora"] == 0


def login_of(team: Settings, person: str) -> str:
    """A login of the field role in the field's database, as the warehouse's page tells an administrator to make it."""
    uri = team.warehouse_uri.get_secret_value()
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute(f'drop role if exists "{person}"')
        admin.execute(f'create role "{person}" login in role groundgame_field')
    return psycopg.conninfo.make_conninfo(uri, dbname="team_field", user=person)


def test_a_login_that_may_make_no_database_is_told_who_makes_it(postgres_uri: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_uri, autocommit=True) as admin:
        admin.execute("drop role if exists nightly_login")
        admin.execute("create role nightly_login login")
    uri = postgres_uri.replace(server.SUPERUSER + "@", "nightly_login@")
    settings = load_settings(home=tmp_path, engine="postgres", warehouse_uri=uri).of_field()
    assert not is_there(settings)
    with pytest.raises(WarehouseError, match="an administrator runs"):
        open_warehouse(settings).__enter__()
