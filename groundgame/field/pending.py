"""What a batch has to do: which landed files its tables do not hold yet, and whether they can be added or all must be built anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from groundgame.config import Settings
from groundgame.ingest.views import FILES_IN_USE
from groundgame.privacy import tombstones
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

USED = f"""
    select l.file_id, l.source, l.entity, l.snapshot_date
    from ops.loaded_files as l
    where l.file_id in (select u.file_id from ({FILES_IN_USE}) as u)
"""
# Rows can be added only to what would stay the same without them: not where a file is gone or was read anew, nor where one is dated
# before the first of its kind, which decides what counts as told in time.
FROM_SCRATCH = """
    select 1 as why from ops.field_built where file_id not in (select file_id from used)
    union all
    select 1 as why
    from used
    inner join (
        select source, entity, min(snapshot_date) as opened_date from ops.field_built group by source, entity
    ) as firsts on used.source = firsts.source and used.entity = firsts.entity
    where used.snapshot_date < firsts.opened_date
"""


@dataclass(frozen=True)
class News:
    """``files`` are new; ``is_fresh``: the tables must be built from scratch; ``is_nothing``: they are as they should be."""

    files: int
    is_fresh: bool
    is_nothing: bool


def open_batch(settings: Settings, as_of: dt.date) -> News:
    """Note what is pending, for dbt to read, and open the day."""
    with open_warehouse(settings) as warehouse, warehouse.transaction():
        warehouse.execute("delete from ops.field_pending")
        warehouse.execute(
            f"insert into ops.field_pending select file_id from ({USED}) as used"
            " where file_id not in (select b.file_id from ops.field_built as b)",
            [as_of],
        )
        files = warehouse.fetch("select file_id from ops.field_pending").num_rows
        has_built = warehouse.fetch("select 1 as one from ops.field_built limit 1").num_rows > 0
        is_fresh = not has_built or warehouse.fetch(f"with used as ({USED}) {FROM_SCRATCH}", [as_of]).num_rows > 0
        days = warehouse.fetch("select as_of_date from ops.run_parameters").column(0).to_pylist()
    if days != [as_of]:
        with open_warehouse(settings) as warehouse:
            ops.set_run_parameters(warehouse, as_of, is_training=False)
    return News(files, is_fresh, not files and not is_fresh and days == [as_of])


def close_batch(settings: Settings, as_of: dt.date) -> None:
    """Note that the tables hold what was pending. A batch that was killed before this does the same work again."""
    with open_warehouse(settings) as warehouse, warehouse.transaction():
        warehouse.execute("delete from ops.field_built")
        warehouse.execute(
            f"insert into ops.field_built select file_id, source, entity, snapshot_date from ({USED}) as used", [as_of]
        )
        warehouse.execute("delete from ops.field_pending")


def bring_tombstones(night: Settings, field: Settings) -> None:
    """Copy who was forgotten from the night's ledger, so that landing keeps them out here, too; only where somebody was since.

    Raises:
        WarehouseError: the night's warehouse is busy.
    """
    now, note = str(tombstones.stamp(night)), field.home / "field.tombstones"
    if now == "0" or (note.exists() and note.read_text(encoding="ascii") == now):
        return
    with open_warehouse(night, read_only=True) as warehouse:
        rows = warehouse.fetch("select * from ops.tombstones")
    with open_warehouse(field) as warehouse, warehouse.transaction():
        warehouse.execute("delete from ops.tombstones")
        warehouse.append("ops.tombstones", rows)
    note.write_text(now, encoding="ascii")
