"""Batches of the field between two nights: what is added ends like what is built at once, and nobody's night is touched."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import SpecError
from groundgame.field import batch
from groundgame.locked import held
from groundgame.publish.read import published_hashes, query
from groundgame.publish.visible import rows_for
from groundgame.result import Result
from groundgame.synth.field.write import write_field
from groundgame.warehouse.base import open_warehouse

AS_OF = dt.date(2026, 10, 25)
FIRST = "20261009"


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three exports of a small program, long quiet."""
    folder = tmp_path_factory.mktemp("program")
    write_field(folder, 7, 1_200, voters=800)
    for path in (folder / "field").iterdir():
        os.utime(path, (1_791_600_000, 1_791_600_000))
    return folder / "field"


def place(exports: Path, settings: Settings, later: bool) -> None:
    """Put the first exports into the inbox, or the later ones."""
    inbox = settings.inbox_dir / "field"
    inbox.mkdir(parents=True, exist_ok=True)
    for path in exports.iterdir():
        if (FIRST not in path.name) == later:
            os.link(path, inbox / path.name)


@pytest.fixture(scope="module")
def batches(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, list[Result]]:
    """A home after a batch of the history, one of two later exports, and one of nothing."""
    folder = tmp_path_factory.mktemp("batches")
    settings = load_settings(home=folder / "home", inbox=folder / "inbox", threads=2)
    results = []
    for later in (False, True, None):
        if later is not None:
            place(exports, settings, later)
        results.append(batch.run(settings, AS_OF))
    return settings, results


def without_run(hashes: dict[str, str]) -> dict[str, str]:
    return {name: found for name, found in hashes.items() if name.startswith("marts.") and "run_status" not in name}


def test_reports_that_are_added_end_like_reports_that_came_at_once(
    batches: tuple[Settings, list[Result]], exports: Path, tmp_path: Path
) -> None:
    settings, results = batches
    assert [result.details["state"] for result in results] == ["published", "published", "unchanged"]
    assert [result.details.get("is_fresh") for result in results] == [True, False, None]
    at_once = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox", threads=1)
    place(exports, at_once, False)
    place(exports, at_once, True)
    assert batch.run(at_once, AS_OF).details["is_fresh"] is True
    assert without_run(published_hashes(settings.of_field())) == without_run(published_hashes(at_once.of_field()))


def test_what_came_after_its_week_was_closed_is_a_correction_and_the_night_is_untouched(
    batches: tuple[Settings, list[Result]],
) -> None:
    settings, _ = batches
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


def test_a_circle_in_the_hierarchy_holds_the_totals_and_readers_keep_what_they_have(
    batches: tuple[Settings, list[Result]],
) -> None:
    settings, _ = batches
    before = published_hashes(settings.of_field())
    inbox = settings.inbox_dir / "field"
    tree = json.loads((inbox / f"hierarchy_{FIRST}.json").read_text())
    node = next(node for node in tree["nodes"] if node["id"] == "T1")
    node["parent_id"] = "T1"
    file = inbox / "hierarchy_20261024.json"
    file.write_text(json.dumps(tree))
    os.utime(file, (1_791_600_000, 1_791_600_000))
    result = batch.run(settings, AS_OF)
    assert (result.verdict, result.details["state"]) == ("hold", "held")
    assert any("without_a_place" in line for line in result.details["holds"])
    assert published_hashes(settings.of_field()) == before
    with open_warehouse(settings.of_field(), read_only=True) as warehouse:
        kept = warehouse.fetch("select count(distinct contact_key) as n from intermediate.int_contacts__posted")
    assert kept.column(0)[0].as_py() >= 1_200


def test_a_batch_lets_another_one_finish_and_a_server_has_none(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox")
    with held(settings.home / "field.lock", 0, lambda owner: SpecError("", "", owner)):
        result = batch.run(settings, AS_OF)
    assert result.details["state"] == "skipped" and str(os.getpid()) in result.details["reason"]
    assert batch.run(settings, AS_OF).details["reason"] == "no field tool has files here"
    on_a_server = batch.run(settings.model_copy(update={"engine": "postgres"}), AS_OF)
    assert "the night builds" in on_a_server.details["reason"]
