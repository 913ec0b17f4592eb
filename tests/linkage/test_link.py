"""The edges of the room: what is refused, and that no personal value leaves it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pyarrow as pa
import pytest

from groundgame.errors import SpecError
from groundgame.linkage import link, rules, waterfall
from groundgame.linkage.model import declared, grade, pulled
from groundgame.linkage.nicknames import nickname_pairs
from groundgame.linkage.records import CODED
from groundgame.warehouse.base import Warehouse, open_warehouse
from tests.linkage.town import NIGHT, fill, person, read, run, settings_in, voter


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    fill(settings, [], [])
    with open_warehouse(settings) as warehouse:
        warehouse.execute("alter table input.people drop column phone")
    with pytest.raises(SpecError, match="phone"):
        run(settings)


def test_a_schema_that_is_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="links_schema"):
        link.run(settings_in(tmp_path), NIGHT, "input.people", "input.voters", "linkage; drop table x")


def test_names_and_places_are_compared_as_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    types: dict[str, list[str]] = {}
    link_by_keys = waterfall.link_by_keys

    def looked_at(warehouse: Warehouse, left: str, right: str) -> None:
        for table in (left, right):
            for row in warehouse.fetch(f"select column_name, column_type from (describe from {table})").to_pylist():
                types.setdefault(row["column_name"], []).append(row["column_type"])
        link_by_keys(warehouse, left, right)

    monkeypatch.setattr(waterfall, "link_by_keys", looked_at)
    settings = settings_in(tmp_path)
    fill(settings, [person("P", "Alan", "Abbott", sex="M")], [])
    run(settings)
    assert {column: ["ENUM", "ENUM"] for column in CODED} == {
        column: [kind.partition("(")[0] for kind in types[column]] for column in CODED
    }
    assert all(types[column] == ["USMALLINT", "USMALLINT"] for column in ("first_letter", "last_letter"))


def test_the_review_sample_names_nobody(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    fill(settings, [person("P", "Alan", "Abbot", zip_code="27001", city="NEXTTOWN")], [])
    run(settings)
    columns = read(settings, "select column_name as c from (describe linkage.review_sample)")
    assert [row["c"] for row in columns] == ["person_key", "voter_id", "probability", "agreement", "as_of_date"]
    assert not any("ABB" in row["agreement"].upper() for row in read(settings, "from linkage.review_sample"))


def test_one_voter_under_two_ids_is_found_and_neighbours_are_not(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    same = {"middle_name": "LEE", "birth_year": 1961, "phone": "9195550199", "sex": "F"}
    fill(settings, [], [voter("V1", "ANNA", "QUIMBY", **same), voter("V2", "ANNA", "QUIMBY", **same)])
    link.find_duplicates(settings, "input.voters")
    found = read(settings, "from linkage.voter_duplicates")
    assert [(row["voter_id"], row["other_voter_id"]) for row in found] == [("V1", "V2")]


def test_duplicates_are_looked_for_again_only_when_the_roll_is_another(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    fill(settings, [], [voter("V1", "ANNA", "QUIMBY", birth_year=1961)])
    kept = []
    for roll in ("one", "one", "two", None, None):  # None: somebody was forgotten, or a build was killed
        with open_warehouse(settings) as warehouse:
            warehouse.execute("delete from ops.steady_build")
            if roll:
                warehouse.execute("insert into ops.steady_build values (?)", [roll])
        kept.append(link.find_duplicates(settings, "input.voters").details["is_kept"])
    assert kept == [False, True, False, False, False]


@pytest.mark.parametrize("unknown", [(), ("county_code", "phone", "email", "sex"), ("zip_code", "state_abbr", "city")])
def test_records_of_one_person_share_a_cluster(tmp_path: Path, unknown: tuple[str, ...]) -> None:
    settings = settings_in(tmp_path)
    born = {"birth_year": 1961, "birth_month": 3, "birth_day": 9, **dict.fromkeys(unknown)}
    people = [
        person(key, first, "Quimby", **born) for key, first in (("P1", "Robert"), ("P2", "Bob"), ("P3", "Robret"))
    ]
    fill(settings, [*people, person("P4", "Emma", "Quimby", **{**born, "birth_year": 1990, "birth_day": 1})], [])
    link.deduplicate(settings, NIGHT, "input.people")
    clusters = {row["record_id"]: row["cluster_id"] for row in read(settings, "from linkage.record_clusters")}
    assert clusters == {"P1": "P1", "P2": "P1", "P3": "P1", "P4": "P4"}


def test_few_sure_links_bend_the_declared_rates_and_many_replace_them() -> None:
    assert pulled([0, 0], [0.9, 0.1], 50) == pytest.approx([0.9, 0.1])
    assert pulled([0, 100_000], [0.9, 0.1], 50) == pytest.approx([0, 1], abs=1e-3)


def test_rates_of_pairs_of_which_all_is_known_sum_to_one() -> None:
    known = {c.name: [not level.given for level in c.levels] for c in rules.COMPARISONS}
    for rates in (declared("m"), declared("u")):
        assert all(sum(itertools.compress(rates[name], known[name])) == pytest.approx(1) for name in known)


def test_a_year_of_birth_tells_as_much_where_no_file_has_the_day() -> None:
    m, u = declared("m")["birth"], declared("u")["birth"]
    labels = [level.label for c in rules.COMPARISONS if c.name == "birth" for level in c.levels]
    year = labels.index("year, day unknown")
    assert m[year] / u[year] == pytest.approx(0.9 / 0.014)


def test_the_last_level_is_grade_zero() -> None:
    assert grade("first_name", "other") == 0
    assert grade("sex", "same") == 1


def test_nicknames_go_both_ways() -> None:
    pairs = {(row["name"], row["form"]) for row in nickname_pairs().to_pylist()}
    assert {("ROBERT", "BOB"), ("BOB", "ROBERT")} <= pairs
    assert pa.types.is_string(nickname_pairs().schema.field("name").type)
