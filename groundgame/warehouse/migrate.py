"""Bring a Postgres database to what this version needs: numbered SQL files, applied in order, each once, and recorded.

Schemas, roles and row rules are in ``migrations``. Making roles needs the right to: where the pipeline's login has it not, an
administrator runs ``python -m groundgame.warehouse.migrate`` once. Files named ``*_ops_*`` change tables of the ledger in the SQL that all
engines speak, and DuckDB's file is brought up to date by them too.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from groundgame.config import load_settings
from groundgame.errors import GroundgameError, WarehouseError
from groundgame.result import Result
from groundgame.warehouse.ops import utc_now

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse
    from groundgame.warehouse.postgres import PostgresWarehouse

FOLDER = Path(__file__).parent / "migrations"
TABLE = "schema_migrations"
COLUMNS = "file varchar primary key, sha256 varchar, applied_at timestamp"
LEDGER = "_ops_"
# In the place of a file's name: what all of the ledger was last brought to.
WHOLE = "the whole ledger"
# One migrator at a time, in this database.
LOCK = 7_302_026
# A statement ends at a semicolon at the end of a line, outside of a $$ body.
BODY = re.compile(r"(\$\$.*?\$\$)", re.DOTALL)


def apply(warehouse: PostgresWarehouse) -> list[str]:
    """Apply what is missing, in one transaction a file; returns the names of the files applied.

    Raises:
        WarehouseError: a file that was applied has changed since, or the login may not do what a file does.
    """
    files = sorted(FOLDER.glob("[0-9]*.sql"))
    if not (missing := _missing(warehouse, files)):
        return []
    warehouse.execute("select pg_advisory_lock(?)", [LOCK])
    try:
        missing = _missing(warehouse, files)
        for file in missing:
            _apply_one(warehouse, file)
    except WarehouseError as error:
        hint = "an administrator runs `python -m groundgame.warehouse.migrate` once"
        raise WarehouseError("migrate", f"{error.cause} · next: {hint}") from None
    finally:
        warehouse.execute("select pg_advisory_unlock(?)", [LOCK])
    return [file.name for file in missing]


def apply_to_ledger(warehouse: Warehouse) -> list[str]:
    """The same for an engine without roles: what changes tables of the ledger; returns the names of the files applied.

    Raises:
        WarehouseError: a file that was applied has changed since.
    """
    warehouse.execute(f"create table if not exists ops.{TABLE} ({COLUMNS})")
    missing = _missing(warehouse, sorted(FOLDER.glob(f"[0-9]*{LEDGER}*.sql")))
    for file in missing:
        with warehouse.transaction():
            for statement in statements(file.read_text(encoding="utf-8")):
                warehouse.execute(statement)
            _note(warehouse, file)
    return [file.name for file in missing]


def stamp(*declared: object) -> str:
    """A hash of what a ledger should be: what is declared, and the files that change it."""
    files = [(file.name, _sha256(file)) for file in sorted(FOLDER.glob(f"[0-9]*{LEDGER}*.sql"))]
    return hashlib.sha256(repr((declared, files)).encode()).hexdigest()


def is_stamped(warehouse: Warehouse, wanted: str) -> bool:
    """Whether the ledger was brought to this already; a new file has none."""
    try:
        return bool(
            warehouse.fetch(f"select 1 from ops.{TABLE} where file = ? and sha256 = ?", [WHOLE, wanted]).num_rows
        )
    except WarehouseError:
        return False


def set_stamp(warehouse: Warehouse, reached: str) -> None:
    """Note what the ledger was brought to."""
    again = "on conflict (file) do update set sha256 = excluded.sha256, applied_at = excluded.applied_at"
    warehouse.execute(f"insert into ops.{TABLE} values (?, ?, ?) {again}", [WHOLE, reached, utc_now()])


def statements(sql: str) -> list[str]:
    """The statements of a migration."""
    bodies: list[str] = []

    def keep(found: re.Match[str]) -> str:
        bodies.append(found[0])
        return f"$${len(bodies) - 1}$$"

    bare = re.sub(r"--[^\n]*", "", sql)
    parts = [part.strip() for part in BODY.sub(keep, bare).split(";") if part.strip()]
    return [re.sub(r"\$\$(\d+)\$\$", lambda found: bodies[int(found[1])], part) for part in parts]


def _missing(warehouse: Warehouse, files: list[Path]) -> list[Path]:
    if TABLE not in warehouse.tables("ops"):
        return files
    known = {row["file"]: row["sha256"] for row in warehouse.fetch(f"select file, sha256 from ops.{TABLE}").to_pylist()}
    for file in files:
        if known.get(file.name, _sha256(file)) != _sha256(file):
            raise WarehouseError("migrate", f"{file.name} is not what was applied; add a new file instead")
    return [file for file in files if file.name not in known]


def _apply_one(warehouse: PostgresWarehouse, file: Path) -> None:
    with warehouse.transaction():
        if LEDGER in file.name:
            warehouse.execute("set local role groundgame_owner")
            warehouse.execute("set local search_path = public")
        for statement in statements(file.read_text(encoding="utf-8")):
            warehouse.execute(statement)
        if warehouse.fetch("select 1 as there where to_regnamespace('ops') is not null").num_rows:
            _record(warehouse, file)


def _record(warehouse: PostgresWarehouse, file: Path) -> None:
    """Note a file, and those before it: the first ones make the schema that the ledger is in."""
    warehouse.execute("set local role groundgame_owner")
    warehouse.execute(f"create table if not exists ops.{TABLE} ({COLUMNS})")
    for one in sorted(FOLDER.glob("[0-9]*.sql")):
        if one.name <= file.name:
            _note(warehouse, one)


def _note(warehouse: Warehouse, file: Path) -> None:
    """One row of the ledger; a file that is noted stays as it is."""
    values = [file.name, _sha256(file), utc_now()]
    warehouse.execute(f"insert into ops.{TABLE} values (?, ?, ?) on conflict do nothing", values)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    """Apply what is missing to the configured database, and to that of the field's batches beside it."""
    from groundgame.warehouse.postgres import PostgresWarehouse, database_of

    settings, applied = load_settings(engine="postgres"), []
    try:
        for place in (settings, settings.of_field()):
            warehouse = PostgresWarehouse(database_of(place))
            try:
                applied += apply(warehouse)
            finally:
                warehouse.close()
    except GroundgameError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(Result("migrate", ", ".join(applied) or "nothing to do", rows_out=len(applied)).summary() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
