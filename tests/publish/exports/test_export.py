"""A list leaves the house whole, suppressed, approved and noted, or not at all."""

from __future__ import annotations

import datetime as dt
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from groundgame import stages
from groundgame.config import Settings
from groundgame.doctor import examine
from groundgame.errors import FileRefused, GateFailed, GroundgameError, SpecError
from groundgame.publish.exports import audience, ledger, lists
from groundgame.publish.exports.request import make_request
from groundgame.publish.read import query
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from tests.conftest import AS_OF
from tests.privacy.test_small_cells import bounds
from tests.publish.exports.asked import LIST, entries, export, rows_of, suppress


def files(settings: Settings) -> list[Path]:
    return [path for path in settings.exports_dir.rglob("*") if path.is_file()]


def county_of(settings: Settings) -> str:
    sql = "select county_code from dim_voters group by 1 order by count(*) desc, 1 limit 1"
    return f"county_code={query(settings, sql).column(0)[0].as_py()}"


def test_nobody_who_must_not_be_visited_is_on_a_walk_list_and_everybody_else_is_once(home: Settings) -> None:
    """Suppressed by id, confidential, off the roll, under age, in a control arm: each is missing; all others are there."""
    county = county_of(home)
    code = county.partition("=")[2]
    everybody = query(home, f"select voter_id from dim_voters where county_code = '{code}'")
    suppress(home)
    before = {row["voter_id"] for row in rows_of(export(home, "walk_list", county), "walk_list.csv")}
    assert 20 < len(before) <= everybody.num_rows
    asked, control, listened, hidden, gone, young, refused, wrong_number, *_ = sorted(before)
    suppress(home, f"voter_id,{asked},asked at the door")
    with open_warehouse(home) as warehouse:
        spoil(warehouse, control, listened, hidden, gone, young)
        say_no(warehouse, refused, wrong_number)
    details = export(home, "walk_list", county)
    rows = rows_of(details, "walk_list.csv")
    assert {row["voter_id"] for row in rows} == before - {asked, control, listened, hidden, gone, young, refused}
    assert len(rows) == len({row["voter_id"] for row in rows})
    assert details["held_out"] == 2 and details["suppressed"] >= 5
    # The page to print holds the same people, and both are their owner's alone.
    page = (Path(details["folder"]) / "walk_list.html").read_text(encoding="utf-8")
    assert page.count('class="answer"') == len(rows)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(home)} == {0o600}
    with open_warehouse(home, read_only=True) as warehouse:
        assert warehouse.tables("exports") == []


def spoil(warehouse: Any, control: str, listened: str, hidden: str, gone: str, young: str) -> None:
    """What may have become known since the run was published."""
    warehouse.execute("create table vault.known as select * from vault.voter_identities")
    warehouse.execute("drop view vault.voter_identities")
    warehouse.execute("alter table vault.known rename to voter_identities")
    warehouse.execute("update vault.voter_identities set is_confidential = true where voter_id = ?", [hidden])
    warehouse.execute("update marts.dim_voters set is_registered = false where voter_id = ?", [gone])
    warehouse.execute("update marts.dim_voters set age = 17 where voter_id = ?", [young])
    ops.record(
        warehouse, "experiments", experiment_id="mail", control_arm="none", election_date=AS_OF + dt.timedelta(days=9)
    )
    for name, days in (("talk", 9), ("over", -1)):  # what is said is still to come here, and has been said there
        declared = {"outcome_kind": "answers", "answers_until_date": AS_OF + dt.timedelta(days=days)}
        ops.record(warehouse, "experiments", experiment_id=name, control_arm="none", **declared)
    for name, voter, arm in (
        ("mail", control, "none"),
        ("mail", hidden, "letter"),
        ("talk", listened, "none"),
        ("over", young, "none"),
    ):
        ops.record(warehouse, "experiment_assignments", experiment_id=name, voter_id=voter, arm=arm)


def say_no(warehouse: Any, refused: str, wrong_number: str) -> None:
    """Two told the field not to come again in some way; a wrong number is no word about visits (E7)."""
    columns = "voter_id, may_be_visited, may_be_called, may_be_texted, is_reported_deceased, since_date"
    for voter, may_visit in ((refused, False), (wrong_number, True)):
        warehouse.execute(
            f"insert into marts.contact_permissions ({columns}) values (?, ?, false, false, false, date '2026-10-20')",
            [voter, may_visit],
        )


@pytest.mark.parametrize("case", ["missing", "empty", "stale", "another day's name", "damaged", "unknown kind"])
def test_without_a_suppression_list_that_can_be_trusted_no_file_is_made(home: Settings, case: str) -> None:
    """F36."""
    if case == "empty":
        (home.inbox_dir / "suppression").mkdir(parents=True)
        (home.inbox_dir / "suppression" / LIST).write_text("kind,value,reason\n", encoding="utf-8")
    elif case == "stale":
        suppress(home, name=f"do_not_contact_{AS_OF - dt.timedelta(days=8)}.csv")
    elif case == "another day's name":
        suppress(home, name=f"do_not_contact_{AS_OF + dt.timedelta(days=1)}.csv")
    elif case == "damaged":
        suppress(home, "phone,555-12,", "voter_id,NC-AA1,")
    elif case == "unknown kind":
        suppress(home, "name,Pat Doe,")
    with pytest.raises(FileRefused, match="F36") as caught:
        export(home, "walk_list")
    assert "555-12" not in str(caught.value) and "Pat" not in str(caught.value)
    assert files(home) == [] and entries(home) == []


@pytest.mark.parametrize(
    ("purpose", "by", "only", "problem"),
    [
        ("", "Ann Lee", [], "purpose"),
        ("curiosity", "Ann Lee", [], "purpose"),
        ("advertising", "Ann Lee", [], "not made for"),
        ("turnout", " ", [], "nobody lets this list out"),
        ("turnout", "Ann Lee", ["turnout >"], "cannot be read"),
        ("turnout", "Ann Lee", ["birth_date=1980"], "no column"),
        ("turnout", "Ann Lee", ["party>=3"], "compares numbers"),
        ("turnout", "Ann Lee", ["party=DEM"], "democratic"),
    ],
)
def test_what_is_not_asked_for_properly_leaves_no_file(
    home: Settings, purpose: str, by: str, only: list[str], problem: str
) -> None:
    suppress(home)
    with pytest.raises(SpecError, match=problem):
        stages.export(home, make_request("walk_list", purpose, by, only), AS_OF)
    assert files(home) == [] and entries(home) == []


def test_an_empty_list_is_refused_by_its_gate(home: Settings) -> None:
    suppress(home)
    with pytest.raises(GateFailed, match=r"walk_list rows"):
        export(home, "walk_list", "turnout_score>=101")
    assert files(home) == [] and entries(home) == []


def test_the_intent_is_noted_before_a_file_exists_and_a_failure_leaves_none(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress(home)
    seen: list[Any] = []

    def full_disk(path: Path, *_: object) -> None:
        path.write_text("half", encoding="utf-8")
        seen.extend(files(home))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lists, "_print", full_disk)
    with pytest.raises(OSError, match="No space"):
        export(home, "walk_list", county_of(home))
    assert {path.parent.suffix for path in seen} == {".tmp"} and files(home) == []
    assert [entry["state"] for entry in entries(home)] == ["intent", "failed"]
    monkeypatch.undo()
    export(home, "walk_list", county_of(home))
    assert [entry["state"] for entry in entries(home)] == ["intent", "failed", "intent", "done"]


def test_an_edited_ledger_is_told(home: Settings) -> None:
    suppress(home)
    for _ in range(2):
        export(home, "walk_list", county_of(home))
    with open_warehouse(home) as warehouse:
        assert ledger.broken_at(warehouse) is None
        warehouse.execute("update ops.exports set purpose = 'volunteers' where seq = 2")
        assert ledger.broken_at(warehouse) == 2
    assert [found.check for found in examine(home) if not found.ok] == ["exports"]
    with open_warehouse(home) as warehouse:
        warehouse.execute("update ops.exports set purpose = 'turnout' where seq = 2")
        assert ledger.broken_at(warehouse) is None
        warehouse.execute("delete from ops.exports where seq = 3")
        assert ledger.broken_at(warehouse) == 4


def test_lists_go_when_somebody_is_forgotten(home: Settings) -> None:
    suppress(home)
    first = rows_of(export(home, "walk_list", county_of(home)), "walk_list.csv")[0]["voter_id"]
    stages.forget(home, first, AS_OF, "asked by letter")
    assert files(home) == []


def test_who_shares_a_suppressed_phone_is_not_called_either(home: Settings) -> None:
    suppress(home)
    rows = rows_of(export(home, "call_list", county_of(home)), "call_list.csv")
    number = rows[0]["phone"]
    suppress(home, f"phone,+1 {number},")
    left = rows_of(export(home, "call_list", county_of(home)), "call_list.csv")
    assert left and number not in {row["phone"] for row in left}
    assert {row["voter_id"] for row in left} == {row["voter_id"] for row in rows if row["phone"] != number}


def test_no_zip_count_from_one_to_ten_can_be_worked_out(home: Settings) -> None:
    """Every attacker's best, by linear programming over all that the file says."""
    suppress(home)
    zips = query(
        home, "select zip_code from dim_voters where zip_code is not null group by 1 order by count(*) desc, 1 limit 3"
    )
    only = f"zip_code={','.join(zips['zip_code'].to_pylist())}"
    details = export(home, "zip_aggregates", only, purpose="advertising")
    rows = rows_of(details, "zip_aggregates.csv")
    places = list(dict.fromkeys(row["country_zip"] for row in rows))
    groups = list(dict.fromkeys((row["age"], row["sex"]) for row in rows))
    assert places[-1] == "" and groups[-1] == ("", "")
    shown: list[list[int | None]] = [[None] * len(groups) for _ in places]
    for row in rows:
        shown[places.index(row["country_zip"])][groups.index((row["age"], row["sex"]))] = (
            int(row["voters"]) if row["voters"] else None
        )
    numbers = [value for line in shown for value in line if value]
    assert min(numbers) > 10 and all(value % 5 == 0 for value in numbers)
    true = query(
        home,
        "select zip_code, case when age < 25 then '18-24' when age < 35 then '25-34' when age < 45 then '35-44'"
        " when age < 55 then '45-54' when age < 65 then '55-64' else '65+' end as age,"
        " case when sex in ('female', 'male') then sex else 'unknown' end as sex, count(*) as n"
        f" from dim_voters where is_registered and zip_code in ('{zips['zip_code'][0]}', '{zips['zip_code'][1]}', '{zips['zip_code'][2]}')"
        " group by all",
    ).to_pylist()
    small = [row for row in true if row["n"] <= 10]
    known = bounds(shown, slack=4)
    assert small
    for row in small:
        low, high = known[places.index(f"US:{row['zip_code']}"), groups.index((row["age"], row["sex"]))]
        assert low <= row["n"] and high >= row["n"] + 11


def test_an_audience_is_normalised_and_hashed_as_published() -> None:
    """Meta's own example, and its rules for each field."""
    assert audience.hash_of(audience.email("  Mary@Example.com ")) == (
        "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"
    )
    row = {
        "person_key": "graph:7",
        "email": "x",
        "phone": "(919) 555-0100",
        "first_name": " Mary-Ann ",
        "last_name": "O'Neil",
        "birth_year": 1980,
        "birth_month": 2,
        "birth_day": None,
        "sex_code": "F",
        "city": "Winston-Salem",
        "state_abbr": "NC",
        "zip_code": "02134-1000",
    }
    assert audience.normalised(row) == {
        "EMAIL": "",
        "PHONE": "19195550100",
        "FN": "maryann",
        "LN": "oneil",
        "DOBY": "1980",
        "DOBM": "02",
        "DOBD": "",
        "GEN": "f",
        "CT": "winstonsalem",
        "ST": "nc",
        "ZIP": "02134",
        "COUNTRY": "us",
    }
    line = audience.hashed(row)
    assert len(line) == len(audience.SCHEMA) and "" in line and "02134" not in line


def test_the_manifest_tells_the_files_apart(home: Settings) -> None:
    suppress(home)
    details = export(home, "call_list", county_of(home))
    manifest = json.loads((Path(details["folder"]) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["rows_count"] == details["rows"] and manifest["run_id"] == details["run_id"]
    assert {file["name"] for file in manifest["files"]} == {"call_list.csv", "call_list.html"}


def test_no_error_of_an_unknown_list_is_a_crash(home: Settings) -> None:
    with pytest.raises(GroundgameError, match="walk_list"):
        stages.export(home, make_request("walklist", "turnout", "Ann Lee"), AS_OF)


def test_scores_for_van_are_judged_against_the_night_before(home: Settings) -> None:
    """Each slot has its file; the average to approve by is not the file's own."""
    suppress(home)
    ids = query(home, "select voter_id, turnout_score from voter_scores order by 1 limit 50").to_pylist()
    hidden = ids[7]["voter_id"]
    suppress(home, f"voter_id,{hidden},")
    with open_warehouse(home) as warehouse:
        crosswalk(warehouse, [row["voter_id"] for row in ids])
    request = make_request("van_scores", "score_upload", "Ann Lee")
    with pytest.raises(SpecError, match="turnout has no score slot"):
        stages.export(home, request, AS_OF)
    assert files(home) == []
    details = stages.export(home.model_copy(update={"van_score_ids": {"turnout": 77}}), request, AS_OF).details
    with zipfile.ZipFile(Path(details["folder"]) / "van_score_turnout.zip") as archive:
        lines = archive.read("van_score_turnout.csv").decode().splitlines()
    assert lines[0] == "VANID,score" and len(lines) == 50
    assert set(lines[1:]) == {
        f"{at + 1000},{row['turnout_score']}" for at, row in enumerate(ids) if row["voter_id"] != hidden
    }
    job = json.loads((Path(details["folder"]) / "manifest.json").read_text(encoding="utf-8"))["jobs"][0]
    assert job["actions"][0]["scoreId"] == 77 and job["rows"] == 49
    assert job["average_is_of"] == "this file, the first one"


def crosswalk(warehouse: Any, voters: list[str]) -> None:
    """VAN's own numbers of some voters, as its export brings them."""
    warehouse.execute("drop view staging.stg_field__crosswalk")
    warehouse.execute(
        "create table staging.stg_field__crosswalk"
        " (source varchar, snapshot_date date, file_id varchar, line bigint, vendor_key varchar, voter_id varchar)"
    )
    for at, voter in enumerate(voters):
        warehouse.execute(
            "insert into staging.stg_field__crosswalk values ('van', date '2026-10-01', 'f', 1, ?, ?)",
            [f"van:{at + 1000}", voter],
        )
