"""Files that are readable and wrong as a whole wait for a person (V17, V18, V20, V21, V30, V32, V34-V36); the same a little less
wrong does not. The weeks are good but for what a test changes.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from groundgame import stages
from groundgame.errors import FileRefused, GateFailed
from tests.ingest.desk import Row, text, vote, voter
from tests.pipeline.weeks import ELECTIONS, THIS_WEEK, VOTERS, Week, history, roll

CHANGED_ROWS = "voter_file_registrations rows_change[nc]"
SHIFTED = "voter_file_votes turnout_change[nc]"


def everybody(**changes: str) -> list[Row]:
    return [row | changes for row in roll()]


def shifted(by: int) -> list[Row]:
    """The history with each election under the name of one ``by`` places after it; what falls off is gone."""
    labels = list(ELECTIONS)
    rows = []
    for row in history():
        place = labels.index(row["election_lbl"]) + by
        if 0 <= place < len(labels):
            rows.append(row | {"election_lbl": labels[place], "election_desc": ELECTIONS[labels[place]][0]})
    return rows


def test_each_wrong_part_of_a_week_is_named(week: Week) -> None:
    """V17, V18, V21, V30, V32: each above its limit, each held by a rule of its own, none stops the night."""
    rows = roll(**{f"v{number}": {"party_cd": "XYZ"} for number in range(3)})
    for row in rows[10:13]:
        row["zip_code"] = "90210"
    for row in rows[::10]:
        row["precinct_abbrv"] = ""
    tomorrow = vote(7, election_lbl="11/03/2026", election_desc="11/03/2026 GENERAL")
    week.arrive(rows, [*history(), tomorrow, *(vote(800_000 + number) for number in range(60))])
    holds = week.judge_all()
    assert set(holds) == {
        "loaded_files held_files",
        "voter_file_votes future_elections[nc]",
        "voter_file_votes orphan_share[nc]",
        "stg_voter_file__registrations unknown_code_share[nc.party]",
        "dim_voters precinct_missing_share",
    }
    for reason in ("V17 1 votes", "V21 party_code 'XYZ' 0.2%", "V30 zip_code: 0.2% outside"):
        assert reason in holds["loaded_files held_files"]
    assert week.dim_voter(0)["party"] == "UNK"
    assert week.one(
        "select votes_count, is_upcoming from marts.dim_elections where election_date = date '2026-11-03'"
    ) == {
        "votes_count": 0,
        "is_upcoming": True,
    }


@pytest.mark.parametrize("by", [-1, 1])
def test_a_history_shifted_by_an_election_waits(week: Week, by: int) -> None:
    """V20."""
    week.arrive(votes=shifted(by))
    assert SHIFTED in week.judge("landing")


def test_a_history_with_a_few_corrections_does_not_wait(week: Week) -> None:
    """V20."""
    week.arrive(votes=history()[12:])
    assert week.judge("landing") == {}


@pytest.mark.parametrize(
    ("share", "held"), [(0.75, {CHANGED_ROWS}), (0.85, set()), (1.15, set()), (1.25, {CHANGED_ROWS})]
)
def test_a_fifth_more_or_less_voters_waits(week: Week, share: float, held: set[str]) -> None:
    """V34."""
    more = (voter(number) for number in range(VOTERS, int(share * VOTERS)))
    week.arrive([*roll()[: int(share * VOTERS)], *more])
    assert set(week.judge("landing")) == held


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("precinct_abbrv", "precinct_code"),
        ("cong_dist_abbrv", "congressional_district"),
        ("res_street_address", "street_address"),
        ("birth_year", "birth_year"),
    ],
)
def test_a_column_that_went_blank_waits(week: Week, column: str, field: str) -> None:
    """V35."""
    week.arrive(everybody(**{column: ""}))
    assert set(week.judge("landing")) == {f"voter_file_registrations vanished[nc.{field}]"}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"party_cd": "REP"}, "party_variety[nc]"),
        ({"registr_dt": "11/15/2024"}, "registered_date_variety[nc]"),
        ({"birth_year": "1960"}, "birth_year_variety[nc]"),
    ],
)
def test_a_column_of_one_single_value_waits(week: Week, changes: Row, rule: str) -> None:
    """V36: a few blanks are no second value."""
    rows = everybody(**changes)
    for row in rows[:5]:
        row |= dict.fromkeys(changes, "")
    week.arrive(rows)
    assert set(week.judge("landing")) == {f"voter_file_registrations {rule}"}


def test_a_history_of_one_single_day_waits(week: Week) -> None:
    """V36."""
    week.arrive(votes=[row | {"election_lbl": "11/03/2020"} for row in history()])
    assert "voter_file_votes election_date_variety[nc]" in week.judge("landing")


def test_what_the_page_shows_of_a_sender_is_escaped(week: Week) -> None:
    """V38: names of people never come onto a page; the name of a file does."""
    name = f"ncvoter_{THIS_WEEK:%Y%m%d}<i>&.txt"
    week.put(text(roll()), name, THIS_WEEK)
    with pytest.raises(FileRefused):
        stages.land(week.settings, "nc", week.night)
    with pytest.raises(GateFailed, match="T15") as failed:
        week.judge("landing")
    page = Path(failed.value.report).read_text(encoding="utf-8")
    assert name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") in page
    assert "<i>" not in page
