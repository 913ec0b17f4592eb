"""The suites of the house: each loads, a healthy file passes, and each kind of damage breaks its rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from groundgame.config import Settings
from groundgame.errors import GateFailed, SpecError
from groundgame.gates import gate
from groundgame.gates.spec import STAGES, SUITES_DIR, Suite, load_all
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from tests.gates.landed import AS_OF, change, land, load, results, settings_in

MARTS = SUITES_DIR.parents[2] / "dbt_project" / "models" / "marts"
LATEST = "_snapshot_date = date '2026-02-01'"


def test_every_suite_loads_and_every_stage_has_one() -> None:
    suites = load_all()
    assert len(suites) == len(list(SUITES_DIR.glob("*.yml")))
    assert {suite.stage for suite in suites} == set(STAGES)


def test_a_gate_asks_every_night_for_each_key_that_a_mart_declares() -> None:
    """The tests of the dbt project run when it changes; the data of a night is judged by gates alone."""
    judged = {suite.table.removeprefix("marts."): suite.rules for suite in load_all() if suite.stage != "exports"}
    marts = [
        model
        for file in MARTS.rglob("*.yml")
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
    ]
    keyed = {model["name"] for model in marts if {"unique", "unique_together"} & set(declared(model))}
    assert len(keyed) > 20
    assert [name for name in sorted(keyed) if "repeated_keys" not in judged[name]] == []


def declared(model: dict[str, Any]) -> list[str]:
    """Names of the data tests of a model and of its columns."""
    tests = [test for part in (model, *model["columns"]) for test in part.get("data_tests", [])]
    return [test if isinstance(test, str) else next(iter(test)) for test in tests]


HOLDS = {
    "V34 a third of the rows is gone": (
        f"delete from raw.voter_file_registrations where {LATEST} and _line % 3 = 0",
        "rows_change[nc]",
    ),
    "V35 a column went blank": (
        f"update raw.voter_file_registrations set party_code = ' ' where {LATEST}",
        "vanished[nc.party_code]",
    ),
    "V36 one party": (
        f"update raw.voter_file_registrations set party_code = 'DEM' where {LATEST}",
        "party_variety[nc]",
    ),
    "V36 one date": (
        f"update raw.voter_file_registrations set registered_date = '2001-01-01' where {LATEST}",
        "registered_date_variety[nc]",
    ),
    "repeated ids": (
        f"update raw.voter_file_registrations set voter_id = 'AA000001' where {LATEST} and _line < 30",
        "repeated_id_share[nc]",
    ),
    "registered tomorrow": (
        f"update raw.voter_file_registrations set registered_date = '2031-01-01' where {LATEST} and _line = 3",
        "future_registrations[nc]",
    ),
    "everybody confidential": (
        f"update raw.voter_file_registrations set is_confidential = 'Y' where {LATEST}",
        "confidential_share[nc]",
    ),
    "V17 an election in the future": (
        f"update raw.voter_file_votes set election_date = '2026-11-03' where {LATEST} and _line = 3",
        "future_elections[nc]",
    ),
    "V20 history moved by an election": (
        f"delete from raw.voter_file_votes where {LATEST} and election_date = '2022-11-01' and _line % 4 = 0",
        "turnout_change[nc]",
    ),
    "unknown kinds of election": (
        f"update raw.voter_file_votes set election_type = 'unknown' where {LATEST} and _line < 20",
        "unknown_type_share[nc]",
    ),
}


@pytest.mark.parametrize(("damage", "rule"), HOLDS.values(), ids=HOLDS.keys())
def test_damage_holds(settings: Settings, damage: str, rule: str) -> None:
    change(settings, damage)
    result = gate.run(settings, "landing", AS_OF)
    held = [row["rule"] for row in results(settings) if row["verdict"] == "hold"]
    assert result.verdict == "hold" and held == [rule]


FAILURES = {
    "V2 scientific ids": (
        f"update raw.voter_file_registrations set voter_id = '1.23E+09' where {LATEST} and _line = 3",
        "scientific_ids",
    ),
    "no id": (f"update raw.voter_file_votes set voter_id = ' ' where {LATEST} and _line = 3", "missing_ids"),
    "an app's users lost": (
        "update ops.loaded_files set entity = 'users' where entity = 'voter_file_votes'",
        "raw.app_users rows",
    ),
    "an event next week": (
        "insert into raw.app_actions by name select 'e1' as event_id, '1' as revision, 'u1' as user_id, 'asked' as action_type,"
        " '2026-03-08T00:00:00.000Z' as occurred_at, date '2026-02-01' as _snapshot_date",
        "future_events",
    ),
    "a lost line": ("update ops.loaded_files set rows_landed = 1499", "unreconciled_lines"),
}


@pytest.mark.parametrize(("damage", "rule"), FAILURES.values(), ids=FAILURES.keys())
def test_damage_fails(settings: Settings, damage: str, rule: str) -> None:
    change(settings, damage)
    with pytest.raises(GateFailed, match=rule):
        gate.run(settings, "landing", AS_OF)


def test_chance_moves_of_a_small_election_do_not_hold(settings: Settings) -> None:
    change(
        settings, f"delete from raw.voter_file_votes where {LATEST} and election_date = '2022-11-01' and _line % 20 = 0"
    )
    assert gate.run(settings, "landing", AS_OF).verdict == "pass"


def test_a_held_file_holds_with_its_reasons(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        load(warehouse, file_name="late.zip", verdict="hold", hold_reasons="V21 party_code 'WTP' 0.4%")
    result = gate.run(settings, "landing", AS_OF)
    assert "late.zip: V21 party_code 'WTP' 0.4%" in result.details["holds"][0]


def test_a_refusal_is_red_until_the_file_or_a_later_one_arrives(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        facts = {"source": "nc", "entity": "registrations", "file_name": "bad\n1.zip", "rule": "T9"}
        ops.record(warehouse, "refused_files", **facts, refused_at=ops.utc_now())
        load(warehouse, file_name="other_county.zip")  # of the same night: does not settle it
    for _ in range(2):
        with pytest.raises(GateFailed, match=r"refused_files: observed 1.*bad\?1\.zip by T9"):
            gate.run(settings, "landing", AS_OF)
    with open_warehouse(settings) as warehouse:
        load(warehouse, file_name="next_week.zip")  # after a gate has shown the refusal
    assert gate.run(settings, "landing", AS_OF).verdict == "pass"
    with open_warehouse(settings) as warehouse:
        ops.record(warehouse, "refused_files", **facts, refused_at=ops.utc_now())
        load(warehouse, file_name="bad\n1.zip")
    assert gate.run(settings, "landing", AS_OF).verdict == "pass"


def test_a_study_without_names_parties_or_state_passes(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    absent = ("last_name", "street_address", "zip_code", "status_code", "party_code", "registered_date", "county_code")
    land(settings, source="study", without=absent)
    change(settings, "delete from raw.voter_file_registrations where _snapshot_date = date '2026-01-01'")
    change(settings, "delete from raw.voter_file_votes where _snapshot_date = date '2026-01-01'")
    assert gate.run(settings, "landing", AS_OF).verdict == "pass"
    assert {row["rule"]: row["verdict"] for row in results(settings)}["party_variety[study]"] == "skip"


def test_sources_are_judged_apart(settings: Settings) -> None:
    land(settings, source="oh")
    change(settings, f"delete from raw.voter_file_votes where {LATEST} and _source = 'oh' and _line % 2 = 0")
    gate.run(settings, "landing", AS_OF)
    held = [row["rule"] for row in results(settings) if row["verdict"] == "hold"]
    assert held == ["rows_change[oh]", "turnout_change[oh]"]


SOUND = {
    "stage": "landing",
    "table": "raw.t",
    "about": "a suite for this test",
    "rules": {"rows": {"metric": "count(*)", "fail": {"at_least": 1}, "why": "an empty table proves nothing"}},
}
WHY = "a reason of some length"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"total": {"metric": "count(*)", "fail": {"at_least": 1}, "why": WHY}}, "first rule must be `rows`"),
        ({"probe": {"metric": "count(*)", "fail": {"at_least": 1}}}, "why"),
        ({"probe": {"metric": "count(*)", "why": WHY}}, "give hold, fail or both"),
        ({"probe": {"metric": "1", "fail": {}, "why": WHY}}, "at_least, at_most or both"),
        ({"probe": {"metric": "1", "fail": {"at_least": "1"}, "why": WHY}}, "valid number"),
        ({"probe": {"metric": "1", "fail": {"at_most": 1}, "why": WHY, "detail": "max(x)"}}, "only ops tables"),
        ({"probe": {"metric": "1", "fail": {"at_most": 1}, "why": WHY, "severity": 3}}, "Extra inputs"),
        (
            {"probe": {"metric": "1", "hold": {"at_most": 1}, "why": WHY, "versus": "previous_snapshot"}},
            "snapshots column",
        ),
    ],
)
def test_a_suite_that_says_too_little_or_too_much_is_refused(rules: dict, said: str) -> None:
    sound = SOUND["rules"] if "total" not in rules else {}
    with pytest.raises(ValueError, match=said):
        Suite.model_validate({**SOUND, "rules": {**sound, **rules}})


def test_a_file_must_be_named_after_what_it_judges(tmp_path: Path) -> None:
    text = (SUITES_DIR / "landing__voter_file_votes.yml").read_text(encoding="utf-8")
    (tmp_path / "landing__votes.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=r"name it landing__voter_file_votes\.yml"):
        load_all(tmp_path)
