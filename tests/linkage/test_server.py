"""Linkage finds on a server's tables what it finds in the embedded warehouse, and leaves nothing of them beside it."""

from __future__ import annotations

from pathlib import Path

from tests.linkage.town import ambiguous, fill, links, person, read, run, settings_in, voter

PEOPLE = [
    person("P1", "Anna", "Quimby", birth_year=1961, birth_month=2, birth_day=3),
    person("P2", "Ben", "Twin", birth_year=1980),
    person("P3", "Nobody", "Here"),
]
VOTERS = [
    voter("V1", "ANNA", "QUIMBY", birth_year=1961, sex="F"),
    *(voter(f"V{n}", "BEN", "TWIN", birth_year=1980) for n in (2, 3)),
]


def test_a_server_gets_the_links_that_the_embedded_engine_finds(tmp_path: Path, postgres_uri: str) -> None:
    embedded = settings_in(tmp_path / "embedded")
    server = settings_in(tmp_path / "server", engine="postgres", warehouse_uri=postgres_uri)
    results = []
    for settings in (embedded, server):
        fill(settings, PEOPLE, VOTERS)
        results.append((run(settings).details, links(settings), ambiguous(settings)))
    assert results[0] == results[1]
    assert results[0][1] == {"P1": "V1"}
    assert results[0][2].keys() == {"P2"}
    assert not list((tmp_path / "server" / "home").rglob("*.tmp"))
    again = run(server).details
    assert (again["matched"], again["carried"]) == (0, 1)
    assert read(server, "select person_key from linkage.decisions order by 1") == [
        {"person_key": person["person_key"]} for person in PEOPLE
    ]
