"""Tables that follow from the landed files and the calendar alone are not built again in a night that brings nothing new.

Models tagged ``steady`` read staging and models tagged ``calendar`` (which elections and files a night knows), and no date of the night.
Whether both are what they were is told by their content, not by a clock. What a model computes is no concern of this module.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.digest import table_hash

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

STEADY, CALENDAR_SCHEMA = "tag:steady", "intermediate"
CALENDAR = ("int_elections__listed", "int_elections__numbered", "int_snapshots__latest", "int_snapshots__used")
CATALOG_SCHEMA = "raw"
# Which files the tables of landed rows are made of, told without reading a row.
FILES_READ = {
    "duckdb": "select table_name, view_definition from information_schema.views where table_schema = ? order by 1",
    "postgres": """
        select p.relname as table_name,
            string_agg(c.relname || ' ' || coalesce(obj_description(c.oid, 'pg_class'), ''), ', ' order by c.relname) as files
        from pg_inherits as i
        join pg_class as c on i.inhrelid = c.oid
        join pg_class as p on i.inhparent = p.oid
        join pg_namespace as n on p.relnamespace = n.oid
        where n.nspname = ?
        group by p.relname
        order by p.relname""",
}
NOTE = "ops.steady_build"


@contextlib.contextmanager
def kept(settings: Settings, is_whole_layer: bool) -> Iterator[list[str]]:
    """Around a build of the marts: yields what dbt shall leave out, and notes what the tables were built from when it succeeds.

    The note is withdrawn before anything is built, so that a build that is killed leaves none and the next one does all.
    """
    if not is_whole_layer:
        yield []
        return
    with open_warehouse(settings) as warehouse:
        inputs = _inputs_sha256(settings, warehouse)
        is_unchanged = warehouse.fetch(f"select inputs_sha256 from {NOTE}").column(0).to_pylist() == [inputs]
        if not is_unchanged:
            warehouse.execute(f"delete from {NOTE}")
    yield [STEADY] if is_unchanged else []
    if not is_unchanged:
        with open_warehouse(settings) as warehouse:
            warehouse.execute(f"insert into {NOTE} values (?)", [inputs])


def built_from(warehouse: Warehouse) -> str | None:
    """Hash of what the steady tables were built from; None where they were never built whole, or somebody was forgotten since."""
    hashes = warehouse.fetch(f"select inputs_sha256 from {NOTE}").column(0).to_pylist()
    return hashes[0] if hashes else None


def _inputs_sha256(settings: Settings, warehouse: Warehouse) -> str:
    """Hash of the files in use, the catalog, the calendar, and the project's own text."""
    digest = hashlib.sha256(_project_sha256(settings.dbt_project_dir).encode())
    views = warehouse.fetch(FILES_READ[warehouse.engine], [CATALOG_SCHEMA])
    digest.update(repr(views.to_pylist()).encode())
    viewed = set(views.column("table_name").to_pylist())
    tables = [f"{CATALOG_SCHEMA}.{name}" for name in warehouse.tables(CATALOG_SCHEMA) if name not in viewed]
    for table in (*tables, *(f"{CALENDAR_SCHEMA}.{name}" for name in CALENDAR)):
        digest.update(f"{table} {table_hash(warehouse, table)}".encode())
    return digest.hexdigest()


def _project_sha256(project: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in project.rglob("*") if path.suffix in {".sql", ".yml", ".csv"}):
        digest.update(f"{file.relative_to(project)} ".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
