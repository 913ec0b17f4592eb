"""A landing desk for field exports: small VAN files of invented contacts, spoiled at will."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

from groundgame.config import load_settings
from groundgame.ingest.run import run
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse

AS_OF = dt.date(2026, 10, 26)
CONTACT = {
    "contactscontactid": "700",
    "vanid": "1000003",
    "canvassedby": "300001",
    "contacttypeid": "2",
    "resultid": "14",
    "datecanvassed": "2026-10-08T17:05:00",
    "datemodified": "2026-10-08T17:06:00",
}


class FieldDesk:
    """One installation with an inbox of field exports."""

    def __init__(self, folder: Path) -> None:
        self.inbox = folder / "inbox" / "field"
        self.inbox.mkdir(parents=True)
        self.settings = load_settings(home=folder / "home", inbox=self.inbox.parent, threads=2)

    def put(self, name: str, rows: list[dict[str, Any]] | str) -> None:
        """Write a long quiet file: CSV of rows, or a text."""
        text = rows
        if not isinstance(rows, str):
            text = "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"
        path = self.inbox / name
        path.write_text(str(text), encoding="utf-8")
        os.utime(path, (1_791_600_000, 1_791_600_000))

    def land(self, source: str = "van") -> Result:
        return run(self.settings, source, AS_OF)

    def query(self, sql: str) -> list[dict[str, Any]]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql).to_pylist()

    def quarantined(self) -> list[tuple[int, str, str]]:
        rows = self.query("select line, rule, column_name from ops.quarantined_lines order by line, rule")
        return [(row["line"], row["rule"], row["column_name"]) for row in rows]


def contacts(count: int = 120, **changed: dict[str, str]) -> list[dict[str, str]]:
    """Contacts 0, 1, ...; ``n3={...}`` changes number 3, which stands on line 5."""
    return [
        CONTACT | {"contactscontactid": str(700 + n), "vanid": str(1_000_003 + 3 * n)} | changed.get(f"n{n}", {})
        for n in range(count)
    ]
