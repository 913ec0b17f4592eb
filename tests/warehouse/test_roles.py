"""What a Postgres warehouse lets each role do: analysts read what is published, the field reads its counties, nobody else anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from groundgame.errors import WarehouseError
from groundgame.publish import switch
from groundgame.warehouse import migrate
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.postgres import PostgresWarehouse
from tests import server
from tests.publish.night import build_night, settings_in

Login = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def uri(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A warehouse with one published night, and a login for each kind of reader."""
    uri = server.new_database(postgres_server, "roles")
    settings = settings_in(tmp_path_factory.mktemp("roles"), uri=uri)
    switch.publish(settings, build_night(settings, 1))
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create table vault.identities as select 'SMITH' as last_name")
        warehouse.execute("insert into runs.field_counties values ('frida', 'NC', '7')")
    with psycopg.connect(uri, autocommit=True) as admin:
        for login, role in (
            ("anna", "groundgame_analyst"),
            ("frida", "groundgame_field"),
            ("frank", "groundgame_field"),
        ):
            admin.execute(f"drop role if exists {login}")
            admin.execute(f"create role {login} login in role {role}")
            admin.execute(f"select ops.limit_login('{login}')")
    return uri


@pytest.fixture
def login(uri: str) -> Iterator[object]:
    opened: list[Login] = []

    def connect(name: str) -> Login:
        opened.append(psycopg.connect(uri.replace(server.SUPERUSER + "@", name + "@"), autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from vault.identities",
        "select * from marts.voter_scores",
        "select * from ops.tombstones",
        "select * from runs.voter_scores__1",
        "insert into published.voter_scores values ('NC-1', 2)",
        "update runs.pointer set slot = 1",
        "delete from runs.voter_scores",
        "create table published.mine (i int)",
        "create table public.mine (i int)",
        "create schema mine",
        "create temporary table mine (i int)",
        "copy published.voter_scores to '/tmp/scores.csv'",
        "copy published.voter_scores to program 'cat'",
        "select pg_read_file('/etc/hosts')",
        "select lo_import('/etc/hosts')",
        "set role groundgame_owner",
    ],
)
@pytest.mark.parametrize("name", ["anna", "frida"])
def test_a_reader_may_do_nothing_but_read_what_is_published(login, name: str, sql: str) -> None:
    reader = login(name)
    reader.execute("set default_transaction_read_only = off")  # a login may change its own settings, not its rights
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(sql)


def test_an_analyst_reads_all_that_is_published_within_a_minute(login) -> None:
    anna = login("anna")
    assert anna.execute("select count(*) from published.voter_scores").fetchone() == (20,)
    assert anna.execute("select count(*) from published.loaded_files").fetchone() == (1,)
    assert anna.execute("show statement_timeout").fetchone() == ("1min",)
    assert anna.execute("show default_transaction_read_only").fetchone() == ("on",)


def test_the_field_sees_the_voters_of_its_counties_alone(login) -> None:
    frida, frank = login("frida"), login("frank")
    sql = "select voter_id from published.{} order by 1"
    for table in ("dim_voters", "voter_scores"):
        assert frida.execute(sql.format(table)).fetchall() == [("NC-17",), ("NC-7",)]
        assert frank.execute(sql.format(table)).fetchall() == []
    assert frida.execute("select login from runs.field_counties").fetchall() == [("frida",)]
    assert frank.execute("select count(*) from published.loaded_files").fetchone() == (1,)


def test_migrations_are_applied_once_and_may_not_be_rewritten(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = PostgresWarehouse(uri)
    try:
        assert migrate.apply(warehouse) == []
        for file in migrate.FOLDER.glob("*.sql"):
            (tmp_path / file.name).write_text(file.read_text() + ("select 1;" if "0002" in file.name else ""))
        monkeypatch.setattr(migrate, "FOLDER", tmp_path)
        with pytest.raises(WarehouseError, match=r"0002_schemas\.sql is not what was applied"):
            migrate.apply(warehouse)
    finally:
        warehouse.close()


def test_a_login_that_may_not_make_roles_is_told_who_can(postgres_server: str) -> None:
    """An administrator migrates once; then the pipeline's login needs no more than its role."""
    fresh = server.new_database(postgres_server, "fresh")
    with psycopg.connect(fresh, autocommit=True) as admin:
        admin.execute("drop role if exists nightly")
        admin.execute("create role nightly login in role groundgame_pipeline")
    nightly = fresh.replace(server.SUPERUSER + "@", "nightly@")
    with pytest.raises(WarehouseError, match=r"an administrator runs `python -m groundgame\.warehouse\.migrate` once"):
        settings_of(nightly)
    admin_connection = PostgresWarehouse(fresh)
    migrate.apply(admin_connection)
    admin_connection.close()
    settings_of(nightly)


def settings_of(uri: str) -> None:
    with open_warehouse(settings_in(Path("/nonexistent"), uri=uri)) as warehouse:
        warehouse.execute("create table raw.kept (i integer)")
        warehouse.execute("set role groundgame_analyst")  # as a query on what is published does
