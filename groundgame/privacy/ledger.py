"""The ledger's page of requests to be forgotten: what was asked, what is done, who stays out. Never an id.

While a request is open, the ids that it is about stand in a note beside the warehouse, readable by its owner alone: a rerun must find
linked ids whose link is deleted already. The note goes when the request is done.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from groundgame.config import Settings
from groundgame.privacy.keys import subject_key
from groundgame.privacy.subject import Subject
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, is_there, open_warehouse

NOTES = "forgetting"


@dataclass(frozen=True)
class Request:
    """An open request: its id and the rows found before anything was removed, by place."""

    request_id: str
    counts: dict[str, int]


def note_path(settings: Settings, hashed: str) -> Path:
    """Where the ids of an open request stand."""
    return settings.home / NOTES / f"{hashed[:32]}.json"


def read_note(path: Path) -> list[Subject]:
    """The ids of an interrupted request; none when there is none."""
    if not path.exists():
        return []
    return [Subject(**values) for values in json.loads(path.read_text(encoding="utf-8"))]


def write_note(path: Path, subjects: Sequence[Subject]) -> None:
    """Keep the ids of a request until it is done, surviving a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(path.name + ".tmp")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        values = [{"kind": s.kind, "name": s.name, "local_id": s.local_id} for s in subjects]
        json.dump(values, file)
        file.flush()
        os.fsync(handle)
    draft.replace(path)


def is_forgotten(warehouse: Warehouse, hashed: str) -> bool:
    """Whether a person has a tombstone."""
    return warehouse.fetch("select 1 from ops.tombstones where subject_key = ? limit 1", [hashed]).num_rows > 0


def was_asked_for(warehouse: Warehouse, hashed: str) -> bool:
    """Whether a request under this id was done: a place of the hierarchy gets no tombstone, for others come after her."""
    sql = "select 1 from ops.forget_requests where subject_key = ? and state = 'done' limit 1"
    return warehouse.fetch(sql, [hashed]).num_rows > 0


def has_tombstones(warehouse: Warehouse) -> bool:
    """Whether anybody was ever forgotten."""
    return warehouse.fetch("select 1 from ops.tombstones limit 1").num_rows > 0


def open_request(warehouse: Warehouse, hashed: str) -> Request | None:
    """The person's request that was begun and not finished, if there is one."""
    rows = [row for row in _open(warehouse) if row["subject_key"] == hashed]
    return Request(rows[0]["request_id"], json.loads(rows[0]["counts"])) if rows else None


def begin(
    warehouse: Warehouse,
    key: bytes,
    hashed: str,
    subjects: Sequence[Subject],
    as_of: dt.date,
    reason: str,
    counts: Mapping[str, int],
) -> Request:
    """Write the intent, under the keyed hash of whom or what was asked for, and the tombstones, together: from now on they stay out."""
    request = Request(f"{as_of:%Y%m%d}-{secrets.token_hex(4)}", dict(counts))
    with warehouse.transaction():
        lay(warehouse, key, subjects, as_of)
        _note(warehouse, request, hashed, as_of, reason, "intent")
    return request


def lay(warehouse: Warehouse, key: bytes, subjects: Sequence[Subject], as_of: dt.date) -> None:
    """Write the tombstones of those subjects who have none."""
    known = set(warehouse.fetch("select subject_key from ops.tombstones").column(0).to_pylist())
    new = {hashed: one.kind for one in subjects if (hashed := subject_key(key, one.text)) not in known}
    if new:
        columns = {"subject_key": list(new), "kind": list(new.values()), "as_of_date": [as_of] * len(new)}
        warehouse.append("ops.tombstones", pa.table(columns))


def finish(warehouse: Warehouse, request: Request, hashed: str, as_of: dt.date, reason: str) -> None:
    """Write that nothing of the person is left."""
    _note(warehouse, request, hashed, as_of, reason, "done")


def unfinished(settings: Settings) -> list[str]:
    """Ids of requests with an intent and no done; a note without either counts too."""
    if not is_there(settings):
        return []
    with open_warehouse(settings) as warehouse:
        open_ids = [row["request_id"] for row in _open(warehouse)]
    notes = list((settings.home / NOTES).glob("*.json"))
    return open_ids or ["(begun, not in the ledger)" for _ in notes]


def is_key_lost(settings: Settings) -> bool:
    """Whether there are tombstones that nobody can read any more: then the forgotten would come back."""
    from groundgame.privacy.keys import key_path

    if key_path(settings).exists() or not is_there(settings):
        return False
    with open_warehouse(settings) as warehouse:
        return has_tombstones(warehouse)


def _open(warehouse: Warehouse) -> list[dict[str, str]]:
    return warehouse.fetch(
        "select request_id, subject_key, counts from ops.forget_requests where state = 'intent' and request_id not in"
        " (select request_id from ops.forget_requests where state = 'done') order by noted_at, request_id"
    ).to_pylist()


def _note(warehouse: Warehouse, request: Request, hashed: str, as_of: dt.date, reason: str, state: str) -> None:
    ops.record(
        warehouse,
        "forget_requests",
        request_id=request.request_id,
        subject_key=hashed,
        requested_on=as_of,
        reason=reason,
        state=state,
        counts=json.dumps(request.counts, sort_keys=True),
        noted_at=ops.utc_now(),
    )
