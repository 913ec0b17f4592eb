"""A backup of a real home and a real Postgres is put back and is the same; a damaged one is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import WarehouseError
from groundgame.publish.read import published_hashes
from groundgame.warehouse.base import open_warehouse
from server import backup
from tests import server


@pytest.fixture
def database(postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A database with something in it that a role of its own may read, told the way libpq is told; its programs on the path."""
    uri = urlsplit(server.new_database(postgres_server, "backed_up"))
    monkeypatch.setenv("PATH", f"{server.binaries()[0]}{os.pathsep}{os.environ['PATH']}")
    with psycopg.connect(uri.geturl(), autocommit=True) as connection:
        connection.execute("create table runs as select n, 'night ' || n as name from generate_series(1, 1000) as n")
        connection.execute("drop role if exists reader")
        connection.execute("create role reader")
        connection.execute("grant select on runs to reader")
    values = {"PGHOST": uri.hostname, "PGPORT": str(uri.port), "PGUSER": uri.username, "PGDATABASE": uri.path[1:]}
    return {name: value for name, value in values.items() if value}


def test_what_is_put_back_is_what_was_there(home: Settings, database: dict[str, str], tmp_path: Path) -> None:
    before = published_hashes(home)
    with open_warehouse(home, read_only=True) as warehouse:
        voters = warehouse.fetch("select count(*) from marts.dim_voters").column(0)[0].as_py()
    made = backup.create(home, tmp_path / "backups" / "monday", {"metadata": database})
    conninfo = f"host={database['PGHOST']} port={database['PGPORT']} user={database['PGUSER']} dbname=backed_up"
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("delete from runs where n > 10")
        connection.execute("revoke select on runs from reader")
    shutil.rmtree(home.home)
    restored = load_settings(home=tmp_path / "elsewhere", inbox=home.inbox)
    backup.restore(restored, made, {"metadata": database})
    assert published_hashes(restored) == before
    with open_warehouse(restored) as warehouse:
        assert warehouse.fetch("select count(*) from marts.dim_voters").column(0)[0].as_py() == voters
    with psycopg.connect(conninfo) as connection:
        (found,) = connection.execute("select count(*), has_table_privilege('reader', 'runs', 'select') from runs")
        assert found == (1000, True)
    with pytest.raises(WarehouseError, match="is not empty"):
        backup.restore(restored, made, {})


def test_a_damaged_backup_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    with open_warehouse(settings):
        pass
    made = backup.create(settings, tmp_path / "backups" / "monday", {})
    archive = made / backup.HOME
    damaged = bytearray(archive.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    archive.write_bytes(damaged)
    empty = load_settings(home=tmp_path / "empty")
    with pytest.raises(WarehouseError, match=r"monday/home\.tar is not what was written"):
        backup.restore(empty, made, {})
    assert not empty.home.exists()


def test_a_backup_that_fails_leaves_none_of_its_name(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    nowhere = {"PGHOST": "127.0.0.1", "PGPORT": "1", "PATH": f"{server.binaries()[0]}{os.pathsep}{os.environ['PATH']}"}
    with pytest.raises(WarehouseError, match="pg_dump"):
        backup.create(settings, tmp_path / "backups" / "monday", {"metadata": nowhere})
    assert not (tmp_path / "backups" / "monday").exists()


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    for day in ("2026-10-01", "2026-10-02", "2026-10-03"):
        (tmp_path / day).mkdir()
        (tmp_path / day / backup.SUMS).touch()
    assert backup.prune(tmp_path, keep=2) == ["2026-10-01"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-10-02", "2026-10-03"]
