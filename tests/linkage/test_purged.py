"""A friend's name is gone after the first night; the answer that was found with it stays, in reruns and on later nights."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from tests.linkage.town import NIGHT, fill, person, read, run, settings_in, voter

LINKS = "select person_key, voter_id, probability, linked_as_of_date from linkage.person_links order by person_key"
BORN = {"birth_year": 1961, "birth_month": 3, "birth_day": 9}


def test_a_purged_friend_keeps_the_answer_and_nobody_elses_changes(tmp_path: Path) -> None:
    """P3 and P4 claim one voter, so neither gets it; that must not change when P4's name is gone."""
    settings = settings_in(tmp_path)
    voters = [voter("V1", "EMMA", "QUIMBY", birth_year=1961), voter("V3", "PAUL", "TENNANT", birth_year=1961)]
    people = [
        person("P1", "Emma", "Quimby", **BORN),
        person("P3", "Paul", "Tennant", **BORN),
        person("P4", "Paul", "Tennant", **BORN),
    ]
    fill(settings, people, voters)
    run(settings)
    first = read(settings, LINKS)
    assert [(row["person_key"], row["voter_id"]) for row in first] == [("P1", "V1")]
    gone = {"first_name": None, "last_name": None, "birth_year": None, "birth_month": None, "birth_day": None}
    purged = [{**one, **gone} if one["person_key"] in ("P1", "P4") else one for one in people]
    for night in (NIGHT, NIGHT + dt.timedelta(days=1)):
        fill(settings, purged, voters)
        run(settings, night)
        assert read(settings, LINKS) == first
    moved = [voter("V1", "EMMA", "QUIMBY", birth_year=1961, city="ELSEWHERE"), voters[1]]
    fill(settings, purged, moved)
    run(settings, NIGHT + dt.timedelta(days=2))
    assert {"person_key": "P1", **{k: v for k, v in first[0].items() if k != "person_key"}} in read(settings, LINKS)
