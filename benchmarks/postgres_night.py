"""``python -m benchmarks.postgres_night``: a state of a million voters through its first nights on a Postgres of this machine.

The server (fsync on) is started here and removed; memory is that of the pipeline's processes, not the server's.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.console import Console

from benchmarks import night
from benchmarks.__main__ import AS_OF, make_state
from benchmarks.figures import Figure, show
from tests.server import new_database, running_server


def main() -> None:
    """Make the state, run the nights, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument("--nights", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder to work in, kept; default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundgame-bench-") as temporary:
        work = arguments.work or Path(temporary)
        make_state(work, arguments.voters)
        with running_server(is_durable=True) as server:
            os.environ |= {"GROUNDGAME_ENGINE": "postgres", "GROUNDGAME_WAREHOUSE_URI": new_database(server, "night")}
            nights = range(1, arguments.nights + 1)
            figures = [figure for number in nights for figure in _measured(work, number, server)]
    show(f"{arguments.voters:,} voters on Postgres", figures)


def _measured(work: Path, number: int, server: str) -> Iterator[Figure]:
    before = _seconds(server)
    measured = night.measure(work / "home", work / "inbox", AS_OF + dt.timedelta(days=number - 1))
    used = [after - earlier for after, earlier in zip(_seconds(server), before, strict=True)]
    for result in measured.results:
        line = f"  night {number}: {result['stage']} {result['name']} {result['seconds']:.1f} s"
        Console(width=160).print(line, highlight=False)
    whole = (measured.start_seconds + measured.wall_seconds) / 60
    note = f"processor time: pipeline {used[0] / 60:.1f} min, server {used[1] / 60:.1f} min"
    yield Figure(f"night {number}, land to publish", whole, "min", "<= 20" if number == 1 else "", note)
    yield Figure(f"night {number}, peak memory", measured.peak_bytes / 2**30, "GiB", "<= 4", "the pipeline's processes")


def _seconds(server: str) -> tuple[float, float]:
    """Processor seconds of the nights' processes that have ended, and of the server's."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    port = f"port={urlsplit(server).port}"
    (root,) = (one for one in psutil.process_iter(["name", "cmdline"]) if port in (one.info["cmdline"] or ()))
    used = 0.0
    for process in (root, *root.children()):
        times = process.cpu_times()
        used += times.user + times.system + times.children_user + times.children_system
    return ended.ru_utime + ended.ru_stime, used


if __name__ == "__main__":
    main()
