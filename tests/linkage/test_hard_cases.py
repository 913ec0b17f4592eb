"""The cases that linkage is judged by, each in a town of 144 other voters: who must be found, and who must not be taken for whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundgame.linkage import link
from tests.linkage.town import ambiguous, fill, links, neighbours, person, read, run, settings_in, voter

ROBERT = voter("V1", "ROBERT", "QUIMBY", birth_year=1961, phone="9195550199", sex="M")
ELSEWHERE = {"city": "FARAWAY", "zip_code": "28999", "county_code": "9"}
FATHER = voter("V1", "JOHN", "QUIMBY", birth_year=1950, phone="9195550199", sex="M")
SON = voter("V2", "JOHN", "QUIMBY", birth_year=1979, phone="9195550199", sex="M", name_suffix="JR")
WIFE = voter("V3", "MARIA", "QUIMBY", birth_year=1961, phone="9195550199", sex="F")
BORN = {"birth_year": 1961, "birth_month": 3, "birth_day": 9}

# Each line: a name, the voters besides the neighbours, what the app knows of one person, the voter who is meant (or none).
CASES: list[tuple[str, list[dict[str, Any]], dict[str, Any], str | None]] = [
    ("a nickname with a birth year", [ROBERT], person("P", "Bob", "Quimby", **BORN), "V1"),
    ("a nickname with a phone", [ROBERT], person("P", "Bob", "Quimby", phone="9195550199"), "V1"),
    ("a mistyped last name", [ROBERT], person("P", "Robert", "Quinby", **BORN), "V1"),
    ("a mistyped first name", [ROBERT], person("P", "Rbert", "Quimby", **BORN), "V1"),
    ("a nickname with another letter, and a mistyped last name", [ROBERT], person("P", "Bob", "Quinby", **BORN), "V1"),
    ("both names mistyped", [ROBERT], person("P", "Rbert", "Quinby", **BORN), "V1"),
    (
        "a name in another script",
        [voter("V1", "정호", "QUIMBY", birth_year=1961)],
        person("P", "정호", "Quimby", **BORN),
        "V1",
    ),
    (
        "goes by the middle name",
        [voter("V1", "ROBERT", "QUIMBY", middle_name="HENRY", birth_year=1961, sex="M")],
        person("P", "Henry", "Quimby", **BORN),
        "V1",
    ),
    ("names in each other's box", [ROBERT], person("P", "Quimby", "Robert", **BORN), "V1"),
    (
        "accents and hyphens",
        [voter("V1", "JOSE", "PENA DIAZ", birth_year=1961)],
        person("P", "José", "Peña-Díaz", **BORN),
        "V1",
    ),
    ("moved, with the phone kept", [ROBERT], person("P", "Robert", "Quimby", phone="9195550199", **ELSEWHERE), "V1"),
    ("moved, with a rare name and the year", [ROBERT], person("P", "Robert", "Quimby", **BORN, **ELSEWHERE), "V1"),
    ("month and day alone", [ROBERT], person("P", "Robert", "Quimby", birth_month=3, birth_day=9), "V1"),
    ("no birthday: the one exact name in the ZIP", [ROBERT], person("P", "Robert", "Quimby"), "V1"),
    (
        "no birthday and no ZIP: the one exact name in the city",
        [ROBERT],
        person("P", "Robert", "Quimby", zip_code=None),
        "V1",
    ),
    (
        "married since: the former name is told",
        [voter("V1", "ANNA", "QUIMBY", birth_year=1961, sex="F")],
        person("P", "Anna", "Marlow", other_last_name="Quimby", **BORN),
        "V1",
    ),
    (
        "married since: half of a double name",
        [voter("V1", "ANNA", "QUIMBY-MARLOW", birth_year=1961, sex="F")],
        person("P", "Anna", "Marlow", **BORN),
        "V1",
    ),
    ("a father, by year", [FATHER, SON], person("P", "John", "Quimby", birth_year=1950), "V1"),
    ("a son, by year", [FATHER, SON], person("P", "John", "Quimby", birth_year=1979), "V2"),
    (
        "a son, by suffix",
        [voter("V1", "JOHN", "QUIMBY", birth_year=1950, name_suffix="SR"), SON],
        person("P", "John", "Quimby Jr."),
        "V2",
    ),
    ("father or son: nobody can tell", [FATHER, SON], person("P", "John", "Quimby", phone="9195550199"), None),
    (
        "a husband is not his wife, though home and phone are one",
        [WIFE],
        person("P", "Paul", "Quimby", phone="9195550199", **BORN),
        None,
    ),
    (
        "a son is not his father, though name and phone are one",
        [FATHER],
        person("P", "John", "Quimby", phone="9195550199", birth_year=1985),
        None,
    ),
    (
        "twins",
        [voter("V1", "ANNA", "QUIMBY", birth_year=1961), voter("V2", "EMMA", "QUIMBY", birth_year=1961)],
        person("P", "Emma", "Quimby", **BORN),
        "V2",
    ),
    ("a stranger of the same year and ZIP", [ROBERT], person("P", "Oswald", "Tennant", **BORN), None),
    (
        "two of the name in the ZIP and no birthday",
        [ROBERT, voter("V2", "ROBERT", "QUIMBY", birth_year=1990)],
        person("P", "Robert", "Quimby"),
        None,
    ),
]


def _in_its_own_town(number: int, row: dict[str, Any]) -> dict[str, Any]:
    """The row with the surname, the places and the phone of one case, so that all cases can be decided in one night."""
    mark = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number]
    moved = {key: value for key, value in row.items() if value is not None}
    for key in ("last_name", "other_last_name", "first_name"):
        if key in moved:
            moved[key] = (
                moved[key]
                .replace("QUIMBY", f"QU{mark}MBY")
                .replace("Quimby", f"Qu{mark}mby")
                .replace("Quinby", f"Qu{mark}nby")
            )
    for key in ("zip_code", "phone"):
        if key in moved:
            moved[key] = moved[key][:3] + f"{number:02d}" + moved[key][5:]
    for key in ("city", "county_code", "voter_id", "person_key"):
        if key in moved:
            moved[key] += mark
    return moved


@pytest.fixture(scope="module", params=["town", "state"])
def decided(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """All cases in one night, each in a town of its own; once as in a state, where one field alone opens no comparison."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "state":
            patch.setattr(link, "TOWN", 0)
        yield _decide(tmp_path_factory.mktemp("towns"))


def _decide(home: Path) -> dict[str, str]:
    settings = settings_in(home)
    people = [_in_its_own_town(number, case[2]) for number, case in enumerate(CASES)]
    voters = [_in_its_own_town(number, row) for number, case in enumerate(CASES) for row in case[1]]
    fill(settings, people, voters)
    run(settings)
    return links(settings)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_the_right_voter_is_found_or_none(decided: dict[str, str], number: int) -> None:
    mark = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number]
    expected = CASES[number][3]
    assert decided.get(f"P{mark}") == (expected and expected + mark)


def test_two_people_who_claim_one_voter_are_both_left_out(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    fill(settings, [person("P1", "Robert", "Quimby", **BORN), person("P2", "Robert", "Quimby", **BORN)], [ROBERT])
    result = run(settings)
    assert links(settings) == {}
    assert set(ambiguous(settings)) == {"P1", "P2"}
    assert result.details["ambiguous"] == 2


def test_the_surer_of_two_claims_stands(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    sure = person("P1", "Robert", "Quimby", phone="9195550199", **BORN)
    fill(settings, [sure, person("P2", "Robert", "Quimby", zip_code=None)], [ROBERT])
    run(settings)
    assert links(settings) == {"P1": "V1"}


def test_without_birthdays_the_exact_name_match_is_never_bettered(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    known = [person(f"P{row['voter_id']}", row["first_name"], row["last_name"]) for row in neighbours()]
    fill(settings, known, [])
    run(settings)
    assert links(settings) == {f"P{row['voter_id']}": row["voter_id"] for row in neighbours()}


def test_no_zip_says_nothing_against_a_voter_and_another_zip_does(tmp_path: Path) -> None:
    odds = {}
    for zip_code in (None, "27999"):
        settings = settings_in(tmp_path / str(zip_code))
        # Nobody shares a phone with the file, so that the declared shares alone say what a city is worth.
        fill(settings, [person("P", "Bob", "Quimby", zip_code=zip_code, **BORN)], [{**ROBERT, "phone": None}])
        run(settings)
        probability = read(settings, "from linkage.person_links where method = 'splink'")[0]["probability"]
        odds[zip_code] = probability / (1 - probability)
    assert odds[None] > 4 * odds["27999"]


@pytest.mark.parametrize("namesakes", [0, 1], ids=["alone", "with a namesake"])
def test_a_name_that_nobody_else_bears_is_found_without_place_or_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, namesakes: int
) -> None:
    monkeypatch.setattr(link, "TOWN", 0)
    settings = settings_in(tmp_path)
    nowhere = person("P", "Robert", "Quimby", zip_code=None, city=None, county_code=None)
    fill(settings, [nowhere], [ROBERT, voter("V2", "ROBERT", "QUIMBY", **ELSEWHERE)][: 1 + namesakes])
    run(settings)
    assert links(settings) == ({} if namesakes else {"P": "V1"})


def test_no_key_takes_a_particle_for_a_last_name(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    known = person("P", "Maria", "Souza de la Rua", **BORN)
    fill(settings, [known], [voter("V1", "MARIA", "LA", birth_year=1961)])
    run(settings)
    # In a town this small the first name, the year and the ZIP may do for the model; a key would be sure.
    assert read(settings, "select method from linkage.person_links where method <> 'splink'") == []
