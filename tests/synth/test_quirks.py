"""Everything that is odd about the real files is in the synthetic ones, at about its real rate."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from groundgame.synth.state import write_state
from tests.synth.conftest import SNAPSHOTS, Written, read

PLACES = ["res_city_desc", "mail_addr1", "mail_city", "precinct_abbrv", "cong_dist_abbrv", "vtd_desc"]


def test_removed_voters_have_no_address_left(state: Written) -> None:
    for frame in state.registrations.values():
        removed = frame[frame["status_cd"].eq("R") & frame["confidential_ind"].eq("N")]
        assert 0.08 < len(removed) / len(frame) < 0.125
        assert removed["res_street_address"].eq("REMOVED").all()
        assert removed[PLACES].eq("").all(axis=None)
        assert removed["zip_code"].str.strip().eq("").all()
        assert removed["last_name"].ne("").all()


def test_removal_has_reasons(state: Written) -> None:
    reasons = state.latest.loc[state.latest["status_cd"].eq("R"), "reason_cd"].value_counts(normalize=True)
    assert 0.25 < reasons["RD"] < 0.6
    assert {"RD", "RS", "RL", "RM"} <= set(reasons.index)


def test_confidential_voters_keep_name_party_and_precinct(state: Written) -> None:
    hidden = state.latest[state.latest["confidential_ind"].eq("Y")]
    assert 0.0005 < len(hidden) / len(state.latest) < 0.004
    assert hidden["res_street_address"].eq("CONFIDENTIAL").all()
    assert hidden[["mail_addr1", "res_city_desc", "full_phone_number"]].eq("").all(axis=None)
    listed = hidden[hidden["status_cd"].isin(["A", "I"])]
    assert listed[["last_name", "party_cd", "precinct_abbrv", "nc_house_abbrv"]].ne("").all(axis=None)


def test_some_voters_became_confidential_lately(state: Written) -> None:
    before, after = (state.registrations[date].set_index("ncid")["confidential_ind"] for date in SNAPSHOTS[::4])
    both = pd.concat([before, after], axis=1, join="inner", keys=["before", "after"])
    assert ((both["before"] == "N") & (both["after"] == "Y")).any()
    assert not ((both["before"] == "Y") & (both["after"] == "N")).any()


def test_denied_and_temporary_voters_exist(state: Written) -> None:
    shares = state.latest["status_cd"].value_counts(normalize=True)
    assert 0.004 < shares["D"] < 0.012
    assert 0 < shares["S"] < 0.002
    denied = state.latest[state.latest["status_cd"].eq("D") & state.latest["confidential_ind"].eq("N")]
    assert denied["precinct_abbrv"].eq("").all()
    assert denied["res_city_desc"].ne("").all()


def test_dates_are_masked_as_the_board_did_at_the_time(state: Written) -> None:
    masks = {2018: "XX/XX/XXXX", 2024: "##/##/####", 2026: "##/##/####"}
    for date, frame in state.registrations.items():
        masked = frame["registr_dt"].str.startswith(("X", "#"))
        assert 0.0012 < masked.mean() < 0.006
        if date.year in masks:
            assert set(frame.loc[masked, "registr_dt"]) == {masks[date.year]}
    masked = state.latest[state.latest["registr_dt"].str.startswith("#")]
    assert masked["county_desc"].eq("CUMBERLAND").mean() > 0.2


def test_sentinel_dates_of_1900(state: Written) -> None:
    assert 0.0003 < state.latest["registr_dt"].eq("01/01/1900").mean() < 0.003
    rest = state.latest["registr_dt"][~state.latest["registr_dt"].str.contains("#|1900|1812")]
    assert pd.to_datetime(rest, format="%m/%d/%Y").max().date() <= SNAPSHOTS[-1]


def test_duplicate_people_have_consecutive_ids(state: Written) -> None:
    frame = state.latest.assign(number=state.latest["ncid"].str[2:].astype(int), letters=state.latest["ncid"].str[:2])
    frame = frame.sort_values(["letters", "number"])
    same = ["letters", "last_name", "first_name", "middle_name", "birth_year", "res_street_address", "registr_dt"]
    twins = frame[same].eq(frame[same].shift()).all(axis=1) & frame["number"].diff().eq(1)
    assert 2 <= twins.sum() <= 4
    owners = state.truth.set_index("voter_id")["person_id"]
    second = frame.loc[twins, "ncid"]
    first = frame.loc[twins.shift(-1, fill_value=False), "ncid"]
    assert owners[second].tolist() == owners[first].tolist()


def test_history_repeats_a_few_lines(state: Written) -> None:
    repeated = state.history.duplicated(["ncid", "election_lbl"])
    assert 2 <= repeated.sum() <= 8


def test_history_knows_a_few_voters_that_the_file_does_not(state: Written) -> None:
    unknown = ~state.history["ncid"].isin(state.latest["ncid"])
    assert 0 < unknown.mean() < 0.001


def test_registration_numbers_are_unique_only_within_a_county(state: Written) -> None:
    frame = state.latest
    assert frame["voter_reg_num"].str.fullmatch(r"\d{12}").all()
    assert frame["voter_reg_num"].duplicated().mean() > 0.5
    assert not frame.duplicated(["county_id", "voter_reg_num"]).any()
    assert frame["ncid"].is_unique
    assert frame["ncid"].str.fullmatch(r"[A-Z]{2}\d{1,10}").all()


def test_blank_characters_are_a_single_space(state: Written) -> None:
    old = read(state.folder / "nc" / f"ncvoter_Statewide_{SNAPSHOTS[0]:%Y%m%d}.zip")
    assert set(old["absent_ind"]) == {" "}
    assert " " in set(old["name_sufx_cd"])
    assert set(old.loc[old["status_cd"].eq("R"), "zip_code"]) == {" "}


def test_streets_have_double_spaces_and_trailing_pads(state: Written) -> None:
    street = state.latest["res_street_address"]
    assert 0.2 < street.str.contains(r"\d  \w").mean() < 0.6
    assert 0.05 < street.str.endswith("   ").mean() < 0.25


def test_phones_are_mostly_missing_and_of_two_lengths(state: Written) -> None:
    lengths = state.latest["full_phone_number"].str.len().value_counts(normalize=True)
    assert set(lengths.index) == {0, 7, 10}
    assert 0.54 < lengths[0] < 0.62
    assert 0.04 < lengths[7] < 0.1


def test_zip_codes_have_five_or_nine_digits(state: Written) -> None:
    there = state.latest["zip_code"].str.strip()
    lengths = there[there.ne("")].str.len().value_counts(normalize=True)
    assert set(lengths.index) == {5, 9}
    assert 0.02 < lengths[9] < 0.1
    assert there[there.ne("")].str[:2].isin(["27", "28"]).all()


def test_codes_are_relabelled_without_a_change(state: Written) -> None:
    before, after = state.registrations[SNAPSHOTS[-2]], state.registrations[SNAPSHOTS[-1]]
    both = before.merge(after, on="ncid", suffixes=("_before", "_after"))
    same = both["precinct_desc_before"].eq(both["precinct_desc_after"]) & both["precinct_desc_before"].ne("")
    recoded = same & both["precinct_abbrv_before"].ne(both["precinct_abbrv_after"])
    assert 0.02 < recoded.mean() < 0.3


def test_counties_were_once_spelled_otherwise(state: Written) -> None:
    old, new = state.registrations[SNAPSHOTS[0]], state.latest
    assert set(old.loc[old["county_desc"].eq("YANCEY"), "county_id"]) == {"00"}
    assert set(new.loc[new["county_desc"].eq("YANCEY"), "county_id"]) == {"100"}
    assert "NEWHANOVER" in set(old["county_desc"])
    assert "NEW HANOVER" in set(new["county_desc"])


def test_voting_methods_have_old_and_new_names(state: Written) -> None:
    by_year = state.history.groupby(state.history["election_lbl"].str[-4:])["voting_method"].agg(set)
    assert {"IN-PERSON", "ABSENTEE ONESTOP", "ABSENTEE", "CURBSIDE", "PROVISIONAL", "TRANSFER"} == by_year["2020"]
    assert {"ELECTION DAY IN-PERSON", "EARLY VOTING IN-PERSON", "ABSENTEE BY MAIL"} <= by_year["2024"]


def test_names_carry_hyphens_spaces_apostrophes_and_accents(tmp_path: Path) -> None:
    write_state(tmp_path, 40_000, seed=9, snapshots=[dt.date(2026, 10, 24)], elections=[])
    last = read(tmp_path / "nc" / "ncvoter_Statewide_20261024.zip")["last_name"]
    assert 0.006 < last.str.contains("-").mean() < 0.018
    assert 0.004 < last.str.contains(" ").mean() < 0.02
    assert last.str.contains("'").any()
    assert last.str.contains("Ñ").any()
    assert last.str.len().max() <= 25


def test_the_rarest_addresses_exist(state: Written) -> None:
    assert state.latest["res_street_address"].str.contains("RR ").any()
    assert state.latest["mail_addr1"].str.startswith("PO BOX").mean() > 0.03
    crowded = state.latest.groupby(["res_city_desc", "res_street_address"]).size()
    assert crowded.drop("", level=0).max() >= 6
