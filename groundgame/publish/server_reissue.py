"""Reissue of published runs in a Postgres warehouse: a partition without the rows for each run that held them, in one transaction.

Readers see the served run with the rows or without them. A run keeps its place among those that can be gone back to; the partitions
that it had are dropped, because deleted rows stay in a table's pages.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from groundgame.config import Settings
from groundgame.errors import WarehouseError
from groundgame.publish import ledger, server, structure
from groundgame.publish.build import combined_hash
from groundgame.publish.folder import Run
from groundgame.warehouse.base import Warehouse, open_warehouse
from groundgame.warehouse.digest import rows_hash

log = logging.getLogger(__name__)
Edit = Callable[[Warehouse], dict[str, int]]
# Whoever reads without a pause keeps the old partitions; this long a moment without readers is looked for.
RETIRE_SECONDS = 60.0


def reissue(settings: Settings, find: Edit, remove: Edit) -> None:
    """Reissue the runs in which ``find`` counts rows without the rows that ``remove`` deletes; see ``reissue.reissue``.

    Raises:
        WarehouseError: readers left no moment in which the partitions with the deleted rows could be dropped.
    """
    with open_warehouse(settings) as warehouse, server.only_publisher(warehouse, "without a forgotten person"):
        if find(warehouse):
            with warehouse.transaction():
                changed = {part.removeprefix("runs.") for part in remove(warehouse)}
                now = server.served(warehouse)
                for slot, run in server.runs(warehouse).items():
                    if any(part.endswith(f"__{slot}") for part in changed):
                        _reissue_one(warehouse, slot, run, run == now, changed)
        _drop_old(warehouse, settings.keep_runs)


def _reissue_one(warehouse: Warehouse, slot: int, run: Run, is_served: bool, changed: Collection[str]) -> None:
    new = server.next_slot(warehouse)
    names = [part.rpartition("__")[0] for part in structure.partitions(warehouse) if part.endswith(f"__{slot}")]
    structure.add_slot(warehouse, names, new)
    for name in names:
        columns = [column for column in warehouse.columns(f"runs.{name}") if column[0] != structure.SLOT]
        structure.fill(warehouse, name, new, columns, f"select * from runs.{name}__{slot}")
    structure.add_slot(warehouse, structure.parents(warehouse), new + 1)
    warehouse.execute("update runs.run_tables set slot = ? where slot = ?", [new, slot])
    for name in names:
        if f"{name}__{slot}" in changed:
            digest, rows = rows_hash(warehouse, f"runs.{name}__{new}", warehouse.columns(f"published.{name}"))
            sql = "update runs.run_tables set row_count = ?, content_hash = ? where slot = ? and split_part(table_name, '.', 2) = ?"
            warehouse.execute(sql, [rows, digest, new, name])
    hashes = warehouse.fetch("select table_name, content_hash from runs.run_tables where slot = ?", [new]).to_pylist()
    content_hash = combined_hash({row["table_name"]: row["content_hash"] for row in hashes})
    after = Run(run.run_id, run.as_of, ledger.next_seq(warehouse) if is_served else run.seq, content_hash)
    sql = "update runs.run set slot = ?, seq = ?, content_hash = ? where slot = ?"
    warehouse.execute(sql, [new, after.seq, content_hash, slot])
    if is_served:
        server.point_at(warehouse, new)
    server.note(warehouse, after, *(("intent", "done") if is_served else ("rewritten",)))


def _drop_old(warehouse: Warehouse, keep_runs: int) -> None:
    deadline = time.monotonic() + RETIRE_SECONDS
    while not server.retire(warehouse, keep_runs):
        if time.monotonic() > deadline:
            raise WarehouseError("forget", "readers hold the runs as they were; run it again when they pause")
        time.sleep(0.2)
