"""A night on Postgres publishes what a night on DuckDB publishes, table by table, and ends well however it is interrupted."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.doctor import examine
from groundgame.privacy.search import find_subject
from groundgame.publish import switch
from groundgame.publish.folder import CURRENT
from groundgame.publish.read import published_hashes, query
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.digest import table_hash
from groundgame.warehouse.duckdb import DuckDBWarehouse
from tests import server
from tests.conftest import AS_OF
from tests.privacy.world import release


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
