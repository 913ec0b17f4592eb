"""The files themselves: names, layouts, bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
import zipfile
from pathlib import Path

import pytest

from groundgame.errors import SpecError
from groundgame.synth import layouts, state
from groundgame.synth.elections import Election, default_elections, general
from groundgame.synth.state import AS_OF, write_state
from tests.synth.conftest import SNAPSHOTS, VOTERS, Written, read

ONE = [dt.date(2026, 10, 24)]


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def header(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
        return member.readline()


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_state(tmp_path / name, 600, seed=3, snapshots=ONE)
    write_state(tmp_path / "c", 600, seed=4, snapshots=ONE)
    first, again, other = (hashes(tmp_path / name) for name in "abc")
    assert first == again
    assert all(first[name] != other[name] for name in first)


def test_blocks_give_exact_rows_and_distinct_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "BLOCK", 500)
    seen: list[tuple[int, int]] = []
    result = write_state(tmp_path, 1_300, seed=5, snapshots=ONE, progress=lambda *at: seen.append(at))
    assert result.rows_out == 1_300
    assert seen == [(433, 1_300), (866, 1_300), (1_300, 1_300)]
    frame = read(tmp_path / "nc" / "ncvoter_Statewide_20261024.zip")
    assert frame["ncid"].is_unique
    assert not frame.duplicated(["county_id", "voter_reg_num"]).any()


@pytest.mark.parametrize(
    ("date", "columns"),
    [
        (dt.date(2022, 2, 5), layouts.COLUMNS_71),
        (dt.date(2022, 2, 12), layouts.COLUMNS_67),
        (dt.date(2026, 1, 31), layouts.COLUMNS_67),
        (dt.date(2026, 2, 7), layouts.COLUMNS_70),
    ],
)
def test_each_vintage_has_its_columns_in_order(tmp_path: Path, date: dt.date, columns: tuple[str, ...]) -> None:
    write_state(tmp_path, 150, seed=1, snapshots=[date], as_of=date + dt.timedelta(1))
    line = header(tmp_path / "nc" / f"ncvoter_Statewide_{date:%Y%m%d}.zip").decode()
    assert line.strip().replace('"', "").split("\t") == list(columns)
    assert len(columns) in {71, 67, 70}


def test_odd_columns_of_the_vintages() -> None:
    assert layouts.COLUMNS_71[:3] == layouts.COLUMNS_67[:3]
    assert {"Confidential_ind", "midl_name", "name_sufx_cd", "birth_age", "absent_ind"} <= set(layouts.COLUMNS_71)
    assert layouts.COLUMNS_71[-3:] == ("ncid", "vtd_abbrv", "vtd_desc")
    assert set(layouts.COLUMNS_70) - set(layouts.COLUMNS_67) == {"ssn", "no_dl_ssn_chkbx", "hava_id_req"}
    assert [name for name in layouts.COLUMNS_70 if name in layouts.COLUMNS_67] == list(layouts.COLUMNS_67)


def test_history_has_fifteen_columns(state: Written) -> None:
    line = header(state.folder / "nc" / f"ncvhis_Statewide_{SNAPSHOTS[-1]:%Y%m%d}.zip").decode()
    assert line.strip().replace('"', "").split("\t") == list(layouts.HISTORY_COLUMNS)
    assert len(layouts.HISTORY_COLUMNS) == 15


def test_the_latest_file_has_as_many_rows_as_asked_for(state: Written) -> None:
    assert len(state.latest) == VOTERS


def test_the_truth_is_never_in_the_inbox(state: Written) -> None:
    names = [path.name for path in (state.folder / "nc").iterdir()]
    assert all(name.startswith(("ncvoter_Statewide_", "ncvhis_Statewide_")) and name.endswith(".zip") for name in names)
    assert not any("true_" in column for frame in state.registrations.values() for column in frame.columns)


def test_zip_members_carry_the_snapshot_date(state: Written) -> None:
    for date in SNAPSHOTS:
        with zipfile.ZipFile(state.folder / "nc" / f"ncvoter_Statewide_{date:%Y%m%d}.zip") as archive:
            (member,) = archive.infolist()
        assert member.filename == "ncvoter_Statewide.txt"
        assert dt.date(*member.date_time[:3]) == date


def test_county_files_hold_one_county_each(tmp_path: Path) -> None:
    write_state(tmp_path, 1_500, seed=2, snapshots=ONE, packaging="county", quoted=False)
    paths = sorted((tmp_path / "nc").glob("ncvoter*.zip"))
    assert len(paths) == 100
    frames = {path.name: read(path) for path in paths}
    for name, frame in frames.items():
        number = name.removeprefix("ncvoter").split("_")[0]
        assert set(frame["county_id"]) <= {number}
    assert sum(len(frame) for frame in frames.values()) == 1_500
    assert header(paths[0]).startswith(b"county_id\tcounty_desc")
    assert header(paths[0]).endswith(b"vtd_desc\n")
    history = read(tmp_path / "nc" / "ncvhis60_20261024.zip")
    assert set(history["county_id"]) == {"60"}


def test_statewide_files_are_quoted_with_windows_line_ends(state: Written) -> None:
    line = header(state.folder / "nc" / f"ncvoter_Statewide_{SNAPSHOTS[-1]:%Y%m%d}.zip")
    assert line.startswith(b'"county_id"\t"county_desc"\t')
    assert line.endswith(b'"vtd_desc"\r\n')


def test_a_history_file_ends_before_its_day_and_counties_enter_votes_late(tmp_path: Path) -> None:
    dates = [dt.date(2024, 11, 23), dt.date(2026, 10, 24)]
    write_state(tmp_path, 3_000, seed=6, snapshots=dates, history_snapshots=dates)
    early, late = (read(tmp_path / "nc" / f"ncvhis_Statewide_{date:%Y%m%d}.zip") for date in dates)
    entered, complete = (frame["election_lbl"].eq("11/05/2024").sum() for frame in (early, late))
    assert 0 < entered < 0.6 * complete
    assert not early["election_lbl"].str.endswith(("2025", "2026")).any()


def test_chosen_elections_are_the_only_ones(tmp_path: Path) -> None:
    chosen = [general(2022), Election(dt.date(2023, 11, 7), "municipal")]
    write_state(tmp_path, 400, seed=6, snapshots=ONE, elections=chosen)
    found = read(tmp_path / "nc" / "ncvhis_Statewide_20261024.zip")["election_desc"]
    assert set(found) == {"11/08/2022 GENERAL", "11/07/2023 MUNICIPAL"}


def test_default_elections_reach_twelve_years_back() -> None:
    found = [one.description for one in default_elections(AS_OF)]
    assert found[0] == "05/06/2014 PRIMARY"
    assert found[-1] == "03/03/2026 PRIMARY"
    assert sum("GENERAL" in one for one in found) == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"voters": 5},
        {"snapshots": []},
        {"snapshots": [dt.date(2027, 1, 2)]},
        {"packaging": "precinct"},
        {"elections": [general(2026)]},
        {"history_snapshots": [dt.date(2020, 1, 4)]},
    ],
)
def test_arguments_that_make_no_state_are_named(tmp_path: Path, wrong: dict) -> None:
    arguments = {"voters": 300, **wrong}
    with pytest.raises(SpecError, match=next(iter(wrong))):
        write_state(tmp_path, seed=1, **arguments)
    assert not list(tmp_path.iterdir())
