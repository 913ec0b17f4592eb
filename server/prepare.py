"""The server's first container, at every start: metadata, the pool of warehouse writers, roles, and the first admin.

Safe to run again: what is there already is left, but roles, which are made what ``server.roles`` says.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from groundgame.config import Settings, load_settings

ADMIN = "admin"


def max_writers(settings: Settings) -> int:
    """How many tasks may write the warehouse at once. Opening it also creates it, and finds out early that it cannot be reached."""
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(settings) as warehouse:
        return getattr(warehouse, "max_writers", 1)


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
    writers = max_writers(load_settings())
    for command in (
        ["db", "migrate"],
        ["pools", "set", "warehouse", str(writers), "tasks that write the warehouse at once"],
    ):
        arguments = parser.parse_args(command)
        arguments.func(arguments)
    done = write_users(Path(os.environ["ADMIN_PASSWORD_FILE"]).read_text(encoding="utf-8").strip())
    sys.stdout.write(f"prepared: pool of {writers} · {done}\n")


if __name__ == "__main__":
    main()
