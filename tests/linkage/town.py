"""A small town of people and voters who do not exist, to which a test adds the case that it is about."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa

from groundgame.config import Settings, load_settings
from groundgame.linkage import link
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse

NIGHT = dt.date(2026, 10, 25)
FIRST = ("ALAN", "BRENDA", "CARLOS", "DIANE", "ELMER", "FIONA", "GRANT", "HEIDI", "IGOR", "JOYCE", "KURT", "LORNA")
LAST = (
    "ABBOTT",
    "BRIGGS",
    "CORTEZ",
    "DUFFY",
    "ELLISON",
    "FARROW",
    "GARNER",
    "HOOPER",
    "IRWIN",
    "JARVIS",
    "KEMP",
    "LOGAN",
)
TEXT, WHOLE = pa.string(), pa.int32()
PEOPLE = pa.schema(
    [
        ("person_key", TEXT),
        ("first_name", TEXT),
        ("last_name", TEXT),
        ("other_last_name", TEXT),
        ("birth_year", WHOLE),
        ("birth_month", WHOLE),
        ("birth_day", WHOLE),
        *(
            (name, TEXT)
            for name in ("city", "state_abbr", "zip_code", "county_code", "phone", "email", "sex", "content_hash")
        ),
    ]
)
VOTERS = pa.schema(
    [
        *((name, TEXT) for name in ("voter_id", "first_name", "middle_name", "last_name", "name_suffix")),
        ("birth_date", pa.date32()),
        ("birth_year", WHOLE),
        *((name, TEXT) for name in ("city", "state_abbr", "zip_code", "county_code", "phone", "email", "sex")),
        ("household_id", TEXT),
        ("content_hash", TEXT),
    ]
)
HOME = {"city": "SMALLTOWN", "state_abbr": "NC", "zip_code": "27000", "county_code": "1"}


def voter(voter_id: str, first: str, last: str, **columns: Any) -> dict[str, Any]:
    """One voter of the town; what is not said is the town's own or unknown."""
    row = {"voter_id": voter_id, "first_name": first, "last_name": last, **HOME, **columns}
    return {**row, "content_hash": columns.get("content_hash") or repr(sorted(row.items(), key=str))}


def person(key: str, first: str, last: str, **columns: Any) -> dict[str, Any]:
    """One person of the app."""
    row = {"person_key": key, "first_name": first, "last_name": last, **HOME, **columns}
    return {**row, "content_hash": columns.get("content_hash") or repr(sorted(row.items(), key=str))}


def neighbours() -> list[dict[str, Any]]:
    """144 voters with names of their own, so that shares of names and places exist."""
    return [
        voter(
            f"N{a * 12 + b:03d}",
            first,
            last,
            birth_year=1940 + a * 5 + b,
            phone=f"919555{a:02d}{b:02d}",
            sex="FM"[a % 2],
        )
        for a, first in enumerate(FIRST)
        for b, last in enumerate(LAST)
    ]


def settings_in(folder: Path, **server: str) -> Settings:
    """An installation of its own."""
    return load_settings(home=folder / "home", threads=2, memory_limit="1GB", **server)


def fill(settings: Settings, people: list[dict[str, Any]], voters: list[dict[str, Any]]) -> None:
    """Replace both inputs; the neighbours are always there."""
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema if not exists input")
        warehouse.replace("input.people", pa.Table.from_pylist(people, schema=PEOPLE))
        warehouse.replace("input.voters", pa.Table.from_pylist([*neighbours(), *voters], schema=VOTERS))


def run(settings: Settings, night: dt.date = NIGHT) -> Result:
    """One night."""
    return link.run(settings, night, "input.people", "input.voters")


def read(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """Rows of a query."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.fetch(sql).to_pylist()


def links(settings: Settings) -> dict[str, str]:
    """Who is linked to whom."""
    return {row["person_key"]: row["voter_id"] for row in read(settings, "select * from linkage.person_links")}


def ambiguous(settings: Settings) -> dict[str, str]:
    """Who is left out, and why."""
    return {row["person_key"]: row["reason"] for row in read(settings, "select * from linkage.ambiguous_people")}
