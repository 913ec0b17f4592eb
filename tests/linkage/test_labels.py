"""What people's answers on a sample say of the links, and the page on which they are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.linkage import labels, review
from groundgame.warehouse.base import open_warehouse
from tests.linkage.town import NIGHT, fill, person, read, run, settings_in, voter

HEAD = "person_key,voter_id,is_match\n"


@pytest.fixture
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Two are linked surely, and one of them has a name that a page must escape."""
    on_server = getattr(request, "param", "duckdb") == "postgres"
    more = {"engine": "postgres", "warehouse_uri": request.getfixturevalue("postgres_uri")} if on_server else {}
    settings = settings_in(tmp_path, **more)
    people = [person("P1", "Ada", "Quimby", birth_year=1961), person("P2", "Ben", "<Tennant>", birth_year=1970)]
    fill(
        settings,
        people,
        [voter("V1", "ADA", "QUIMBY", birth_year=1961), voter("V2", "BEN", "<TENNANT>", birth_year=1970)],
    )
    run(settings)
    return settings


def _answer(settings: Settings, folder: Path, text: str) -> labels.Precision:
    file = folder / "answers.csv"
    file.write_text(text, encoding="utf-8")
    with open_warehouse(settings) as warehouse:
        labels.load(warehouse, file)
        return labels.store(warehouse, NIGHT)


@pytest.mark.parametrize("town", ["duckdb", "postgres"], indirect=True)
def test_the_estimate_is_what_a_gate_reads(town: Settings, tmp_path: Path) -> None:
    found = _answer(town, tmp_path, HEAD + "P1,V1,yes\nP2,V2,no\n")
    assert (found.labelled_count, found.share) == (2, 0.5)
    night = read(town, "select * from linkage.nights")[0]
    assert (night["people_count"], night["linked_count"], night["labelled_count"]) == (2, 2, 2)
    assert night["precision_low_share"] < night["precision_share"] < night["precision_high_share"]
    run(town)
    assert read(town, "select * from linkage.nights")[0] == night


def test_a_later_answer_replaces_the_earlier_and_an_empty_one_is_none(town: Settings, tmp_path: Path) -> None:
    _answer(town, tmp_path, HEAD + "P1,V1,no\n")
    found = _answer(town, tmp_path, HEAD + "P1,V1,yes\nP2,V2,\n")
    assert (found.labelled_count, found.share) == (1, 1.0)


def test_without_answers_the_precision_may_be_anything(town: Settings) -> None:
    night = read(town, "select * from linkage.nights")[0]
    assert (night["precision_share"], night["precision_low_share"], night["precision_high_share"]) == (None, 0.0, 1.0)


def test_an_answer_that_is_none_is_named_by_its_line(town: Settings, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="line 3") as caught:
        _answer(town, tmp_path, HEAD + "P1,V1,yes\nP2,V2,perhaps\n")
    assert "perhaps" not in str(caught.value)


def test_the_interval_is_wilsons() -> None:
    assert labels.wilson(95, 100) == pytest.approx((0.8882, 0.9785), abs=1e-4)


@pytest.mark.parametrize("town", ["duckdb", "postgres"], indirect=True)
def test_the_page_is_for_its_owner_alone_and_gone_after_the_next_night(town: Settings) -> None:
    with open_warehouse(town) as warehouse:
        page = review.write(town, warehouse, "input.people", "input.voters")
    assert {file.stat().st_mode & 0o777 for file in page.parent.iterdir()} == {0o600}
    text = page.read_text(encoding="utf-8")
    assert "QUIMBY" in text and "&lt;Tennant&gt;" in text and "http" not in text
    assert (page.parent / review.ANSWERS).read_text(encoding="utf-8") == HEAD + "P1,V1,\nP2,V2,\n"
    run(town)
    assert not page.exists()
