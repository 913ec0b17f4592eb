"""Values that only tell in company: files landed, built and judged one after the other (V3-V6, V16, V18, V19, V22, V23, V25,
V32, V33, V37-V39). What one file shows by itself is in ``tests/ingest/test_conform.py``.

All of them stand in one week's files, each in lines of its own.
"""

from __future__ import annotations

import duckdb
import pytest

from groundgame.result import Result
from tests.ingest.desk import Row, vote, voter
from tests.pipeline.weeks import TONIGHT, VOTERS, Week, history, roll

CAMPUS = range(800, VOTERS)
SCRIPT = "<script>alert(1)</script>"
SAME, CHANGED, HALF_HIDDEN, MOVED, REUSED = 10, 20, 30, 40, 50
BEFORE_REGISTERED, BEFORE_ADULT, ADULT_THAT_YEAR, VOTED_TWICE = 65, 62, 68, 70
INACTIVE, REMOVED, DENIED, TEMPORARY = 80, 81, 82, 83
NOW_HIDDEN, HOUSEMATE, NO_PRECINCT, SCRIPTED, FORMULA = 91, 92, 100, 110, 111
MOVED_AGAIN = {"ncid": "EH900040", "county_id": "92", "county_desc": "WAKE", "voter_reg_num": "000000900040"}


def odd_roll() -> list[Row]:
    """The voter file with one voter, or a few, for every id of this module."""
    changes: dict[int, Row] = {
        REUSED: {"last_name": "ZEBULON", "first_name": "QUINN", "birth_year": "2001", "registr_dt": "11/12/2024"},
        BEFORE_REGISTERED: {"registr_dt": "01/04/2021"},
        BEFORE_ADULT: {"birth_year": "2003", "registr_dt": "03/01/2020"},
        ADULT_THAT_YEAR: {"birth_year": "2002", "registr_dt": "03/01/2020"},
        INACTIVE: {"status_cd": "I"},
        REMOVED: {"status_cd": "R"},
        DENIED: {"status_cd": "D"},
        TEMPORARY: {"status_cd": "S"},
        NOW_HIDDEN: {"confidential_ind": "Y", "res_street_address": "CONFIDENTIAL", "zip_code": ""},
        NO_PRECINCT: {"precinct_abbrv": ""},
        SCRIPTED: {"last_name": SCRIPT, "party_cd": "<b>", "first_name": "'; drop table marts.dim_voters; --"},
        FORMULA: {"last_name": "=HYPERLINK('http://example.org')"},
    }
    rows = roll(**{f"v{number}": change for number, change in changes.items()})
    rows[HOUSEMATE]["res_street_address"] = voter(NOW_HIDDEN)["res_street_address"]
    for number in CAMPUS:
        rows[number]["res_street_address"] = "1 CAMPUS WAY"
    # The later registration of a voter stands before the earlier one, and the open line after the confidential one.
    rows.insert(0, voter(CHANGED, registr_dt="01/15/2020", party_cd="LIB"))
    rows.insert(0, voter(HALF_HIDDEN, confidential_ind="Y", res_street_address="CONFIDENTIAL"))
    return [*rows, voter(SAME), voter(MOVED, **MOVED_AGAIN)]


def odd_history() -> list[Row]:
    """The history with votes of five unknown voters, and one vote reported by two methods."""
    again = vote(VOTED_TWICE, election_lbl="11/08/2022", election_desc="11/08/2022 GENERAL")
    return [
        *history(),
        again | {"voting_method": "ABSENTEE BY MAIL"},
        *(vote(800_000 + number) for number in range(5)),
    ]


@pytest.fixture(scope="module")
def odd(last_week: Week, tmp_path_factory: pytest.TempPathFactory) -> tuple[Week, Result, dict[str, str]]:
    """The odd week, published: what became of landing, and all holds of the night."""
    week = Week(tmp_path_factory.mktemp("odd_week"), TONIGHT, last_week)
    landed = week.arrive(odd_roll(), odd_history())
    holds = week.judge_all()
    week.score()
    week.publish()
    return week, landed, holds


@pytest.fixture(scope="module")
def week(odd: tuple[Week, Result, dict[str, str]]) -> Week:
    return odd[0]


def repeated(week: Week, number: int) -> list[tuple[bool, bool]]:
    rows = week.query(
        "select is_kept, is_identical from intermediate.int_registrations__repeated"
        f" where voter_id = 'NC-EH{100_000 + number}' order by is_kept"
    )
    return [(row["is_kept"], row["is_identical"]) for row in rows]


def test_only_what_needs_a_person_holds_the_night(odd: tuple[Week, Result, dict[str, str]]) -> None:
    """V4, V6: all the other values of this week are no reason to wait."""
    assert set(odd[2]) == {"dim_voters contradicting_share", "dim_voters reused_ids"}
    assert "observed 1," in odd[2]["dim_voters reused_ids"]


def test_identical_lines_of_a_voter_count_once(week: Week) -> None:
    """V3."""
    assert week.dim_voter(SAME)["party"] == "republican"
    assert repeated(week, SAME) == [(False, True), (True, True)]


def test_of_contradicting_lines_the_latest_registration_counts(week: Week) -> None:
    """V4: wherever it stands in the file; the other is set apart and counted."""
    assert week.dim_voter(CHANGED)["party"] == "libertarian"
    assert repeated(week, CHANGED) == [(False, False), (True, True)]


def test_one_confidential_line_hides_a_voter(week: Week) -> None:
    """V4, V23: whatever the voter's other lines say."""
    assert repeated(week, HALF_HIDDEN) == [(False, False), (True, True)]
    assert week.marts_with(HALF_HIDDEN) == []
    assert week.one(
        f"select is_confidential from vault.voter_identities where voter_id = 'NC-EH{100_000 + HALF_HIDDEN}'"
    )["is_confidential"]


def test_a_person_under_two_ids_stays_two_voters(week: Week) -> None:
    """V5: who moves to another county is registered there anew."""
    moved = week.one("select county_code, votes_count from marts.dim_voters where voter_id = 'NC-EH900040'")
    assert moved == {"county_code": "92", "votes_count": 0}
    assert week.dim_voter(MOVED)["votes_count"] > 0


def test_an_id_that_became_another_person_is_left_out_with_its_line(week: Week) -> None:
    """V6: nobody inherits the votes of the person before."""
    lines = week.query("select voter_id, line from intermediate.int_registrations__reused")
    assert lines == [{"voter_id": f"NC-EH{100_000 + REUSED}", "line": 2 + 2 + REUSED}]
    assert week.query(f"select * from marts.dim_voters where voter_id = 'NC-EH{100_000 + REUSED}'") == []
    assert week.published_with(REUSED) == []


def test_votes_before_registration_or_before_voting_age_count_and_are_flagged(week: Week) -> None:
    """V16."""

    def flags(number: int) -> tuple[bool, bool]:
        row = week.dim_voter(number)
        assert row["votes_count"] > 0
        return row["has_vote_before_registration"], row["has_vote_before_voting_age"]

    assert flags(SAME) == (False, False)
    assert flags(BEFORE_REGISTERED) == (True, False)
    assert flags(BEFORE_ADULT) == (False, True)
    assert flags(ADULT_THAT_YEAR) == (False, False)


def test_votes_of_unknown_voters_are_kept_apart(week: Week) -> None:
    """V18: five of thousands; counted, joined to nobody, and no reason to wait."""
    orphans = "voter_id like 'NC-EH900%' and voter_id <> 'NC-EH900040'"
    assert week.one(f"select count(*) as n from intermediate.int_votes__orphaned where {orphans}") == {"n": 5}
    assert week.one(f"select count(*) as n from marts.fct_votes where {orphans}") == {"n": 0}


def test_an_election_reported_by_two_methods_counts_once(week: Week) -> None:
    """V19: the first known method counts."""
    votes = week.query(
        f"select voting_method, is_repeated from marts.fct_votes where voter_id = 'NC-EH{100_000 + VOTED_TWICE}'"
        " and election_date = date '2022-11-08'"
    )
    assert votes == [{"voting_method": "early", "is_repeated": True}]


def test_only_declared_statuses_are_scored(week: Week) -> None:
    """V22: inactive voters are in the score's universe, the others are not."""
    scored = {
        number: "voter_scores" in week.marts_with(number) for number in (INACTIVE, REMOVED, DENIED, TEMPORARY, SAME)
    }
    assert scored == {INACTIVE: True, REMOVED: False, DENIED: False, TEMPORARY: False, SAME: True}
    assert [week.dim_voter(number)["is_scorable"] for number in (REMOVED, DENIED)] == [False, False]


def test_a_voter_who_has_become_confidential_is_taken_back(week: Week, last_week: Week) -> None:
    """V25: from every published table, with past scores, and as the name of a household."""
    assert {"dim_households", "dim_voters", "fct_votes", "voter_scores"} < set(last_week.published_with(NOW_HIDDEN))
    assert week.marts_with(NOW_HIDDEN) == []
    assert week.published_with(NOW_HIDDEN) == []
    assert last_week.dim_voter(HOUSEMATE)["household_id"] == f"NC-EH{100_000 + NOW_HIDDEN}"
    assert week.dim_voter(HOUSEMATE)["household_id"] == f"NC-EH{100_000 + HOUSEMATE}"


def test_a_missing_precinct_is_null(week: Week) -> None:
    """V32."""
    assert week.dim_voter(NO_PRECINCT)["precinct_id"] is None
    assert week.dim_voter(SAME)["precinct_id"] == "NC-41-G01"


def test_a_home_of_hundreds_is_flagged(week: Week) -> None:
    """V33."""
    large = week.query("select household_id, voters_count from marts.dim_households where is_large")
    assert large == [{"household_id": "NC-EH100800", "voters_count": len(CAMPUS)}]


def test_names_are_stored_as_they_came_and_stay_in_the_vault(odd: tuple[Week, Result, dict[str, str]]) -> None:
    """V37, V38, V39: a formula, a script, a statement. No page, log or published table shows them."""
    week, landed, _ = odd
    names = week.query(
        "select last_name, first_name from vault.voter_identities"
        f" where voter_id in ('NC-EH{100_000 + SCRIPTED}', 'NC-EH{100_000 + FORMULA}') order by voter_id"
    )
    assert [row["last_name"] for row in names] == [SCRIPT, "=HYPERLINK('http://example.org')"]
    assert names[0]["first_name"] == "'; drop table marts.dim_voters; --"
    assert week.dim_voter(SCRIPTED)["party"] == "UNK"
    assert week.published_with(SCRIPTED) != []
    pages = [path.read_text() for path in week.settings.reports_dir.rglob("*.html")]
    assert pages
    for text in (*pages, str(landed)):
        assert "alert(1)" not in text
        assert "<b>" not in text.replace("<body>", "")
    with duckdb.connect(str(week.settings.published_dir / "current.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall():
            assert connection.execute(
                f"select count(*) from {table} as t where contains(t::varchar, 'alert(1)')"
            ).fetchall() == [(0,)]
