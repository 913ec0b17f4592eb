"""Walk and call lists: a table for a spreadsheet and a page to print, cut into turfs that one volunteer can do in a shift.

A turf is a stretch of one precinct in walking order: street by street, one side of a street after the other, never cutting a door. Turfs
are cut anew in each list. What is on a list about a voter is what a canvasser needs at the door, and no score.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.publish.exports.cells import phone, place, write_csv
from groundgame.publish.exports.served import Served
from groundgame.publish.exports.suppression import phone_sql
from groundgame.warehouse.base import Warehouse

PURPOSES = ("turnout", "persuasion", "registration", "volunteers", "survey")
DOORS, CALLS = 45, 100  # what one volunteer does in a shift of three hours
# A printed list is for a ward, not for a state; above this nobody walks it and everybody would have it.
MOST_ROWS = 50_000
WHO = ("city_state_zip", "first_name", "last_name", "age", "sex", "party", "result", "notes", "voter_id")
PHONE = phone_sql("i.phone")
TEMPLATE = "list.html.j2"
RESULTS = {
    "walk": ("Not home", "Refused", "Moved", "Talked"),
    "call": ("No answer", "Refused", "Wrong number", "Talked"),
}
ADDRESS = re.compile(
    r"^\s*(?P<number>\d+)(?P<half>\s*(?:1/2|[A-Z]\b)?)\s+(?P<street>.*?)(?:\s+(?P<unit>(?:APT|UNIT|LOT|STE|#).*))?$",
    re.I,
)


def doors(served: Served) -> str:
    """Rows of a walk list: a voter who lives at a street address."""
    return _voters(served, "i.street_address is not null and i.address_kind = 'street'")


def phones(served: Served) -> str:
    """Rows of a call list: a voter whose file gives a phone number that can be dialled."""
    return _voters(served, f"length({PHONE}) = 10 and substr({PHONE}, 1, 1) not in ('0', '1')")


def _voters(served: Served, condition: str) -> str:
    return (
        "select v.voter_id, coalesce(v.household_id, v.voter_id) as door, v.precinct_id, v.precinct_name, i.first_name, i.last_name,"
        f" i.name_suffix, v.age, v.sex, v.party, i.street_address, i.city, i.state_abbr, i.zip_code, {PHONE} as phone"
        f" from exports.chosen as c inner join {served.table('dim_voters')} as v on c.voter_id = v.voter_id"
        f" inner join vault.voter_identities as i on c.voter_id = i.voter_id where {condition}"
    )


def write_walk_list(_: Settings, warehouse: Warehouse, table: str, folder: Path) -> dict[str, Any]:
    """``walk_list.csv`` and ``walk_list.html``."""
    rows = _rows(warehouse, table)
    for row in rows:
        row["order"], row["where"] = walk_key(row["street_address"]), row["street_address"]
    return _write(folder, "walk", rows, ("door", "address"), DOORS)


def write_call_list(_: Settings, warehouse: Warehouse, table: str, folder: Path) -> dict[str, Any]:
    """``call_list.csv`` and ``call_list.html``; who shares a phone is called together."""
    rows = _rows(warehouse, table)
    for row in rows:
        row["door"] = row["order"] = row["phone"]
        row["where"] = phone(row["phone"])
    return _write(folder, "call", rows, ("call", "phone"), CALLS)


def _write(folder: Path, kind: str, rows: list[dict[str, Any]], columns: tuple[str, str], most: int) -> dict[str, Any]:
    """The table and the page of one list; ``columns`` are those that say where, ``most`` is a turf's size."""
    rows.sort(
        key=lambda row: (row["precinct_id"] or "", row["order"], row["door"], row["last_name"] or "", row["voter_id"])
    )
    turfs = list(_cut(rows, most))
    header = ("turf", *columns, *WHO)
    lines = ((row["turf"], row["stop"], row["where"], *_who(row)) for turf in turfs for row in turf["rows"])
    write_csv(folder / f"{kind}_list.csv", header, lines)
    _print(folder / f"{kind}_list.html", kind, turfs)
    return {"turfs": len(turfs)}


def walk_key(address: str) -> tuple[str, int, int, str]:
    """Where a house comes on a walk: street, then its odd side up, then its even side down, then the flat."""
    found = ADDRESS.match(address)
    if found is None:
        return address.upper(), 0, 0, ""
    number, street = int(found["number"]), " ".join(found["street"].upper().split())
    side = 1 - number % 2
    return (
        street,
        side,
        number if side == 0 else -number,
        f"{found['half'].strip()} {(found['unit'] or '').upper()}".strip(),
    )


def _rows(warehouse: Warehouse, table: str) -> list[dict[str, Any]]:
    count = warehouse.fetch(f"select count(*) from {table}").column(0)[0].as_py()
    if count > MOST_ROWS:
        problem = f"{count:,} voters are no list for people; {MOST_ROWS:,} are the most"
        raise SpecError("export", "only", problem, "narrow it: --only precinct_code=..., --only 'turnout_score>=30'")
    return warehouse.fetch(f"select * from {table} order by voter_id").to_pylist()


def _cut(rows: Iterable[dict[str, Any]], most_doors: int) -> Iterator[dict[str, Any]]:
    """Turfs of one precinct each, of about equal size and at most ``most_doors`` doors; numbers rows and doors."""
    number = 0
    for precinct, group in groupby(rows, key=lambda row: (row["precinct_id"], row["precinct_name"])):
        stops = [list(stop) for _, stop in groupby(group, key=lambda row: row["door"])]
        parts = -(-len(stops) // most_doors)
        for part in range(parts):
            number += 1
            mine = stops[len(stops) * part // parts : len(stops) * (part + 1) // parts]
            for at, stop in enumerate(mine, start=1):
                for row in stop:
                    row["turf"], row["stop"] = number, at
            yield {
                "number": number,
                "precinct": precinct[1] or precinct[0] or "no precinct",
                "stops": mine,
                "rows": [row for stop in mine for row in stop],
            }


def _who(row: dict[str, Any]) -> tuple[object, ...]:
    last = " ".join(filter(None, [row["last_name"], row["name_suffix"]]))
    where = place(row["city"], row["state_abbr"], row["zip_code"])
    return where, row["first_name"], last, row["age"], row["sex"], row["party"], "", "", row["voter_id"]


def _print(path: Path, kind: str, turfs: list[dict[str, Any]]) -> None:
    """The page to print: a sheet for each turf, boxes to tick; everything on it is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("groundgame.publish.exports", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["place"] = lambda row: place(row["city"], row["state_abbr"], row["zip_code"])
    page = environment.get_template(TEMPLATE).render(kind=kind, turfs=turfs, results=RESULTS[kind])
    path.write_text(page, encoding="utf-8")
