"""From night to night: what is matched again, what is carried, and that a rerun changes nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from groundgame.config import Settings
from tests.linkage.town import NIGHT, ambiguous, fill, links, person, read, run, settings_in, voter

NEXT = NIGHT + dt.timedelta(days=1)
ADA = person("A", "Ada", "Quimby", birth_year=1961)
BEN = person("B", "Ben", "Tennant", birth_year=1970)
ADA_VOTES = voter("V1", "ADA", "QUIMBY", birth_year=1961)
BEN_VOTES = voter("V2", "BEN", "TENNANT", birth_year=1970)
ALL = "select * from linkage.{} order by all"


@pytest.fixture
def town(tmp_path: Path) -> Settings:
    """Ada is linked; Ben is in no voter file yet."""
    settings = settings_in(tmp_path)
    fill(settings, [ADA, BEN], [ADA_VOTES])
    run(settings)
    assert links(settings) == {"A": "V1"}
    return settings


def _everything(settings: Settings) -> list[list[dict[str, Any]]]:
    tables = ("person_links", "ambiguous_people", "review_sample", "decisions", "nights")
    return [read(settings, ALL.format(table)) for table in tables]


def test_a_rerun_gives_the_same_bits(town: Settings) -> None:
    before = _everything(town)
    run(town)
    assert _everything(town) == before


def test_two_installations_agree_to_the_last_bit(town: Settings, tmp_path: Path) -> None:
    other = settings_in(tmp_path / "other")
    fill(other, [BEN, ADA], [ADA_VOTES])
    run(other)
    assert _everything(other) == _everything(town)


def test_who_has_not_changed_is_carried(town: Settings) -> None:
    result = run(town, NEXT)
    assert (result.details["matched"], result.details["carried"], result.details["new"]) == (0, 1, 0)
    assert read(town, "select linked_as_of_date as d from linkage.person_links")[0]["d"] == NIGHT


def test_a_new_person_is_matched_alone(town: Settings) -> None:
    fill(town, [ADA, BEN, person("C", "Alan", "Abbott")], [ADA_VOTES])
    result = run(town, NEXT)
    assert (result.details["matched"], result.details["new"], result.details["carried"]) == (1, 1, 1)


def test_a_person_whose_name_changed_loses_the_link(town: Settings) -> None:
    fill(town, [person("A", "Oswald", "Ferrer", birth_year=1930), BEN], [ADA_VOTES])
    result = run(town, NEXT)
    assert links(town) == {}
    assert result.details["changed"] == 1


def test_a_voter_who_vanished_takes_the_link_along(town: Settings) -> None:
    fill(town, [ADA, BEN], [])
    run(town, NEXT)
    assert links(town) == {}


def test_who_registers_later_is_found_later(town: Settings) -> None:
    fill(town, [ADA, BEN], [ADA_VOTES, BEN_VOTES])
    run(town, NEXT)
    assert links(town) == {"A": "V1", "B": "V2"}


def test_two_who_are_alike_are_seen_to_register_when_two_others_leave(town: Settings) -> None:
    leaving = [voter(name, "ZENO", "TENNANT", content_hash="zeno") for name in ("V3", "V4")]
    coming = [voter(name, "BEN", "TENNANT", birth_year=1970, content_hash="ben") for name in ("V5", "V6")]
    fill(town, [ADA, BEN], [ADA_VOTES, *leaving])
    run(town, NEXT)
    fill(town, [ADA, BEN], [ADA_VOTES, *coming])
    run(town, NEXT + dt.timedelta(days=1))
    assert "B" in ambiguous(town)


def test_a_second_claimant_unlinks_both_and_her_leaving_restores_the_first(town: Settings) -> None:
    fill(town, [ADA, BEN, {**ADA, "person_key": "C"}], [ADA_VOTES])
    run(town, NEXT)
    assert set(ambiguous(town)) == {"A", "C"}
    fill(town, [ADA, BEN], [ADA_VOTES])
    run(town, NEXT + dt.timedelta(days=1))
    assert links(town) == {"A": "V1"}


def test_a_rerun_of_a_night_that_changed_links_starts_from_the_night_before(town: Settings) -> None:
    fill(town, [ADA, BEN, {**ADA, "person_key": "C"}], [ADA_VOTES])
    run(town, NEXT)
    before = _everything(town)
    run(town, NEXT)
    assert _everything(town) == before


def test_who_leaves_the_app_leaves_the_memory(town: Settings) -> None:
    fill(town, [BEN], [ADA_VOTES])
    run(town, NEXT)
    assert read(town, "select person_key from linkage.decisions where person_key = 'A'") == []


def test_nobody_at_all_is_no_error(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    fill(settings, [], [])
    assert run(settings).rows_out == 0
