"""Somebody who works in the field is forgotten everywhere, and all that was done is still counted."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from groundgame import stages
from groundgame.cli import app
from groundgame.config import Settings, load_settings
from groundgame.doctor import examine
from groundgame.errors import SpecError
from groundgame.field import batch
from groundgame.pages import build as pages
from groundgame.privacy import keys
from groundgame.privacy.keys import pseudonym
from groundgame.privacy.search import find_subject
from groundgame.privacy.tables import text_columns
from groundgame.publish import folder, switch
from groundgame.publish.read import published_hashes, recorded_hashes
from groundgame.warehouse import dbt
from groundgame.warehouse.base import is_there, open_warehouse
from groundgame.warehouse.digest import table_hash
from tests.privacy import field_world as field
from tests.privacy.conftest import copied
from tests.privacy.field_world import (
    AS_OF,
    CANARIES,
    LATER,
    NUMBERS,
    PLACE,
    VOLUNTEER,
    VOLUNTEERS_NUMBERS,
    Tables,
)

HER = f"van#{NUMBERS['van']}"
REASON = "asked by letter"


@dataclass(frozen=True)
class After:
    """A world in which she was forgotten, what was published before, and what was said of it."""

    settings: Settings
    before: dict[str, Tables]
    details: dict[str, Any]


@pytest.fixture(scope="module")
def after(program: Settings, tmp_path_factory: pytest.TempPathFactory) -> After:
    settings = copied(program, tmp_path_factory.mktemp("after"))
    before = published(settings)
    return After(settings, before, forget(settings))


def forget(settings: Settings, subject: str = HER) -> dict[str, Any]:
    result = stages.forget(settings, subject, AS_OF, REASON, verify=True)
    assert result.verdict == "pass", result.details["still_in"]
    return result.details


def places(settings: Settings, *texts: str) -> set[str]:
    return {item.place for item in find_subject(settings, *(texts or CANARIES)) if not item.is_original}


def published(settings: Settings) -> dict[str, Tables]:
    """Every published table of the field, of the batch, of the night, and of the night that can be gone back to."""
    found = {"field": field.tables(settings.of_field()), "night": field.tables(settings)}
    runs = [run.run_id for run in folder.runs(settings)]
    for run_id in (runs[0], runs[-1]):
        switch.rollback(settings, run_id)
        found[run_id] = field.tables(settings)
    return found


def accounts_in(settings: Settings, numbers: dict[str, str]) -> list[str]:
    """Every table and landed file that has a number in a column of accounts. Views have no rows but those of landed files."""
    found = []
    for place in filter(is_there, (settings, settings.of_field())):
        with open_warehouse(place, read_only=True) as warehouse:
            for name, columns in text_columns(warehouse).items():
                if "account_key" in columns:
                    known = set(warehouse.fetch(f"select account_key from {name}").column(0).to_pylist())
                    found += [name] * len(known & {f"{tool}:{number}" for tool, number in numbers.items()})
    for file in settings.raw_dir.rglob("part-*.parquet"):
        for column in {"canvasser_id", "volunteer_id", "account_id"} & set(pq.read_schema(file).names):
            found += [str(file)] * len(set(numbers.values()) & set(pq.read_table(file)[column].to_pylist()))
    return found


def test_she_is_in_every_layer_before(program: Settings) -> None:
    found = {place.replace('"', "") for place in places(program)}
    for layer in (
        "raw/field_nodes",
        "raw/field_notes",
        "raw/field_goals",
        "raw/field_reviews",
        "kept_lines",
        "pages/field",
    ):
        assert any(place.startswith(layer) for place in found), layer
    for name in ("field_leaderboard.node_name", "field_access.login", "field_goals.set_by", "field_notes.text"):
        assert {place.partition(":")[0].rpartition("/")[0] for place in found if place.endswith(name)} == {
            "",
            "published/runs",
            "published/field/runs",
        }, name
    assert len(accounts_in(program, NUMBERS)) > 8


def test_nothing_says_who_she_is(after: After) -> None:
    assert places(after.settings) == set() and accounts_in(after.settings, NUMBERS) == []
    assert after.details["ids"] == 3 and after.details["still_in"] == []
    for kind in ("hierarchy", "goals", "reviews", "notes", "van_contacts"):
        assert (
            f"inbox/field/{kind}_{field.FIRST}.csv".replace("hierarchy_20261009.csv", "hierarchy_20261009.json")
            in after.details["original_files"]
        )
    runs = [*after.settings.home.glob("*.duckdb"), *after.settings.published_dir.rglob("runs/*.duckdb")]
    assert len(runs) == 5
    for file in runs:
        assert not [text for text in (*CANARIES, f"van:{NUMBERS['van']}") if text.encode() in file.read_bytes()], file
    assert not list(after.settings.home.rglob("*.tmp")) and not list((after.settings.home / "forgetting").iterdir())


def test_what_she_did_is_counted_as_before_in_every_run(after: After) -> None:
    now = published(after.settings)
    assert now.keys() == after.before.keys() and len(now) == 4
    for run, before in after.before.items():
        expected = field.without_her(before)
        for table, rows in now[run].items():
            assert rows == expected[table], (run, table)
        assert len(before["field_access"]) - len(now[run]["field_access"]) == 1
        assert len(now[run]["field_notes"]) < len(before["field_notes"])
    for place in (after.settings, after.settings.of_field()):
        assert published_hashes(place) == recorded_hashes(folder.current_path(place))


def test_tables_that_are_built_anew_are_those_that_were_changed_in_place(after: After, tmp_path: Path) -> None:
    settings = copied(after.settings, tmp_path)

    def hashes(place: Settings) -> dict[str, str]:
        with open_warehouse(place, read_only=True) as warehouse:
            return {name: table_hash(warehouse, f"marts.{name}") for name in warehouse.tables("marts")}

    before = hashes(settings), hashes(settings.of_field())
    field.night(settings)
    with open_warehouse(settings.of_field()) as warehouse:
        warehouse.execute("delete from ops.field_built")
    field.again(settings)
    assert (hashes(settings), hashes(settings.of_field())) == before


def test_the_ledger_knows_that_and_never_who(after: After) -> None:
    with open_warehouse(after.settings, read_only=True) as warehouse:
        requests = warehouse.fetch("select * from ops.forget_requests order by noted_at").to_pylist()
        kinds = set(warehouse.fetch("select kind from ops.tombstones").column(0).to_pylist())
    assert [row["state"] for row in requests] == ["intent", "done"]
    assert kinds == {"account", "alias", "holder", "login", "note", "signature"}, "an organizer's place is no person"
    key = keys.read_key(after.settings)
    assert key is not None and requests[0]["subject_key"] == keys.subject_key(key, HER)
    assert not [text for text in (*CANARIES, *NUMBERS.values()) if text in str(requests)]


def test_asking_again_changes_nothing_and_a_place_that_nobody_has_is_refused(after: After) -> None:
    before = published_hashes(after.settings), published_hashes(after.settings.of_field())
    assert forget(after.settings)["state"] == "already forgotten"
    assert forget(after.settings, f"openfield#{NUMBERS['openfield']}")["state"] == "already forgotten"
    with pytest.raises(SpecError, match="nobody has") as caught:
        forget(after.settings, f"node#{PLACE}")
    assert PLACE not in str(caught.value)
    with pytest.raises(SpecError, match="forgotten"):
        forget(after.settings, "van#forgotten-0123456789ab")
    assert (published_hashes(after.settings), published_hashes(after.settings.of_field())) == before
    assert [item.ok for item in examine(after.settings) if item.check in ("forgotten", "litter")] == [True, True]


def test_a_batch_goes_on_after_it_as_if_all_had_come_at_once(after: After, tmp_path: Path) -> None:
    """A tablet sends once more, under another number, what she did before she was forgotten: it is the same event."""
    settings = copied(after.settings, tmp_path)
    contacts = settings.inbox_dir / "field" / f"van_contacts_{field.FIRST}.csv"
    names, *lines = contacts.read_text(encoding="utf-8").splitlines()
    mine = [line for line in lines if f'"{NUMBERS["van"]}"' in line or f",{NUMBERS['van']}," in line]
    assert len(mine) == 8
    twice = [",".join([f"9{line.partition(',')[0]}", line.partition(",")[2]]) for line in mine]
    field.put(contacts.with_name(f"van_contacts_again_{field.FIRST}.csv"), "\n".join([names, *twice]) + "\n")
    before = field.rows(settings.of_field(), "field_hours")
    result = batch.run(settings, AS_OF)
    assert result.details["state"] == "published" and result.details["is_fresh"] is False
    assert accounts_in(settings, NUMBERS) == []
    assert field.rows(settings.of_field(), "field_hours") == before
    added = published_hashes(settings.of_field())
    with open_warehouse(settings.of_field()) as warehouse:
        warehouse.execute("delete from ops.field_built")
    assert batch.run(settings, AS_OF).details["is_fresh"] is True
    assert {name: one for name, one in published_hashes(settings.of_field()).items() if "run_status" not in name} == {
        name: one for name, one in added.items() if "run_status" not in name
    }


def test_late_files_bring_nothing_of_her_back_and_end_as_the_landed_ones_did(after: After, tmp_path: Path) -> None:
    """The same exports land in an empty home that knows of her as the first one does: byte by byte the files that were rewritten."""
    settings = copied(after.settings, tmp_path / "a")
    other = load_settings(home=tmp_path / "b" / "home", inbox=settings.inbox_dir, threads=2)
    other.home.mkdir(parents=True)
    with open_warehouse(settings, read_only=True) as here, open_warehouse(other) as there:
        there.append("ops.tombstones", here.fetch("select * from ops.tombstones"))
    shutil.copy(keys.key_path(settings), other.home)
    for source in field.TOOLS:
        stages.land(other, source, AS_OF)
    files = {file.relative_to(settings.home) for file in settings.raw_dir.rglob("part-*.parquet")}
    assert files == {file.relative_to(other.home) for file in other.raw_dir.rglob("part-*.parquet")}
    for file in sorted(files):
        assert (settings.home / file).read_bytes() == (other.home / file).read_bytes(), file
    assert places(other) == set() and accounts_in(other, NUMBERS) == []


def test_a_hierarchy_that_names_her_again_stays_clean_and_one_that_names_somebody_new_is_shown(
    after: After, tmp_path: Path
) -> None:
    settings = copied(after.settings, tmp_path)
    inbox = settings.inbox_dir / "field"
    totals = field.rows(settings.of_field(), "field_progress")
    field.tree(inbox, lambda found: found["nodes"][0].update(name="North  Carolina"), f"hierarchy_{LATER}.json")
    again = "920001,O1,up,2026-10-06T18:00:00,Papagenoweg is done\n920002,O2,up,2026-10-06T18:00:00,Ask Kanarienvogel Zyxa\n"
    field.put(inbox / f"notes_{LATER}.csv", "id,node_id,kind,written_at,text\n" + again)
    field.again(settings)
    assert places(settings) == set() and accounts_in(settings, NUMBERS) == []
    assert field.rows(settings.of_field(), "field_progress") == totals

    def hand_over(found: dict[str, Any]) -> None:
        field.node(found, PLACE).update(name="Nova Lind", login="nova")
        found["accounts"].append({"tool": "van", "account_id": "300999", "node_id": PLACE})

    next_day = AS_OF + dt.timedelta(days=1)
    field.tree(inbox, hand_over, f"hierarchy_{next_day:%Y%m%d}.json")
    hers = f"930001,{PLACE},up,2026-10-26T18:00:00,First day here\n"
    field.put(inbox / f"notes_{next_day:%Y%m%d}.csv", "id,node_id,kind,written_at,text\n" + hers)
    field.again(settings, next_day)
    assert places(settings) == set()
    (now,) = (row for row in field.rows(settings.of_field(), "dim_field_nodes") if row["node_id"] == PLACE)
    assert now["node_name"] == "Nova Lind"
    assert [row["login"] for row in field.rows(settings.of_field(), "field_access") if row["node_id"] == PLACE] == [
        "nova"
    ]
    assert [r["text"] for r in field.rows(settings.of_field(), "field_notes") if r["node_id"] == PLACE] == [
        "First day here"
    ]


def test_a_volunteer_goes_with_her_place_and_the_counts_stay(program: Settings, tmp_path: Path) -> None:
    world = copied(program, tmp_path)
    with open_warehouse(world) as warehouse:
        warehouse.execute("""
            create table marts.fct_contacts as
            select c.contact_key, a.node_id, a.node_path
            from staging.stg_field__contacts as c
            join intermediate.int_field_accounts__placed as a on c.account_key = a.account_key""")
        before = warehouse.fetch("select contact_key, node_path from marts.fct_contacts order by 1").to_pylist()
    assert [row for row in before if VOLUNTEER in row["node_path"]]
    totals = published(world)
    details = forget(world, f"node#{VOLUNTEER}")
    assert details["ids"] == 4
    assert places(world, VOLUNTEER) == set() and accounts_in(world, VOLUNTEERS_NUMBERS) == []
    key = keys.read_key(world)
    assert key is not None
    put = pseudonym(key, f"node#{VOLUNTEER}")
    with open_warehouse(world, read_only=True) as warehouse:
        now = warehouse.fetch("select contact_key, node_path from marts.fct_contacts order by 1").to_pylist()
    assert now == [row | {"node_path": row["node_path"].replace(VOLUNTEER, put)} for row in before]
    assert published(world) == totals
    dbt.build(world, "field")
    field.again(world)
    assert {run: tables["field_progress"] for run, tables in published(world).items()} == {
        run: tables["field_progress"] for run, tables in totals.items()
    }
    assert forget(world, f"node#{VOLUNTEER}")["state"] == "already forgotten"


def test_the_command_names_no_worker_says_how_one_is_named_and_keeps_batches_waiting(
    program: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = copied(program, tmp_path)
    drawn: list[str] = []
    monkeypatch.setattr(
        pages, "build_field", lambda settings: drawn.append(batch.run(settings, AS_OF).details["reason"])
    )
    asked = ["--home", str(world.home), "forget", "-", "--as-of", str(AS_OF), "--reason", REASON, "--json"]
    done = CliRunner().invoke(app, asked, input=f"{HER}\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["details"]["state"] == "forgotten" and NUMBERS["van"] not in done.output
    assert len(drawn) == 1 and drawn[0].startswith("another batch is at work")
    for wrong, hint in (("van#", "tool#account_id"), (f"node#{PLACE}", "tool#account_id"), ("vna#300001", "openfield")):
        refused = CliRunner().invoke(app, asked, input=f"{wrong}\n")
        assert isinstance(refused.exception, SpecError) and hint in str(refused.exception)
