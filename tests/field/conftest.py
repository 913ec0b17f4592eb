"""A small program's exports, for all tests of batches."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from groundgame.field import batch
from groundgame.publish.read import published_hashes
from groundgame.result import Result
from groundgame.synth.field.write import write_field
from tests.conftest import let_lie, made_once, read_results, write_results
from tests.field.program import AS_OF, place, without_run


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three exports of a small program, long quiet."""

    def make(folder: Path) -> None:
        write_field(folder, 7, 1_200, voters=800)
        let_lie(folder)

    return made_once(tmp_path_factory, "program", make) / "field"


@dataclass(frozen=True)
class Batches:
    """A home after some batches: their results, and the marts' hashes after the last one."""

    settings: Settings
    results: list[Result]
    hashes: dict[str, str]


@pytest.fixture(scope="session")
def batches(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Batches:
    """A home after a batch of the history, one of two later exports, and one of nothing. Nobody changes it."""

    def run(folder: Path) -> None:
        settings = load_settings(home=folder / "home", inbox=folder / "inbox", threads=2)
        results = []
        for later in (False, True, None):
            if later is not None:
                place(exports, settings, later)
            results.append(batch.run(settings, AS_OF))
        write_results(folder, results)

    folder = made_once(tmp_path_factory, "batches", run)
    settings = load_settings(home=folder / "home", inbox=folder / "inbox", threads=2)
    return Batches(settings, read_results(folder), without_run(published_hashes(settings.of_field())))
