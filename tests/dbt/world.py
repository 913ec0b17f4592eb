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
from groundgame.sources.entities import ENTITIES, REGISTRATIONS, VOTES
from groundgame.sources.field_entities import FIELD_ENTITIES
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
    *(("van", "contact_type", value, value) for value in ("door", "call", "text")),
    *(("van", "contact_result", value, value) for value in ("canvassed", "not_home", "stop", "moved")),
    *(("van", "survey_question", value, value) for value in ("support",)),
    *(("van", "survey_answer", value, value) for value in ("strong_support", "lean_support", "strong_opposition")),
    *(("program", "node_level", v, v) for v in ("state", "region", "team", "organizer", "volunteer")),
    *(("program", "metric", v, v) for v in ("doors", "calls", "conversations", "support_ids", "shifts")),
    *(("program", "note_kind", v, v) for v in ("up", "challenge")),
    *(("program", "review_verdict", v, v) for v in ("count", "drop")),
]
APP = {entity.name: entity.fields for entity in ENTITIES.values() if entity.kind == "app"}


@dataclass
class World:
    """Lines of all files; a line is a dict of canonical fields plus the file's date under ``_snapshot_date``."""

    registrations: list[dict[str, Any]] = field(default_factory=list)
    votes: list[dict[str, Any]] = field(default_factory=list)
    app: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in APP})
    reports: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in FIELD_ENTITIES})
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

    def report(self, entity: str, source: str = "van", date: dt.date = LATE, **fields: Any) -> None:
        """A line of a field tool's export."""
        self.reports[entity].append({**fields, "_source": source, "_snapshot_date": date})

    def write(self, settings: Settings, is_training: bool = True) -> None:
        """Replace the raw tables and open the night."""
        with open_warehouse(settings) as warehouse:
            for entity, lines in ((REGISTRATIONS, self.registrations), (VOTES, self.votes)):
                warehouse.replace(f"raw.{entity.name}", _table(entity.name, entity.fields, lines))
            for name, lines in self.app.items():
                warehouse.replace(f"raw.{name}", _table(name, APP[name], lines))
            for name, lines in self.reports.items():
                entity = FIELD_ENTITIES[name]
                warehouse.replace(f"raw.{entity.name}", _table(entity.name, entity.fields, lines))
            warehouse.execute(
                "create or replace table raw.field_sources as select 'van' as source, 'NC' as state_abbr"
                " union all select 'program', null"
            )
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
    field_cases(world)
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


def field_cases(world: World) -> None:
    """A state with one region, two teams and their people; contacts by what can be odd about them."""
    for node, parent, level in (
        ("NC", None, "state"),
        ("R1", "NC", "region"),
        ("T1", "R1", "team"),
        ("T2", "R1", "team"),
        ("O1", "T1", "organizer"),
        ("O2", "T2", "organizer"),
        ("V1", "O1", "volunteer"),
        ("LOST", "T9", "organizer"),
    ):
        login = None if level == "volunteer" else node.lower()
        world.report(
            "nodes", "program", node_id=node, parent_id=parent, level_code=level, node_name=f"{node} name", login=login
        )
        world.report("accounts", "program", tool="van", account_id=f"7{node}", node_id=node)
    for number, voter in enumerate([*(f"C{n}" for n in range(100, 110)), "SECRET"]):
        world.report("crosswalk", vendor_id=str(5000 + number), voter_id=voter)
    for number in range(8):
        contact(world, number, f"2026-10-0{1 + number % 3}T18:0{number}:00", by="V1" if number % 2 else "O2")
    contact(world, 10, "2026-10-01T18:00:00", vendor="5000", by="O2")  # the tablet of contact 0 again
    contact(world, 11, "2026-10-02T10:00:00", vendor="5999", by="O1")  # nobody's number
    contact(world, 12, "2026-10-02T11:00:00", vendor="5010", by="O1")  # a voter who is hidden
    contact(world, 13, "2026-10-02T12:00:00", vendor="5009", by="LOST")
    contact(world, 14, "2026-10-02T13:00:00", vendor="5009", by="O1", result_code="stop")
    for node in ("O1", "O2", "T1", "R1", "NC"):
        goal = {
            "metric_code": "doors",
            "period_start_date": "2026-09-28",
            "period_end_date": "2026-10-04",
            "target": "10",
        }
        world.report("goals", "program", node_id=node, set_at="2026-09-28T12:00:00Z", **goal)
    told = {"written_at": "2026-10-01T22:00:00Z", "local_at": "2026-10-01T18:00:00", "note_kind_code": "up"}
    world.report("notes", "program", note_id="1", node_id="O1", body="<b>Five doors</b> & counting", **told)
    world.report("notes", "program", note_id="2", node_id="O2", body="call 919-555-0142", **told)


def contact(world: World, number: int, at: str, by: str, vendor: str | None = None, **fields: Any) -> None:
    """One attempt at a door, told at once; even ones reached somebody who leans to us."""
    told = {"contacted_at": f"{at}Z", "local_at": at, "modified_at": f"{at}Z", "note": "her cell is 919-555-0142"}
    reached = "canvassed" if number % 2 == 0 else "not_home"
    told |= {"contact_type_code": "door", "result_code": reached, "canvasser_id": f"7{by}"}
    world.report("contacts", contact_id=str(number), vendor_id=vendor or str(5000 + number), **told | fields)
    if number % 2 == 0:
        answer = {"question_code": "support", "answer_code": "lean_support", "modified_at": f"{at}Z"}
        world.report("responses", contact_id=str(number), **answer)
