"""The publications' pages of the ledger: intents, switches, approvals, and what an interruption left open."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.gates.ledger import latest
from groundgame.gates.spec import FIELD_STAGES, NIGHT_STAGES, number
from groundgame.publish import folder
from groundgame.publish.folder import Run
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

SWITCHED = "('done', 'rolled_back')"


def note(warehouse: Warehouse, run: Run, state: str) -> None:
    """Append one step of a publication."""
    ops.record(
        warehouse,
        "publications",
        seq=run.seq,
        run_id=run.run_id,
        as_of_date=run.as_of,
        state=state,
        content_hash=run.content_hash,
        published_at=ops.utc_now(),
    )


def next_seq(warehouse: Warehouse) -> int:
    """The number of the next switch. Abandoned attempts do not count, so an interruption leaves no gap."""
    sql = f"select coalesce(max(seq), 0) as seq from ops.publications where state in {SWITCHED}"
    return warehouse.fetch(sql).to_pylist()[0]["seq"] + 1


def recent_runs(warehouse: Warehouse, count: int) -> set[str]:
    """The runs that were switched to last."""
    rows = warehouse.fetch(
        f"select run_id from ops.publications where state in {SWITCHED} group by run_id order by max(seq) desc limit {count}"
    )
    return set(rows.column(0).to_pylist())


def is_complete(settings: Settings, warehouse: Warehouse) -> bool:
    """Whether every intent was followed by its outcome."""
    return not _open_intents(warehouse) and not rollback_note(settings).exists()


def recover(settings: Settings) -> None:
    """Complete what an interrupted publisher left: an intent whose run is served is done, any other is abandoned."""
    now = folder.served(settings)
    with open_warehouse(settings) as warehouse:
        for run in _open_intents(warehouse):
            note(warehouse, run, "done" if run == now else "abandoned")
        _recover_rollback(settings, warehouse, now)


def _open_intents(warehouse: Warehouse) -> list[Run]:
    # Counted, not ordered by time: a clock that jumps back must not reopen what is done.
    rows = warehouse.fetch(
        "select run_id, as_of_date, seq, content_hash from ops.publications group by run_id, as_of_date, seq, content_hash"
        " having count(case when state = 'intent' then 1 end) > count(case when state in ('done', 'abandoned') then 1 end)"
        " order by seq, run_id, content_hash"
    ).to_pylist()
    return [Run(row["run_id"], row["as_of_date"], row["seq"], row["content_hash"]) for row in rows]


def rollback_note(settings: Settings) -> Path:
    """Where a rollback says what it is about to do: a file, because it must not wait for a warehouse that is being built."""
    return settings.published_dir / "rollback.json"


def announce_rollback(settings: Settings, target: Run) -> None:
    """Write the rollback's intent, durably."""
    path = rollback_note(settings)
    draft = path.with_name(path.name + folder.DRAFT)
    draft.write_text(json.dumps({"run_id": target.run_id}), encoding="utf-8")
    into_place(draft, path)


def _recover_rollback(settings: Settings, warehouse: Warehouse, now: Run | None) -> None:
    path = rollback_note(settings)
    if not path.exists():
        return
    if now is not None and json.loads(path.read_text(encoding="utf-8"))["run_id"] == now.run_id:
        switched = warehouse.fetch(
            f"select run_id from ops.publications where state in {SWITCHED} order by seq desc limit 1"
        )
        if switched.column(0).to_pylist() != [now.run_id]:
            note(warehouse, Run(now.run_id, now.as_of, next_seq(warehouse), now.content_hash), "rolled_back")
    path.unlink()


def refusals(warehouse: Warehouse, run_id: str, as_of: dt.date, now: Run | None, place: str = "warehouse") -> list[str]:
    """Every reason why a run may not go out; empty if it may."""
    wanted = FIELD_STAGES if place == "field" else NIGHT_STAGES
    rows = [row for row in latest(warehouse, run_id) if row["stage"] in wanted]
    judged = {row["stage"] for row in rows}
    reasons = [f"gate {stage} has not judged it" for stage in wanted if stage not in judged]
    reasons += [
        f"gate {row['stage']} is red: {row['table_name']} {row['rule']}" for row in rows if row["verdict"] == "fail"
    ]
    reasons += [f"not approved: {line}" for line in holds(warehouse, run_id)]
    built = warehouse.fetch("select as_of_date from ops.run_parameters").column(0).to_pylist()
    if built != [as_of]:
        reasons.append(f"the warehouse holds {', '.join(map(str, built)) or 'no night'}, not {as_of}")
    if now is not None and now.as_of > as_of:
        reasons.append(f"a newer run is served: {now.run_id}")
    return reasons


def holds(warehouse: Warehouse, run_id: str) -> list[str]:
    """The run's holds that nobody has approved.

    An approval covers exactly what was seen: the same number for the same reason stays approved on later nights (last week's file
    is still the latest), any other number asks again.
    """
    approvals = warehouse.fetch("select holds from ops.approvals").column(0).to_pylist()
    approved = {line for lines in approvals for line in json.loads(lines)}
    found = [_line(row) for row in latest(warehouse, run_id) if row["verdict"] == "hold"]
    return [line for line in found if line not in approved]


def _line(row: dict[str, Any]) -> str:
    observed = "" if row["observed"] is None else f"observed {number(row['observed'])}, expected {row['expected']} · "
    return f"{row['stage']} {row['table_name']} {row['rule']}: {observed}{row['reason']}"
