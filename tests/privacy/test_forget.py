"""A person is forgotten everywhere, and everybody else is still there."""

from __future__ import annotations

import datetime as dt
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from groundgame import stages
from groundgame.cli import app
from groundgame.config import Settings, load_settings
from groundgame.doctor import examine
from groundgame.errors import SpecError, WarehouseError
from groundgame.privacy import keys, ledger
from groundgame.privacy.forget import write_anew
from groundgame.privacy.search import find_subject
from groundgame.publish import folder, switch
from groundgame.publish.folder import Run
from groundgame.publish.read import published_hashes, query, recorded_hashes
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.digest import table_hash
from tests.ingest.desk import aged, text, vote, voter
from tests.privacy.conftest import copied
from tests.privacy.world import CANARIES, HEIR, HER, LOCAL, USER, VOTER, VOTERS, registrations
from tests.publish.night import FORMAT

ASKED = dt.date(2024, 12, 3)
REASON = "asked by letter"


@dataclass(frozen=True)
class Before:
    """What was there before she was forgotten."""

    tables: dict[str, int]
    landed: dict[str, int]
    served: Run
    details: dict[str, Any]


@pytest.fixture(scope="module")
def after(planted: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Before]:
    """A world in which she was forgotten once, and what was there before."""
    settings = copied(planted, tmp_path_factory.mktemp("after"))
    served = folder.served(settings)
    assert served is not None
    counts, rows = tables(settings), landed_rows(settings)
    return settings, Before(counts, rows, served, forget(settings))


def places(settings: Settings) -> set[str]:
    """Where any canary is, but in the sender's own files."""
    return {item.place for item in find_subject(settings, *CANARIES) if not item.is_original}


def tables(settings: Settings) -> dict[str, int]:
    """Rows of every table of the build file."""
    with open_warehouse(settings, read_only=True) as warehouse:
        sql = "select schema_name || '.' || table_name as name from duckdb_tables() order by 1"
        names = warehouse.fetch(sql)["name"].to_pylist()
        return {name: warehouse.fetch(f"select count(*) from {name}").column(0)[0].as_py() for name in names}


def landed_rows(settings: Settings) -> dict[str, int]:
    files = settings.raw_dir.rglob("part-*")
    return {str(file.relative_to(settings.home)): pq.read_metadata(file).num_rows for file in files}


def forget(settings: Settings, subject: str = VOTER) -> dict[str, Any]:
    return stages.forget(settings, subject, ASKED, REASON, verify=True).details


def test_the_search_sees_her_in_every_layer_before(planted: Settings) -> None:
    found = places(planted)
    seen = {place.partition(":")[0].split("/")[0] for place in found}
    assert {"raw", "kept_lines", "warehouse.duckdb", "published"} <= seen
    names = ("marts.dim_voters", "marts.feat_voters", "marts.fct_votes", "scores.predictions", "linkage.person_links")
    for name in names:
        assert any(name in place.replace('"', "") for place in found), name
    assert [item for item in find_subject(planted, *CANARIES) if item.is_original]


def test_nothing_of_her_is_left_anywhere_and_nothing_else_is_missing(after: tuple[Settings, Before]) -> None:
    settings, before = after
    assert places(settings) == set()
    assert before.details["still_in"] == [] and before.details["ids"] == 2
    assert len(before.details["original_files"]) == 3, "what the state sent is the state's, and is named"
    removed = {name.removeprefix("warehouse:"): number for name, number in before.details["removed"].items()}
    now = tables(settings)
    for name, number in before.tables.items():
        if not name.startswith("ops."):
            # A home keeps its rows under the next member's name, so more rows name her than go.
            assert 0 <= number - now[name] <= removed.get(name, 0), name
    for name in ("marts.dim_voters", "marts.app_reach", "linkage.decisions", "scores.predictions"):
        assert before.tables[name] - now[name] == 1
    gone = {name: before.landed[name] - number for name, number in landed_rows(settings).items()}
    assert gone == {name: removed.get(name, 0) for name in before.landed}
    assert not list(settings.home.rglob("*.tmp"))


def test_no_file_holds_the_bytes_of_what_was_removed(after: tuple[Settings, Before]) -> None:
    settings, _ = after
    for file in [settings.warehouse_path, *(settings.published_dir / "runs").glob("*.duckdb")]:
        content = file.read_bytes()
        assert not [name for name in CANARIES if name.encode() in content]
        with duckdb.connect(str(file), read_only=True) as engine:
            assert engine.execute("select count(*) from marts.dim_voters").fetchone() == (VOTERS - 1,)


def test_the_household_called_after_her_is_called_after_the_next_member(after: tuple[Settings, Before]) -> None:
    settings, _ = after
    sql = "select household_id from marts.dim_voters where voter_id = ?"
    with open_warehouse(settings, read_only=True) as warehouse:
        assert warehouse.fetch(sql, [HEIR]).column(0).to_pylist() == [HEIR]
        homes = warehouse.fetch("select voters_count from marts.dim_households where household_id = ?", [HEIR])
    assert homes.column(0).to_pylist() == [2], "totals are counted anew by the next night, not here"


def test_the_ledger_knows_that_and_never_who(after: tuple[Settings, Before]) -> None:
    settings, _ = after
    with open_warehouse(settings, read_only=True) as warehouse:
        requests = warehouse.fetch("select * from ops.forget_requests order by noted_at").to_pylist()
        stones = warehouse.fetch("select * from ops.tombstones order by kind").to_pylist()
    assert [row["state"] for row in requests] == ["intent", "done"]
    assert sum(json.loads(requests[1]["counts"]).values()) > 10
    assert [row["kind"] for row in stones] == ["app_user", "voter"]
    key = keys.read_key(settings)
    assert key is not None and stones[1]["subject_key"] == requests[0]["subject_key"] == keys.subject_key(key, VOTER)
    assert stones[0]["subject_key"] == keys.subject_key(key, USER)
    assert stat.S_IMODE(keys.key_path(settings).stat().st_mode) == 0o600
    assert not list((settings.home / "forgetting").iterdir())
    assert not [name for name in CANARIES if name in str(requests) + str(stones)]


def test_asking_twice_changes_nothing(after: tuple[Settings, Before]) -> None:
    settings, _ = after
    before = published_hashes(settings), tables(settings), folder.served(settings)
    assert forget(settings)["state"] == "already forgotten"
    assert forget(settings, USER)["state"] == "already forgotten", "her account went with her"
    assert (published_hashes(settings), tables(settings), folder.served(settings)) == before


def test_the_served_run_and_the_older_one_are_reissued_and_a_rollback_brings_nothing_back(
    after: tuple[Settings, Before],
) -> None:
    settings, before = after
    now, older = folder.served(settings), folder.runs(settings)[0]
    assert now is not None and (now.run_id, now.seq) == (before.served.run_id, before.served.seq + 1)
    assert now.content_hash != before.served.content_hash
    assert published_hashes(settings) == recorded_hashes(folder.run_path(settings, now.run_id))
    assert query(settings, "select comment from duckdb_tables() where table_name = 'dim_voters'")["comment"][0].as_py()
    for run_id in (older.run_id, now.run_id):
        switch.rollback(settings, run_id)
        assert query(settings, "select count(*) as n from dim_voters")["n"].to_pylist() == [VOTERS - 1]
        assert query(settings, FORMAT)["storage_version"].to_pylist() == ["v1.3.0+"]  # as readers know it
    assert ledger.unfinished(settings) == []


def test_somebody_unknown_gets_a_tombstone_and_her_number_in_another_app_is_another_person(planted, tmp_path) -> None:
    """A6."""
    world = copied(planted, tmp_path)
    before = published_hashes(world)
    assert forget(world, "other:777000111222")["removed"] == {}
    assert published_hashes(world) == before
    with open_warehouse(world, read_only=True) as warehouse:
        assert warehouse.fetch("select count(*) from ops.tombstones").column(0)[0].as_py() == 1


def test_writing_the_build_file_anew_keeps_every_row_view_and_comment(world: Settings) -> None:
    def content() -> list[object]:
        with open_warehouse(world, read_only=True) as warehouse:
            names = warehouse.fetch("select schema_name || '.' || table_name as n from duckdb_tables() order by 1")["n"]
            hashes = [table_hash(warehouse, name) for name in names.to_pylist()]
            views = "select schema_name, view_name, sql, comment from duckdb_views() where not internal order by all"
            columns = (
                "select schema_name, table_name, column_name, is_nullable, comment from duckdb_columns()"
                " where not internal order by all"
            )
            return [hashes, warehouse.fetch(views).to_pylist(), warehouse.fetch(columns).to_pylist()]

    before = content()
    write_anew(world, set())
    assert content() == before


@pytest.mark.parametrize("subject", ["", "QX77", "nc-QX77", "QX-", "photo:", "QX-A 1"])
def test_what_is_no_id_is_refused_without_repeating_it(tmp_path: Path, subject: str) -> None:
    with pytest.raises(SpecError) as caught:
        forget(load_settings(home=tmp_path), subject)
    assert not subject or subject not in str(caught.value)


def test_a_reason_with_the_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="reason"):
        stages.forget(load_settings(home=tmp_path), VOTER, ASKED, f"letter of {LOCAL}")


def test_without_its_key_nobody_can_be_forgotten_and_doctor_says_so(tmp_path: Path) -> None:
    empty = load_settings(home=tmp_path)
    forget(empty)
    keys.key_path(empty).unlink()
    assert [item.ok for item in examine(empty) if item.check == "forgotten"] == [False]
    with pytest.raises(WarehouseError, match="restore"):
        forget(empty, "graph:404")


def test_the_command_reads_the_id_past_the_shells_history_and_does_not_repeat_it(tmp_path: Path) -> None:
    asked = ["--home", str(tmp_path), "forget", "-", "--as-of", "2024-12-03", "--reason", REASON, "--verify", "--json"]
    done = CliRunner().invoke(app, asked, input=f"{VOTER}\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["details"]["state"] == "forgotten" and LOCAL not in done.output
    (tmp_path / "notes.txt").write_text(f"letter of {VOTER}", encoding="utf-8")
    again = CliRunner().invoke(app, asked, input=f"{VOTER}\n")
    assert again.exit_code == 1 and json.loads(again.stdout)["details"]["still_in"] == ["notes.txt"]


def test_she_stays_out_of_the_same_files_and_of_new_ones(world: Settings) -> None:
    """A7: the next files hold her again, once in a line that is refused; nothing of it lands."""
    forget(world)
    inbox = world.inbox_dir / "nc"
    for file in inbox.iterdir():
        aged(file, file.read_bytes() + b"\n", dt.date(2024, 11, 9))  # other bytes under a known name: landed again
    day = dt.date(2024, 12, 2)
    aged(inbox / "ncvoter_20241202.txt", registrations(voter(305, **HER | {"birth_year": "2030"})), day)
    aged(inbox / "ncvhis_20241202.txt", text([vote(2), vote(301, ncid=LOCAL)], columns=list(vote(1))), day)
    result = stages.land(world, "nc", ASKED)
    assert result.rows_in == result.rows_out + result.rows_quarantined + result.rows_dropped
    assert sum(file.get("dropped", {}).get("forgotten", 0) for file in result.details["files"]) >= 4
    assert places(world) == set()
    with open_warehouse(world, read_only=True) as warehouse:
        here = warehouse.fetch("select count(*) from raw.voter_file_registrations where _snapshot_date = ?", [day])
    assert here.column(0)[0].as_py() == VOTERS - 1
