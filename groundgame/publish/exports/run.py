"""One export from request to file: chosen, held out, suppressed, gated, noted in the ledger, and only then written."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.gates import gate
from groundgame.publish.exports import arms, audience, folder, ledger, lists, suppression, van, zips
from groundgame.publish.exports.request import RECIPIENT_NAMES, Request
from groundgame.publish.exports.served import Served, chosen_voters, served_tables
from groundgame.result import Result
from groundgame.warehouse.base import Warehouse, open_warehouse


@dataclass(frozen=True)
class Recipient:
    """One kind of list.

    Attributes:
        purposes: what it may be made for.
        select: the query of its rows over the table ``exports.chosen`` of voter ids; a row has ids and what the writer needs.
        write: writes the files into a folder from the finished table and says what else the manifest tells.
        has_contact: whether people are contacted by it, so that control arms have to be left out.
        channel: how, see ``suppression.SAID_NO``.
    """

    purposes: tuple[str, ...]
    select: Callable[[Served], str]
    write: Callable[[Settings, Warehouse, str, Path], dict[str, Any]]
    has_contact: bool = True
    channel: str = ""


RECIPIENTS: dict[str, Recipient] = {
    "walk_list": Recipient(lists.PURPOSES, lists.doors, lists.write_walk_list, channel="visit"),
    "call_list": Recipient(lists.PURPOSES, lists.phones, lists.write_call_list, channel="call"),
    "meta_audience": Recipient(("advertising", "turnout", "volunteers"), audience.people, audience.write),
    "zip_aggregates": Recipient(("advertising",), zips.people, zips.write, has_contact=False),
    "van_scores": Recipient(("score_upload",), van.people, van.write, has_contact=False),
}


if tuple(RECIPIENTS) != RECIPIENT_NAMES:
    raise RuntimeError("every recipient needs its name in request.py, which imports nothing heavy")


def export(settings: Settings, request: Request, as_of: dt.date) -> Result:
    """Make one list out of what is published now.

    Args:
        settings: the installation.
        request: what is asked for, see ``make_request``.
        as_of: the day; the suppression list must not be stale on it.

    Returns:
        Rows chosen and rows written, with the folder, and how many were held out and suppressed.

    Raises:
        SpecError: the request is wrong.
        FileRefused: the suppression list is missing, empty, stale or damaged.
        GateFailed: the list is empty or holds somebody who must not be on it.
    """
    recipient = _recipient(request)
    listed = suppression.in_force(settings, as_of)
    try:
        with open_warehouse(settings) as warehouse:
            run_id, chosen, kept_out, suppressed = _draw(settings, warehouse, recipient, request, listed, as_of)
        gate.run(settings, "exports", as_of)
        with open_warehouse(settings) as warehouse:
            # Once more, and as the last step: somebody may have been forgotten or suppressed since.
            suppressed += suppression.apply(warehouse, _table(request))
            details = _release(settings, warehouse, recipient, request, listed, as_of, run_id, (kept_out, suppressed))
    finally:
        with open_warehouse(settings) as warehouse:
            _drop(warehouse)
    told = {**details, "held_out": kept_out, "suppressed": suppressed, "run_id": run_id}
    return Result("export", request.recipient, rows_in=chosen, rows_out=details["rows"], details=told)


def _recipient(request: Request) -> Recipient:
    if request.recipient not in RECIPIENTS:
        raise SpecError("export", "recipient", f"no list {request.recipient!r}", f"one of {', '.join(RECIPIENTS)}")
    recipient = RECIPIENTS[request.recipient]
    if request.purpose not in recipient.purposes:
        problem = f"{request.recipient} is not made for {request.purpose}"
        raise SpecError("export", "purpose", problem, f"one of {', '.join(recipient.purposes)}")
    return recipient


def _table(request: Request) -> str:
    return f"{suppression.SCHEMA}.{request.recipient}"


def _draw(
    settings: Settings,
    warehouse: Warehouse,
    recipient: Recipient,
    request: Request,
    listed: suppression.DoNotContact,
    as_of: dt.date,
) -> tuple[str, int, int, int]:
    """Make the list's table: run, rows chosen, rows held out, rows suppressed."""
    _drop(warehouse)
    warehouse.execute(f"create schema if not exists {suppression.SCHEMA}")
    suppression.load(warehouse, listed, recipient.channel)
    table = _table(request)
    with served_tables(settings, warehouse) as served:
        drawn = arms.drawn(warehouse, request, recipient.channel, as_of)
        sql, parameters = chosen_voters(warehouse, served, request, drawn)
        warehouse.execute(f"create table {suppression.SCHEMA}.chosen (voter_id varchar)")
        warehouse.execute(f"insert into {suppression.SCHEMA}.chosen {sql}", parameters)
        warehouse.execute(f"create table {table} as {recipient.select(served)}")
        if request.only or request.experiment:
            warehouse.execute(f"delete from {table} where voter_id is null")
    chosen = _count(warehouse, table)
    if recipient.has_contact:
        sql, parameters = arms.held_out(request, as_of)
        warehouse.execute(f"delete from {table} where voter_id in ({sql})", parameters)
    kept = _count(warehouse, table)
    return served.run_id, chosen, chosen - kept, suppression.apply(warehouse, table)


def _release(
    settings: Settings,
    warehouse: Warehouse,
    recipient: Recipient,
    request: Request,
    listed: suppression.DoNotContact,
    as_of: dt.date,
    run_id: str,
    left_out: tuple[int, int],
) -> dict[str, Any]:
    """Note the intent, write the files, note that they are there."""
    table = _table(request)
    entry: dict[str, Any] = {
        "recipient": request.recipient,
        "purpose": request.purpose,
        "approved_by": request.approved_by,
        "criteria": request.criteria,
        "as_of_date": as_of,
        "run_id": run_id,
        "rows_count": _count(warehouse, table),
        "held_out_count": left_out[0],
        "suppressed_count": left_out[1],
        "suppression_sha256": listed.sha256,
    }
    number = warehouse.fetch("select coalesce(max(seq), 0) + 1 from ops.exports").column(0)[0].as_py()
    entry["export_id"] = f"{as_of:%Y%m%d}-{request.recipient}-{number}"
    ledger.append(warehouse, **entry, state="intent")
    try:
        with folder.draft(settings, entry["export_id"]) as part:
            extra = recipient.write(settings, warehouse, table, part)
            files = folder.describe(list(part.iterdir()))
            told = {name: value for name, value in entry.items() if name != "suppression_sha256"}
            folder.write_manifest(part, {**told, **extra, "files": files})
    except BaseException:
        ledger.append(warehouse, **entry, state="failed")
        raise
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    ledger.append(warehouse, **entry, state="done", files_sha256=digest)
    return {"rows": entry["rows_count"], "folder": str(settings.exports_dir / entry["export_id"]), **extra}


def _drop(warehouse: Warehouse) -> None:
    """No list stays in the warehouse; one that was left by a killed export goes too."""
    for table in warehouse.tables(suppression.SCHEMA):
        warehouse.execute(f"drop table {suppression.SCHEMA}.{table}")


def _count(warehouse: Warehouse, table: str) -> int:
    return int(warehouse.fetch(f"select count(*) from {table}").column(0)[0].as_py())
