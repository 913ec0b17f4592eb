"""On a team's server: a worker of the field goes from both databases, every schema and every run, and what was done still counts."""

from __future__ import annotations

from pathlib import Path

from groundgame import stages
from groundgame.config import Settings
from groundgame.privacy.search import find_subject
from groundgame.publish import switch
from groundgame.publish.read import published_hashes, query
from groundgame.warehouse.base import open_warehouse
from tests import server
from tests.privacy import field_world as field


def places(settings: Settings) -> set[str]:
    return {item.place for item in find_subject(settings, *field.CANARIES) if not item.is_original}


def accounts(settings: Settings) -> set[str]:
    with open_warehouse(settings, read_only=True) as warehouse:
        rows = warehouse.fetch("select account_key from intermediate.int_contacts__posted")
        landed = warehouse.fetch("select 'van:' || canvasser_id as key from raw.field_contacts where _source = 'van'")
    return {*rows.column(0).to_pylist(), *landed.column(0).to_pylist()}


def test_she_goes_from_both_databases_and_what_she_did_is_counted(postgres_server: str, tmp_path: Path) -> None:
    field.exports(tmp_path / "made")
    uri = server.new_database(postgres_server, "forgetful")
    team = field.build(tmp_path, tmp_path / "made", engine="postgres", warehouse_uri=uri)
    before = {place: field.tables(team.model_copy(update={"place": place})) for place in ("warehouse", "field")}
    schemas = {place.partition('"')[0] for place in places(team) if ":" in place}
    for place in ("warehouse:marts.", "warehouse:runs.", "warehouse:raw.", "field:marts.", "field:runs.", "field:raw."):
        assert place in schemas, place
    number = f"van:{field.NUMBERS['van']}"
    assert number in accounts(team) & accounts(team.of_field())
    her = (f"node#{field.PLACE}", field.AS_OF, "asked by letter")
    result = stages.forget(team, *her, verify=True)
    assert (result.verdict, result.details["still_in"]) == ("pass", [])
    assert places(team) == set() and number not in accounts(team) | accounts(team.of_field())
    assert stages.forget(team, *her).details["state"] == "already forgotten"
    runs = switch.status(team)["kept_runs"]
    assert len(runs) == 2
    for run_id in (runs[0], runs[-1]):
        switch.rollback(team, run_id)
        assert field.tables(team) == field.without_her(before["warehouse"]), run_id
    assert field.tables(team.of_field()) == field.without_her(before["field"])
    for place in (team, team.of_field()):
        recorded = query(place, "select table_name, content_hash from published_tables").to_pylist()
        assert published_hashes(place) == {row["table_name"]: row["content_hash"] for row in recorded}
    volunteer = stages.forget(team, f"node#{field.VOLUNTEER}", field.AS_OF, "asked by letter", verify=True)
    assert volunteer.verdict == "pass" and field.tables(team) == field.without_her(before["warehouse"])
    assert stages.field(team, field.AS_OF).details["state"] == "unchanged"
