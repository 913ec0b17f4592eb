"""What may be published, what a publication holds, and how to go back."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import duckdb
import pytest

from groundgame import stages
from groundgame.config import Settings
from groundgame.errors import PublishRefused, SpecError, WarehouseError
from groundgame.publish import folder, switch
from groundgame.publish.read import published_hashes, query
from groundgame.warehouse.base import open_warehouse
from tests.publish.night import FORMAT, build_night, land_file, settings_in


@pytest.fixture(params=["duckdb", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Both engines keep the same promises."""
    return settings_in(tmp_path, uri=request.getfixturevalue("postgres_uri") if request.param == "postgres" else None)


@pytest.fixture
def files(tmp_path: Path) -> Settings:
    """Publication as files."""
    return settings_in(tmp_path)


def publications(settings: Settings) -> list[tuple[int, str]]:
    with open_warehouse(settings, read_only=True) as warehouse:
        rows = warehouse.fetch("select seq, state from ops.publications order by seq, published_at").to_pylist()
    return [(row["seq"], row["state"]) for row in rows]


def test_a_published_run_holds_marts_and_ledger_and_nothing_of_the_inside(files: Settings) -> None:
    result = switch.publish(files, build_night(files, 1))
    tables = query(files, "select table_schema || '.' || table_name as name from information_schema.tables order by 1")[
        "name"
    ].to_pylist()
    assert tables == [
        "marts.dim_voters",
        "marts.run_status",
        "marts.voter_scores",
        *(
            f"ops.{name}"
            for name in (
                "gate_results",
                "loaded_files",
                "model_versions",
                "publications",
                "published_run",
                "published_tables",
                "score_reason_checks",
                "score_slices",
            )
        ),
    ]
    columns = query(files, "select column_name from information_schema.columns")["column_name"].to_pylist()
    assert not [name for name in columns if name.endswith("_at") or name in ("raw_path", "attempt")]
    assert result.rows_out == 41  # two marts of twenty rows, and the one of run_status
    assert result.details["state"] == "published"


def test_rows_are_in_key_order_and_descriptions_travel_along(files: Settings) -> None:
    switch.publish(files, build_night(files, 1, voters=5000))
    ids = query(files, "select voter_id from voter_scores")["voter_id"].to_pylist()
    assert ids == sorted(ids)
    comments = query(files, "select comment from duckdb_columns() where column_name = 'night' and comment is not null")[
        "comment"
    ].to_pylist()
    assert comments == ["which night"]
    assert query(
        files, "select comment from duckdb_tables() where table_name = 'voter_scores' and comment is not null"
    )["comment"].to_pylist() == ["one row per voter's scores"]


def test_publishing_twice_switches_once(settings: Settings) -> None:
    as_of = build_night(settings, 1)
    switch.publish(settings, as_of)
    before = published_hashes(settings)
    again = switch.publish(settings, as_of)
    assert again.details["state"] == "unchanged"
    assert published_hashes(settings) == before
    assert publications(settings) == [(1, "intent"), (1, "done")]


def test_the_same_run_with_new_content_replaces_itself(settings: Settings) -> None:
    as_of = build_night(settings, 1)
    switch.publish(settings, as_of)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("update marts.voter_scores set night = 77")
    assert switch.publish(settings, as_of).details["state"] == "published"
    assert query(settings, "select distinct night from voter_scores")["night"].to_pylist() == [77]


@pytest.mark.parametrize("stage", ["landing", "staging", "linkage", "marts", "scores", "asks"])
def test_a_missing_or_red_gate_keeps_the_old_run_served(settings: Settings, stage: str) -> None:
    switch.publish(settings, build_night(settings, 1))
    with pytest.raises(PublishRefused, match=f"gate {stage} has not judged it"):
        switch.publish(settings, build_night(settings, 2, verdicts={stage: ""}))
    with pytest.raises(PublishRefused, match=f"gate {stage} is red"):
        switch.publish(settings, build_night(settings, 3, verdicts={stage: "fail"}))
    assert query(settings, "select distinct night from voter_scores")["night"].to_pylist() == [1]


def test_a_hold_waits_for_a_person_and_is_asked_once(settings: Settings) -> None:
    as_of = build_night(settings, 1, verdicts={"marts": "hold"})
    assert len(switch.open_holds(settings, as_of)) == 1
    with pytest.raises(PublishRefused, match="not approved"):
        switch.publish(settings, as_of)
    with pytest.raises(SpecError, match="reason"):
        switch.approve(settings, as_of, by="dana", reason=" ")
    switch.approve(settings, as_of, by="dana", reason="county 12 merged")
    assert switch.open_holds(settings, as_of) == []
    switch.publish(settings, as_of)
    same_fact = build_night(settings, 2, verdicts={"marts": "hold"})
    assert switch.open_holds(settings, same_fact) == []
    other_number = build_night(settings, 3, voters=7, verdicts={"marts": "hold"})
    assert len(switch.open_holds(settings, other_number)) == 1


def test_an_older_run_is_refused(settings: Settings) -> None:
    switch.publish(settings, build_night(settings, 5))
    with pytest.raises(PublishRefused, match="a newer run is served"):
        switch.publish(settings, build_night(settings, 4))


def test_a_warehouse_that_holds_another_night_is_refused(settings: Settings) -> None:
    first = build_night(settings, 1)
    build_night(settings, 2)
    with pytest.raises(PublishRefused, match="the warehouse holds 2026-10-03, not 2026-10-02"):
        switch.publish(settings, first)


def test_a_file_that_lands_after_the_gates_needs_new_gates(settings: Settings) -> None:
    as_of = build_night(settings, 2)
    with open_warehouse(settings) as warehouse:
        land_file(warehouse, 1)
    with pytest.raises(PublishRefused, match="gate landing has not judged it"):
        switch.publish(settings, as_of)


def test_a_personal_column_is_refused_by_name(settings: Settings) -> None:
    as_of = build_night(settings, 1)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("alter table marts.dim_voters add column birth_date date")
    with pytest.raises(PublishRefused, match=r"marts\.dim_voters has the personal column birth_date"):
        switch.publish(settings, as_of)


def test_a_model_with_published_false_stays_inside(settings: Settings) -> None:
    spec = settings.dbt_project_dir / "models" / "marts" / "dim_voters.yml"
    spec.parent.mkdir(parents=True)
    spec.write_text("models: [{name: dim_voters, config: {meta: {published: false}}}]", encoding="utf-8")
    switch.publish(settings, build_night(settings, 1))
    with pytest.raises(SpecError, match="dim_voters"):
        query(settings, "select * from dim_voters")


def test_keeps_three_runs_and_sweeps_litter(files: Settings) -> None:
    for number in range(1, 6):
        (files.published_dir / "runs").mkdir(parents=True, exist_ok=True)
        (files.published_dir / "runs" / f"dead{number}.duckdb.tmp").write_bytes(b"cut")
        switch.publish(files, build_night(files, number))
    assert [run.seq for run in folder.runs(files)] == [3, 4, 5]
    assert not list(files.published_dir.rglob("*.tmp")) and not list(files.published_dir.rglob("*.wal"))


def test_readers_with_an_older_engine_can_open_a_run(files: Settings) -> None:
    """The version that README and docs/analysts.md promise; any newer format shuts them out."""
    switch.publish(files, build_night(files, 1))
    assert query(files, FORMAT)["storage_version"].to_pylist() == ["v1.3.0+"]


def test_lists_go_with_the_next_night_and_stay_when_the_field_publishes(files: Settings) -> None:
    made = files.exports_dir / "a_list"
    made.mkdir(parents=True)
    for place, is_kept in ((files.of_field(), True), (files, False)):
        assert stages.publish(place, build_night(place, 1)).details["state"] == "published"
        assert made.exists() is is_kept, place.place


def test_rollback_goes_back_within_a_second_and_the_next_night_goes_on(settings: Settings) -> None:
    for number in (1, 2):
        switch.publish(settings, build_night(settings, number))
    start = time.monotonic()
    result = switch.rollback(settings)
    assert time.monotonic() - start < 1
    assert query(settings, "select distinct night from voter_scores")["night"].to_pylist() == [1]
    assert switch.status(settings)["run_id"] == result.details["run_id"]
    with pytest.raises(PublishRefused, match="no such run"):
        switch.rollback(settings)
    switch.publish(settings, build_night(settings, 3))
    assert publications(settings)[4:] == [(3, "rolled_back"), (4, "intent"), (4, "done")]
    assert len(switch.status(settings)["kept_runs"]) == 3


def test_rollback_does_not_wait_for_a_warehouse_that_is_being_built(
    files: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        switch.publish(files, build_night(files, number))

    def busy(*_: object, **__: object) -> None:
        raise WarehouseError("open", "locked by process 1")

    with monkeypatch.context() as patch:
        patch.setattr("groundgame.publish.ledger.open_warehouse", busy)
        switch.rollback(files)
    assert query(files, "select distinct night from voter_scores")["night"].to_pylist() == [1]
    switch.publish(files, build_night(files, 3))
    assert (3, "rolled_back") in publications(files)


def test_a_damaged_run_is_not_rolled_back_to(files: Settings) -> None:
    for number in (1, 2):
        switch.publish(files, build_night(files, number))
    first = folder.runs(files)[0]
    with duckdb.connect(str(folder.run_path(files, first.run_id))) as connection:
        connection.execute("update marts.voter_scores set night = 9 where voter_id = 'NC-1'")
    with pytest.raises(PublishRefused, match=r"marts\.voter_scores is not what was published"):
        switch.rollback(files)


def test_nothing_published_is_said_cleanly(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet"):
        query(settings, "select 1")
    assert switch.status(settings) == {}


def test_a_query_can_neither_write_nor_read_other_files(settings: Settings) -> None:
    switch.publish(settings, build_night(settings, 1))
    for sql in ("create table x as select 1", "select * from read_csv('/etc/hosts')", "copy dim_voters to 'x.csv'"):
        with pytest.raises(SpecError):
            query(settings, sql)


def test_two_builds_of_the_same_inputs_publish_the_same_content(tmp_path: Path) -> None:
    found = []
    for name in ("a", "b"):
        settings = settings_in(tmp_path / name)
        for number in (1, 2):
            switch.publish(settings, build_night(settings, number, voters=3000))
        found.append((published_hashes(settings), query(settings, "select * from ops.publications").to_pylist()))
    assert found[0] == found[1]


def test_a_reader_keeps_its_run_while_others_are_published(files: Settings) -> None:
    switch.publish(files, build_night(files, 1))
    with duckdb.connect(str(files.published_dir / "current.duckdb"), read_only=True) as reader:
        for number in range(2, 7):
            switch.publish(files, build_night(files, number))
        assert reader.execute("select distinct night from marts.voter_scores").fetchall() == [(1,)]
    assert switch.status(files)["as_of_date"] == dt.date(2026, 10, 7).isoformat()


def test_the_link_is_relative_so_that_the_home_can_be_moved(files: Settings) -> None:
    switch.publish(files, build_night(files, 1))
    assert not (files.published_dir / "current.duckdb").readlink().is_absolute()
