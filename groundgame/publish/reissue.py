"""Give every published run a copy of itself with some rows removed, through the same switch as a publication.

The served run is replaced at once, as a publication of its own; older runs keep their number, so that a rollback still works and brings
nothing back. Which rows are removed is the caller's business; no gate judges again, because a run only loses rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from groundgame.config import Settings
from groundgame.publish import folder, ledger, server_reissue
from groundgame.publish.build import combined_hash
from groundgame.publish.folder import Run
from groundgame.warehouse.base import Warehouse, open_warehouse
from groundgame.warehouse.compact import compact
from groundgame.warehouse.digest import table_hash
from groundgame.warehouse.duckdb import DuckDBWarehouse

Edit = Callable[[Warehouse], dict[str, int]]


def reissue(settings: Settings, find: Edit, remove: Edit) -> None:
    """Reissue the runs in which ``find`` counts rows without the rows that ``remove`` deletes; the served run first.

    Killed at any point, each run is whole, old or new; a rerun does the others. For the holder of the publisher's lock.
    """
    if settings.engine == "postgres":
        server_reissue.reissue(settings, find, remove)
        return
    folder.remove_litter(settings)
    if not (settings.published_dir / folder.RUNS).exists():
        return
    ledger.recover(settings)
    now = folder.served(settings)
    for run in sorted(folder.runs(settings), key=lambda run: run != now):
        with folder.open_run(folder.run_path(settings, run.run_id)) as connection:
            if not find(DuckDBWarehouse(connection)):
                continue
        _reissue_one(settings, run, run == now, remove)


def _reissue_one(settings: Settings, run: Run, is_served: bool, remove: Edit) -> None:
    draft = folder.draft_path(settings, run.run_id)
    scratch = draft.with_name(f"{run.run_id}.without{folder.DRAFT}")
    shutil.copyfile(folder.run_path(settings, run.run_id), scratch)
    with open_warehouse(settings) as warehouse:
        seq = ledger.next_seq(warehouse) if is_served else run.seq
        new = _edit(scratch, run, seq, remove)
        # Written anew: a deleted row would stay readable in the file's free blocks.
        compact(scratch, "before", settings.memory_limit, settings.threads, target=draft, storage=folder.STORAGE)
        scratch.unlink()
        if is_served:
            ledger.note(warehouse, new, "intent")
        folder.install(settings, draft, new.run_id)
        if is_served:
            folder.flip(settings, new.run_id)
        ledger.note(warehouse, new, "done" if is_served else "rewritten")


def _edit(scratch: Path, run: Run, seq: int, remove: Edit) -> Run:
    """Remove the rows and let the file describe itself anew."""
    with duckdb.connect(str(scratch)) as connection:
        warehouse = DuckDBWarehouse(connection)
        _describe_again(warehouse, remove(warehouse))
        hashes = warehouse.fetch("select table_name, content_hash from ops.published_tables").to_pylist()
        content_hash = combined_hash({row["table_name"]: row["content_hash"] for row in hashes})
        warehouse.execute("update ops.published_run set seq = ?, content_hash = ?", [seq, content_hash])
        warehouse.execute("delete from ops.publications where seq = ?", [seq])
        warehouse.execute(
            "insert into ops.publications values (?, ?, ?, 'done', ?)", [seq, run.run_id, run.as_of, content_hash]
        )
    return Run(run.run_id, run.as_of, seq, content_hash)


def _describe_again(warehouse: Warehouse, tables: Iterable[str]) -> None:
    for name in tables:
        rows = warehouse.fetch(f"select count(*) from {name}").column(0)[0].as_py()
        sql = "update ops.published_tables set rows = ?, content_hash = ? where table_name = ?"
        warehouse.execute(sql, [rows, table_hash(warehouse, name), name])
