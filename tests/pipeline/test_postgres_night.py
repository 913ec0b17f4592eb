"""A night on Postgres publishes what a night on DuckDB publishes, table by table, and ends well however it is interrupted."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
import sqlalchemy

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.doctor import examine
from groundgame.privacy.search import find_subject
from groundgame.publish import switch
from groundgame.publish.dictionary import all_tables
from groundgame.publish.folder import CURRENT
from groundgame.publish.read import published_hashes, query
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.digest import table_hash
from groundgame.warehouse.duckdb import DuckDBWarehouse
from tests import server
from tests.conftest import AS_OF, ROOT
from tests.privacy.world import release
from tests.publish.test_contract import QUERIES


@pytest.fixture(scope="module")
def night(postgres_server: str, small_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A whole night on Postgres."""
    settings = load_settings(
        home=tmp_path_factory.mktemp("postgres") / "home",
        inbox=small_state,
        engine="postgres",
        warehouse_uri=server.new_database(postgres_server, "night"),
    )
    for _ in stages.night(settings, AS_OF):
        pass
    return settings


@pytest.fixture
def copied(night: Settings, postgres_server: str, tmp_path: Path) -> Settings:
    """The same night in a home and a database of its own."""
    shutil.copytree(night.home, tmp_path / "home", symlinks=True)
    uri = server.new_database(postgres_server, "copied", template="night")
    return load_settings(home=tmp_path / "home", inbox=night.inbox, engine="postgres", warehouse_uri=uri)


@pytest.fixture
def embedded(published_home: Path) -> Iterator[DuckDBWarehouse]:
    """What DuckDB published of the same night, under the name ``embedded``."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published_home / 'published' / CURRENT}' as embedded (read_only)")
        yield DuckDBWarehouse(connection)


def test_both_engines_publish_the_same_tables(night: Settings, embedded: DuckDBWarehouse) -> None:
    sql = "select table_name, rows from embedded.ops.published_tables order by 1"
    expected = {row["table_name"]: row["rows"] for row in embedded.fetch(sql).to_pylist()}
    found = query(night, "select table_name, row_count from published_tables order by 1")
    assert {row["table_name"]: row["row_count"] for row in found.to_pylist()} == expected
    for table in expected:
        embedded.connection.register("seen", query(night, f"select * from {table.partition('.')[2]}"))
        columns = embedded.columns(f"embedded.{table}")
        assert [name for name, _ in embedded.columns("seen")] == [name for name, _ in columns], table
        mapped = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns)
        embedded.execute(f"create or replace table mapped as select {mapped} from seen")
        assert table_hash(embedded, "mapped") == table_hash(embedded, f"embedded.{table}"), table


def test_the_questions_of_the_analysts_page_have_the_same_answers_on_both_engines(
    night: Settings, published_home: Path
) -> None:
    embedded = load_settings(home=published_home)
    assert len(QUERIES) >= 10
    for sql in QUERIES:
        assert query(night, sql).to_pylist() == query(embedded, sql).to_pylist(), sql
    switches = "select seq, run_id, as_of_date, state from {}publications order by seq"
    assert query(night, switches.format("")).to_pylist() == query(embedded, switches.format("ops.")).to_pylist()


@pytest.fixture(scope="module")
def analyst(night: Settings) -> str:
    """The URI of a login that reads what is published, as the warehouse's page tells an administrator to make it."""
    uri = night.warehouse_uri.get_secret_value()
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute("drop role if exists bea")
        admin.execute("create role bea login in role groundgame_analyst")
        admin.execute("select ops.limit_login('bea')")
    return uri.replace(server.SUPERUSER + "@", "bea@")


def test_psql_explains_and_reads_what_is_published_and_nothing_else(analyst: str) -> None:
    def psql(command: str) -> tuple[int, str]:
        program = server.binaries()[0] / "psql"
        options = ["--no-psqlrc", "--tuples-only", "--no-align", "--dbname", analyst, "--command", command]
        done = subprocess.run([program, *options], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert psql("select count(*) > 3000 from voter_scores") == (0, "t\n")
    assert "|The model that made the score." in psql("\\d+ voter_scores")[1]
    assert "|One row per legislative district with registered voters." in psql("\\dv+")[1]
    assert psql("table vault.voters_to_match")[0] == 1 and psql("create table mine (i int)")[0] == 1


def test_a_bi_tool_reflects_every_table_and_column_with_its_description(night: Settings, analyst: str) -> None:
    engine = sqlalchemy.create_engine(analyst.replace("postgresql://", "postgresql+psycopg://"))
    try:
        seen = sqlalchemy.inspect(engine)
        assert "published" in seen.get_schema_names()
        views = seen.get_view_names("published")
        for table in all_tables(ROOT / "dbt_project"):
            if table.name not in views:
                continue
            comments = {column["name"]: column["comment"] for column in seen.get_columns(table.name, "published")}
            assert list(comments) == [column.name for column in table.columns], table.name
            assert all(comments.values()), table.name
            assert seen.get_table_comment(table.name, "published")["text"], table.name
        assert {"voter_scores", "dim_voters", "run_status", "publications"} <= set(views)
        reflected = sqlalchemy.Table("voter_scores", sqlalchemy.MetaData(), schema="published", autoload_with=engine)
        with engine.connect() as connection:
            assert connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(reflected)).scalar_one()
            with pytest.raises(sqlalchemy.exc.ProgrammingError):
                connection.execute(sqlalchemy.delete(reflected))
    finally:
        engine.dispose()


def test_landing_again_loads_nothing_and_a_rewritten_file_is_loaded_again(copied: Settings) -> None:
    sql = "select oid, relname from pg_class where relname like 'f!_%' escape '!' and relkind = 'r' order by 1"
    with open_warehouse(copied) as warehouse:
        before = warehouse.fetch(sql).to_pylist()
    stages.land(copied, "nc", AS_OF)
    with open_warehouse(copied) as warehouse:
        assert warehouse.fetch(sql).to_pylist() == before
        (path,) = (copied.home / row["raw_path"] for row in _loaded(warehouse, "votes")[-1:])
    path.touch()
    stages.land(copied, "nc", AS_OF)
    with open_warehouse(copied) as warehouse:
        changed = {row["relname"] for row in warehouse.fetch(sql).to_pylist() if row not in before}
    assert changed == {f"f_{path.parent.name.partition('=')[2]}"}


def test_landing_and_publication_that_are_killed_end_like_undisturbed_ones(copied: Settings) -> None:
    expected = published_hashes(copied)
    with open_warehouse(copied) as warehouse:
        rows = table_hash(warehouse, "raw.voter_file_votes")
        warehouse.execute("drop table raw.voter_file_votes, raw.voter_file_registrations cascade")
    for delay in (0.2, 0.35, 0.5):
        _killed(lambda: stages.land(copied, "nc", AS_OF), delay)
    stages.land(copied, "nc", AS_OF)
    with open_warehouse(copied) as warehouse:
        assert table_hash(warehouse, "raw.voter_file_votes") == rows
        warehouse.execute("update marts.voter_scores set turnout_score = 0")
    for delay in (0.2, 0.3, 0.4, 0.5):
        _killed(lambda: stages.publish(copied, AS_OF), delay)
        shown = published_hashes(copied)
        assert shown == expected or _is_new(shown, expected)
    stages.publish(copied, AS_OF)
    assert _is_new(published_hashes(copied), expected)
    with open_warehouse(copied) as warehouse:
        states = warehouse.fetch("select seq, state from ops.publications order by 1, 2 desc").to_pylist()
    last = states[-1]["seq"]
    assert [tuple(row.values()) for row in states] == [(n, s) for n in range(1, last + 1) for s in ("intent", "done")]


def test_somebody_is_forgotten_in_every_schema_and_every_run_that_can_be_gone_back_to(copied: Settings) -> None:
    release(copied, AS_OF + dt.timedelta(days=1))
    stages.publish(copied, AS_OF + dt.timedelta(days=1))
    voters, (her, local, heir) = _count(copied), _head_of_a_household(copied)
    before = {item.place for item in find_subject(copied, her, local) if not item.is_original}
    schemas = ("raw", "marts", "scores", "runs", "statistics")
    for place in ("raw/", *(f"warehouse:{schema}" for schema in schemas)):
        assert any(name.startswith(place) for name in before), place
    runs = switch.status(copied)["kept_runs"]
    result = stages.forget(copied, her, AS_OF, "asked by letter", verify=True)
    assert (result.verdict, result.details["still_in"]) == ("pass", [])
    assert {item.place for item in find_subject(copied, her, local) if not item.is_original} == set()
    assert not _bytes_in_tables(copied, her.encode(), local.encode())
    assert switch.status(copied)["kept_runs"] == runs
    recorded = query(copied, "select table_name, content_hash from published_tables").to_pylist()
    assert published_hashes(copied) == {row["table_name"]: row["content_hash"] for row in recorded}
    for _ in runs:
        assert _count(copied) == voters - 1
        homes = query(copied, f"select count(*) as n from dim_voters where household_id = '{heir}'")["n"].to_pylist()
        assert homes[0] >= 1, "the home is called after the next member"
        switch.rollback(copied, runs[0])
    assert stages.forget(copied, her, AS_OF, "asked by letter").details["state"] == "already forgotten"
    assert [item.ok for item in examine(copied) if item.check == "forgotten"] == [True]


def _head_of_a_household(settings: Settings) -> tuple[str, str, str]:
    """A voter whom her household is called after: her id, the county's id, and the next member."""
    with open_warehouse(settings) as warehouse:
        (row,) = warehouse.fetch(
            "select h.voter_id, r.voter_id as local, min(m.voter_id) as heir"
            " from marts.dim_voters as h join marts.dim_voters as m on m.household_id = h.household_id and m.voter_id <> h.voter_id"
            " join raw.voter_file_registrations as r on h.voter_id = 'NC-' || r.voter_id"
            " where h.household_id = h.voter_id group by 1, 2 order by 1 limit 1"
        ).to_pylist()
    return tuple(row.values())


def _count(settings: Settings) -> int:
    return query(settings, "select count(*) as n from dim_voters")["n"][0].as_py()


def _bytes_in_tables(settings: Settings, *words: bytes) -> list[str]:
    """Files of the server's tables and indexes that hold a word: a deleted row stays in them until they are written anew."""
    with open_warehouse(settings) as warehouse:
        warehouse.execute("reset role")
        warehouse.execute("checkpoint")
        folder = Path(warehouse.fetch("select current_setting('data_directory') as f")["f"][0].as_py())
        paths = warehouse.fetch(
            "select c.oid::regclass::text as name, pg_relation_filepath(c.oid) as path from pg_class as c"
            " where c.relkind in ('r', 'i', 't') and c.oid >= 16384 order by 1"
        )
    found = zip(paths["name"].to_pylist(), paths["path"].to_pylist(), strict=True)
    return [name for name, path in found if any(word in (folder / path).read_bytes() for word in words)]


def _is_new(shown: dict[str, str], expected: dict[str, str]) -> bool:
    return {name for name in shown if shown[name] != expected[name]} == {"marts.voter_scores"}


def _loaded(warehouse, entity: str) -> list[dict[str, str]]:
    sql = "select raw_path from ops.loaded_files where entity = ? order by snapshot_date"
    return warehouse.fetch(sql, [entity]).to_pylist()


def _killed(work: Callable[[], object], delay: float) -> None:
    """Run in a child, and end it without warning."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    time.sleep(delay)
    if child.pid and child.is_alive():
        os.kill(child.pid, signal.SIGKILL)
    child.join()
