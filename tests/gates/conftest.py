"""One healthy night, made once; every test damages a copy of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from groundgame.config import Settings
from tests.gates.built import build, score
from tests.gates.landed import AS_OF, land, settings_in


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after landing, marts and scores."""
    folder = tmp_path_factory.mktemp("night")
    settings = settings_in(folder)
    land(settings)
    build(settings, AS_OF)
    score(settings, AS_OF)
    return settings.home


@pytest.fixture
def settings(night: Path, tmp_path: Path) -> Settings:
    """A private copy of the healthy night."""
    shutil.copytree(night, tmp_path / "home")
    return settings_in(tmp_path)
