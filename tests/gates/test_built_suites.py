"""The suites of staging, marts and scores: a sound night passes, each kind of damage breaks its rule (F29)."""

from __future__ import annotations

import datetime as dt

import pytest

from groundgame.config import Settings
from groundgame.errors import GateFailed
from groundgame.gates import gate
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from tests.gates.built import build, score
from tests.gates.landed import AS_OF, change, results

TOMORROW = AS_OF + dt.timedelta(days=1)


APP = "insert into raw.app_users by name select '1' as user_id"


@pytest.mark.parametrize("stage", ["staging", "linkage", "marts", "scores", "asks"])
def test_a_sound_night_passes(settings: Settings, stage: str) -> None:
    change(settings, APP)
    assert gate.run(settings, stage, AS_OF).verdict == "pass"


def test_where_no_app_was_landed_nothing_of_linkage_is_judged_and_nothing_heavy_is_loaded(
    settings: Settings, monkeypatch
) -> None:
    monkeypatch.setattr(gate, "Judge", None)
    change(settings, "drop schema linkage cascade")
    result = gate.run(settings, "linkage", AS_OF)
    assert result.verdict == "pass"
    assert {row["verdict"] for row in results(settings)} == {"skip"}


EXPERIMENT = (
    f"insert into ops.run_parameters (as_of_date) values (date '{AS_OF}');"
    f" insert into ops.experiments (experiment_id, control_arm, registered_as_of_date) values ('letter', 'control', date '{AS_OF}');"
    f" insert into ops.experiment_effects (experiment_id, as_of_date) values ('letter', date '{AS_OF}');"
)


@pytest.mark.parametrize("stage", ["marts", "scores"])
def test_a_night_with_a_sound_experiment_passes(settings: Settings, stage: str) -> None:
    change(settings, EXPERIMENT)
    assert gate.run(settings, stage, AS_OF).verdict == "pass"


@pytest.mark.parametrize(
    "damage",
    [
        "insert into marts.fct_experiment_assignments select * from marts.fct_experiment_assignments limit 1",
        "update marts.fct_experiment_assignments set arm = 'letter', is_control = false",
    ],
    ids=["a voter in two arms", "nobody in control"],
)
def test_e13_an_experiment_whose_arms_are_broken_stops_no_night(settings: Settings, damage: str) -> None:
    """E13: it holds its own uplift; see tests/models_py/test_train_uplift.py."""
    change(settings, EXPERIMENT, damage)
    assert gate.run(settings, "marts", AS_OF).verdict == "pass"


FAILURES = {
    "an arm that is not told": (
        "scores",
        EXPERIMENT + "insert into ops.experiment_assignments (experiment_id, arm) values ('letter', 'call')",
        "hidden_arms",
    ),
    "an effect that is kept back": (
        "scores",
        EXPERIMENT + "update marts.impact_report set effect_share = null",
        "missing_effects",
    ),
    "what a few voters think": (
        "scores",
        EXPERIMENT + "update marts.impact_report set answered_count = 49, control_answered_count = 800",
        "told_of_few",
    ),
    "links of last night": ("linkage", "update linkage.nights set as_of_date = as_of_date - 1", "ran_tonight"),
    "a person with two voters": (
        "linkage",
        "update linkage.person_links set person_key = 'graph:2' where person_key = 'graph:1'",
        "repeated_people",
    ),
    "somebody looked up without consent": (
        "linkage",
        "update intermediate.int_app_users__consented set has_matching_consent = false where person_key = 'graph:1'",
        "outside_consent",
    ),
    "people who looked say that links are wrong": (
        "linkage",
        "update linkage.nights set labelled_count = 120, precision_share = 0.5",
        "labelled_precision",
    ),
    "staging lost a row": (
        "staging",
        "create or replace view staging.stg_voter_file__votes as select * from staging.stg_voter_file__votes_all offset 1",
        "rows_lost",
    ),
    "a voter twice": ("marts", "insert into marts.dim_voters select * from marts.dim_voters limit 1", "repeated_keys"),
    "a confidential voter": (
        "marts",
        "update marts.dim_voters set voter_id = 'NC-AA000200' where voter_id = 'NC-AA000001'",
        "confidential",
    ),
    "nobody": ("marts", "delete from marts.dim_voters", "marts.dim_voters rows"),
    "a tenth of the voters is lost": (
        "marts",
        "delete from marts.dim_voters where hash(voter_id) % 10 = 0",
        "coverage",
    ),
    "a vote twice": ("marts", "insert into marts.fct_votes select * from marts.fct_votes limit 1", "repeated_keys"),
    "a vote from the future": (
        "marts",
        "insert into marts.fct_votes values ('NC-AA000001', 'nc-2026-11-03-general', date '2026-11-03')",
        "future_votes",
    ),
    "a minor may be scored": (
        "marts",
        "update marts.feat_voters set age = 17 where voter_id = 'NC-AA000001'",
        "minors",
    ),
    "a user linked without consent": (
        "marts",
        "update marts.dim_app_users set voter_id = 'NC-AA000001', has_matching_consent = false",
        "linked_outside_consent",
    ),
    "a duplicate whom readers may not see": (
        "marts",
        "update marts.voter_duplicates set other_voter_id = 'NC-AA000200'",
        "unknown_voters",
    ),
    "an action twice": (
        "marts",
        "insert into marts.fct_app_actions select * from marts.fct_app_actions",
        "repeated_keys",
    ),
    "a list without consent": (
        "asks",
        "update marts.dim_app_users set has_friends_consent = false",
        "outside_consent",
    ),
    "a friend who may not be scored": (
        "asks",
        "update marts.friend_asks set voter_id = 'NC-NOBODY'",
        "not_for_asking",
    ),
    "a long list": ("asks", "update marts.friend_asks set ask_rank = 6", "longest_list"),
    "an ask that has run out": ("asks", "update marts.friend_asks set expires_date = as_of_date", "expired"),
    "a share above one": (
        "marts",
        "update marts.feat_voters set vote_share = 1.5 where voter_id = 'NC-AA000001'",
        r"shares_out_of_range\[vote_share\]",
    ),
    "features of another night": (
        "marts",
        "update marts.feat_voters set as_of_date = date '2026-02-27'",
        "marts.feat_voters rows",
    ),
    "a score twice": (
        "scores",
        "insert into marts.voter_score_history select * from marts.voter_score_history limit 1",
        r"repeated_keys\[turnout\]",
    ),
    "a score of 101": (
        "scores",
        "update marts.voter_score_history set score = 101 where voter_id = 'NC-AA000001'",
        r"out_of_range\[turnout\]",
    ),
    "a constant": ("scores", "update marts.voter_score_history set score = 50", r"distinct_scores\[turnout\]"),
    "a district counted twice": ("scores", "insert into marts.targets select * from marts.targets", "repeated_keys"),
    "a ward larger than its state": (
        "scores",
        "insert into marts.targets select universe, 'ward', 'w', as_of_date, 4, 2, 1.5, 1, 7.5 from marts.targets",
        "beyond_the_state",
    ),
    "two models": (
        "scores",
        "update marts.voter_score_history set model_version = 'v2' where voter_id = 'NC-AA000001'",
        r"model_versions\[turnout\]",
    ),
    "a minor is scored": (
        "scores",
        "update marts.feat_voters set age = 17 where voter_id = 'NC-AA000001'",
        "not_for_scoring",
    ),
    "a confidential voter is scored": (
        "scores",
        "insert into marts.voter_scores select 'NC-AA000200', as_of_date, 50, 'v1' from marts.voter_scores limit 1",
        "not_for_scoring",
    ),
    "yesterday's scores": (
        "scores",
        "update marts.voter_scores set as_of_date = date '2026-02-28'",
        "other_nights",
    ),
}


@pytest.mark.parametrize(("stage", "damage", "said"), FAILURES.values(), ids=FAILURES.keys())
def test_damage_fails(settings: Settings, stage: str, damage: str, said: str) -> None:
    if "votes_all" in damage:
        change(
            settings,
            "create view staging.stg_voter_file__votes_all as select 'nc' as source, _snapshot_date as"
            " snapshot_date, voter_id, 'mail' as voting_method from raw.voter_file_votes",
        )
    change(settings, APP, damage)
    with pytest.raises(GateFailed, match=said):
        gate.run(settings, stage, AS_OF)


HOLDS = {
    "two people of an app are one voter": (
        "linkage",
        "update linkage.person_links set voter_id = 'NC-AA000002' where person_key = 'graph:1'",
        "shared_voters",
    ),
    "few users are found": (
        "linkage",
        "delete from linkage.person_links where voter_id > 'NC-AA000200'",
        "linked_share",
    ),
    "unsure links": (
        "linkage",
        "update linkage.person_links set probability = 0.8 where voter_id > 'NC-AA001060'",
        "unsure_links",
    ),
    "links that are wrong more often than lists bear": (
        "linkage",
        "update linkage.person_links set probability = case when voter_id > 'NC-AA001100' then 0.4 else 0.91 end",
        "expected_precision",
    ),
    "many are left undecided": (
        "linkage",
        "insert into linkage.ambiguous_people select person_key from linkage.person_links limit 400",
        "ambiguous_share",
    ),
    "V21 an unknown party": (
        "staging",
        "create or replace view staging.stg_voter_file__registrations as select 'nc' as source, _snapshot_date as"
        " snapshot_date, voter_id, 'active' as status, case when _line < 9 then 'UNK' end as party, 'white' as race,"
        " 'hispanic' as ethnicity, 'female' as sex from raw.voter_file_registrations",
        "unknown_code_share[nc.party]",
    ),
    "V4 contradicting lines": (
        "marts",
        "update intermediate.int_registrations__repeated set is_identical = false",
        "contradicting_share",
    ),
    "V6 an id is another person's": (
        "marts",
        "insert into intermediate.int_registrations__reused values ('NC-AA000001')",
        "reused_ids",
    ),
    "V32 precincts are gone": (
        "marts",
        "update marts.dim_voters set precinct_id = null where hash(voter_id) % 5 = 0",
        "precinct_missing_share",
    ),
    "no election is complete": (
        "marts",
        "update marts.dim_elections set is_history_complete = false",
        "complete",
    ),
    "F29 one in fifty has no score": (
        "scores",
        "delete from marts.voter_score_history where hash(voter_id) % 50 = 0",
        "coverage[turnout]",
    ),
    "a group that the model is wrong about": (
        "scores",
        "insert into ops.score_slices by name select 'turnout' as score_name, 'v1' as model_version, 'race' as slice_kind,"
        " 'black' as slice_value, 1500 as voters_count, -0.12 as gap_share, 0.02 as margin_share",
        "unfair_gap[turnout]",
    ),
    "an election that went otherwise than it was scored": (
        "scores",
        "update marts.dim_elections set election_date = date '2026-02-20' where is_history_complete;"
        " insert into marts.voter_score_history select voter_id, score_name, date '2026-02-10', 0.4, 40, 'v0'"
        " from marts.voter_score_history",
        "wrong_last_election[turnout]",
    ),
}


@pytest.mark.parametrize(("stage", "damage", "rule"), HOLDS.values(), ids=HOLDS.keys())
def test_damage_holds(settings: Settings, stage: str, damage: str, rule: str) -> None:
    change(settings, APP, damage)
    assert gate.run(settings, stage, AS_OF).verdict == "hold"
    assert [row["rule"] for row in results(settings) if row["verdict"] == "hold"] == [rule]


@pytest.mark.parametrize(
    ("shift", "held"),
    [
        (0, []),
        (1, []),
        (12, ["distribution_shift[turnout]", "drift_since_first_night[turnout]", "mean_change[turnout]"]),
    ],
)
def test_a_jump_of_the_distribution_holds(settings: Settings, shift: int, held: list[str]) -> None:
    first = gate.run(settings, "scores", AS_OF)
    with open_warehouse(settings) as warehouse:
        ops.record(warehouse, "publications", seq=1, run_id=first.details["run_id"], as_of_date=AS_OF, state="done")
    build(settings, TOMORROW)
    score(settings, TOMORROW, shift)
    gate.run(settings, "scores", TOMORROW)
    assert [row["rule"] for row in results(settings) if row["verdict"] == "hold"] == held


def test_voters_who_trade_places_hold_though_mean_and_bands_stay(settings: Settings) -> None:
    first = gate.run(settings, "scores", AS_OF)
    with open_warehouse(settings) as warehouse:
        ops.record(warehouse, "publications", seq=1, run_id=first.details["run_id"], as_of_date=AS_OF, state="done")
    build(settings, TOMORROW)
    score(settings, TOMORROW)
    change(
        settings,
        "create temp table ranked as select voter_id, score, row_number() over (order by score, voter_id) as up,"
        " row_number() over (order by score desc, voter_id desc) as down from marts.voter_score_history"
        f" where as_of_date = date '{TOMORROW}'",
        "update marts.voter_score_history as h set score = b.score from ranked as a, ranked as b"
        f" where h.as_of_date = date '{TOMORROW}' and a.voter_id = h.voter_id and b.down = a.up",
    )
    gate.run(settings, "scores", TOMORROW)
    assert [row["rule"] for row in results(settings) if row["verdict"] == "hold"] == ["moved_far[turnout]"]


def test_a_universe_of_one_arm_is_covered(settings: Settings) -> None:
    change(
        settings,
        "update marts.feat_voters set experiment_arm = case when hash(voter_id) % 2 = 0 then 'Control' else 'Mail' end",
        "delete from marts.voter_score_history where hash(voter_id) % 2 = 1",
        "delete from marts.voter_scores where hash(voter_id) % 2 = 1",
        "update marts.friend_asks set voter_id = (select min(voter_id) from marts.voter_scores)",
    )
    assert gate.run(settings, "scores", AS_OF).verdict == "pass"


def test_a_source_without_places_passes(settings: Settings) -> None:
    change(
        settings,
        "update marts.dim_voters set zip_code = null, precinct_id = null, congressional_district = null",
        *(f"delete from marts.dim_{table}" for table in ("zips", "precincts", "districts")),
    )
    assert gate.run(settings, "marts", AS_OF).verdict == "pass"
