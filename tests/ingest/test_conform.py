"""Values of a voter file as far as landing decides them (V1, V2, V7-V15, V17, V21, V23-V31, V37-V40)."""

from __future__ import annotations

from typing import Any

import pytest

from groundgame.ingest.columns import zip_text
from groundgame.ingest.dates import DateReader
from groundgame.sources.spec import DateRule
from tests.ingest.desk import HISTORY_COLUMNS, HISTORY_FILE, Desk, Row, text, vote, voters


def with_birth_dates(spec: dict[str, Any]) -> None:
    """North Carolina publishes birth years; most states publish the day."""
    layout = spec["registrations"]["layouts"][1]
    layout["columns"] = {**layout["columns"], "birth_date": "birth_date"}
    spec["registrations"]["dates"]["birth_date"] = {
        "formats": ["%m/%d/%Y", "%m/%Y", "%Y"],
        "sentinels": ["01/01/1900", "01/01/1800"],
    }


def born(desk: Desk, *dates: str) -> None:
    """Land 300 voters of whom the first were born on the given dates; the others on 15 May of their birth year."""
    desk.change_spec(with_birth_dates)
    rows = [row | {"birth_date": f"05/15/{row['birth_year']}"} for row in voters(300)]
    for row, day in zip(rows, dates, strict=False):
        row |= {"birth_date": day, "birth_year": "", "registr_dt": "06/01/2024"}
    desk.put(text(rows, columns=[*rows[0]]))
    desk.land()


def land_changed(desk: Desk, count: int = 1200, **changed: Row) -> None:
    desk.put(voters(count, **changed))
    desk.land()


def test_leading_zeros_stay(desk: Desk) -> None:
    """V1."""
    land_changed(desk, v1={"county_id": "07", "precinct_abbrv": "001", "zip_code": "02134"})
    row = desk.voter(1)
    assert (row["county_code"], row["precinct_code"], row["zip_code"]) == ("07", "001", "02134")
    assert row["county_voter_id"] == "000000000001"


def test_one_id_in_scientific_notation_refuses_the_file(desk: Desk) -> None:
    """V2."""
    desk.put(voters(1200, v7={"ncid": "1.23E+09"}))
    refusal = desk.refusal()
    assert (refusal.rule, refusal.column) == ("V2", "voter_id")
    assert "1.23" not in str(refusal)


def test_a_blank_voter_id_is_quarantined(desk: Desk) -> None:
    land_changed(desk, v7={"ncid": "  "})
    assert desk.quarantined() == [(9, "KEY", "voter_id")]


def test_births_in_the_future_are_quarantined(desk: Desk) -> None:
    """V7, by day and by year."""
    born(desk, "11/10/2024", "01/01/2031")
    assert desk.quarantined() == [(2, "V7", "birth_date"), (3, "V7", "birth_date")]


def test_a_birth_year_in_the_future_is_quarantined(desk: Desk) -> None:
    """V7."""
    land_changed(desk, v7={"birth_year": "2025"})
    assert desk.quarantined() == [(9, "V7", "birth_date")]


def test_placeholder_births_become_null(desk: Desk) -> None:
    """V8."""
    born(desk, "01/01/1900", "01/01/1800")
    assert [desk.voter(n)["birth_date"] for n in (0, 1)] == [None, None]
    assert desk.quarantined() == []


def test_a_placeholder_birth_year_becomes_null(desk: Desk) -> None:
    """V8."""
    land_changed(desk, v7={"birth_year": "1900"})
    assert desk.voter(7)["birth_year"] is None


def test_the_under_sixteens_are_quarantined_and_the_preregistered_land(desk: Desk) -> None:
    """V9: 16 on the file's day lands, one day younger does not."""
    born(desk, "11/09/2008", "11/10/2008", "11/09/2007")
    assert desk.quarantined() == [(3, "V9", "birth_date")]
    assert desk.voter(0)["birth_year"] == "2008"


def test_ages_above_115_become_null_and_the_row_lands(desk: Desk) -> None:
    """V10."""
    land_changed(desk, v7={"birth_year": "1908"}, v8={"birth_year": "1909"})
    assert (desk.voter(7)["birth_year"], desk.voter(8)["birth_year"]) == (None, "1909")


def test_a_month_or_a_year_of_birth_gives_the_year_and_no_day(desk: Desk) -> None:
    """V11: the missing birth_date is the precision flag."""
    born(desk, "07/1961", "1962", "05/17/1963")
    got = [(desk.voter(n)["birth_date"], desk.voter(n)["birth_year"]) for n in range(3)]
    assert got == [(None, "1961"), (None, "1962"), ("1963-05-17", "1963")]


def test_29_february_of_a_common_year_is_quarantined(desk: Desk) -> None:
    """V12."""
    land_changed(desk, v7={"registr_dt": "02/29/2023"}, v8={"registr_dt": "02/29/2020"})
    assert desk.quarantined() == [(9, "V12", "registered_date")]
    assert desk.voter(8)["registered_date"] == "2020-02-29"


def test_day_and_month_exchanged_quarantines_and_holds_the_column(desk: Desk) -> None:
    """V13."""
    land_changed(desk, v7={"registr_dt": "23/04/2020"})
    assert desk.quarantined() == [(9, "V13", "registered_date")]
    assert "V13 registered_date: 1 impossible" in desk.holds()


def test_two_digit_years_turn_where_the_spec_says() -> None:
    """V14."""
    reader = DateReader(DateRule(formats=("%m/%d/%y",), two_digit_pivot=24))
    assert reader.read("03/01/24").iso == "2024-03-01"
    assert reader.read("03/01/25").iso == "1925-03-01"


def test_numbers_without_a_mark_between_them_have_their_full_width() -> None:
    """V13: 1112020 could be 11 January or 1 November."""
    reader = DateReader(DateRule(formats=("%m%d%Y",)))
    assert reader.read("01112020").iso == "2020-01-11"
    assert reader.read("1112020").rule == "V13"


def test_two_digit_years_without_a_pivot_are_no_dates(desk: Desk) -> None:
    """V14: nothing is guessed."""
    land_changed(desk, v7={"registr_dt": "03/01/20"})
    assert desk.quarantined() == [(9, "V13", "registered_date")]


def test_registrations_before_birth_or_after_the_file_are_quarantined(desk: Desk) -> None:
    """V15."""
    changed = {
        "v7": {"registr_dt": "11/10/2024"},
        "v8": {"registr_dt": "03/01/1930"},
        "v9": {"registr_dt": "11/09/2024"},
    }
    land_changed(desk, **changed)
    assert desk.quarantined() == [(9, "V15", "registered_date"), (10, "V15", "registered_date")]


@pytest.mark.parametrize("masked", ["XX-XX-XXXX", "##/##/####", "01/01/1900", "06/12/1812"])
def test_masked_and_impossible_old_registration_dates_are_unknown(desk: Desk, masked: str) -> None:
    """Both of North Carolina's masks, its sentinel, and its oldest date."""
    land_changed(desk, v7={"registr_dt": masked})
    assert desk.voter(7)["registered_date"] is None
    assert desk.quarantined() == []


def test_votes_in_the_future_hold(desk: Desk) -> None:
    """V17."""
    desk.put(
        text([vote(n) for n in range(20)] + [vote(3, election_lbl="11/03/2026")], columns=HISTORY_COLUMNS), HISTORY_FILE
    )
    desk.land()
    assert "V17 1 votes" in desk.holds()
    assert desk.only()["rows_landed"] == 21


@pytest.mark.parametrize("column", ["party_cd", "status_cd", "gender_code", "race_code"])
def test_new_codes_land_and_hold_above_one_in_a_thousand(desk: Desk, column: str) -> None:
    """V21: two of 1,200 rows."""
    land_changed(desk, v7={column: "Q"}, v8={column: "Q"})
    assert "V21" in desk.holds()
    assert "'Q' 0.2%" in desk.holds()


def test_one_new_code_in_a_thousand_passes(desk: Desk) -> None:
    """V21."""
    land_changed(desk, v7={"party_cd": "Q"})
    assert desk.holds() == ""
    assert desk.voter(7)["party_code"] == "Q"


def test_a_name_in_a_code_column_is_not_shown(desk: Desk) -> None:
    """V21: after a shift of columns a code may be a person."""
    land_changed(desk, **{f"v{n}": {"party_cd": "MARIA ANTOINETTE DE LA CRUZ"} for n in range(5)})
    assert "MARIA" not in desk.holds()
    assert "(a text of 27 characters)" in desk.holds()


def test_confidential_voters_are_marked(desk: Desk) -> None:
    """V23: by the flag, and by the word that North Carolina writes for the address."""
    hidden = {"res_street_address": "CONFIDENTIAL", "res_city_desc": "", "zip_code": ""}
    land_changed(desk, v7={"confidential_ind": "Y"} | hidden, v8=hidden)
    assert [desk.voter(n)["is_confidential"] for n in (6, 7, 8)] == ["N", "Y", "Y"]
    assert desk.holds() == ""


def test_a_confidential_voter_with_an_address_is_an_alarm(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """V24: suppressed like every confidential voter, so the night need not wait; but somebody must hear of it."""
    with caplog.at_level("WARNING"):
        land_changed(desk, v7={"confidential_ind": "Y"})
    assert desk.voter(7)["is_confidential"] == "Y"
    assert "V24 1 confidential voters with an address" in caplog.text
    assert desk.holds() == ""


def test_starred_out_voters_are_confidential_and_not_missing(desk: Desk) -> None:
    """V26: Florida's way."""
    desk.change_spec(lambda spec: spec["confidentiality"].append({"column": "last_name", "values": ["*"]}))
    stars = dict.fromkeys(("last_name", "first_name", "res_street_address", "birth_year", "registr_dt"), "*")
    land_changed(desk, v7=stars)
    row = desk.voter(7)
    assert (row["is_confidential"], row["last_name"], row["birth_year"]) == ("Y", None, None)
    assert desk.quarantined() == []
    assert desk.holds() == ""


@pytest.mark.parametrize("name", ["NULL", "N/A", "O'BRIEN", "DE LA CRUZ", "X", "W" * 60, "SMITH 2", "None", "NA"])
def test_odd_names_are_names(desk: Desk, name: str) -> None:
    """V27."""
    land_changed(desk, v7={"last_name": name})
    assert desk.voter(7)["last_name"] == name
    assert desk.quarantined() == []


def test_neither_name_nor_birth_is_quarantined(desk: Desk) -> None:
    """V27."""
    blank = {"last_name": " ", "first_name": ""}
    land_changed(desk, v7=blank | {"birth_year": ""}, v8=blank)
    assert desk.quarantined() == [(9, "V27", "last_name")]


def test_a_suffix_moves_out_of_the_last_name(desk: Desk) -> None:
    """V28: the old text is kept; a contradicting suffix is left alone."""
    land_changed(
        desk,
        v7={"last_name": "SMITH JR"},
        v8={"last_name": "SMITH, III."},
        v9={"last_name": "SMITH JR", "name_suffix_lbl": "SR"},
    )
    got = [(desk.voter(n)["last_name"], desk.voter(n)["name_suffix"]) for n in (7, 8, 9)]
    assert got == [("SMITH", "JR"), ("SMITH", "III"), ("SMITH JR", "SR")]
    assert [(row["line"], row["rule"], row["text"]) for row in desk.kept()] == [
        (9, "V28", "SMITH JR"),
        (10, "V28", "SMITH, III."),
    ]
    assert desk.only()["rows_normalised"] == 2


@pytest.mark.parametrize(
    "address",
    ["PO BOX 12", "RR 2 BOX 9", "GENERAL DELIVERY", "PSC 3 BOX 4 APO AE", "12 1/2 ELM ST", "12-14 ELM ST", "#4"],
)
def test_odd_addresses_land_as_they_are(desk: Desk, address: str) -> None:
    """V29."""
    land_changed(desk, v7={"res_street_address": address})
    assert desk.voter(7)["street_address"] == address


def test_zips_lose_placeholders_and_get_a_zero_back_only_where_the_state_agrees(desk: Desk) -> None:
    """V30: no North Carolina ZIP begins with 0; Massachusetts' do."""
    land_changed(desk, v7={"zip_code": "99999"}, v8={"zip_code": "00000"}, v9={"zip_code": "2134"})
    assert [desk.voter(n)["zip_code"] for n in (7, 8, 9)] == [None, None, "2134"]
    assert zip_text("2134", ("01", "02")) == "02134"


def test_a_lost_zero_is_counted_and_kept(desk: Desk) -> None:
    """V30."""
    desk.change_spec(lambda spec: spec.update(zip_prefixes=["27", "02"]))
    land_changed(desk, v7={"zip_code": "2134"})
    assert desk.voter(7)["zip_code"] == "02134"
    assert [(row["line"], row["rule"], row["text"]) for row in desk.kept()] == [(9, "V30", "2134")]


def test_zips_of_another_state_hold_above_one_in_a_thousand(desk: Desk) -> None:
    """V30."""
    land_changed(desk, v7={"zip_code": "90210"}, v8={"zip_code": "90210"})
    assert "V30 zip_code: 0.2% outside" in desk.holds()


@pytest.mark.parametrize(
    ("given", "plain"),
    [("274011234", "27401-1234"), ("27401-1234", "27401-1234"), ("27401-", "27401"), ("27401 ", "27401")],
)
def test_zip_plus_four_has_a_dash(desk: Desk, given: str, plain: str) -> None:
    """V31."""
    land_changed(desk, v7={"zip_code": given})
    assert desk.voter(7)["zip_code"] == plain


@pytest.mark.parametrize(
    "name",
    ['=HYPERLINK("http://x")', "<script>alert(1)</script>", "'; drop table voters; --", "+1-1", "@SUM(A1)"],
    ids=["formula", "html", "sql", "plus", "at"],
)
def test_hostile_names_are_stored_as_they_are(desk: Desk, name: str) -> None:
    """V37, V38, V39: neutralised where they leave, not where they come in."""
    land_changed(desk, v7={"last_name": name})
    assert desk.voter(7)["last_name"] == name


def test_names_in_look_alike_letters_are_stored_as_they_are(desk: Desk) -> None:
    """V40: Cyrillic letters; linkage flags them."""
    desk.change_spec(lambda spec: spec["registrations"]["text"].update(encodings=["utf-8"]))
    desk.put(text(voters(20, v7={"last_name": "\u0410VERY"}), encoding="utf-8"))
    desk.land()
    assert desk.voter(7)["last_name"] == "\u0410VERY"


def test_blanks_and_pads_are_trimmed(desk: Desk) -> None:
    """A blank field may hold a single space; streets have trailing pads."""
    land_changed(desk, v7={"middle_name": " "})
    assert desk.voter(7)["middle_name"] == ""
    assert desk.voter(7)["street_address"] == "7 ELM  ST"


def test_election_names_decode_to_types(desk: Desk) -> None:
    names = {
        "11/03/2020 GENERAL": "general",
        "03/03/2020 PRIMARY": "primary",
        "06/23/2020 CONGRESSIONAL SECOND PRIMARY": "runoff",
        "11/07/2023 MUNICIPAL": "municipal",
        "05/14/2019 SPECIAL": "special",
        "11/03/2020 SOMETHING NEW": "unknown",
    }
    desk.put(text([vote(n, election_desc=name) for n, name in enumerate(names)], columns=HISTORY_COLUMNS), HISTORY_FILE)
    desk.land()
    assert [row["election_type"] for row in desk.votes()] == list(names.values())
    assert "V21 election_type 'unknown'" in desk.holds()


def test_methods_that_are_no_votes_are_dropped_and_counted(desk: Desk) -> None:
    """Florida sends ballots that were not counted as history."""
    desk.change_spec(lambda spec: spec["votes"]["history"].update(not_votes=["N", "B"]))
    desk.put(
        text([vote(1), vote(2, voting_method="N"), vote(3, voting_method="B")], columns=HISTORY_COLUMNS), HISTORY_FILE
    )
    result = desk.land()
    assert (result.rows_out, result.rows_dropped) == (1, 3)


@pytest.mark.parametrize("day", ["", "13/45/2020"])
def test_a_vote_without_an_election_date_is_quarantined(desk: Desk, day: str) -> None:
    desk.put(text([vote(n) for n in range(20)] + [vote(3, election_lbl=day)], columns=HISTORY_COLUMNS), HISTORY_FILE)
    desk.land()
    assert desk.quarantined() == [(22, "V13", "election_date")]
