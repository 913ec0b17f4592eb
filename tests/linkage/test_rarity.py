"""A name, a place and a year of birth link only where no stranger of the name is likely to be there."""

from __future__ import annotations

from pathlib import Path

from tests.linkage.town import fill, person, read, run, settings_in, voter

ELSEWHERE = {"city": "FARAWAY", "zip_code": "28999", "county_code": "9"}


def test_a_common_name_of_its_age_is_not_the_one_in_town_and_a_name_out_of_its_time_is(tmp_path: Path) -> None:
    """Six hundred are called John Smith and were born in 1980, as many are called Edna and were born in 1940."""
    settings = settings_in(tmp_path)
    crowd = [
        voter(f"{first[0]}{n}", first, "SMITH", birth_year=year, **ELSEWHERE)
        for first, year in (("JOHN", 1980), ("EDNA", 1940))
        for n in range(600)
    ]
    names = (("JOHN", "SMITH"), ("EDNA", "SMITH"), ("OSWALD", "TENNANT"))
    here = [voter(f"V{first}", first, last, birth_year=1980) for first, last in names]
    known = [person(f"P{first}", first.title(), last.title(), birth_year=1980, zip_code=None) for first, last in names]
    fill(settings, known, [*crowd, *here])
    run(settings)
    found = read(settings, "select person_key, voter_id, method from linkage.person_links order by person_key")
    key = "name_birth_year_city"
    assert [tuple(row.values()) for row in found] == [("PEDNA", "VEDNA", key), ("POSWALD", "VOSWALD", key)]


def test_another_zip_in_the_same_city_asks_for_a_rarer_name(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    crowd = [voter(f"E{n}", "EDNA", "SMITH", birth_year=1940, **ELSEWHERE) for n in range(600)]
    crowd += [voter(f"Z{n}", f"ZED{n}", "SMITH", birth_year=1980, **ELSEWHERE) for n in range(600)]
    here = voter("V1", "EDNA", "SMITH", birth_year=1980)
    fill(settings, [person("P1", "Edna", "Smith", birth_year=1980, zip_code="27001")], [*crowd, here])
    run(settings)
    keys = read(settings, "select method from linkage.decisions where method like 'name_birth_year%'")
    assert keys == []
