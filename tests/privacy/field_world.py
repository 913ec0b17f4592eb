"""A small program in the field, built and published in both places, whose people have names like nothing else in it."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.field import batch
from groundgame.pages.build import build_field
from groundgame.publish import switch
from groundgame.publish.read import query
from groundgame.synth.field.write import write_field
from groundgame.warehouse import dbt, ops
from groundgame.warehouse.base import open_warehouse
from tests.conftest import LONG_AGO, let_lie
from tests.privacy.world import release

AS_OF = dt.date(2026, 10, 25)
NEXT = AS_OF + dt.timedelta(days=1)
FIRST, LATER = "20261009", "20261024"
TOOLS = ("mobilize", "openfield", "program", "van")
# An organizer, her numbers, name and login; and a volunteer, who is known by numbers and a place alone.
PLACE, NAME, LOGIN = "O1", "Zyxa Kanarienvogel", "zyxa.k"
NUMBERS = {"van": "300001", "openfield": "4001", "mobilize": "8800001"}
VOLUNTEER = "vol-papageno-17"
VOLUNTEERS_NUMBERS = {"van": "300025", "openfield": "4025", "mobilize": "8800025"}
Tables = dict[str, list[dict[str, Any]]]
MINE, REFUSED = "Papagenoweg is done", "Birdcatchers said no"
CANARIES = (NAME, "Kanarienvogel", LOGIN, MINE, REFUSED)
MARTS = (
    "field_progress",
    "field_leaderboard",
    "field_hours",
    "field_goals",
    "field_flagged",
    "dim_field_nodes",
    "field_notes",
    "field_access",
)


def tree(inbox: Path, change: Callable[[dict[str, Any]], None], name: str = f"hierarchy_{FIRST}.json") -> None:
    """Write a hierarchy: the first one, changed."""
    found = json.loads((inbox / f"hierarchy_{FIRST}.json").read_text(encoding="utf-8"))
    change(found)
    put(inbox / name, json.dumps(found, ensure_ascii=False) + "\n")


def put(file: Path, text: str) -> None:
    """A file that has lain long enough."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, (LONG_AGO, LONG_AGO))


def node(found: dict[str, Any], node_id: str) -> dict[str, Any]:
    return next(one for one in found["nodes"] if one["id"] == node_id)


def name_them(found: dict[str, Any]) -> None:
    """The first organizer and her last volunteer get the names of this world."""
    node(found, PLACE).update(name=NAME, login=LOGIN)
    node(found, "V17")["id"] = VOLUNTEER
    for account in found["accounts"]:
        if account["node_id"] == "V17":
            account["node_id"] = VOLUNTEER


def exports(folder: Path) -> None:
    """The exports of a program, with her among the people, and what others wrote of her."""
    write_field(folder, 7, 600, voters=500)
    inbox = folder / "field"
    tree(inbox, name_them)
    goals = (inbox / f"goals_{FIRST}.csv").read_text(encoding="utf-8").splitlines()
    goals[1:3] = [
        line.replace("state.director", signed) for line, signed in zip(goals[1:3], (LOGIN, NAME), strict=True)
    ]
    put(inbox / f"goals_{FIRST}.csv", "\n".join(goals) + "\n")
    reviews = [f"van,{NUMBERS['van']},2026-10-01,count,{LOGIN}", "van,300002,2026-10-01,count,Kanarienvogel Zyxa"]
    put(inbox / f"reviews_{FIRST}.csv", "\n".join(["tool,account_id,date,verdict,reviewed_by", *reviews]) + "\n")
    at = "2026-10-05T18:00:00"
    notes = [f"900001,O2,up,{at},Thanks to {NAME} for the doors", f"900002,{PLACE},up,{at},{MINE}"]
    notes.append(f"900003,{PLACE},sideways,{at},{REFUSED} to Kanarienvogel")
    # So many that one refused line of them is nothing to ask a person about.
    notes += [f"{910_000 + number},O3,up,{at},A quiet day" for number in range(100)]
    file = inbox / f"notes_{FIRST}.csv"
    put(file, file.read_text(encoding="utf-8") + "\n".join(notes) + "\n")
    let_lie(folder)


def build(folder: Path, made: Path, **settings: Any) -> Settings:
    """Land, build and publish: two nights and a batch."""
    home = load_settings(home=folder / "home", inbox=folder / "inbox", threads=2, **settings)
    inbox = home.inbox_dir / "field"
    inbox.mkdir(parents=True)
    for file in (made / "field").iterdir():
        os.link(file, inbox / file.name)
    night(home)
    for as_of in (AS_OF, NEXT):
        release(home, as_of)
        switch.publish(home, as_of)
    assert stages.field(home, AS_OF).details["state"] == "published"
    build_field(home)
    return home


def night(settings: Settings) -> None:
    """What a night does of the field."""
    for source in TOOLS:
        stages.land(settings, source, AS_OF)
    with open_warehouse(settings) as warehouse:
        ops.set_run_parameters(warehouse, AS_OF, is_training=False)
    dbt.build(settings, "field")


def rows(settings: Settings, table: str) -> list[dict[str, Any]]:
    """All published rows of a table, in an order that no engine makes."""
    found = query(settings, f"select * from {table}").to_pylist()
    return sorted(found, key=lambda row: [str(value) for value in row.values()])


def without_her(before: Tables) -> Tables:
    """Published tables as they are to be: the same, but for her name, login, signatures and notes, and for what names her."""
    hers = {"node_name": {NAME: PLACE}, "set_by": {LOGIN: None, NAME: None}}
    found = {}
    for table, told in before.items():
        kept = [
            row for row in told if row.get("login") != LOGIN and not ("note_key" in row and row["node_id"] == PLACE)
        ]
        found[table] = [{key: hers.get(key, {}).get(value, value) for key, value in row.items()} for row in kept]
        for row in found[table]:
            if NAME in (row.get("text") or ""):
                row |= {"text": None, "is_withheld": True}
        found[table].sort(key=lambda row: [str(value) for value in row.values()])
    return found


def tables(settings: Settings) -> Tables:
    """Every published table that may tell of who works in the field."""
    return {table: rows(settings, table) for table in MARTS}


def again(settings: Settings, as_of: dt.date = AS_OF) -> None:
    """The next batch, whatever there is to do."""
    assert batch.run(settings, as_of).details["state"] in ("published", "unchanged")
