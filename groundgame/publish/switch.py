"""Publish, approve, roll back: what readers see changes here, in one rename, or not at all.

Order of a publication: refuse or build · note the intent · install the file · flip · note that it is done. Killed at any point, the
old run or the new one is served whole, and the next publisher completes the ledger.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

from groundgame.config import Settings
from groundgame.errors import PublishRefused, SpecError, WarehouseError
from groundgame.publish import folder, ledger, server
from groundgame.publish.build import Built, build
from groundgame.publish.lock import publisher_lock
from groundgame.publish.read import recorded_hashes, verify
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

log = logging.getLogger(__name__)


def publish(settings: Settings, as_of: dt.date) -> Result:
    """Switch readers to the run of ``as_of``. A run that is already served unchanged is left alone.

    Raises:
        PublishRefused: a gate is missing or red, a hold is open, a newer run is served, or another publisher is at work.
    """
    if settings.engine == "postgres":
        return server.publish(settings, as_of)
    with publisher_lock(settings, f"of {as_of}"):
        folder.remove_litter(settings)
        now = folder.served(settings)
        built = _build(settings, as_of, now)
        run = built.run
        draft = folder.draft_path(settings, run.run_id)
        if now is not None and (now.run_id, now.content_hash) == (run.run_id, run.content_hash):
            draft.unlink()
            return _result(settings, built, "unchanged")
        with open_warehouse(settings) as warehouse:
            if ops.run_id(warehouse, as_of) != run.run_id:
                raise PublishRefused(run.run_id, ["a file landed while it was being published; run the night again"])
            ledger.note(warehouse, run, "intent")
            folder.install(settings, draft, run.run_id)
            folder.flip(settings, run.run_id)
            ledger.note(warehouse, run, "done")
            kept = ledger.recent_runs(warehouse, settings.keep_runs)
        folder.keep_only(settings, kept | {run.run_id})
        return _result(settings, built, "published")


def _build(settings: Settings, as_of: dt.date, now: folder.Run | None) -> Built:
    """Check and build in one look at the warehouse; the ledger is completed first if a publisher was interrupted."""
    with open_warehouse(settings, read_only=True) as warehouse:
        if ledger.is_complete(settings, warehouse):
            return _checked_build(settings, warehouse, as_of, now)
    ledger.recover(settings)
    with open_warehouse(settings, read_only=True) as warehouse:
        return _checked_build(settings, warehouse, as_of, now)


def _checked_build(settings: Settings, warehouse: Warehouse, as_of: dt.date, now: folder.Run | None) -> Built:
    run_id = ops.run_id(warehouse, as_of)
    reasons = ledger.refusals(warehouse, run_id, as_of, now, settings.place)
    if reasons:
        raise PublishRefused(run_id, reasons)
    draft = folder.draft_path(settings, run_id)
    return build(settings, warehouse, draft, run_id, as_of, ledger.next_seq(warehouse))


def _result(settings: Settings, built: Built, state: str) -> Result:
    marts = {name: rows for name, rows in built.rows.items() if name.startswith("marts.")}
    size = folder.run_path(settings, built.run.run_id).stat().st_size
    details: dict[str, Any] = {
        "run_id": built.run.run_id,
        "state": state,
        "tables": len(marts),
        "megabytes": round(size / 1e6, 1),
        "content_hash": built.run.content_hash,
    }
    return Result("publish", "", rows_out=sum(marts.values()), details=details)


def rollback(settings: Settings, run_id: str | None = None) -> Result:
    """Switch readers back to ``run_id``, or to the run published before the one that is served. Needs no warehouse to be free.

    Raises:
        PublishRefused: there is no such run file, or its content is not what was published.
    """
    if settings.engine == "postgres":
        return server.rollback(settings, run_id)
    with publisher_lock(settings, run_id or "before this one"):
        now = folder.served(settings)
        target = server.earlier(folder.runs(settings), now, run_id)
        verify(folder.run_path(settings, target.run_id), target.run_id)
        ledger.announce_rollback(settings, target)
        folder.flip(settings, target.run_id)
        details = {"run_id": target.run_id, "from_run_id": now.run_id if now else ""}
        try:
            ledger.recover(settings)
        except WarehouseError as error:
            log.warning("rolled back; the ledger is busy and will be completed by the next publication (%s)", error)
        return Result("rollback", "", rows_out=0, details=details)


def open_holds(settings: Settings, as_of: dt.date) -> list[str]:
    """What a person has to approve before the run of ``as_of`` may be published, one line each."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return ledger.holds(warehouse, ops.run_id(warehouse, as_of))


def approve(settings: Settings, as_of: dt.date, by: str, reason: str) -> Result:
    """Record that a person has seen the open holds of ``as_of`` and lets them out.

    Raises:
        SpecError: no name or no reason is given.
    """
    for field, value in (("by", by), ("reason", reason)):
        if not value.strip():
            raise SpecError("approve", field, "is empty", "an approval needs a name and a reason")
    with open_warehouse(settings) as warehouse:
        run_id = ops.run_id(warehouse, as_of)
        lines = ledger.holds(warehouse, run_id)
        if lines:
            ops.record(
                warehouse,
                "approvals",
                run_id=run_id,
                holds=json.dumps(lines),
                approved_by=by,
                reason=reason,
                approved_at=ops.utc_now(),
            )
    return Result("approve", "", rows_out=len(lines), details={"run_id": run_id, "approved_by": by, "holds": lines})


def served(settings: Settings) -> folder.Run | None:
    """The run that readers get now, in whichever warehouse the settings name."""
    return server.served_run(settings) if settings.engine == "postgres" else folder.served(settings)


def status(settings: Settings) -> dict[str, Any]:
    """What is served and what could be rolled back to; empty when nothing is published. Files need no warehouse to be free."""
    if settings.engine == "postgres":
        return server.status(settings)
    now = folder.served(settings)
    if now is None:
        return {}
    return {
        "run_id": now.run_id,
        "as_of_date": now.as_of.isoformat(),
        "seq": now.seq,
        "content_hash": now.content_hash,
        "tables": len(recorded_hashes(folder.run_path(settings, now.run_id))),
        "kept_runs": [run.run_id for run in folder.runs(settings)],
    }
