"""The server's first container, at every start: metadata, the pool of warehouse writers, roles, the first admin, the nights' login.

Safe to run again: what is there already is left, but roles, which are made what ``server.roles`` says.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from groundgame.config import Settings, load_settings

ADMIN = "admin"
NIGHTS = "nights"


def secret(variable: str) -> str:
    """The content of the file that an environment variable names."""
    return Path(os.environ[variable]).read_text(encoding="utf-8").strip()


def max_writers(settings: Settings) -> int:
    """How many tasks may write the warehouse at once. Opening it also creates it, and finds out early that it cannot be reached."""
    from groundgame.warehouse.base import open_warehouse

    if settings.engine == "postgres":
        with open_warehouse(settings.of_field()):
            pass  # the field's batches have a database of their own, which the nights' login may not make
    with open_warehouse(settings) as warehouse:
        return warehouse.max_writers


def let_nights_in(settings: Settings, password: str) -> None:
    """The login under which tasks use a Postgres warehouse: no right but the pipeline's role, which opening it has made."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(settings.warehouse_uri.get_secret_value(), autocommit=True) as admin:
        if not admin.execute("select 1 from pg_roles where rolname = %s", [NIGHTS]).fetchone():
            admin.execute(sql.SQL("create role {}").format(sql.Identifier(NIGHTS)))
        alter = sql.SQL("alter role {} login password {}")
        admin.execute(alter.format(sql.Identifier(NIGHTS), sql.Literal(password)))
        admin.execute(sql.SQL("grant groundgame_pipeline to {}").format(sql.Identifier(NIGHTS)))


def write_users(password: str) -> str:
    """Write the roles, and the first admin where there is none; returns what was done."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    from server.roles import write_roles

    with get_application_builder() as builder:
        roles = write_roles(builder.sm)
        made = "kept"
        if builder.sm.find_user(username=ADMIN) is None:
            role = builder.sm.find_role("Admin")
            builder.sm.add_user(ADMIN, "First", "Admin", f"{ADMIN}@localhost", role, password=password)
            made = "made"
    return f"roles {', '.join(roles)} · user {ADMIN} {made}"


def main() -> None:
    """Prepare the metadata of the configured server, in one process: Airflow takes long to start."""
    from airflow.cli.cli_parser import get_parser

    parser = get_parser()
    settings = load_settings()
    writers = max_writers(settings)
    if settings.engine == "postgres":
        let_nights_in(settings, secret("NIGHTS_PASSWORD_FILE"))
    for command in (
        ["db", "migrate"],
        ["pools", "set", "warehouse", str(writers), "tasks that write the warehouse at once"],
    ):
        arguments = parser.parse_args(command)
        arguments.func(arguments)
    done = write_users(secret("ADMIN_PASSWORD_FILE"))
    sys.stdout.write(f"prepared: pool of {writers} · {done}\n")


if __name__ == "__main__":
    main()
