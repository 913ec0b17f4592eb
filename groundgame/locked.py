"""One process at a time, by a lock on a file that the kernel releases when its owner dies. What is guarded is no concern here."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from groundgame.errors import GroundgameError

log = logging.getLogger(__name__)


@contextmanager
def held(path: Path, wait_seconds: float, busy: Callable[[str], GroundgameError]) -> Iterator[None]:
    """Hold the lock of ``path`` while the block runs; its folder is made where it is missing.

    A lock file with a process id in it means nothing by itself (the process may be dead, its id reused): the kernel's lock decides.

    Args:
        path: the lock's file; stays when the lock is released.
        wait_seconds: how long another living owner is waited for.
        busy: makes the error that is raised then, of the owner's process id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with path.open("a+", encoding="ascii") as file:
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise busy(_owner(file.fileno()))
            time.sleep(0.05)
        if owner := _owner(file.fileno()):
            log.warning("took over %s of process %s, which ended without releasing it", path.name, owner)
        _write_owner(file.fileno(), str(os.getpid()))
        try:
            yield
        finally:
            _write_owner(file.fileno(), "")


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> str:
    return os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()


def _write_owner(descriptor: int, owner: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, owner.encode("ascii"), 0)
