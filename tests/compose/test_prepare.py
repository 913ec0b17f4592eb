"""The server's first container on a Postgres warehouse: run twice, it makes the same of it, and tasks get their own login."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from groundgame.config import load_settings
from groundgame.warehouse.base import open_warehouse
from tests import server
from tests.compose.stack import Stack

pytestmark = pytest.mark.server


def test_a_postgres_warehouse_is_prepared_for_nights_that_are_no_administrators(tmp_path: Path) -> None:
    with server.running_server() as uri:
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("create role airflow login")
            connection.execute("create database airflow owner airflow")
        warehouse_uri = server.new_database(uri, "groundgame")
        host, _, port = uri.split("@")[1].rpartition("/")[0].partition(":")
        extra = {"GROUNDGAME_ENGINE": "postgres", "PGHOST": host, "PGPORT": port}
        stack = Stack(tmp_path, f"{host}:{port}", tmp_path / "inbox", extra)
        for _ in range(2):
            done = stack.run("prepare")
            assert done.returncode == 0, done.stderr[-2000:]
        assert "prepared: pool of 8" in done.stdout and "user admin kept" in done.stdout
        nights = load_settings(
            home=tmp_path / "home",
            engine="postgres",
            warehouse_uri=warehouse_uri.replace(f"{server.SUPERUSER}@", f"{stack.environment('scheduler')['PGUSER']}@"),
        )
        with open_warehouse(nights) as warehouse:
            warehouse.execute("create table raw.tried as select 1 as n")
            facts = warehouse.fetch("select rolsuper, rolcreaterole from pg_roles where rolname = session_user")
        assert facts.to_pylist() == [{"rolsuper": False, "rolcreaterole": False}]
