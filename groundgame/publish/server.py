"""Publication in a Postgres warehouse: one partition a run, and a pointer of one row that all views are joined to.

A publication is one transaction: rows, pointer and ledger together, so a publisher that is killed leaves nothing to complete. Readers
see the pointer of their snapshot: one run or another, in a single statement or in a whole REPEATABLE READ transaction. The partition
that it fills was attached, empty, by the publication before.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groundgame.config import Settings
from groundgame.errors import PublishRefused, SpecError, WarehouseError
from groundgame.publish import ledger, run_status, structure
from groundgame.publish.build import OPS, combined_hash, filled, refuse_personal
from groundgame.publish.contract import frozen, unpublished
from groundgame.publish.folder import Run
from groundgame.publish.lock import WAIT_SECONDS
from groundgame.publish.run_status import RUN_STATUS
from groundgame.publish.structure import SERVED
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, is_there, open_warehouse
from groundgame.warehouse.digest import rows_hash

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)
LOCK = 7_302_027
# As the server itself calls a type.
KINDS = {"varchar": "character varying"}
STATUS = f"marts.{RUN_STATUS.name}"
# Dropping old runs asks for a moment without readers. Whoever reads longer than this is not disturbed: the next publication asks again.
RETIRE_WAIT, RETIRE_TRIES = "100ms", 3


def publish(settings: Settings, as_of: dt.date) -> Result:
    """Switch readers to the run of ``as_of``; see ``switch.publish``."""
    with open_warehouse(settings) as warehouse, only_publisher(warehouse, f"of {as_of}"):
        now, run_id = served(warehouse), ops.run_id(warehouse, as_of)
        if reasons := ledger.refusals(warehouse, run_id, as_of, now, settings.place):
            raise PublishRefused(run_id, reasons)
        with warehouse.transaction():
            # One look at the marts: nobody changes them in the middle.
            warehouse.execute("set transaction isolation level repeatable read")
            draft = _Draft(warehouse, run_id, as_of, settings.dbt_project_dir)
            if now is not None and (now.run_id, now.content_hash) == (run_id, draft.content_hash):
                return draft.result("unchanged")
            draft.fill()
            draft.enter()
            begin = time.perf_counter()
            point_at(warehouse, draft.slot)
        flip_seconds = round(time.perf_counter() - begin, 4)
        any(retire(warehouse, settings.keep_runs) for _ in range(RETIRE_TRIES))
    return draft.result("published", flip_seconds=flip_seconds)


class _Draft:
    """A run that is being published: its tables as selects over the warehouse, their columns, rows and hashes."""

    def __init__(self, warehouse: Warehouse, run_id: str, as_of: dt.date, dbt_project: Path) -> None:
        self.warehouse, self.run_id, self.as_of = warehouse, run_id, as_of
        inside = unpublished(dbt_project)
        self.marts = [name for name in warehouse.tables("marts") if name not in inside]
        refuse_personal(warehouse, run_id, self.marts)
        self.selects = {f"marts.{name}": f"select * from marts.{name}" for name in self.marts}
        self.selects |= {f"ops.{name}": filled(sql, run_id, as_of) for name, sql in OPS.items()}
        places = {bare_name(name): f"({select}) as t" for name, select in self.selects.items()}
        self.columns = {name: self._columns(name) for name in self.selects}
        self.selects[STATUS] = run_status.select(run_id, as_of, frozen(dbt_project).named(), places)
        self.columns[STATUS] = [
            (column.name, KINDS.get(column.data_type, column.data_type)) for column in RUN_STATUS.columns
        ]
        found = {name: rows_hash(warehouse, f"({select})", self.columns[name]) for name, select in self.selects.items()}
        self.hashes = {name: digest for name, (digest, _) in found.items()}
        self.rows = {name: rows for name, (_, rows) in found.items()}
        self.content_hash = combined_hash(self.hashes)
        self.slot = next_slot(warehouse)

    def _columns(self, name: str) -> list[tuple[str, str]]:
        kinds = dict(self.warehouse.columns(name))
        names = self.warehouse.fetch(f"select * from ({self.selects[name]}) as t limit 0").column_names
        return [(column, kinds[column]) for column in names]

    def fill(self) -> None:
        """Write the rows where no view looks yet, and make room for the next run."""
        bare: dict[str, structure.Columns] = {bare_name(name): kinds for name, kinds in self.columns.items()}
        structure.ensure(self.warehouse, bare, self.run_id)
        structure.add_slot(self.warehouse, list(bare), self.slot)
        for name, select in self.selects.items():
            structure.fill(self.warehouse, bare_name(name), self.slot, self.columns[name], select)
        structure.add_slot(self.warehouse, list(bare), self.slot + 1)
        structure.describe(self.warehouse, self._descriptions())

    def _descriptions(self) -> dict[tuple[str, str | None], str]:
        said = structure.descriptions(self.warehouse, "marts")
        said = {(name, column): text for (name, column), text in said.items() if name in self.marts}
        said[RUN_STATUS.name, None] = RUN_STATUS.description
        return said | {(RUN_STATUS.name, column.name): column.description for column in RUN_STATUS.columns}

    def enter(self) -> None:
        """Enter the run and its tables where the pointer will find them, and the switch in the ledger."""
        run = Run(self.run_id, self.as_of, ledger.next_seq(self.warehouse), self.content_hash)
        values = [self.slot, run.seq, run.run_id, run.as_of, run.content_hash]
        self.warehouse.execute("insert into runs.run values (?, ?, ?, ?, ?)", values)
        values = [value for name, rows in self.rows.items() for value in (self.slot, name, rows, self.hashes[name])]
        marks = ", ".join("(?, ?, ?, ?)" for _ in self.rows)
        self.warehouse.execute(f"insert into runs.run_tables values {marks}", values)
        note(self.warehouse, run, "intent", "done")

    def result(self, state: str, **more: float) -> Result:
        marts = {name: rows for name, rows in self.rows.items() if name.startswith("marts.")}
        details: dict[str, Any] = {"run_id": self.run_id, "state": state, "tables": len(marts)}
        details |= {"content_hash": self.content_hash, **more}
        return Result("publish", "", rows_out=sum(marts.values()), details=details)


def bare_name(name: str) -> str:
    """A table's name without its schema: both schemas of a run are one for consumers."""
    return name.partition(".")[2]


def next_slot(warehouse: Warehouse) -> int:
    """The number of the next run's partitions; they are attached already."""
    slot: int = warehouse.fetch("select coalesce(max(slot), 0) + 1 as slot from runs.run").column(0)[0].as_py()
    return slot


def point_at(warehouse: Warehouse, slot: int) -> None:
    """Let readers see a run when the transaction commits."""
    warehouse.execute(
        "insert into runs.pointer (slot) values (?) on conflict (is_the_only_row) do update set slot = excluded.slot",
        [slot],
    )


def note(warehouse: Warehouse, run: Run, *states: str) -> None:
    """Write what happens to a run into the ledger, and a switch where readers see it as well."""
    for state in states:
        ledger.note(warehouse, run, state)
        if state in ("done", "rolled_back"):
            values = [run.seq, run.run_id, run.as_of, state, run.content_hash]
            warehouse.execute("insert into runs.publications values (?, ?, ?, ?, ?)", values)


def served(warehouse: Warehouse) -> Run | None:
    """The run that readers get now."""
    return next(iter(runs(warehouse, f"where slot = {SERVED}").values()), None)


def served_run(settings: Settings) -> Run | None:
    """The same of an installation, which need not have this warehouse yet."""
    if not is_there(settings):
        return None
    with open_warehouse(settings, read_only=True) as warehouse:
        return served(warehouse)


def runs(warehouse: Warehouse, condition: str = "") -> dict[int, Run]:
    """Every run that can still be served by its slot, oldest publication first."""
    rows = warehouse.fetch(f"select slot, run_id, as_of_date, seq, content_hash from runs.run {condition} order by seq")
    return {row.pop("slot"): Run(*row.values()) for row in rows.to_pylist()}


def rollback(settings: Settings, run_id: str | None = None) -> Result:
    """Switch readers back; see ``switch.rollback``."""
    with open_warehouse(settings) as warehouse, only_publisher(warehouse, run_id or "before this one"):
        now = served(warehouse)
        kept = runs(warehouse)
        target = earlier(list(kept.values()), now, run_id)
        with warehouse.transaction():
            point_at(warehouse, next(slot for slot, run in kept.items() if run == target))
            back = Run(target.run_id, target.as_of, ledger.next_seq(warehouse), target.content_hash)
            note(warehouse, back, "rolled_back")
    details = {"run_id": target.run_id, "from_run_id": now.run_id if now else ""}
    return Result("rollback", "", rows_out=0, details=details)


def earlier(kept: list[Run], now: Run | None, run_id: str | None) -> Run:
    """The run to go back to: the one that is named, or the one published before the served one.

    Raises:
        PublishRefused: there is none; names those that are kept.
    """
    if run_id is not None:
        found = [run for run in kept if run.run_id == run_id][-1:]
    else:
        found = [run for run in kept if now is not None and run.seq < now.seq][-1:]
    if not found:
        names = ", ".join(run.run_id for run in kept) or "none"
        raise PublishRefused(run_id or "before this one", [f"there is no such run; kept runs: {names}"])
    return found[0]


def retire(warehouse: Warehouse, keep_runs: int) -> bool:
    """Drop the runs that are kept no longer, if there is a moment without readers; returns whether none is left."""
    kept = ledger.recent_runs(warehouse, keep_runs)
    now, there = served(warehouse), runs(warehouse)
    newest = {run.run_id: slot for slot, run in there.items() if run.run_id in kept}
    old = [slot for slot, run in there.items() if slot not in newest.values() and run != now]
    kept_slots = there.keys() - set(old)
    parts = {part: int(part.rpartition("__")[2]) for part in structure.partitions(warehouse)}
    # Beside the old runs' partitions those of runs that were reissued; the next run's, which are empty, stay.
    gone = [part for part, slot in parts.items() if slot < next_slot(warehouse) and slot not in kept_slots]
    if not old and not gone:
        return True
    parents = structure.parents(warehouse)
    try:
        with warehouse.transaction():
            warehouse.execute(f"set local lock_timeout = '{RETIRE_WAIT}'")
            # All at once, and the pointer too: a reader in the middle of a transaction has one of them.
            listed = ", ".join(f"runs.{name}" for name in (*parents, "pointer"))
            warehouse.execute(f"lock table {listed} in access exclusive mode")
            for part in gone:
                warehouse.execute(f"drop table runs.{part}")
            for slot in old:
                warehouse.execute("delete from runs.run_tables where slot = ?", [slot])
                warehouse.execute("delete from runs.run where slot = ?", [slot])
    except WarehouseError as error:
        log.info("old runs stay until the next publication: %s", error)
        return False
    return True


def status(settings: Settings) -> dict[str, Any]:
    """What is served and what could be rolled back to; empty when nothing is published."""
    with open_warehouse(settings, read_only=True) as warehouse:
        now = served(warehouse)
        if now is None:
            return {}
        tables = warehouse.fetch(f"select count(*) as n from runs.run_tables where slot = {SERVED}")
        return {
            "run_id": now.run_id,
            "as_of_date": now.as_of.isoformat(),
            "seq": now.seq,
            "content_hash": now.content_hash,
            "tables": tables.column(0)[0].as_py(),
            "kept_runs": [run.run_id for run in runs(warehouse).values()],
        }


def query(settings: Settings, sql: str, parameters: Sequence[Any] | None = None) -> pa.Table:
    """Run one query as an analyst; see ``read.query``."""
    with open_warehouse(settings, read_only=True) as warehouse:
        if served(warehouse) is None:
            raise WarehouseError("read", "nothing is published yet; run a night first")
        warehouse.execute("set role groundgame_analyst")
        warehouse.execute("set search_path = published, public")
        try:
            return warehouse.fetch(sql, parameters)
        except WarehouseError as error:
            raise SpecError("sql", error.action, error.cause) from None


def published_hashes(settings: Settings) -> dict[str, str]:
    """The content hash of every published table, computed from what is served now."""
    with open_warehouse(settings, read_only=True) as warehouse:
        now = served(warehouse)
        if now is None:
            raise WarehouseError("read", "nothing is published yet; run a night first")
        names = warehouse.fetch(f"select table_name from runs.run_tables where slot = {SERVED} order by 1")
        return {name: _served_hash(warehouse, bare_name(name)) for name in names.column(0).to_pylist()}


def _served_hash(warehouse: Warehouse, name: str) -> str:
    return rows_hash(warehouse, f"published.{name}", warehouse.columns(f"published.{name}"))[0]


@contextmanager
def only_publisher(warehouse: Warehouse, what: str) -> Iterator[None]:
    """Hold the publisher's lock of this database; the server releases it when its owner dies.

    Raises:
        PublishRefused: another publisher is at work.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while not warehouse.fetch("select pg_try_advisory_lock(?) as is_taken", [LOCK]).column(0)[0].as_py():
        if time.monotonic() > deadline:
            raise PublishRefused(what, ["another publisher is already running"])
        time.sleep(0.05)
    try:
        yield
    finally:
        warehouse.execute("select pg_advisory_unlock(?)", [LOCK])
