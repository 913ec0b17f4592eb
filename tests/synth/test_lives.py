"""All snapshots and the history tell one life per voter."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pandas as pd

from tests.synth.conftest import SNAPSHOTS, Written

FIXED = ["last_name", "first_name", "birth_year", "gender_code", "race_code"]


def consecutive(state: Written) -> list[tuple[dt.date, pd.DataFrame]]:
    """Each pair of neighbouring snapshots, joined by voter, with the date of the later one."""
    return [
        (later, state.registrations[earlier].merge(state.registrations[later], on="ncid", suffixes=("_old", "_new")))
        for earlier, later in pairwise(SNAPSHOTS)
    ]


def test_who_someone_is_never_changes(state: Written) -> None:
    for _, both in consecutive(state):
        for column in FIXED:
            assert both[f"{column}_old"].eq(both[f"{column}_new"]).all()


def test_the_removed_stay_removed(state: Written) -> None:
    for _, both in consecutive(state):
        assert both.loc[both["status_cd_old"].eq("R"), "status_cd_new"].eq("R").all()
        assert (both["status_cd_old"].eq("A") & both["status_cd_new"].eq("I")).any()
        assert (both["status_cd_old"].eq("I") & both["status_cd_new"].eq("A")).any()


def test_nobody_disappears_who_was_not_removed(state: Written) -> None:
    for earlier, later in pairwise(SNAPSHOTS):
        gone = ~state.registrations[earlier]["ncid"].isin(state.registrations[later]["ncid"])
        missing = state.registrations[earlier][gone]
        known = missing["status_cd"].isin(["R", "I"]) | missing["birth_year"].astype(int).lt(1960)
        assert gone.mean() < 0.06
        assert known.mean() > 0.9


def test_nobody_votes_after_removal_or_denial(state: Written) -> None:
    for date, frame in state.registrations.items():
        out = frame.loc[frame["status_cd"].isin(["R", "D"]), "ncid"]
        assert not (state.history["ncid"].isin(out) & (state.history["day"] > date)).any()


def test_removed_voters_keep_their_history(state: Written) -> None:
    removed = state.latest.loc[state.latest["status_cd"].eq("R"), "ncid"]
    assert removed.isin(state.history["ncid"]).mean() > 0.3


def test_nobody_votes_before_turning_eighteen(state: Written) -> None:
    born = state.latest.set_index("ncid")["birth_year"].astype(int)
    votes = state.history[state.history["ncid"].isin(born.index)]
    age = votes["election_lbl"].str[-4:].astype(int) - votes["ncid"].map(born)
    assert age.min() >= 18


def test_a_few_minors_are_registered_and_never_voted(state: Written) -> None:
    minors = state.latest[state.latest["birth_year"].astype(int) > SNAPSHOTS[-1].year - 18]
    assert 0.0005 < len(minors) / len(state.latest) < 0.008
    assert not minors["ncid"].isin(state.history["ncid"]).any()


def test_movers_get_a_new_number_only_in_a_new_county(state: Written) -> None:
    moved_count = 0
    for _, both in consecutive(state):
        # One county was numbered otherwise in old files without anybody moving.
        moved = both["county_desc_old"].str.replace(" ", "").ne(both["county_desc_new"].str.replace(" ", ""))
        assert both.loc[~moved, "voter_reg_num_old"].eq(both.loc[~moved, "voter_reg_num_new"]).all()
        assert both.loc[moved, "voter_reg_num_old"].ne(both.loc[moved, "voter_reg_num_new"]).mean() > 0.95
        moved_count += int(moved.sum())
    assert moved_count > 100


def test_history_tells_where_people_voted_then(state: Written) -> None:
    elsewhere = state.history["county_desc"].ne(state.history["voted_county_desc"])
    assert 0.01 < elsewhere.mean() < 0.12
    now = state.latest.set_index("ncid")["county_desc"]
    known = state.history[state.history["ncid"].isin(now.index)]
    assert known["county_desc"].eq(known["ncid"].map(now)).all()


def test_party_and_precinct_are_of_the_day_of_voting(state: Written) -> None:
    latest = state.latest.set_index("ncid")
    active = latest.index[latest["status_cd"].eq("A")]
    votes = state.history[state.history["ncid"].isin(active) & state.history["election_desc"].str.contains("GENERAL")]
    assert 0.01 < votes["voted_party_cd"].ne(votes["ncid"].map(latest["party_cd"])).mean() < 0.12
    assert 0.05 < votes["pct_label"].ne(votes["ncid"].map(latest["precinct_abbrv"])).mean() < 0.35


def test_unaffiliated_voters_take_a_party_ballot_in_primaries(state: Written) -> None:
    primaries = state.history[state.history["election_desc"].str.contains("PRIMARY")]
    ballots = primaries["voted_party_cd"].value_counts(normalize=True)
    assert ballots[["DEM", "REP"]].sum() > 0.97


def test_some_moved_to_another_county_vote_before_their_date(state: Written) -> None:
    dated = state.latest[state.latest["registr_dt"].str.match(r"\d\d/\d\d/(19[1-9]|20)")].set_index("ncid")
    registered = pd.to_datetime(dated["registr_dt"], format="%m/%d/%Y").dt.date
    votes = state.history[state.history["ncid"].isin(dated.index)]
    early = votes["day"] < votes["ncid"].map(registered)
    assert 0.005 < early.mean() < 0.1
    movers = votes.loc[early & votes["county_desc"].ne(votes["voted_county_desc"])]
    assert len(movers) == early.sum()


def test_files_do_not_jump_in_size(state: Written) -> None:
    sizes = [len(frame) for frame in state.registrations.values()]
    assert all(1.0 < later / earlier < 1.2 for earlier, later in pairwise(sizes))
