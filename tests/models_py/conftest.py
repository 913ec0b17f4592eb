"""One made-up state with one trained model, built once; tests that change anything work on a copy.

One thread: LightGBM's threads wait for each other by spinning, which costs more than they save on so few rows.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from models_py.train import train
from tests.conftest import made_once
from tests.models_py.world import AS_OF, World, build

VOTERS = 25_000


@pytest.fixture(scope="session")
def world() -> World:
    """A state whose turnout level is the same in all elections of a kind."""
    return World(VOTERS)


@pytest.fixture(scope="session")
def untrained_home(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose marts are built and that has no model."""
    return made_once(tmp_path_factory, "untrained", lambda home: build(load_settings(home=home, threads=1), world))


@pytest.fixture(scope="session")
def trained_home(untrained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home with a turnout champion."""

    def learn(home: Path) -> None:
        shutil.copytree(untrained_home, home)
        train(load_settings(home=home, threads=1), "turnout", AS_OF)

    return made_once(tmp_path_factory, "trained", learn)


@pytest.fixture
def untrained(untrained_home: Path, tmp_path: Path) -> Settings:
    """A private copy of the home without a model."""
    shutil.copytree(untrained_home, tmp_path / "home")
    return load_settings(home=tmp_path / "home", threads=1)


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> Settings:
    """A private copy of the home with a champion."""
    shutil.copytree(trained_home, tmp_path / "home")
    return load_settings(home=tmp_path / "home", threads=1)


@pytest.fixture
def scores_dir(tmp_path: Path) -> Path:
    """A private scores folder that holds the shipped turnout spec."""
    folder = tmp_path / "scores"
    shutil.copytree(load_settings().scores_dir, folder)
    return folder
