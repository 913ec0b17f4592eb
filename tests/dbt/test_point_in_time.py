"""Nothing dated on or after as_of_date is in a feature."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundgame.config import load_settings
from groundgame.warehouse import dbt
from groundgame.warehouse.base import open_warehouse
from tests.dbt.conftest import Built
from tests.dbt.world import EARLY, G24, small_world

E24 = "2024-11-05"


def test_a_voter_removed_later_looks_on_the_day_as_before(built: Built) -> None:
    row = built.voter("REMOVED", E24)
    assert (row["status"], row["party"], row["zip_code"], row["is_scorable"]) == ("active", "republican", "27601", True)
    assert built.voter("REMOVED")["is_scorable"] is False


def test_a_file_dated_on_the_night_shows_in_dim_voters_and_not_in_features(built: Built) -> None:
    """The file of the day after is in neither."""
    assert built.rows("select party from marts.dim_voters where voter_id = 'NC-SWITCHED'") == [{"party": "republican"}]
    assert built.voter("SWITCHED")["party"] == "democratic"


def test_what_changes_is_unknown_before_the_first_file(built: Built) -> None:
    row = built.voter("V1", "2020-11-03")
    assert (row["status"], row["party"], row["zip_code"], row["household_size"]) == (None, None, None, None)
    # Not heard of in the ten years before that file: in it only by chance, so nothing is learned from the row.
    assert (row["household_id"], row["age"], row["sex"], row["is_scorable"]) == ("NC-V1", 50, "female", False)


def test_a_vote_on_the_day_does_not_count(built: Built) -> None:
    assert built.voter("V1", E24)["presidential_1"] == 1  # 2020, and not the election of the day
    assert built.voter("V2", E24)["votes_count"] == 0
    assert built.voter("V2")["votes_count"] == 1


def test_incomplete_history_is_unknown_and_not_a_missed_vote(built: Built) -> None:
    """The special election of September 2026 is inside its lag, so neither its voters nor the others are told apart."""
    covered = built.rows(
        "select max(elections_count) as n, count(*) filter (where years_since_last_vote < 0.3) as fresh"
        " from marts.feat_voters where as_of_role = 'tonight'"
    )
    assert covered == [{"n": 8, "fresh": 0}]


def test_an_election_before_registration_is_null_and_after_it_zero(built: Built) -> None:
    row = built.voter("C200")
    assert (row["presidential_1"], row["presidential_2"], row["midterm_1"], row["primary_1"]) == (0, None, None, 0)
    assert row["general_elections_count"] == 1


def test_who_was_not_registered_yet_has_no_row_of_that_day(built: Built) -> None:
    days = built.rows("select as_of_role from marts.feat_voters where voter_id = 'NC-NEWCOMER'")
    assert days == [{"as_of_role": "tonight"}]


def test_a_voter_without_a_registration_date_is_eligible_since_coming_of_age(built: Built) -> None:
    row = built.voter("NODATE")
    assert (row["presidential_1"], row["years_registered"], row["is_scorable"]) == (0, None, True)


def test_who_has_left_the_file_is_in_the_past_with_the_votes_of_then(built: Built) -> None:
    """And in nothing that is published: neither a row of tonight nor a vote in fct_votes."""
    row = built.voter("GONE", E24)
    assert (row["status"], row["midterm_1"], row["presidential_1"], row["is_scorable"]) == ("active", 1, 0, True)
    assert built.rows(
        "select count(*) as n from marts.feat_voters where voter_id = 'NC-GONE' and as_of_role = 'tonight'"
    ) == [{"n": 0}]
    for table in ("dim_voters", "fct_votes"):
        assert built.rows(f"select count(*) as n from marts.{table} where voter_id = 'NC-GONE'") == [{"n": 0}]
    assert [
        r["election_id"] for r in built.rows("select election_id from intermediate.int_votes__left order by 1")
    ] == [
        "nc-2022-11-08-general",
        "nc-2024-11-05-general",
    ]


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same world in which everything dated on or after the election of 2024 went differently."""
    settings = load_settings(home=tmp_path_factory.mktemp("altered"), threads=2, memory_limit="1GB")
    world = small_world()
    for line in world.registrations:
        if line["_snapshot_date"] > EARLY and line["is_confidential"] == "N":
            line |= {"status_code": "R", "party_code": "UNA", "zip_code": "27699", "county_code": "9"}
            line |= {"street_address": "1 ELSEWHERE", "sex_code": "M", "birth_year": "1990"}
    late = [line for line in world.votes if line["election_date"] >= G24]
    world.votes = [line for line in world.votes if line["election_date"] < G24] + late[::3]
    world.write(settings)
    for layer in ("staging", "marts"):
        dbt.build(settings, layer)
    return settings.warehouse_path


def test_no_later_file_or_vote_changes_an_earlier_row(built: Built, altered: Path) -> None:
    """Voters who are first listed after the day are known from later files alone, so they are left out."""
    rows = (
        "select * from {0} where as_of_date <= date '2024-11-05' and as_of_role = 'training' and voter_id not in"
        " ('NC-TWICE', 'NC-MINOR', 'NC-NEWCOMER') order by voter_id, as_of_date"
    )
    before = built.rows(rows.format("marts.feat_voters"))
    settings = load_settings(home=altered.parent)
    with open_warehouse(settings, read_only=True) as warehouse:
        after = warehouse.fetch(rows.format("marts.feat_voters")).to_pylist()
    assert len(before) > 100
    assert before == after
