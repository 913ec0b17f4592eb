"""The planted worlds are built once; each test changes a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from tests.conftest import made_once
from tests.privacy import field_world
from tests.privacy.world import plant


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The world, not to be changed."""
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def world(planted: Settings, tmp_path: Path) -> Settings:
    """A private copy of the planted world."""
    return copied(planted, tmp_path)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The field's world, not to be changed."""

    def make(folder: Path) -> None:
        field_world.exports(folder / "made")
        field_world.build(folder, folder / "made")

    folder = made_once(tmp_path_factory, "field_world", make)
    return load_settings(home=folder / "home", inbox=folder / "inbox", threads=2)


def copied(planted: Settings, folder: Path) -> Settings:
    """A copy of the world in an empty folder."""
    shutil.copytree(planted.home, folder / "home", symlinks=True)
    shutil.copytree(planted.inbox_dir, folder / "inbox")
    return load_settings(home=folder / "home", inbox=folder / "inbox", threads=2)
