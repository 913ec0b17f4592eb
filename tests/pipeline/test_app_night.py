"""A night with an app: lists for those who agreed, and nothing of anybody else in any table, file, log or page."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from groundgame import stages
from groundgame.config import Settings
from groundgame.privacy.search import find_subject
from groundgame.publish.exports.audience import extern_id
from groundgame.publish.exports.request import make_request
from groundgame.publish.read import query
from groundgame.warehouse.base import open_warehouse
from tests.conftest import AS_OF
from tests.ingest.desk import aged

FIRST, SECOND = AS_OF + dt.timedelta(days=1), AS_OF + dt.timedelta(days=2)
SCOPES = ("contact", "modeling", "matching", "friends")
ASKER, REVOKED, TEEN, SILENT = "70001", "70002", "70003", "70004"
FRIENDS = [f"8000{n}" for n in range(1, 8)]
STRANGER = "80009"
# Words that stand nowhere else: who is found by one of them was not forgotten.
NAMES = {REVOKED: "Quxzelworth", TEEN: "Vantibrook", SILENT: "Wolfshagenby", STRANGER: "Xantholope"}
CITY = "Zebulonquil"


def export(settings: Settings, day: dt.date, voters: list[dict[str, Any]], consents: dict[str, str]) -> None:
    """One day's export. The asker and the seven friends are voters of the state; the others are nobody."""
    when = int(dt.datetime.combine(day, dt.time(1), dt.UTC).timestamp() * 1000)
    asker, *friends = voters
    users = [
        {"id": ASKER, "name": full(asker), "birthday": f"06/06/{asker['birth_year']}", "location": place(asker)},
        *({"id": user, "name": f"Pat {NAMES[user]}"} for user in (REVOKED, SILENT)),
        {"id": TEEN, "name": f"Pat {NAMES[TEEN]}", "birthday": "06/06/2010"},
        *({"id": f"9000{n}", "name": f"Sam Filler{n}"} for n in range(6)),
    ]
    data = [{"id": key, "name": full(voter)} for key, voter in zip(FRIENDS, friends, strict=True)]
    data.append({"id": STRANGER, "name": f"Pat {NAMES[STRANGER]}"})
    shared = [{"friend_id": key, "location": place(voter)} for key, voter in zip(FRIENDS, friends, strict=True)]
    shared.append({"friend_id": STRANGER, "location": {"name": f"{CITY}, North Carolina"}, "religion": "Druid"})
    lines = {
        "users": [{**user, "installed_at": "2026-09-01T00:00:00+0000"} for user in users],
        "friends": [{"user_id": user, "data": data} for user in (ASKER, REVOKED, SILENT)],
        "friend_shared": shared,
        "actions": [
            {
                "event_id": 1,
                "user_id": user,
                "friend_id": FRIENDS[0],
                "type": "asked",
                "ask": "vote",
                "occurred_at": when,
            }
            for user in (ASKER,)
        ],
        "consent": [
            {
                "event_id": f"{day}-{user}-{scope}",
                "user_id": user,
                "scope": scope,
                "action": action,
                "occurred_at": when - 1000,
            }
            for user, action in consents.items()
            for scope in SCOPES
        ],
    }
    folder = settings.inbox_dir / "app" / f"graph_{day:%Y%m%d}"
    folder.mkdir(parents=True)
    for name, rows in lines.items():
        end = {"trailer": True, "lines": len(rows), "schema_version": "1"}
        aged(folder / f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in [*rows, end]).encode(), day)


def full(voter: dict[str, Any]) -> str:
    return f"{voter['first_name'].title()} {voter['last_name'].title()}"


def place(voter: dict[str, Any]) -> dict[str, str]:
    return {"name": f"{voter['city'].title()}, North Carolina"}


def known_voters(settings: Settings) -> list[dict[str, Any]]:
    """Eight voters who are scored and whose names nobody shares."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.fetch(
            "select i.* from vault.voter_identities as i join marts.voter_scores as s using (voter_id)"
            " where not i.is_confidential and i.city is not null and regexp_matches(i.first_name || i.last_name, '^[A-Z]+$')"
            " qualify count(*) over (partition by i.first_name, i.last_name) = 1 order by i.voter_id limit 8"
        ).to_pylist()


def is_landed(where: str) -> bool:
    """The landed file itself, or a view that reads it."""
    return where.startswith("raw/app_users/") or any(
        view in where for view in ("raw.", 'staging."stg_app__', 'intermediate."int_app_users__latest"')
    )


def night(settings: Settings, as_of: dt.date) -> None:
    for _ in stages.night(settings, as_of):
        pass


def places(settings: Settings, *texts: str) -> list[str]:
    """Where a text stands, apart from what the sender wrote."""
    return [item.place for item in find_subject(settings, *texts) if not item.is_original]


def audience_ids(settings: Settings, day: dt.date) -> set[str]:
    """The accounts of an audience made on a day, as its recipient knows them."""
    folder = settings.inbox_dir / "suppression"
    folder.mkdir(exist_ok=True)
    (folder / f"do_not_contact_{day}.csv").write_text("kind,value\nnone,\n", encoding="utf-8")
    made = stages.export(settings, make_request("meta_audience", "advertising", "Ann Lee"), day)
    lines = (Path(made.details["folder"]) / "meta_audience_1.csv").read_text(encoding="utf-8").splitlines()
    return {line.partition(",")[0] for line in lines[1:]}


@pytest.fixture
def first_night(home: Settings) -> Settings:
    voters = known_voters(home)
    export(home, FIRST, voters, {ASKER: "granted", REVOKED: "granted", TEEN: "granted"})
    night(home, FIRST)
    return home


def test_lists_for_those_who_agreed_and_nothing_of_anybody_else(first_night: Settings) -> None:
    settings, voters = first_night, known_voters(first_night)
    asks = query(settings, "select * from friend_asks order by person_key, ask_rank").to_pylist()
    mine = [row for row in asks if row["person_key"] == f"graph:{ASKER}"]
    assert len(mine) == 5
    assert {row["voter_id"] for row in mine} <= {voter["voter_id"] for voter in voters[1:]}
    users = {row["person_key"]: row for row in query(settings, "select * from dim_app_users").to_pylist()}
    assert set(users) == {f"graph:{ASKER}", f"graph:{REVOKED}"}
    assert users[f"graph:{ASKER}"]["voter_id"] == voters[0]["voter_id"]
    # A friend who agreed to nothing: no name, no city, no faith, anywhere.
    assert places(settings, NAMES[STRANGER], CITY, "Druid") == []
    # Who is not of age, or never agreed, is in what landed and nowhere else.
    for person in (TEEN, SILENT):
        assert all(is_landed(where) for where in places(settings, NAMES[person]))
        assert not [where for where in places(settings, f"graph:{person}") if "marts" in where or "linkage" in where]
    # An audience is made of accounts that may be contacted, as hashes alone.
    assert audience_ids(settings, FIRST) == {extern_id(f"graph:{user}") for user in (ASKER, REVOKED)}
    export(settings, SECOND, voters, {ASKER: "revoked", REVOKED: "revoked"})
    night(settings, SECOND)
    assert list(settings.exports_dir.glob("*")) == []  # lists of yesterday's consents go with the next night
    assert query(settings, "select count(*) as n from friend_asks").to_pylist() == [{"n": 0}]
    assert query(settings, "select count(*) as n from dim_app_users").to_pylist() == [{"n": 0}]
    with open_warehouse(settings, read_only=True) as warehouse:
        for table in ("linkage.person_links", "linkage.decisions", "intermediate.int_friends__linked"):
            assert warehouse.fetch(f"select count(*) as n from {table}").to_pylist() == [{"n": 0}], table
    served = Path(settings.published_dir / "current.duckdb").resolve().name
    assert not [where for where in places(settings, f"graph:{ASKER}") if served in where]
