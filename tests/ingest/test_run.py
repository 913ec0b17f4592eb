"""Sets and versions of files (T3, T6-T8, T13, T14), reruns after kill -9, and what a night does not take."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from groundgame.errors import SpecError
from groundgame.ingest import fetch
from groundgame.ingest.run import due_sources, run
from tests.ingest.desk import AS_OF, FILE, HISTORY_COLUMNS, HISTORY_FILE, SNAPSHOT, Desk, text, vote, voters, zipped

WEEK = dt.timedelta(days=7)


def outcomes(desk: Desk) -> list[tuple[str, str]]:
    return [(file["file"], file["outcome"]) for file in desk.land().details["files"]]


def county_zip(county: int, count: int = 5, of: int | None = None) -> bytes:
    """One county's zip; ``of`` puts another county's voters into it."""
    rows = [
        row | {"county_id": str(of or county), "ncid": f"EH{1000 * county + n}"} for n, row in enumerate(voters(count))
    ]
    return zipped({f"ncvoter{county}.txt": text(rows)})


def test_a_growing_file_waits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """T3: between two looks the file grows; the next night takes it."""
    path = desk.put(voters(20))
    now = time.time()
    os.utime(path, (now, now))

    def grow(seconds: float) -> None:
        with path.open("ab") as stream:
            stream.write(b"more\n")

    monkeypatch.setattr(time, "sleep", grow)
    assert outcomes(desk) == [(FILE, "waiting")]
    assert desk.landed_nothing()
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    assert outcomes(desk) == [(FILE, "landed")]


@pytest.mark.parametrize("end", [".part", ".filepart"])
def test_a_part_file_holds_its_whole_back(desk: Desk, end: str) -> None:
    """T3."""
    desk.put(voters(20))
    desk.put(b"first half", FILE + end)
    assert outcomes(desk) == []


def test_the_same_file_under_another_name_is_no_news(desk: Desk) -> None:
    """T6."""
    desk.put(voters(20))
    desk.land()
    desk.put(voters(20), "ncvoter_20241109_copy.txt")
    result = desk.land()
    assert result.rows_out == 0
    assert [(file["outcome"], file.get("rule")) for file in result.details["files"]] == [
        ("already landed", None),
        ("already landed", "T6"),
    ]
    assert len(desk.loaded()) == 1


def test_new_content_under_a_known_name_replaces_and_is_held(desk: Desk) -> None:
    """T7: same date."""
    desk.put(voters(20))
    desk.land()
    desk.put(voters(21))
    assert desk.land().verdict == "hold"
    first, second = desk.loaded()
    assert (first["hold_reasons"], "T7" in second["hold_reasons"]) == (None, True)
    assert len(desk.registrations()) == 21, "the views show the later version only"


def test_new_content_with_a_newer_date_is_the_weekly_file(desk: Desk) -> None:
    """T7: North Carolina sends the same name every week; the date is in the zip."""
    for week in range(2):
        desk.put(zipped({"ncvoter.txt": text(voters(20 + week))}, SNAPSHOT + week * WEEK), "ncvoter_Statewide.zip")
        assert desk.land().verdict == "pass"
    assert len(desk.registrations()) == 41, "both snapshots are in raw"


def test_an_older_file_that_comes_late_is_stored(desk: Desk) -> None:
    """T8: under its own date, so that what is newest stays newest."""
    desk.put(voters(20))
    desk.land()
    desk.put(voters(18), "ncvoter_20241102.txt")
    assert desk.land().verdict == "pass"
    counts = desk.query(
        "select _snapshot_date as day, count(*) as n from raw.voter_file_registrations group by 1 order by 1"
    )
    assert [(row["day"], row["n"]) for row in counts] == [(SNAPSHOT - WEEK, 18), (SNAPSHOT, 20)]


def test_exchanged_county_files_are_refused(desk: Desk) -> None:
    """T13: county 17's voters in the file of county 41, and the other way round."""
    desk.put(county_zip(41, of=17), "ncvoter41.zip")
    desk.put(county_zip(17, of=41), "ncvoter17.zip")
    refusal = desk.refusal()
    assert (refusal.rule, refusal.column) == ("T13", "county_code")
    assert ["T13" in note for note in refusal.__notes__] == [True]
    assert desk.landed_nothing()


def test_a_missing_county_of_the_set_holds_and_the_others_land(desk: Desk) -> None:
    """T14."""
    desk.change_spec(lambda spec: spec["registrations"]["expect"].update(counties=3))
    desk.put(county_zip(1), "ncvoter1.zip")
    desk.put(county_zip(3), "ncvoter3.zip")
    result = desk.land()
    assert (result.rows_out, result.verdict) == (10, "hold")
    assert [row["hold_reasons"] for row in desk.loaded()] == [None, "T14 2 of 3 county files, missing: 2"]


def test_a_whole_set_of_counties_passes(desk: Desk) -> None:
    """T14."""
    desk.change_spec(lambda spec: spec["registrations"]["expect"].update(counties=2))
    desk.put(county_zip(1), "ncvoter1.zip")
    desk.put(county_zip(2), "ncvoter2.zip")
    assert desk.land().verdict == "pass"


def test_a_file_dated_after_the_night_waits_for_its_night(desk: Desk) -> None:
    desk.put(voters(20))
    assert desk.land(as_of=SNAPSHOT - WEEK).rows_out == 0
    assert desk.land(as_of=SNAPSHOT).rows_out == 20


def test_a_corrected_spec_lands_the_same_file_anew_and_replaces_it(desk: Desk) -> None:
    desk.put(voters(20, v1={"party_cd": "Q"}))
    desk.change_spec(lambda spec: None)
    assert "V21" in desk.land().details["files"][0]["holds"][0]
    desk.change_spec(lambda spec: spec["codes"]["party"].update(Q="quaint"))
    assert desk.land().verdict == "pass"
    assert len(desk.registrations()) == 20


def test_a_rerun_changes_nothing(desk: Desk) -> None:
    desk.put(voters(20))
    desk.put(text([vote(n) for n in range(20)], columns=HISTORY_COLUMNS), HISTORY_FILE)
    desk.land()
    before = (desk.loaded(), tree_hash(desk.home / "raw"))
    assert desk.land().rows_in == 0
    assert (desk.loaded(), tree_hash(desk.home / "raw")) == before


def test_an_unknown_source_is_named_with_its_neighbour(desk: Desk) -> None:
    with pytest.raises(SpecError, match="did you mean 'nc'"):
        run(desk.settings, "ncc", AS_OF)


def test_sources_with_files_are_due(desk: Desk) -> None:
    assert due_sources(desk.settings) == []
    desk.put(voters(1))
    assert due_sources(desk.settings) == ["nc"]
    named = desk.settings.model_copy(update={"sources": ["oh", "nc"]})
    assert due_sources(named) == ["oh", "nc"]


def tree_hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.parquet")):
        digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return digest.hexdigest()


KILLED = """
import datetime as dt, os, signal, sys
from pathlib import Path
import pyarrow.parquet as pq
from groundgame.config import load_settings
from groundgame.ingest import ledger, store
from groundgame.ingest.run import run

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

point, home, inbox = sys.argv[1:]
if point == "first row group":
    pq.ParquetWriter.write_table = die
elif point == "before the move":
    store.into_place = die
elif point == "after the move":
    ledger.commit = die
elif point == "inside the transaction":
    ledger.ops.record = die
run(load_settings(home=Path(home), inbox=Path(inbox)), "nc", dt.date(2024, 12, 1))
"""


@pytest.mark.parametrize("point", ["first row group", "before the move", "after the move", "inside the transaction"])
def test_a_kill_at_any_point_and_a_rerun_end_as_an_undisturbed_run(desk: Desk, tmp_path: Path, point: str) -> None:
    """F1: kill -9, then the same command again."""
    desk.put(text(voters(50)).replace(b"BOONE", b"BO\0ONE", 1))
    script = textwrap.dedent(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, point, str(desk.home), str(desk.inbox.parent)]
    killed = subprocess.run(command, check=False, capture_output=True, env=environment, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert desk.loaded() == []
    desk.land()
    undisturbed = Desk(tmp_path / "undisturbed")
    undisturbed.put((desk.inbox / FILE).read_bytes())
    undisturbed.land()
    assert tree_hash(desk.home / "raw") == tree_hash(undisturbed.home / "raw")
    assert tree_hash(desk.home / "kept_lines") == tree_hash(undisturbed.home / "kept_lines")
    assert desk.quarantined() == undisturbed.quarantined() == [(3, "S6", "")]
    assert not list(desk.home.rglob("*.tmp"))


def test_the_clock_going_back_does_not_reorder_versions(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """F16: the later landing wins, whatever the clock says."""
    desk.put(voters(20))
    desk.land()
    monkeypatch.setattr("groundgame.warehouse.ops.utc_now", lambda: dt.datetime(2001, 1, 1))  # noqa: DTZ001 as the ledger keeps it
    desk.put(voters(21))
    desk.land()
    assert len(desk.registrations()) == 21


def test_files_long_quiet_are_taken_without_a_pause(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("no second look is needed"))
    desk.put(voters(3))
    assert desk.land().rows_out == 3
    assert fetch.is_quiet([])
