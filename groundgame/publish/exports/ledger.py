"""The ledger of lists that left the house: intent before the file, done after it, each entry chained to the one before by its hash.

An entry that is edited, or taken out of the middle, breaks the chain for everything after it. No personal value is in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse

TABLE = "exports"
HASHED = (
    "seq", "export_id", "recipient", "purpose", "approved_by", "criteria", "as_of_date", "run_id", "state", "rows_count",
    "suppressed_count", "held_out_count", "suppression_sha256", "files_sha256", "noted_at", "previous_hash",
)  # fmt: skip


def append(warehouse: Warehouse, **values: Any) -> dict[str, Any]:
    """Write one entry behind the last one; returns it whole."""
    last = warehouse.fetch(f"select seq, entry_hash from ops.{TABLE} order by seq desc limit 1").to_pylist()
    entry = {
        **values,
        "seq": last[0]["seq"] + 1 if last else 1,
        "noted_at": ops.utc_now().replace(microsecond=0),
        "previous_hash": last[0]["entry_hash"] if last else "",
    }
    ops.record(warehouse, TABLE, **entry, entry_hash=entry_hash(entry))
    return entry


def entry_hash(entry: dict[str, Any]) -> str:
    """The SHA-256 of all that an entry says, with the hash of the entry before it."""
    told = {name: _plain(entry.get(name)) for name in HASHED}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def broken_at(warehouse: Warehouse) -> int | None:
    """The first entry that is not what was written, by its number; None when all are."""
    previous = ""
    for place, row in enumerate(warehouse.fetch(f"select * from ops.{TABLE} order by seq").to_pylist(), start=1):
        if row["seq"] != place or row["previous_hash"] != previous or row["entry_hash"] != entry_hash(row):
            return int(row["seq"])
        previous = row["entry_hash"]
    return None


def unfinished(warehouse: Warehouse) -> list[str]:
    """Exports with an intent and neither done nor failed: killed in the middle, their files are no one's."""
    return (
        warehouse.fetch(
            f"select export_id from ops.{TABLE} where state = 'intent' and export_id not in"
            f" (select export_id from ops.{TABLE} where state <> 'intent') order by seq"
        )
        .column(0)
        .to_pylist()
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
