"""A tiny raw warehouse, as landing leaves it, with one voter for each thing that can go wrong in the marts.

Two registration files are dated before the night (2024 and 2026), one on it and one after it. ``voters`` and ``votes`` may be
changed before ``write``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from groundgame.config import Settings
from groundgame.linkage import ledger
from groundgame.sources.entities import REGISTRATIONS, VOTES
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

AS_OF = dt.date(2026, 10, 25)
EARLY, LATE, TONIGHT, AFTER = (dt.date(2024, 10, 12), dt.date(2026, 10, 17), AS_OF, dt.date(2026, 10, 26))
OLD_HISTORY, HISTORY = dt.date(2025, 1, 18), dt.date(2026, 10, 24)
G16, G18, G20, G22, G24 = ("2016-11-08", "2018-11-06", "2020-11-03", "2022-11-08", "2024-11-05")
P24, P26, M25, S26 = ("2024-03-05", "2026-03-03", "2025-11-04", "2026-09-15")
TYPES = {P24: "primary", P26: "primary", M25: "municipal", S26: "special"}
CODES = [
    *(("nc", "status", code, value) for code, value in {"A": "active", "I": "inactive", "R": "removed"}.items()),
    *(("nc", "party", c, v) for c, v in {"DEM": "democratic", "REP": "republican", "UNA": "unaffiliated"}.items()),
    *(("nc", "sex", code, value) for code, value in {"F": "female", "M": "male"}.items()),
    *(("nc", "race", code, value) for code, value in {"W": "white", "B": "black"}.items()),
    *(("nc", "voting_method", c, v) for c, v in {"IN-PERSON": "election_day", "ONESTOP": "early"}.items()),
]


APP = {
    "app_users": [
        *(
            "user_id",
            "full_name",
            "first_name",
            "last_name",
            "gender_code",
            "birthday",
            "city",
            "state",
            "country_code",
        ),
        *(
            "zip_code",
            "phone",
            "email",
            "religion",
            "political_views",
            "van_id",
            "installed_at",
            "updated_at",
            "deleted_at",
        ),
    ],
    "app_friend_edges": ["user_id", "friend_id", "friend_name", "seen_at"],
    "app_friend_shared": ["friend_id", "birthday", "city", "state"],
    "app_actions": [
        "event_id",
        "revision",
        "user_id",
        "friend_id",
        "action_type",
        "ask_type",
        "occurred_at",
        "outcome",
        "amount",
    ],
    "app_consent_events": ["event_id", "user_id", "scope", "action", "occurred_at", "country_code"],
}


@dataclass
class World:
    """Lines of all files; a line is a dict of canonical fields plus the file's date under ``_snapshot_date``."""

    registrations: list[dict[str, Any]] = field(default_factory=list)
    votes: list[dict[str, Any]] = field(default_factory=list)
    app: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in APP})
    links: list[tuple[str, str]] = field(default_factory=list)

    def voter(self, voter_id: str, dates: tuple[dt.date, ...] = (EARLY, LATE, TONIGHT), **fields: Any) -> None:
        """List a voter in some files."""
        line = {
            "voter_id": voter_id,
            "county_code": "1",
            "county_name": "ALAMANCE",
            "last_name": f"SMITH{voter_id}",
            "first_name": "PAT",
            "status_code": "A",
            "street_address": f"{voter_id[1:]} OAK ST",
            "city": "RALEIGH",
            "state_abbr": "NC",
            "zip_code": "27601",
            "phone": "9195550100",
            "is_confidential": "N",
            "registered_date": "2010-01-01",
            "race_code": "W",
            "party_code": "DEM",
            "sex_code": "F",
            "birth_year": "1970",
            "precinct_code": "01",
            "congressional_district": "04",
            "state_senate_district": "15",
            "state_house_district": "33",
            **fields,
        }
        self.registrations += [{**line, "_source": "nc", "_snapshot_date": date} for date in dates]

    def vote(self, voter_id: str, *elections: str, snapshot: dt.date = HISTORY, **fields: Any) -> None:
        """Record votes of a voter."""
        for election in elections:
            line = {
                "voter_id": voter_id,
                "election_date": election,
                "election_type": TYPES.get(election, "general"),
                "election_name": f"{election} ELECTION",
                "voting_method_code": "IN-PERSON",
                "party_code": "DEM",
                "voted_county_code": "1",
                **fields,
            }
            self.votes.append({**line, "_source": "nc", "_snapshot_date": snapshot})

    def consent(self, user: str, scope: str, action: str, at: str) -> None:
        """A consent given or taken back."""
        event = f"{user}-{scope}-{action}"
        self.told("app_consent_events", event_id=event, user_id=user, scope=scope, action=action, occurred_at=at)

    def told(self, entity: str, date: dt.date = LATE, **fields: Any) -> None:
        """A line of an app's export."""
        self.app[entity].append({**fields, "_source": "graph", "_snapshot_date": date})

    def write(self, settings: Settings, is_training: bool = True) -> None:
        """Replace the raw tables and open the night."""
        with open_warehouse(settings) as warehouse:
            for entity, lines in ((REGISTRATIONS, self.registrations), (VOTES, self.votes)):
                warehouse.replace(f"raw.{entity.name}", _table(entity.name, entity.fields, lines))
            for name, lines in self.app.items():
                warehouse.replace(f"raw.{name}", _table(name, APP[name], lines))
            self._write_links(warehouse)
            names = ("source", "field", "code", "value")
            codes = {name: pa.array(list(values)) for name, values in zip(names, zip(*CODES, strict=True), strict=True)}
            warehouse.replace("raw.source_codes", pa.table(codes))
            warehouse.execute(
                "create or replace table raw.source_elections"
                " (source varchar, election_date date, election_type varchar, election_name varchar)"
            )
            warehouse.execute(
                "create or replace table raw.sources as select 'nc' as source, 'NC' as state_abbr,"
                " 60 as history_lag_days, date '2016-01-01' as history_start_date, true as has_separate_history, 3652 as retention_days"
            )
            ops.set_run_parameters(warehouse, AS_OF, is_training)

    def _write_links(self, warehouse: Warehouse) -> None:
        """What linkage found, without linkage."""
        ledger.create(warehouse)
        warehouse.execute("delete from linkage.person_links")
        for person, voter in self.links:
            warehouse.execute(
                "insert into linkage.person_links (person_key, voter_id, probability, method) values (?, ?, 0.97, 'email')",
                [f"graph:{person}", f"NC-{voter}"],
            )


def _table(name: str, fields: Sequence[str], lines: list[dict[str, Any]]) -> pa.Table:
    columns = {field: pa.array([line.get(field) for line in lines], pa.string()) for field in fields}
    columns["_source"] = pa.array([line["_source"] for line in lines], pa.string())
    columns["_file_id"] = pa.array([f"{name}-{line['_snapshot_date']}" for line in lines], pa.string())
    columns["_line"] = pa.array(range(2, len(lines) + 2), pa.int64())
    columns["_snapshot_date"] = pa.array([line["_snapshot_date"] for line in lines], pa.date32())
    return pa.table(columns)


def small_world() -> World:
    """About fifty voters: a crowd, and the named cases that the tests ask about."""
    world = World()
    for number in range(100, 124):
        voter = f"C{number}"
        world.voter(voter, party_code=("DEM", "REP", "UNA")[number % 3], zip_code=("27601", "27602")[number % 2])
        world.vote(
            voter, *[day for i, day in enumerate((G16, G18, G20, G22, G24, P24, P26, M25, S26)) if number % (i + 2)]
        )
    for number in range(200, 225):
        world.voter(f"C{number}", street_address="1 CAMPUS WAY", birth_year="2004", registered_date="2023-08-20")
    world.voter("V1", street_address="7  ELM   ST ")
    world.voter("V2", street_address="7 elm st", party_code="REP")
    world.vote("V1", G20, G22, G24, P24)
    world.vote("V2", G24, voting_method_code="ONESTOP", party_code="REP")
    world.voter("REMOVED", (EARLY,), party_code="REP", street_address="9 ASH ST")
    world.voter("REMOVED", (LATE, TONIGHT), status_code="R", party_code=None, street_address="REMOVED", zip_code="")
    world.vote("REMOVED", G20, G22)
    world.voter("SECRET", (EARLY,), street_address="7 ELM ST")
    world.voter("SECRET", (LATE, TONIGHT), is_confidential="Y", street_address="CONFIDENTIAL", zip_code="")
    world.vote("SECRET", G20, G24)
    world.voter("MINOR", (LATE, TONIGHT), birth_year="2008", registered_date="2026-08-01")
    world.voter("SWITCHED", (EARLY, LATE), party_code="DEM")
    world.voter("SWITCHED", (TONIGHT,), party_code="REP")
    world.voter("SWITCHED", (AFTER,), party_code="UNA")
    world.voter("NEWCOMER", (LATE, TONIGHT), registered_date="2025-02-01")
    world.vote("NEWCOMER", G16)
    world.voter("TWICE", (LATE, TONIGHT), registered_date="2020-01-01", party_code="DEM")
    world.voter("TWICE", (LATE, TONIGHT), registered_date="2024-01-01", party_code="REP")
    world.vote("TWICE", G24, voting_method_code=" ")
    world.vote("TWICE", G24, voting_method_code="ONESTOP")
    world.voter("NODATE", registered_date=None, party_code="XYZ", race_code="")
    world.vote("UNHEARD", G24)
    world.voter("GONE", (EARLY,))
    world.vote("GONE", G22, G24)
    world.vote("V2", G22, snapshot=OLD_HISTORY)
    app_cases(world)
    return world


def app_cases(world: World) -> None:
    """App users by what they agreed to; each has the same friends."""
    for user, birthday in {
        "YES": "1980-05-01",
        "NO": "",
        "GONE": "1980-05-01",
        "TEEN": "2010-05-01",
        "ALONE": "--05-01",
    }.items():
        world.told(
            "app_users", user_id=user, full_name=f"Ann {user}", birthday=birthday, installed_at="2026-09-01T10:00:00Z"
        )
        for friend in ("F1", "F2", "F3", "F4", "F5", "F6", "F7", "SECRET", user):
            world.told("app_friend_edges", user_id=user, friend_id=friend, friend_name="Pat Smith")
        for scope in ("contact", "modeling", "matching", "friends"):
            if user not in ("NO",) and (user, scope) != ("ALONE", "friends"):
                world.consent(user, scope, "granted", "2026-09-02T00:00:00Z")
    world.told("app_users", user_id="GONE", deleted_at="2026-09-05T00:00:00Z", updated_at="2026-09-05T00:00:00Z")
    world.told("app_users", user_id="REVOKED", full_name="Cy Revoked")
    world.told("app_friend_edges", user_id="REVOKED", friend_id="F1", friend_name="Pat Smith")
    world.consent("REVOKED", "contact", "granted", "2026-09-02T00:00:00Z")
    world.consent("REVOKED", "contact", "revoked", "2026-09-03T00:00:00Z")
    for number, (day, revision) in enumerate([("2026-09-01", 1), ("2026-09-05", 1), ("2026-09-05", 2)]):
        world.told(
            "app_actions",
            event_id=str(min(number, 1)),
            user_id="YES",
            friend_id="F1",
            action_type="asked",
            ask_type="vote",
            occurred_at=f"{day}T12:00:00Z",
            revision=str(revision),
            outcome=f"told {revision}",
        )
    world.links += [("YES", "V1"), ("NO", "C100"), ("REVOKED", "C101"), ("ALONE", "V2")]
    world.links += [(f"F{n}", f"C{101 + n}") for n in range(1, 8)] + [("SECRET", "SECRET")]
