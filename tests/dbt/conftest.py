"""One real build of the whole project, with all of its tests, shared by every test of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from groundgame.config import Settings, load_settings
from groundgame.result import Result
from groundgame.warehouse import dbt
from groundgame.warehouse.base import Warehouse, open_warehouse
from models_py.predict import PREDICTIONS_COLUMNS, PREDICTIONS_TABLE
from tests.conftest import made_once, read_results, write_results
from tests.dbt.world import AS_OF, small_world

PREDICTIONS = (
    "insert into scores.predictions select voter_id, 'turnout', day, 0.5, 50, 'v1', null, null, null"
    " from marts.feat_voters, (values (date '{0}'), (date '{0}' - 1)) as nights(day)"
    " where as_of_role = 'tonight' and is_scorable"
    " union all select 'NC-SECRET', 'turnout', date '{0}' - 1, 0.5, 50, 'v1', null, null, null"
)


@dataclass
class Built:
    """A home after a build of every layer."""

    settings: Settings
    results: dict[str, Result]
    warehouse: Warehouse

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of one query."""
        return self.warehouse.fetch(sql).to_pylist()

    def voter(self, voter_id: str, as_of: str = str(AS_OF)) -> dict[str, Any]:
        """A voter's feature row of one day."""
        (row,) = self.rows(
            f"select * from marts.feat_voters where voter_id = 'NC-{voter_id}' and as_of_date = date '{as_of}'"
        )
        return row


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The small world, built with unit tests and data tests; any that fails fails here."""

    def build(folder: Path) -> None:
        settings = load_settings(home=folder, threads=2, memory_limit="1GB")
        small_world().write(settings)
        results = {layer: dbt.build(settings, layer, full_tests=True) for layer in ("staging", "marts")}
        dbt.build(settings, "people", select=["tag:people"], full_tests=True)
        with open_warehouse(settings) as warehouse:
            warehouse.execute(f"create table {PREDICTIONS_TABLE} ({PREDICTIONS_COLUMNS})")
            warehouse.execute(PREDICTIONS.format(AS_OF))
        results["scores"] = dbt.build(settings, "scores", full_tests=True)
        results["asks"] = dbt.build(settings, "asks", full_tests=True)
        write_results(folder, list(results.values()))

    folder = made_once(tmp_path_factory, "dbt", build)
    settings = load_settings(home=folder, threads=2, memory_limit="1GB")
    results = {result.name: result for result in read_results(folder)}
    with open_warehouse(settings, read_only=True) as warehouse:
        yield Built(settings, results, warehouse)
