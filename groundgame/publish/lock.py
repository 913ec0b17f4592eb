"""One publisher at a time, by a lock that the kernel releases when its owner dies."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from groundgame.config import Settings
from groundgame.errors import PublishRefused

log = logging.getLogger(__name__)
LOCK = "publisher.lock"
# A switch takes seconds; whoever waits longer than this is told who is at work instead.
WAIT_SECONDS = 10.0


@contextmanager
def publisher_lock(settings: Settings, what: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the publisher's lock while the block runs.

    A lock file with a process id in it means nothing by itself (the process may be dead, its id reused): the kernel's lock decides.

    Raises:
        PublishRefused: another living process publishes; names its id.
    """
    settings.published_dir.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with (settings.published_dir / LOCK).open("a+", encoding="ascii") as file:
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise PublishRefused(what, [f"another publisher is already running (process {_owner(file.fileno())})"])
            time.sleep(0.05)
        if owner := _owner(file.fileno()):
            log.warning("took over the publisher's lock of process %s, which ended without releasing it", owner)
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
