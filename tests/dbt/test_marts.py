"""What the marts say of the named voters of the small world."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Built
from tests.dbt.world import AS_OF


def test_a_confidential_voter_is_in_no_mart(built: Built) -> None:
    """V23, V25: not as a row, a household, a household's member or a past score."""
    for table in built.warehouse.tables("marts"):
        text = built.rows(f"select count(*) as n from marts.{table} as t where t::varchar like '%SECRET%'")
        assert text == [{"n": 0}], table
    assert built.rows("select is_confidential from vault.voter_identities where voter_id = 'NC-SECRET'") == [
        {"is_confidential": True}
    ]
    assert built.voter("V1", "2024-11-05")["household_size"] == 2


def test_the_vault_keeps_names_of_every_voter_once(built: Built) -> None:
    (row,) = built.rows("select count(*) as n, count(distinct voter_id) as voters from vault.voter_identities")
    (listed,) = built.rows(
        "select count(distinct voter_id) as voters from intermediate.int_registrations__picked where is_latest"
    )
    assert row == {"n": listed["voters"], "voters": listed["voters"]}


def test_a_minor_is_listed_but_not_scorable(built: Built) -> None:
    """V9."""
    assert built.voter("MINOR")["is_scorable"] is False
    assert built.rows("select is_scorable from marts.dim_voters where voter_id = 'NC-MINOR'") == [
        {"is_scorable": False}
    ]


def test_the_same_address_written_differently_is_one_household(built: Built) -> None:
    rows = built.rows("select household_id from marts.dim_voters where voter_id in ('NC-V1', 'NC-V2') group by all")
    assert rows == [{"household_id": "NC-V1"}]
    assert built.voter("V2")["household_size"] == 2


def test_a_household_of_more_than_twenty_is_flagged(built: Built) -> None:
    """V33."""
    assert built.rows("select household_id, voters_count from marts.dim_households where is_large") == [
        {"household_id": "NC-C200", "voters_count": 25}
    ]


def test_the_latest_line_of_a_doubled_voter_is_kept_and_the_other_counted(built: Built) -> None:
    """V4."""
    assert built.rows("select party from marts.dim_voters where voter_id = 'NC-TWICE'") == [{"party": "republican"}]
    assert built.rows(
        "select count(*) as n from intermediate.int_registrations__repeated where not is_kept and not is_identical"
    ) == [{"n": 2}]


def test_a_repeated_vote_counts_once_with_its_known_method(built: Built) -> None:
    """V19."""
    assert built.rows("select voting_method, is_repeated from marts.fct_votes where voter_id = 'NC-TWICE'") == [
        {"voting_method": "early", "is_repeated": True}
    ]


def test_a_vote_of_an_unknown_voter_is_kept_apart(built: Built) -> None:
    """V18."""
    assert built.rows("select voter_id, lines_count as n from intermediate.int_votes__orphaned order by 1") == [
        {"voter_id": "NC-GONE", "n": 2},
        {"voter_id": "NC-UNHEARD", "n": 1},
    ]


def test_a_vote_before_registration_counts_and_is_flagged(built: Built) -> None:
    """V16."""
    assert built.rows(
        "select votes_count, has_vote_before_registration from marts.dim_voters where voter_id = 'NC-NEWCOMER'"
    ) == [{"votes_count": 1, "has_vote_before_registration": True}]
    assert built.voter("NEWCOMER")["presidential_1"] is None


def test_unknown_codes_are_marked_and_blanks_undesignated(built: Built) -> None:
    """V21."""
    assert built.rows("select party, race from marts.dim_voters where voter_id = 'NC-NODATE'") == [
        {"party": "UNK", "race": "undesignated"}
    ]


def test_only_the_latest_history_counts(built: Built) -> None:
    assert built.rows("select count(*) as n from marts.fct_votes where voter_id = 'NC-V2'") == [{"n": 1}]


def test_the_next_federal_general_is_the_target_of_tonight(built: Built) -> None:
    rows = built.rows(
        "select distinct target_election_id, target_election_kind from marts.feat_voters where as_of_role = 'tonight'"
    )
    assert rows == [{"target_election_id": "nc-2026-11-03-general", "target_election_kind": "midterm"}]
    days = built.rows("select distinct as_of_date from marts.feat_voters where as_of_role = 'training' order by 1")
    assert [str(row["as_of_date"]) for row in days] == ["2018-11-06", "2020-11-03", "2022-11-08", "2024-11-05"]


def test_an_election_inside_its_lag_is_not_complete(built: Built) -> None:
    rows = built.rows(
        "select election_kind, is_history_complete from marts.dim_elections where election_date = '2026-09-15'"
    )
    assert rows == [{"election_kind": "special", "is_history_complete": False}]


def test_places_count_the_voters_on_the_roll(built: Built) -> None:
    (voters,) = built.rows("select count(*) as n from marts.dim_voters where is_registered")
    for table, key in (("dim_precincts", "precinct_id"), ("dim_zips", "zip_id")):
        (row,) = built.rows(f"select sum(registered_count)::bigint as n, min({key}) as k from marts.{table}")
        assert row["n"] == voters["n"]
    assert [row["district_id"] for row in built.rows("select district_id from marts.dim_districts order by 1")] == [
        "nc-congressional-04",
        "nc-state_house-33",
        "nc-state_senate-15",
    ]


def test_scores_of_tonight_are_one_row_a_voter_and_history_goes_back(built: Built) -> None:
    (wide,) = built.rows(
        "select count(*) as n, count(turnout_score) as scored, min(as_of_date) as day from marts.voter_scores"
    )
    (long,) = built.rows("select count(*) as n from marts.voter_score_history")
    assert wide == {"n": long["n"] / 2, "scored": wide["n"], "day": AS_OF}


@pytest.mark.parametrize("table", ["marts.dim_voters", "marts.feat_voters", "marts.fct_votes", "marts.dim_households"])
def test_no_mart_holds_a_name_an_address_or_a_hash_of_one(built: Built, table: str) -> None:
    found = built.rows(
        f"select count(*) as n from {table} as t where t::varchar ilike '%smith%' or t::varchar ilike '%elm st%'"
        " or regexp_matches(t::varchar, '[0-9a-f]{32}')"
    )
    assert found == [{"n": 0}]
