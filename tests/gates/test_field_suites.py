"""The suites of the field's marts: a sound program passes, each kind of damage breaks its rule (E1, E7, E8, E9)."""

from __future__ import annotations

import pytest

from groundgame.config import Settings
from groundgame.errors import GateFailed
from groundgame.gates import gate
from groundgame.warehouse.base import open_warehouse
from tests.gates.landed import AS_OF, change, load

TABLES = (
    *("contact_permissions", "dim_field_nodes", "dim_turfs", "fct_contacts", "field_access", "field_flagged"),
    *("field_goals", "field_hours", "field_leaderboard", "field_notes", "field_outcomes", "field_progress"),
)
GOAL = "'doors' as metric, date '2026-02-02' as period_start_date, date '2026-02-08' as period_end_date"
PROGRAM = (
    "create or replace table marts.dim_field_nodes as select * from (values ('NC', 'state', '/NC/'), ('R1', 'region', '/NC/R1/'),"
    " ('T1', 'team', '/NC/R1/T1/'), ('O1', 'organizer', '/NC/R1/T1/O1/')) as t(node_id, level, node_path), (values (true)) as p(is_placed)",
    "create or replace table intermediate.int_field_nodes__placed as select *, lower(node_id) as login from marts.dim_field_nodes",
    "create or replace table marts.field_access as select login, node_id, node_path from intermediate.int_field_nodes__placed",
    f"create or replace table marts.field_goals as select node_id, level, {GOAL}, 10 as target_count from marts.dim_field_nodes",
    "create or replace table marts.field_hours as select node_id, level, 'doors' as metric, date '2026-02-01' as local_date,"
    " 17 as local_hour, false as is_correction, 5 as actual_count from marts.dim_field_nodes",
    "create or replace table intermediate.int_nodes__worked as select * from marts.field_hours",
    f"create or replace table marts.field_progress as select node_id, level, {GOAL}, date '{AS_OF}' as progress_date,"
    " true as is_latest from marts.dim_field_nodes",
    f"create or replace table marts.field_leaderboard as select node_id, level, {GOAL}, 1 as state_rank, 1 as parent_rank,"
    " 1 as peers_count from marts.dim_field_nodes where level <> 'state'",
    "create or replace table marts.field_flagged as select 'van:7' as account_key, 'doors' as contact_type,"
    " date '2026-02-01' as local_date, 3 as local_hour, 'waiting' as verdict",
    "create or replace table intermediate.int_accounts__flagged as select 'van:7' as account_key",
    "create or replace table intermediate.int_field_accounts__placed as select 'van:7' as account_key",
    "create or replace table marts.field_notes as select 'van:1' as note_key, 'Five doors' as text, false as is_withheld",
    "create or replace table intermediate.int_contacts__latest as select 'van:' || voter_id as contact_key, voter_id,"
    " case when age = 40 then 'stop' else 'canvassed' end as result from marts.dim_voters",
    "create or replace table intermediate.int_contacts__unmatched as select * from intermediate.int_contacts__latest limit 3",
    "create or replace table marts.fct_contacts as select contact_key, voter_id, date '2026-02-01' as contacted_date,"
    " '/NC/R1/T1/O1/' as node_path from intermediate.int_contacts__latest",
    "create or replace table marts.contact_permissions as select voter_id, false as may_be_called"
    " from intermediate.int_contacts__latest where result = 'stop'",
    "create or replace table marts.field_outcomes as select 9 as tried_count, 4 as reached_count, 3 as identified_count,"
    " 2 as supporters_count, 2 as tried_voted_count, 1 as reached_voted_count",
    "create or replace table marts.dim_turfs as select 'openfield:1' as turf_key",
    "insert into raw.field_contacts (contact_id) values ('1')",
)
FAILURES = {
    "a node twice": ("insert into marts.dim_field_nodes select * from marts.dim_field_nodes", "repeated_keys"),
    "an account that sees another's path": ("update marts.field_access set node_path = '/'", "of_another_path"),
    "work from nowhere": (
        "update marts.field_hours set actual_count = 9 where level = 'team'",
        "parts_beyond_the_whole",
    ),
    "a goal without a latest day": ("update marts.field_progress set is_latest = node_id <> 'O1'", "latest_per_goal"),
    "a list without a first": ("update marts.field_leaderboard set state_rank = 2, peers_count = 2", "without_a_first"),
    "a verdict of nobody's": ("update marts.field_flagged set verdict = 'fine'", "unknown_verdicts"),
    "a note that was withheld": ("update marts.field_notes set is_withheld = true", "withheld_but_shown"),
    "somebody who said stop": ("update marts.contact_permissions set may_be_called = true", "stops_not_kept"),
    "reached who were not tried": ("update marts.field_outcomes set reached_count = 10", "more_than_before"),
    "a goal twice": ("insert into marts.field_goals select * from marts.field_goals limit 1", "repeated_keys"),
    "a turf twice": ("insert into marts.dim_turfs select * from marts.dim_turfs", "repeated_keys"),
    "a contact twice": ("insert into marts.fct_contacts select * from marts.fct_contacts limit 1", "repeated_keys"),
}
HOLDS = {
    "a leader who is nobody's": (
        "update intermediate.int_field_nodes__placed set is_placed = node_id <> 'O1'",
        "without_a_place",
    ),
    "two goals of a week": (
        f"insert into marts.field_goals select node_id, level, {GOAL.replace('02-02', '02-05').replace('02-08', '02-11')}, 9"
        " from marts.dim_field_nodes",
        "overlapping",
    ),
    "a crosswalk that did not come": (
        "create or replace table intermediate.int_contacts__unmatched as select * from intermediate.int_contacts__latest limit 400",
        "unmatched_share",
    ),
}


@pytest.fixture
def program(settings: Settings) -> Settings:
    """A healthy night with a field program."""
    change(settings, *PROGRAM)
    with open_warehouse(settings) as warehouse:
        for entity in ("contacts", "nodes", "goals", "notes", "turfs"):
            load(warehouse, "van", entity)
    return settings


def judged(settings: Settings) -> list[str]:
    return gate.run(settings, "marts", AS_OF, tables=[f"marts.{name}" for name in TABLES]).details["holds"]


def test_a_sound_program_passes(program: Settings) -> None:
    assert judged(program) == []


@pytest.mark.parametrize("damage", FAILURES)
def test_damage_fails(program: Settings, damage: str) -> None:
    sql, rule = FAILURES[damage]
    change(program, sql)
    with pytest.raises(GateFailed, match=rule):
        judged(program)


@pytest.mark.parametrize("damage", HOLDS)
def test_what_a_person_must_decide_holds(program: Settings, damage: str) -> None:
    sql, rule = HOLDS[damage]
    change(program, sql)
    assert any(rule in line for line in judged(program))
