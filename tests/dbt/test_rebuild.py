"""Same inputs, same bits: whatever was there before, and whether the night trains or not."""

from __future__ import annotations

import pytest

from groundgame.config import load_settings
from groundgame.warehouse import dbt
from groundgame.warehouse.base import open_warehouse
from groundgame.warehouse.digest import table_hash
from tests.dbt.conftest import Built
from tests.dbt.world import small_world

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
