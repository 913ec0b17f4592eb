"""Batches of the field between two nights: what is added ends like what is built at once, and nobody's night is touched."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from groundgame.cli import app
from groundgame.config import Settings, load_settings
from groundgame.errors import SpecError
from groundgame.field import batch
from groundgame.locked import held
from groundgame.publish.read import published_hashes, query
from groundgame.publish.visible import rows_for
from groundgame.warehouse.base import open_warehouse
from tests.conftest import LONG_AGO
from tests.field.conftest import Batches
from tests.field.program import AS_OF, FIRST, place, without_run


def test_reports_that_are_added_end_like_reports_that_came_at_once(
    batches: Batches, exports: Path, tmp_path: Path
) -> None:
    settings, results = batches.settings, batches.results
    assert [result.details["state"] for result in results] == ["published", "published", "unchanged"]
    assert [result.details.get("is_fresh") for result in results] == [True, False, None]
    at_once = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox", threads=1)
    place(exports, at_once, False)
    place(exports, at_once, True)
    assert batch.run(at_once, AS_OF).details["is_fresh"] is True
    assert without_run(published_hashes(settings.of_field())) == without_run(published_hashes(at_once.of_field()))


def test_what_came_after_its_week_was_closed_is_a_correction_and_the_night_is_untouched(
    batches: Batches,
) -> None:
    settings = batches.settings
    told = query(
        settings.of_field(),
        "select is_correction, sum(actual_count) as n, min(actual_count) as least from field_hours"
        " where level = 'state' and metric in ('doors', 'calls', 'conversations') group by 1 order by 1",
    ).to_pylist()
    assert [row["is_correction"] for row in told] == [False, True]
    assert told[0]["least"] > 0 and told[1]["least"] < 0
    assert not settings.warehouse_path.exists()
    director, organizer = (rows_for(settings, who, "field_progress") for who in ("state.director", "organizer1"))
    assert set(organizer.column("node_id").to_pylist()) == {"O1"}
    assert len(set(director.column("node_id").to_pylist())) > 10


def test_a_circle_in_the_hierarchy_holds_the_totals_until_a_person_lets_them_out(
    batches: Batches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E8."""
    shutil.copytree(batches.settings.home.parent, tmp_path / "copy", symlinks=True)
    settings = load_settings(home=tmp_path / "copy" / "home", inbox=tmp_path / "copy" / "inbox")
    before = published_hashes(settings.of_field())
    inbox = settings.inbox_dir / "field"
    tree = json.loads((inbox / f"hierarchy_{FIRST}.json").read_text())
    node = next(node for node in tree["nodes"] if node["id"] == "T1")
    node["parent_id"] = "T1"
    file = inbox / "hierarchy_20261024.json"
    file.write_text(json.dumps(tree))
    os.utime(file, (LONG_AGO, LONG_AGO))
    result = batch.run(settings, AS_OF)
    assert (result.verdict, result.details["state"]) == ("hold", "held")
    assert any("without_a_place" in line for line in result.details["holds"])
    assert published_hashes(settings.of_field()) == before
    with open_warehouse(settings.of_field(), read_only=True) as warehouse:
        kept = warehouse.fetch("select count(distinct contact_key) as n from intermediate.int_contacts__posted")
    assert kept.column(0)[0].as_py() >= 1_200
    approve(settings, monkeypatch)
    assert batch.run(settings, AS_OF).details["state"] == "published"
    assert published_hashes(settings.of_field()) != before


def approve(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the page of the field tells a person to."""
    monkeypatch.setenv("GROUNDGAME_PLACE", "field")
    said = ["--by", "Ann Lee", "--reason", "T1 is being mended", "--json"]
    done = CliRunner().invoke(app, ["--home", str(settings.home), "approve", "--as-of", str(AS_OF), *said])
    assert done.exit_code == 0 and "without_a_place" in done.stdout, done.output


def test_a_batch_lets_another_one_finish(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox")
    with held(settings.home / "field.lock", 0, lambda owner: SpecError("", "", owner)):
        result = batch.run(settings, AS_OF)
    assert result.details["state"] == "skipped" and str(os.getpid()) in result.details["reason"]
    assert batch.run(settings, AS_OF).details["reason"] == "no field tool has files here"
