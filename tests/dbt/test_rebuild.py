"""Same inputs, same bits: whatever was there before, and whether the night trains or not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from groundgame.config import Settings, load_settings
from groundgame.warehouse import dbt, ops, steady
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.digest import table_hash
from tests.dbt.conftest import Built
from tests.dbt.world import AS_OF, World, small_world

PUBLISHED = ("dim_voters", "dim_households", "dim_elections", "dim_precincts", "dim_zips", "dim_districts", "fct_votes")
TONIGHT = "select * exclude as_of_role from marts.feat_voters where as_of_role = 'tonight'"


def test_a_rerun_without_training_over_what_a_killed_build_left_gives_the_same_tables(
    built: Built, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A first night trains and its rerun does not; what readers get must not differ."""
    settings = load_settings(home=tmp_path_factory.mktemp("again"), threads=1, memory_limit="1GB")
    small_world().write(settings, is_training=False)
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema marts")
        warehouse.execute("create table marts.dim_voters as select 1 as half")
        warehouse.execute("create table marts.dim_voters__dbt_tmp as select 1 as half")
        warehouse.execute("create table marts.fct_votes__dbt_backup as select 1 as half")
    for layer in ("staging", "marts"):
        dbt.build(settings, layer)
    expected = {table: table_hash(built.warehouse, f"marts.{table}") for table in PUBLISHED}
    tonight = built.warehouse.fetch(f"{TONIGHT} order by voter_id").to_pylist()
    with open_warehouse(settings, read_only=True) as warehouse:
        assert {table: table_hash(warehouse, f"marts.{table}") for table in PUBLISHED} == expected
        assert warehouse.fetch(f"{TONIGHT} order by voter_id").to_pylist() == tonight
        roles = warehouse.fetch("select distinct as_of_role from marts.feat_voters").column(0).to_pylist()
    assert roles == ["tonight"]


def night(settings: Settings, as_of: dt.date) -> bool:
    """Build one night; whether the steady tables were kept."""
    with open_warehouse(settings) as warehouse:
        ops.set_run_parameters(warehouse, as_of, False)
    dbt.build(settings, "staging")
    return bool(dbt.build(settings, "marts").details["is_steady_kept"])


def hashes(settings: Settings) -> dict[str, str]:
    with open_warehouse(settings, read_only=True) as warehouse:
        names = [f"{schema}.{name}" for schema in ("intermediate", "marts") for name in warehouse.tables(schema)]
        return {name: table_hash(warehouse, name) for name in names}


def fresh(folder: Path, as_of: dt.date, world: World) -> dict[str, str]:
    settings = load_settings(home=folder, threads=1, memory_limit="1GB")
    world.write(settings, is_training=False)
    assert night(settings, as_of) is False
    return hashes(settings)


def test_a_night_that_brings_nothing_new_keeps_tables_and_ends_like_one_from_scratch(tmp_path: Path) -> None:
    """A day later; what changes after the coming election, or with one line of a file gone, is built anew."""
    settings = load_settings(home=tmp_path / "home", threads=1, memory_limit="1GB")
    world = small_world()
    world.write(settings, is_training=False)
    day = AS_OF + dt.timedelta(days=4)  # the world's last files are from the days before
    assert night(settings, day) is False
    assert night(settings, day + dt.timedelta(days=1)) is True
    assert hashes(settings) == fresh(tmp_path / "day_two", day + dt.timedelta(days=1), world)
    world.votes = world.votes[1:]
    world.write(settings, is_training=False)
    assert night(settings, day + dt.timedelta(days=1)) is False
    assert night(settings, dt.date(2026, 11, 5)) is False


def test_a_build_that_fails_leaves_no_note_of_what_was_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(home=tmp_path / "home", threads=1, memory_limit="1GB")
    small_world().write(settings, is_training=False)
    dbt.build(settings, "staging")
    with pytest.raises(KeyboardInterrupt), steady.kept(settings, True):
        raise KeyboardInterrupt
    assert dbt.build(settings, "marts").details["is_steady_kept"] is False


def test_a_steady_table_reads_nothing_that_a_night_changes(built: Built) -> None:
    """Of all that it is made from, only staging, the calendar and other steady tables hold rows of their own."""
    models = {key: node for key, node in dbt.project(built.settings).nodes.items() if node.resource_type == "model"}
    tagged = {key for key, node in models.items() if "steady" in node.tags}
    assert len(tagged) > 10
    for key in tagged:
        for parent in models[key].depends_on.nodes:
            assert is_fixed(models, parent), f"{key} reads {parent}"


def is_fixed(models: dict[str, Any], key: str) -> bool:
    if key not in models:
        return not key.startswith("source.groundgame.ops")
    node = models[key]
    if {"steady", "calendar"} & set(node.tags) or node.schema == "staging":
        return True
    return node.config.materialized == "view" and all(is_fixed(models, up) for up in node.depends_on.nodes)
