"""Backups of everything that cannot be made again: the home folder, Airflow's metadata, and the warehouse where it is a server.

``python -m server.backup create | verify NAME | restore NAME``. One folder a backup, with a SHA-256 of each file; it appears whole or
not at all. A backup holds the vault: keep it as close as the home itself, and no longer than needed, for `forget` does not reach it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from groundgame.config import Settings, load_settings
from groundgame.durable import into_place, sync
from groundgame.errors import GroundgameError, WarehouseError

SUMS = "SHA256SUMS"
HOME = "home.tar"
# A database is told by libpq's variables (PGHOST, PGUSER, ...): an argument would show the password to whoever lists processes.
Databases = Mapping[str, Mapping[str, str]]


def create(settings: Settings, target: Path, databases: Databases) -> Path:
    """Back up into a folder that must not be there yet; readers are not disturbed, stages and publications wait.

    Raises:
        WarehouseError: a stage is at work, or a program failed; nothing is left under the folder's name.
    """
    from groundgame.publish.lock import publisher_lock
    from groundgame.warehouse.base import open_warehouse
    from groundgame.warehouse.turns import alone

    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    # tar is a process of its own: closing the warehouse's file in this one would let go of DuckDB's lock on it.
    with alone(settings), publisher_lock(settings, "backup"), open_warehouse(settings) as warehouse:
        if settings.engine == "duckdb":
            warehouse.execute("checkpoint")
        _run(["tar", "--create", "--file", str(part / HOME), "--directory", str(settings.home), "."])
        for name, where in databases.items():
            _run(["pg_dump", "--format=custom", "--file", str(part / f"{name}.dump")], where)
            _run(["pg_dumpall", "--roles-only", "--file", str(part / f"{name}.roles.sql")], where)
    sums = "".join(f"{_sha256(file)}  {file.name}\n" for file in sorted(part.iterdir()))
    (part / SUMS).write_text(sums, encoding="utf-8")
    for file in part.iterdir():
        sync(file)
    into_place(part, target)
    return target


def verify(backup: Path) -> list[str]:
    """Check that every file is there and as it was written, and that the archives can be read; returns their names.

    Raises:
        WarehouseError: it names the file that is missing, changed or unreadable.
    """
    wanted = [line.split("  ") for line in (backup / SUMS).read_text(encoding="utf-8").splitlines()]
    for digest, name in wanted:
        if not (backup / name).exists() or _sha256(backup / name) != digest:
            raise WarehouseError("backup", f"{backup.name}/{name} is not what was written; take an older backup")
        if name == HOME:
            _run(["tar", "--list", "--file", str(backup / name)])
        elif name.endswith(".dump"):
            _run(["pg_restore", "--list", str(backup / name)])
    return [name for _, name in wanted]


def restore(settings: Settings, backup: Path, databases: Databases) -> list[str]:
    """Put a backup back: into an empty home, and over the databases, each in one transaction; returns what was put back.

    Raises:
        WarehouseError: the home is not empty, or the backup is not whole; then nothing was changed.
    """
    names = verify(backup)
    if settings.home.exists() and any(settings.home.iterdir()):
        raise WarehouseError("restore", f"{settings.home} is not empty; move what is there away first")
    settings.home.mkdir(parents=True, exist_ok=True)
    _run(["tar", "--extract", "--file", str(backup / HOME), "--directory", str(settings.home)])
    options = ["--clean", "--if-exists", "--exit-on-error", "--single-transaction"]
    # A backup may be older than one of the databases.
    for name, where in ((name, where) for name, where in databases.items() if f"{name}.dump" in names):
        database = {**os.environ, **where}.get("PGDATABASE", "postgres")
        # Roles that exist already are refused one by one, which is as it should be.
        _run(["psql", "--quiet", "--file", str(backup / f"{name}.roles.sql")], where)
        _run(["pg_restore", *options, "--dbname", database, str(backup / f"{name}.dump")], where)
    return names


def prune(folder: Path, keep: int) -> list[str]:
    """Delete all but the newest backups; returns the names deleted."""
    old = sorted(path for path in folder.iterdir() if (path / SUMS).exists())[:-keep]
    for path in old:
        shutil.rmtree(path)
    return [path.name for path in old]


def server_databases(settings: Settings) -> dict[str, dict[str, str]]:
    """The databases of the configured server; the warehouse is told by this process's own environment."""
    from airflow.configuration import conf
    from sqlalchemy import make_url

    url = make_url(conf.get_mandatory_value("database", "sql_alchemy_conn"))
    found: dict[str, dict[str, str]] = {}
    if url.get_backend_name() == "postgresql":
        values = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
        found["metadata"] = {key: str(value) for key, value in {**values, "PGDATABASE": url.database}.items() if value}
    if settings.engine != "duckdb":
        from psycopg.conninfo import conninfo_to_dict

        from groundgame.warehouse.postgres import database_of

        field = str(conninfo_to_dict(database_of(settings.of_field()))["dbname"])
        found |= {"warehouse": {}, "field": {"PGDATABASE": field}}
    return found


def _run(command: list[str], where: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(command, env={**os.environ, **(where or {})}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise WarehouseError("backup", f"{command[0]}: {last}")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def main() -> int:
    """Do what the command line says; one line out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("create", "verify", "restore"), nargs="?", default="create")
    parser.add_argument("name", nargs="?", help="a backup's folder; needed to verify and to restore")
    parser.add_argument("--folder", type=Path, default=Path("/srv/backups"))
    parser.add_argument("--keep", type=int, default=7, help="backups kept after a new one")
    arguments = parser.parse_args()
    if arguments.what != "create" and not arguments.name:
        parser.error(f"{arguments.what} which? {', '.join(sorted(path.name for path in arguments.folder.iterdir()))}")
    settings, os_mask = load_settings(), os.umask(0o077)
    try:
        name = arguments.name or f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H%M%SZ}"
        if arguments.what == "create":
            create(settings, arguments.folder / name, server_databases(settings))
            gone = prune(arguments.folder, arguments.keep)
            line = f"backup {name} · older ones deleted: {', '.join(gone) or 'none'}"
        elif arguments.what == "verify":
            line = f"backup {name} is whole: {', '.join(verify(arguments.folder / name))}"
        else:
            line = f"restored {', '.join(restore(settings, arguments.folder / name, server_databases(settings)))}"
    except GroundgameError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    finally:
        os.umask(os_mask)
    sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
