"""Publication in a Postgres warehouse: one partition a run, and a pointer of one row that all views are joined to.

A publication is one transaction: rows, pointer and ledger together, so a publisher that is killed leaves nothing to complete. Readers
see the pointer of their snapshot: one run or another, in a single statement or in a whole REPEATABLE READ transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from groundgame.config import Settings
from groundgame.errors import PublishRefused, SpecError, WarehouseError
from groundgame.publish import ledger, structure
from groundgame.publish.build import OPS, combined_hash, filled, refuse_personal, unpublished
from groundgame.publish.folder import Run
from groundgame.publish.lock import WAIT_SECONDS
from groundgame.publish.structure import RUN
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from groundgame.warehouse.digest import table_hash

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)
LOCK = 7_302_027
# Dropping old runs asks for a moment without readers. Whoever reads longer than this is not disturbed: the next publication asks again.
RETIRE_WAIT = "50ms"
CURRENT = "(select seq from runs.pointer)"


def publish(settings: Settings, as_of: dt.date) -> Result:
    """Switch readers to the run of ``as_of``; see ``switch.publish``."""
    with open_warehouse(settings) as warehouse, _only_publisher(warehouse, f"of {as_of}"):
        now = served(warehouse)
        run_id = ops.run_id(warehouse, as_of)
        if reasons := ledger.refusals(warehouse, run_id, as_of, now):
            raise PublishRefused(run_id, reasons)
        draft = _Draft(warehouse, run_id, as_of, ledger.next_seq(warehouse))
        seconds = None
        with warehouse.transaction():
            # One look at the marts: nobody changes them in the middle.
            warehouse.execute("set transaction isolation level repeatable read")
            draft.fill(unpublished(settings))
            is_same = now is not None and (now.run_id, now.content_hash) == (run_id, draft.content_hash)
            if is_same:
                draft.drop()
            else:
                begin = time.perf_counter()
                draft.flip()
        if not is_same:
            seconds = round(time.perf_counter() - begin, 4)
            retire(warehouse, settings.keep_runs)
    return draft.result("unchanged" if is_same else "published", seconds)


class _Draft:
    """The partitions of a run that is being published."""

    def __init__(self, warehouse: Warehouse, run_id: str, as_of: dt.date, seq: int) -> None:
        self.warehouse, self.run_id, self.as_of, self.seq = warehouse, run_id, as_of, seq
        self.rows: dict[str, int] = {}
        self.hashes: dict[str, str] = {}
        self.content_hash = ""
        self.marts: list[str] = []

    def fill(self, inside: frozenset[str]) -> None:
        """Write the partitions, not yet where a view sees them, and hash them."""
        self.marts = [name for name in self.warehouse.tables("marts") if name not in inside]
        refuse_personal(self.warehouse, self.run_id, self.marts)
        selects = {f"marts.{name}": f"select * from marts.{name}" for name in self.marts}
        selects |= {f"ops.{name}": filled(sql, self.run_id, self.as_of) for name, sql in OPS.items()}
        for name, select in selects.items():
            part = self.part(name)
            columns = ", ".join(self._plain_columns(name, select))
            self.warehouse.execute(
                f"create table {part} as select cast({self.seq} as bigint) as {RUN}, {columns} from ({select}) as t"
            )
            self.hashes[name] = table_hash(self.warehouse, part, without=RUN)
            rows = self.warehouse.fetch(f"select count(*) as n from {part}")
            self.rows[name] = rows.column(0)[0].as_py()
        self.content_hash = combined_hash(self.hashes)

    def _plain_columns(self, name: str, select: str) -> Iterator[str]:
        """The columns under the engine's own types: a partition may have no other than its table."""
        kinds = dict(self.warehouse.columns(name))
        for column in self.warehouse.fetch(f"select * from ({select}) as t limit 0").column_names:
            yield f'cast(t."{column}" as {kinds[column]}) as "{column}"'

    def part(self, name: str) -> str:
        """The partition of a table, ``marts.x`` or ``ops.x``."""
        return f"runs.{name.partition('.')[2]}__{self.seq}"

    def drop(self) -> None:
        """Leave nothing of a run that is served already."""
        for name in self.hashes:
            self.warehouse.execute(f"drop table {self.part(name)}")

    def flip(self) -> None:
        """Attach the partitions, move the pointer, note it: readers see all of it when the transaction commits."""
        columns = {name: self.warehouse.columns(self.part(name))[1:] for name in self.hashes}
        bare: dict[str, structure.Columns] = {name.partition(".")[2]: kinds for name, kinds in columns.items()}
        structure.ensure(self.warehouse, bare, self.run_id)
        for name in self.hashes:
            part = self.part(name)
            # With the check there, attaching reads no row.
            self.warehouse.execute(
                f"alter table {part} alter {RUN} set not null, add constraint of_one_run check ({RUN} = {self.seq})"
            )
            if "voter_id" in dict(columns[name]):
                self.warehouse.execute(f"create index on {part} (voter_id)")
            self.warehouse.execute(
                f"alter table runs.{name.partition('.')[2]} attach partition {part} for values in ({self.seq})"
            )
        structure.describe(self.warehouse, self.marts)
        run = Run(self.run_id, self.as_of, self.seq, self.content_hash)
        self.warehouse.execute(
            "insert into runs.run values (?, ?, ?, ?)", [run.seq, run.run_id, run.as_of, run.content_hash]
        )
        for name, rows in self.rows.items():
            values = [run.seq, name, rows, self.hashes[name]]
            self.warehouse.execute("insert into runs.run_tables values (?, ?, ?, ?)", values)
        point_at(self.warehouse, self.seq)
        ledger.note(self.warehouse, run, "intent")
        ledger.note(self.warehouse, run, "done")

    def result(self, state: str, flip_seconds: float | None) -> Result:
        marts = {name: rows for name, rows in self.rows.items() if name.startswith("marts.")}
        details: dict[str, Any] = {"run_id": self.run_id, "state": state, "tables": len(marts)}
        details["content_hash"] = self.content_hash
        if flip_seconds is not None:
            details["flip_seconds"] = flip_seconds
        return Result("publish", "", rows_out=sum(marts.values()), details=details)


def point_at(warehouse: Warehouse, seq: int) -> None:
    """Move the pointer."""
    warehouse.execute(
        "insert into runs.pointer (seq) values (?) on conflict (is_the_only_row) do update set seq = excluded.seq",
        [seq],
    )


def served(warehouse: Warehouse) -> Run | None:
    """The run that readers get now."""
    return next(iter(runs(warehouse, f"where seq = {CURRENT}")), None)


def runs(warehouse: Warehouse, condition: str = "") -> list[Run]:
    """Every run that can still be served, oldest publication first."""
    rows = warehouse.fetch(f"select run_id, as_of_date, seq, content_hash from runs.run {condition} order by seq")
    return [Run(*row.values()) for row in rows.to_pylist()]


def rollback(settings: Settings, run_id: str | None = None) -> Result:
    """Switch readers back; see ``switch.rollback``."""
    with open_warehouse(settings) as warehouse, _only_publisher(warehouse, run_id or "before this one"):
        now = served(warehouse)
        target = earlier(runs(warehouse), now, run_id)
        with warehouse.transaction():
            point_at(warehouse, target.seq)
            back = Run(target.run_id, target.as_of, ledger.next_seq(warehouse), target.content_hash)
            ledger.note(warehouse, back, "rolled_back")
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
    now = served(warehouse)
    newest = {run.run_id: run.seq for run in runs(warehouse) if run.run_id in kept}
    old = [run.seq for run in runs(warehouse) if run.seq not in newest.values() and run != now]
    if not old:
        return True
    parents = _parents(warehouse)
    try:
        with warehouse.transaction():
            warehouse.execute(f"set local lock_timeout = '{RETIRE_WAIT}'")
            # All at once, and the pointer too: a reader in the middle of a transaction has one of them.
            listed = ", ".join(f"runs.{name}" for name in (*parents, "pointer"))
            warehouse.execute(f"lock table {listed} in access exclusive mode")
            for seq in old:
                for name in parents:
                    warehouse.execute(f"drop table if exists runs.{name}__{seq}")
                warehouse.execute("delete from runs.run_tables where seq = ?", [seq])
                warehouse.execute("delete from runs.run where seq = ?", [seq])
    except WarehouseError as error:
        log.info("old runs stay until the next publication: %s", error)
        return False
    return True


def _parents(warehouse: Warehouse) -> list[str]:
    sql = "select relname from pg_class where relnamespace = 'runs'::regnamespace and relkind = 'p' order by 1"
    names: list[str] = warehouse.fetch(sql).column(0).to_pylist()
    return names


def status(settings: Settings) -> dict[str, Any]:
    """What is served and what could be rolled back to; empty when nothing is published."""
    with open_warehouse(settings, read_only=True) as warehouse:
        now = served(warehouse)
        if now is None:
            return {}
        tables = warehouse.fetch("select count(*) as n from runs.run_tables where seq = ?", [now.seq])
        return {
            "run_id": now.run_id,
            "as_of_date": now.as_of.isoformat(),
            "seq": now.seq,
            "content_hash": now.content_hash,
            "tables": tables.column(0)[0].as_py(),
            "kept_runs": [run.run_id for run in runs(warehouse)],
        }


def query(settings: Settings, sql: str) -> pa.Table:
    """Run one query as an analyst; see ``read.query``."""
    with open_warehouse(settings, read_only=True) as warehouse:
        if served(warehouse) is None:
            raise WarehouseError("read", "nothing is published yet; run a night first")
        warehouse.execute("set role groundgame_analyst")
        warehouse.execute("set search_path = published, public")
        try:
            return warehouse.fetch(sql)
        except WarehouseError as error:
            raise SpecError("sql", error.action, error.cause) from None


def published_hashes(settings: Settings) -> dict[str, str]:
    """The content hash of every published table, computed from what is served now."""
    with open_warehouse(settings, read_only=True) as warehouse:
        now = served(warehouse)
        if now is None:
            raise WarehouseError("read", "nothing is published yet; run a night first")
        sql = "select table_name from runs.run_tables where seq = ? order by 1"
        names = warehouse.fetch(sql, [now.seq]).column(0).to_pylist()
        return {name: table_hash(warehouse, f"runs.{name.partition('.')[2]}__{now.seq}", without=RUN) for name in names}


@contextmanager
def _only_publisher(warehouse: Warehouse, what: str) -> Iterator[None]:
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
