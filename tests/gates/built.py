"""Marts and scores as a night leaves them, hand-made with the columns that the suites read."""

from __future__ import annotations

import datetime as dt

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse

VOTERS = """
    select
        'NC-' || r.voter_id as voter_id, 'nc' as source, 'active' as status, 'democratic' as party,
        cast(86 - r._line % 60 as integer) as age, true as is_scorable, true as is_registered,
        'H' || r._line // 2 as household_id, '27601' as zip_code, 'P' || r._line % 9 as precinct_id,
        '4' as congressional_district
    from raw.voter_file_registrations as r
    where r._snapshot_date = date '2026-02-01' and r.is_confidential = 'N'
"""
FLAGS = (
    "presidential_1",
    "presidential_2",
    "midterm_1",
    "midterm_2",
    "primary_1",
    "primary_2",
    "primary_3",
    "municipal_1",
)
SHARES = (
    "household_vote_share",
    "general_vote_share",
    "vote_share",
    "cycle_vote_share",
    "cycle_general_vote_share",
    "early_share",
    "mail_share",
    "zip_vote_share",
)


def build(settings: Settings, as_of: dt.date) -> None:
    """Build staging, intermediate and marts on top of ``tests.gates.landed.land``."""
    flags = ", ".join(f"cast(1 as smallint) as {name}" for name in FLAGS)
    shares = ", ".join(f"0.5 as {name}" for name in SHARES)
    statements = [
        *(f"create schema if not exists {schema}" for schema in ("staging", "intermediate", "marts")),
        "create or replace view staging.stg_voter_file__registrations as select _source as source,"
        " _snapshot_date as snapshot_date, 'NC-' || voter_id as voter_id, 'active' as status, 'democratic' as party,"
        " 'white' as race, 'hispanic' as ethnicity, 'female' as sex from raw.voter_file_registrations",
        "create or replace view staging.stg_voter_file__votes as select _source as source, _snapshot_date as snapshot_date,"
        " 'NC-' || voter_id as voter_id, 'mail' as voting_method from raw.voter_file_votes",
        "create or replace table intermediate.int_registrations__repeated as select 'nc' as source,"
        " date '2026-02-01' as snapshot_date, 'x' as voter_id, true as is_identical",
        "create or replace table intermediate.int_registrations__reused (voter_id varchar)",
        "create or replace table intermediate.int_snapshots__latest as select 'nc' as source,"
        " date '2026-02-01' as latest_registrations_date",
        f"create or replace table marts.dim_voters as {VOTERS}",
        "create or replace table marts.dim_households as select distinct household_id from marts.dim_voters",
        "create or replace table marts.dim_precincts as select distinct precinct_id from marts.dim_voters",
        "create or replace table marts.dim_zips as select distinct zip_code, 'nc-' || zip_code as zip_id from marts.dim_voters",
        "create or replace table marts.dim_districts as select distinct congressional_district as district_id from marts.dim_voters",
        "create or replace table marts.dim_elections as select election_id, election_date, is_complete as is_history_complete,"
        " 'general' as election_type,"
        " not is_complete as is_upcoming, votes_count from (values ('nc-2024-11-05-general', date '2024-11-05', true, 900),"
        " ('nc-2026-11-03-general', date '2026-11-03', false, 0)) as t(election_id, election_date, is_complete, votes_count)",
        "create or replace table marts.fct_votes as select voter_id, 'nc-2024-11-05-general' as election_id,"
        " date '2024-11-05' as election_date from marts.dim_voters where age > 30",
        "create schema if not exists linkage",
        "create or replace table linkage.ambiguous_people (person_key varchar)",
        f"create or replace table linkage.decisions as select 'graph:' || i as person_key,"
        f" date '{as_of}' as decided_as_of_date from range(1, 1400) as t(i)",
        f"create or replace table linkage.nights as select date '{as_of}' as as_of_date, 0::bigint as labelled_count,"
        " cast(null as double) as precision_share",
        "create or replace table marts.voter_duplicates as select 'NC-AA000001' as voter_id, 'NC-AA000002' as other_voter_id",
        "create or replace table marts.fct_experiment_assignments as select 'letter' as experiment_id, voter_id,"
        " case when age % 2 = 0 then 'control' else 'letter' end as arm, age % 2 = 0 as is_control from marts.dim_voters",
        "create or replace table linkage.person_links as select 'graph:' || r._line as person_key, 'NC-' || r.voter_id as voter_id,"
        " 0.99::double as probability from raw.voter_file_registrations as r"
        " where r._snapshot_date = date '2026-02-01' and r._line between 1 and 1200",
        "create or replace table intermediate.int_app_users__consented as select 'graph:' || i as person_key,"
        " true as has_matching_consent from range(1, 1400) as t(i)",
        "create or replace table intermediate.int_friends__listed (person_key varchar, friend_key varchar)",
        "create or replace table intermediate.int_app_actions__latest as select 'graph:1' as event_key",
        "create or replace table intermediate.int_friends__linked as select person_key, voter_id from"
        " intermediate.int_app_users__consented cross join marts.dim_voters",
        "create or replace table marts.dim_app_users as select 'graph:1' as person_key, 'graph' as source,"
        " cast(null as varchar) as voter_id, cast(null as double) as link_probability, true as has_contact_consent,"
        " true as has_matching_consent, true as has_friends_consent",
        f"create or replace table marts.fct_app_actions as select 'graph:1' as event_key, timestamp '{as_of} 00:00:00' as occurred_at",
        f"create or replace table marts.feat_voters as select voter_id, date '{as_of}' as as_of_date, 'tonight' as as_of_role,"
        " date '2026-11-03' as target_election_date, status, true as has_roll, cast(null as varchar) as experiment_arm,"
        " age, is_scorable,"
        " 3 as votes_count, 4 as elections_count, 1 as general_votes_count, 4 as general_elections_count,"
        " 2 as cycle_votes_count, 3 as cycle_elections_count,"
        f" 2.5 as years_registered, 1.5 as years_since_last_vote, {flags}, {shares} from marts.dim_voters",
    ]
    _run(settings, statements)


def score(settings: Settings, as_of: dt.date, shift: int = 0) -> None:
    """Add tonight's scores to the history and make the wide table from them."""
    night = f"date '{as_of}'"
    scored = (
        "select voter_id, score_name, as_of_date, score / 100.0 as score_raw, score, model_version from ("
        f"select voter_id, 'turnout' as score_name, {night} as as_of_date, 'v1' as model_version,"
        f" cast(least(100, age + {shift}) as smallint) as score from marts.feat_voters where is_scorable)"
    )
    _run(
        settings,
        [
            f"create table if not exists marts.voter_score_history as {scored} limit 0",
            f"delete from marts.voter_score_history where as_of_date = {night}",
            f"insert into marts.voter_score_history {scored}",
            f"create or replace table marts.friend_asks as select 'graph:1' as person_key, voter_id, {night} as as_of_date,"
            f" 1 as ask_rank, {night} + 1 as expires_date from marts.feat_voters where is_scorable order by voter_id limit 1",
            f"create or replace table marts.impact_report as select 'letter' as experiment_id, 'letter' as arm, {night} as measured_date,"
            " 900 as voters_count, 900 as control_voters_count, -0.01 as effect_share, 0.01 as standard_error_share,"
            " -0.03 as effect_low_share, 0.01 as effect_high_share, 0.4 as outcome_share,"
            " cast(null as bigint) as answered_count, cast(null as bigint) as control_answered_count",
            f"create or replace table marts.targets as select 'gotv' as universe, 'state' as district_type, 'nc' as district_id,"
            f" {night} as as_of_date, 3 as voters_count, 2 as households_count, 1.5::double as expected_votes,"
            " 1.0::double as expected_supporting_votes, 7.5 as cost_amount",
            "create or replace table marts.voter_scores as select voter_id, as_of_date, score as turnout_score,"
            f" model_version as turnout_model_version from marts.voter_score_history where as_of_date = {night}",
        ],
    )


def _run(settings: Settings, statements: list[str]) -> None:
    with open_warehouse(settings) as warehouse:
        for sql in statements:
            warehouse.execute(sql)
