"""Real layouts and shapes: North Carolina's vintages, Ohio's wide history, a study's flags, files without a header."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from groundgame.config import ROOT, load_settings
from groundgame.errors import FileRefused
from groundgame.ingest.run import run
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse
from tests.ingest.desk import AS_OF, COLUMNS, Desk, Row, aged, text, voters

SHARED = ROOT.parent / "shared" / "data"
OLD = {
    "midl_name": "middle_name",
    "name_sufx_cd": "name_suffix_lbl",
    "birth_place": "birth_state",
    "Confidential_ind": "confidential_ind",
}


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{name} may not be shipped and is not beside the checkout")
    return path


def old_vintage(rows: list[Row]) -> bytes:
    """The 71 columns of 2021 and before, in an order of their own."""
    renamed = {new: old for old, new in OLD.items()}
    columns = [renamed.get(name, name) for name in COLUMNS if name != "age_at_year_end"]
    columns = ["absent_ind", "name_prefx_cd", *reversed(columns), "birth_age", "dist_2_abbrv", "dist_2_desc"]
    return text([row | {old: row[new] for old, new in OLD.items()} for row in rows], columns=columns)


def test_the_71_column_vintage_lands_as_the_67_column_one(desk: Desk) -> None:
    rows = voters(20, v3={"middle_name": "LEE", "confidential_ind": "Y", "res_street_address": "CONFIDENTIAL"})
    desk.put(old_vintage(rows), "ncvoter_20201107.txt")
    desk.put(text(rows))
    assert desk.land().verdict == "pass"
    assert [row["layout"] for row in desk.loaded()] == ["2005-01-01", "2022-02-12"]
    fields = desk.query(
        "select * exclude (_file_id, _snapshot_date) from raw.voter_file_registrations order by _line, _snapshot_date"
    )
    assert fields[::2] == fields[1::2]
    assert fields[6]["middle_name"] == "LEE"


@pytest.mark.parametrize("quoted", [True, False])
def test_quoted_and_unquoted_files_land_alike(desk: Desk, quoted: bool) -> None:
    desk.put(text(voters(20), quoted=quoted))
    desk.land()
    assert desk.voter(3)["street_address"] == "3 ELM  ST"


def test_the_fake_north_carolina_file_lands_and_says_what_is_odd(desk: Desk) -> None:
    """100 fake rows in a mixture of vintages, with a misspelt column, ZIPs of anywhere and no birth year."""
    desk.put(shared("layouts/nvf_faker_nc.csv.gz").read_bytes(), "ncvoter_20241109.txt.gz")
    result = desk.land()
    assert (result.rows_in, result.rows_out, result.rows_quarantined) == (101, 100, 0)
    assert "S13 no column for birth_year" in desk.holds()
    assert "V30 zip_code" in desk.holds()
    assert "S14 new column judic_dis_abbrv" in result.details["files"][0]["warnings"]
    row = desk.registrations()[0]
    assert (row["voter_id"], row["registered_date"], row["is_confidential"]) == ("DU994065", "1977-02-26", "N")


def test_the_fake_ohio_file_is_refused_for_its_impossible_dates(desk: Desk) -> None:
    """Its columns fit, its random dates do not: most voters are registered before their birth, which is no voter file."""
    data = shared("layouts/nvf_faker_oh.csv.gz").read_bytes()
    inbox = desk.inbox.parent / "oh"
    inbox.mkdir()
    aged(inbox / "SWVF_1_22_20161109.txt.gz", data)
    with pytest.raises(FileRefused) as caught:
        run(desk.settings, "oh", AS_OF)
    assert (caught.value.rule, caught.value.column) == ("V15", "registered_date")
    votes = desk.query("select count(*) as n, count(distinct election_date) as elections from raw.voter_file_votes")
    assert votes[0]["elections"] == 2


def ohio(rows: list[list[str]], elections: list[str]) -> bytes:
    spec = (ROOT / "groundgame/sources/voter_files/oh.yml").read_text(encoding="utf-8")
    names = [word.strip(" ,[]{}") for word in spec.split() if word.strip(" ,[]{}").isupper() and "_" in word]
    fixed = list(dict.fromkeys([*names, "SUFFIX", "CITY", "WARD", "LIBRARY", "TOWNSHIP", "VILLAGE"]))
    header = [*fixed, *elections]
    lines = []
    for number, cells in enumerate(rows):
        row = dict.fromkeys(fixed, "")
        row |= {"SOS_VOTERID": f"OH{number:010d}", "LAST_NAME": 'DOE, "JD"', "DATE_OF_BIRTH": "1960-02-03"}
        row |= {"REGISTRATION_DATE": "1990-05-06", "VOTER_STATUS": "ACTIVE", "RESIDENTIAL_ADDRESS1": "1 HIGH ST"}
        row |= {"RESIDENTIAL_SECONDARY_ADDR": "APT 2", "RESIDENTIAL_ZIP": "43215"}
        lines.append([*row.values(), *cells])
    quoted = [",".join('"' + value.replace('"', '""') + '"' for value in line) for line in [header, *lines]]
    return gzip.compress("".join(line + "\r\n" for line in quoted).encode())


def test_one_column_per_election_becomes_one_row_per_vote(desk: Desk) -> None:
    """Ohio: the width grows with each election; the value is the ballot taken."""
    inbox = desk.inbox.parent / "oh"
    inbox.mkdir()
    elections = ["PRIMARY-03/15/2016", "GENERAL-11/08/2016"]
    aged(inbox / "SWVF_1_22_20161209.txt.gz", ohio([["D", "X"], ["", "X"], ["", ""]], elections))
    result = run(desk.settings, "oh", AS_OF)
    assert result.verdict == "pass"
    votes = desk.query(
        "select voter_id, election_date, election_type, party_code from raw.voter_file_votes order by 1, 2"
    )
    assert [tuple(row.values()) for row in votes] == [
        ("OH0000000000", "2016-03-15", "primary", "D"),
        ("OH0000000000", "2016-11-08", "general", "X"),
        ("OH0000000001", "2016-11-08", "general", "X"),
    ]
    (row,) = desk.query("select * from raw.voter_file_registrations where voter_id = 'OH0000000002'")
    assert (row["street_address"], row["last_name"], row["birth_year"]) == ("1 HIGH ST APT 2", 'DOE, "JD"', "1960")
    assert desk.loaded()[1]["lines_in"] == 4 * len(elections), "wide history is counted in cells"


def study(tmp_path: Path, data: bytes) -> tuple[Any, Result]:
    """Land a file by the study's YAML."""
    settings = load_settings(
        home=tmp_path / "home", inbox=tmp_path / "inbox", sources_dir=ROOT / "benchmarks" / "studies"
    )
    (tmp_path / "inbox").mkdir()
    aged(tmp_path / "inbox" / "ggl2008_half.csv.gz", data)
    return settings, run(settings, "ggl2008", dt.date(2007, 1, 1))


STUDY_HEADER = "sex,yob,g2000,g2002,g2004,p2000,p2002,p2004,treatment,cluster,voted,hh_id,hh_size,numberofnames,p2004_mean,g2004_mean"


def test_a_study_without_ids_lands_by_line_and_flags(tmp_path: Path) -> None:
    rows = [
        "male,1941,yes,no,yes,no,no,No, Control,1,Yes,7,2,21,.1,.9",
        "female,1950,no,no,yes,no,no,maybe, Self,1,No,7,2,21,.1,.9",
    ]
    settings, result = study(tmp_path, gzip.compress("\n".join([STUDY_HEADER, *rows, ""]).encode()))
    with open_warehouse(settings) as warehouse:
        voters = warehouse.fetch(
            "select voter_id, household_code, experiment_arm, sex_code from raw.voter_file_registrations"
        ).to_pylist()
        votes = warehouse.fetch(
            "select voter_id, election_date, election_type from raw.voter_file_votes order by 2, 1"
        ).to_pylist()
        refused = warehouse.fetch("select line, column_name, rule from ops.quarantined_lines").to_pylist()
        elections = warehouse.fetch("select count(*) as n from raw.source_elections").to_pylist()
        loaded = warehouse.fetch("select * from ops.loaded_files").to_pylist()
    assert [tuple(row.values()) for row in voters] == [("2", "7", "Control", "male"), ("3", "7", "Self", "female")]
    assert [tuple(row.values()) for row in votes] == [
        ("2", "2000-11-07", "general"),
        ("2", "2004-11-02", "general"),
        ("3", "2004-11-02", "general"),
        ("2", "2006-08-08", "primary"),
    ]
    assert [tuple(row.values()) for row in refused] == [(3, "election 2004-08-03", "V21")]
    assert elections == [{"n": 7}]
    for row in loaded:
        assert row["lines_in"] == row["rows_landed"] + row["rows_quarantined"] + row["lines_dropped"]
    assert result.rows_out == 6


def test_the_real_study_lands_whole(tmp_path: Path) -> None:
    settings, result = study(tmp_path, shared("experiments/ggl2008_half.csv.gz").read_bytes())
    assert (result.verdict, result.rows_quarantined) == ("pass", 0)
    with open_warehouse(settings) as warehouse:
        sql = "select experiment_arm = 'Control' as c, count(*) as n from raw.voter_file_registrations group by 1 order by 1"
        assert [row["n"] for row in warehouse.fetch(sql).to_pylist()] == [171_619 - 95_593, 95_593]
        sql = "select count(*) as n from raw.voter_file_votes where election_date = '2006-08-08'"
        assert warehouse.fetch(sql).to_pylist() == [{"n": 54_343}]


def headerless(spec: dict[str, Any]) -> None:
    """Florida's way: no header, quotes are data."""
    entity = spec["registrations"]
    entity["text"] = entity["text"] | {"header": False, "quoting": "none", "encodings": ["latin-1"]}
    entity["layouts"] = [entity["layouts"][1] | {"positions": COLUMNS}]


def test_a_file_without_a_header_lands_by_position_and_stray_quotes_are_data(desk: Desk) -> None:
    desk.change_spec(headerless)
    desk.put(text(voters(20, v3={"first_name": '"PAT'})).partition(b"\n")[2])
    desk.land()
    assert desk.voter(3)["first_name"] == '"PAT'
    assert desk.registrations()[0]["_line"] == 1


def test_a_file_without_a_header_and_with_other_columns_is_refused(desk: Desk) -> None:
    desk.change_spec(headerless)
    desk.put("".join(line + "\tX\n" for line in text(voters(20)).decode().splitlines()[1:]).encode())
    assert desk.refusal().rule == "S11"


def test_a_state_is_added_by_one_yaml(desk: Desk) -> None:
    """A made-up state: pipe, no quotes, two columns; nothing but the YAML knows it."""
    spec = {
        "name": "zz",
        "state_abbr": "ZZ",
        "registrations": {
            "files": {"uri": "{inbox}/zz/*.txt", "snapshot_date": [{"constant": "2024-11-09"}]},
            "text": {"delimiter": "|", "quoting": "none"},
            "layouts": [{"since": "2000-01-01", "columns": {"voter_id": "ID", "last_name": "SURNAME"}}],
        },
    }
    folder = desk.folder / "more"
    folder.mkdir()
    (folder / "zz.yml").write_text(json.dumps(spec), encoding="utf-8")
    settings = desk.settings.model_copy(update={"sources_dir": folder})
    inbox = desk.inbox.parent / "zz"
    inbox.mkdir()
    aged(inbox / "voters.txt", b"ID|SURNAME\n1|DOE\n2|ROE\n")
    assert run(settings, "zz", AS_OF).rows_out == 2
