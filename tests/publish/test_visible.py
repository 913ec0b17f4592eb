"""Director, region, team lead and organizer each see exactly their subtree, in both warehouses."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.publish import switch
from groundgame.publish.visible import rows_for, visible_to
from groundgame.warehouse.base import open_warehouse
from tests import server
from tests.publish.night import build_night, settings_in

PATHS = ["/NC/", "/NC/R1/", "/NC/R11/", "/NC/R1/T1/", "/NC/R1/T2/", "/NC/R1/T1/O1/", "/NC/R11/T3/O3/", "/unplaced/O9/"]
LEADERS = {"dora": "/NC/", "rita": "/NC/R1/", "tom": "/NC/R1/T1/", "olga": "/NC/R1/T1/O1/"}


def expected(person: str) -> list[str]:
    return sorted(path for path in PATHS if person in LEADERS and path.startswith(LEADERS[person]))


def published(settings: Settings) -> Settings:
    """A night with a field program: one row of progress for each node, one contact of voter NC-7 by each."""
    as_of = build_night(settings, 1)
    with open_warehouse(settings) as warehouse:
        nodes = [path.rstrip("/").rpartition("/")[2] for path in PATHS]
        amounts = {
            "node_id": nodes,
            "node_path": PATHS,
            "metric": ["doors"] * len(PATHS),
            "actual_count": [1] * len(PATHS),
        }
        warehouse.replace("marts.field_progress", pa.table(amounts))
        access = {
            "login": list(LEADERS),
            "node_id": list(LEADERS),
            "node_path": list(LEADERS.values()),
            "level": ["any"] * 4,
        }
        warehouse.replace("marts.field_access", pa.table(access))
        keys = {"contact_key": [f"van:{node}" for node in nodes], "voter_id": ["NC-7"] * len(PATHS), "node_path": PATHS}
        warehouse.replace("marts.fct_contacts", pa.table(keys))
    switch.publish(settings, as_of)
    return settings


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return published(settings_in(tmp_path_factory.mktemp("visible")))


@pytest.mark.parametrize("person", [*LEADERS, "nobody", "", "' or true --"])
def test_a_person_sees_her_subtree_and_nothing_beside_it(embedded: Settings, person: str) -> None:
    seen = rows_for(embedded, person, "field_progress").column("node_path").to_pylist()
    assert seen == expected(person)
    assert [path for path in PATHS if visible_to(embedded, person).sees(path)] == [p for p in PATHS if p in seen]


def test_a_table_is_named_and_not_written_into_a_query(embedded: Settings) -> None:
    with pytest.raises(SpecError):
        rows_for(embedded, "dora", "field_progress where true or true")


def test_on_a_server_row_rules_say_the_same_of_a_login(postgres_uri: str, tmp_path: Path) -> None:
    settings = published(settings_in(tmp_path, uri=postgres_uri))
    with open_warehouse(settings) as warehouse:
        warehouse.execute("insert into runs.field_counties values ('olga', 'NC', '7')")
    people = [*LEADERS, "nora"]
    with psycopg.connect(postgres_uri, autocommit=True) as admin:
        for person in people:
            admin.execute(f"drop role if exists {person}")
            admin.execute(f"create role {person} login in role groundgame_field")
    for person in people:
        with psycopg.connect(postgres_uri.replace(server.SUPERUSER + "@", person + "@"), autocommit=True) as login:

            def seen(table: str, login: psycopg.Connection = login) -> list[str]:
                found = login.execute(f"select node_path from published.{table} order by 1")
                return [str(row[0]) for row in found.fetchall()]

            assert sorted(seen("field_progress")) == expected(person), person
            # Contacts name voters: whose work it is, and a county of hers, both.
            assert seen("fct_contacts") == (expected("olga") if person == "olga" else []), person
            assert login.execute("select login from published.field_access").fetchall() == (
                [(person,)] if person in LEADERS else []
            )
    assert rows_for(settings, "rita", "field_progress").column("node_path").to_pylist() == expected("rita")
