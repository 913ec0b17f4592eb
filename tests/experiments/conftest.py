"""One village a test, on either engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from tests.experiments.village import AS_OF, declare, village


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    engine = getattr(request, "param", "duckdb")
    uri = request.getfixturevalue("postgres_uri") if engine == "postgres" else None
    settings = load_settings(home=tmp_path / "home", threads=1, engine=engine, warehouse_uri=uri)
    settings.home.mkdir()
    # Under a key of its own each run would draw other arms, and one in twenty intervals misses.
    (settings.home / "experiments.key").write_bytes(bytes(range(32)))
    village(settings, AS_OF, voters=5_000)
    declare(settings)
    return settings
