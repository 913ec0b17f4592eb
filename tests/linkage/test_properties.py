"""What holds for any town: one voter a person, whatever the order of the rows and whoever else is there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.linkage.town import FIRST, LAST, fill, links, person, run, settings_in, voter

few = settings(max_examples=3, deadline=None)
names = st.tuples(st.sampled_from([*FIRST, "BOB", "ROBERT", "LORNE"]), st.sampled_from([*LAST, "KEMPE", "QUIMBY"]))
ages = st.one_of(st.none(), st.integers(1940, 2005))
phones = st.one_of(st.none(), st.sampled_from(["9195550000", "9195550101", "9195559999"]))
people = st.lists(st.tuples(names, ages, phones), min_size=2, max_size=8)


def _known(drawn: list[Any]) -> list[dict[str, Any]]:
    return [
        person(f"P{number}", *name, birth_year=year, phone=phone) for number, (name, year, phone) in enumerate(drawn)
    ]


def _linked(known: list[dict[str, Any]], voters: list[dict[str, Any]]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        town = settings_in(Path(folder))
        fill(town, known, voters)
        run(town)
        return links(town)


@few
@given(people, st.randoms(use_true_random=False))
def test_no_voter_has_two_people_and_the_order_of_rows_changes_nothing(drawn: list[Any], random: Any) -> None:
    known = _known(drawn)
    voters = [voter(f"V{n}", *name, birth_year=year, phone=phone) for n, (name, year, phone) in enumerate(drawn[:3])]
    linked = _linked(known, voters)
    assert len(set(linked.values())) == len(linked)
    random.shuffle(known)
    random.shuffle(voters)
    assert _linked(known, voters) == linked


@few
@given(people)
def test_a_stranger_more_changes_no_other_link(drawn: list[Any]) -> None:
    known = _known(drawn)
    elsewhere = {"city": "FARAWAY", "zip_code": "28999", "county_code": "9", "state_abbr": "VA"}
    # Her key sorts first, so that everybody else's number in the run is another.
    stranger = person("A", "Zebulon", "Xanthopoulos", birth_year=1912, **elsewhere)
    voters = [voter(f"V{n}", *name, birth_year=year, phone=phone) for n, (name, year, phone) in enumerate(drawn)]
    assert _linked([*known, stranger], voters) == _linked(known, voters)


@few
@given(st.lists(st.integers(1940, 2005), min_size=2, max_size=4, unique=True), st.sampled_from(["JOHN", "MARIA"]))
def test_mates_of_one_name_and_home_never_swap_when_their_birth_years_differ(years: list[int], first: str) -> None:
    home = {"phone": "9195557777"}
    voters = [voter(f"V{year}", first, "QUIMBY", birth_year=year, **home) for year in years]
    known = [person(f"P{year}", first, "Quimby", birth_year=year, **home) for year in years]
    assert _linked(known, voters) == {f"P{year}": f"V{year}" for year in years}
