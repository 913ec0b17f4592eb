"""A landing desk for app exports: small graph folders and Empower documents of invented people, spoiled at will."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from groundgame.config import ROOT, load_settings
from groundgame.errors import FileRefused
from groundgame.ingest.run import run
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse

DAY = dt.date(2026, 10, 9)
AS_OF = dt.date(2026, 10, 26)
APPS = ROOT / "groundgame" / "sources" / "app_exports"
NOON = 1_791_504_000_000 - 43_200_000  # the middle of the day before DAY, in milliseconds
TABLES = {
    "users": "app_users",
    "friends": "app_friend_edges",
    "friend_shared": "app_friend_shared",
    "actions": "app_actions",
    "consent": "app_consent_events",
}
Object = dict[str, Any]


def user(number: int, **changes: Any) -> Object:
    """One user; a change to None leaves the field out."""
    row = {
        "id": str(1000 + number),
        "name": f"Pat Example{number}",
        "first_name": "Pat",
        "last_name": f"Example{number}",
        "gender": "female",
        "birthday": f"03/{1 + number % 28:02d}/{1950 + number % 50}",
        "location": {"id": "1", "name": "Raleigh, North Carolina"},
        "email": f"pat{number}@example.com",
        "installed_at": f"2026-09-01T{number % 24:02d}:{number // 24 % 60:02d}:00+0000",
        "updated_time": "2026-09-02T00:00:00+0000",
    }
    return {key: value for key, value in (row | changes).items() if value is not None}


def action(number: int, **changes: Any) -> Object:
    """One thing that a user did."""
    row = {
        "event_id": 5000 + number,
        "user_id": str(1000 + number),
        "friend_id": "9001",
        "type": "asked",
        "ask": "vote",
        "occurred_at": NOON + number,
        "revision": 1,
    }
    return {key: value for key, value in (row | changes).items() if value is not None}


def consent(number: int, **changes: Any) -> Object:
    """One grant of consent."""
    row = {"event_id": 7000 + number, "user_id": str(1000 + number), "scope": "contact", "action": "granted"}
    return row | {"occurred_at": NOON + number, "country": "US"} | changes


def page(number: int, *friends: tuple[str, str], **changes: Any) -> Object:
    """One page of a user's friends, as id and name."""
    data = [{"id": friend, "name": name} for friend, name in friends]
    return {"user_id": str(1000 + number), "data": data, "paging": {}} | changes


def many(make: Callable[..., Object], count: int = 30, **changed: Object) -> list[Object]:
    """Objects 0, 1, ...; ``n3={...}`` changes number 3, which stands on line 4."""
    return [make(number, **changed.get(f"n{number}", {})) for number in range(count)]


def lines(rows: list[Object | str | bytes], trailer: Object | None = None, end: bool = True) -> bytes:
    """Rows as JSON lines; texts stand as they are. ``end=False`` leaves the trailer out."""
    texts = [
        row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode() for row in rows
    ]
    if end:
        said = {"trailer": True, "lines": len(rows), "schema_version": "1"} | (trailer or {})
        texts.append(json.dumps(said).encode())
    return b"".join(text + b"\n" for text in texts)


def document(**lists: Any) -> bytes:
    """An Empower document."""
    return json.dumps(
        {"schema_version": "1", "exportedMts": NOON, "profiles": [], "ctaResults": [], "outreachEntries": []} | lists
    ).encode()


class AppDesk:
    """One installation with an inbox of app exports."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inbox, self.home = folder, folder / "inbox" / "app", folder / "home"
        self.inbox.mkdir(parents=True)
        self.settings = load_settings(home=self.home, inbox=self.inbox.parent, threads=2)

    def change_spec(self, change: Callable[[Object], None], name: str = "graph") -> None:
        """Use a changed copy of a shipped spec."""
        spec = yaml.safe_load((APPS / f"{name}.yml").read_text(encoding="utf-8"))
        change(spec)
        folder = self.folder / "sources"
        folder.mkdir(exist_ok=True)
        (folder / f"{spec['name']}.yml").write_text(json.dumps(spec, default=str), encoding="utf-8")
        self.settings = self.settings.model_copy(update={"sources_dir": folder})

    def put(self, data: bytes | list[Object], name: str = "users", day: dt.date = DAY) -> Path:
        """Write a file of the graph's folder of a day, long quiet; a name with a suffix stands in the inbox itself."""
        path = self.inbox / (name if "." in name else f"graph_{day:%Y%m%d}/{name}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else lines(list(data)))
        os.utime(path, (1_791_600_000, 1_791_600_000))
        return path

    def land(self, source: str = "graph", as_of: dt.date = AS_OF) -> Result:
        return run(self.settings, source, as_of)

    def landed(self, rows: bytes | list[Object], name: str = "users") -> list[Object]:
        """Land one file; what is in its table."""
        self.put(rows, name)
        self.land()
        return self.table(name)

    def refusal(self, source: str = "graph") -> FileRefused:
        """Land, expecting a refusal; no user has landed."""
        with pytest.raises(FileRefused) as caught:
            self.land(source)
        assert not list(self.home.glob("raw/app_users/**/part-0.parquet"))
        return caught.value

    def query(self, sql: str) -> list[Object]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql).to_pylist()

    def table(self, name: str) -> list[Object]:
        """The landed rows of a graph file's entity."""
        return self.query(f"select * from raw.{TABLES[name]} order by _source, _snapshot_date, _line")

    def loaded(self) -> list[Object]:
        """The ledger's rows; each reconciles."""
        rows = self.query("select * from ops.loaded_files order by loaded_at")
        for row in rows:
            assert row["lines_in"] == row["rows_landed"] + row["rows_quarantined"] + row["lines_dropped"]
        return rows

    def only(self) -> Object:
        """The ledger's one row."""
        (row,) = self.loaded()
        return row

    def quarantined(self) -> list[tuple[int, str, str]]:
        rows = self.query("select line, rule, column_name from ops.quarantined_lines order by line, rule")
        return [(row["line"], row["rule"], row["column_name"]) for row in rows]

    def kept(self) -> list[Object]:
        """The kept text of refused and normalised lines."""
        return [
            row for path in sorted(self.home.glob("kept_lines/**/*.parquet")) for row in pq.read_table(path).to_pylist()
        ]

    def on_disk(self, text: str) -> list[str]:
        """The files of the installation that hold a text, in their columns or their bytes."""
        found = []
        for path in sorted(path for path in self.home.rglob("*") if path.is_file()):
            held = str(pq.read_table(path).to_pylist()) if path.suffix == ".parquet" else ""
            if text in held or text.encode() in path.read_bytes():
                found.append(path.name)
        return found
