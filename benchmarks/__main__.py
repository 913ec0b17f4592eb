"""``make bench``: a state of a million voters through two nights, then each stage against its floor, in one run."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import tempfile
import time
from pathlib import Path

from rich.console import Console

from benchmarks import judging, landing, night, scoring
from benchmarks.figures import Figure, show
from groundgame.config import load_settings
from groundgame.synth.elections import default_elections
from groundgame.synth.state import write_state

AS_OF = dt.date(2026, 10, 25)
SNAPSHOT = dt.date(2026, 10, 24)


def main() -> None:
    """Make the state, run and measure, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, help="folder to work in, kept; default: a temporary one")
    arguments = parser.parse_args()
    console = Console(width=160)
    with tempfile.TemporaryDirectory(prefix="groundgame-bench-") as temporary:
        work = arguments.work or Path(temporary)
        inbox = work / "inbox"
        figures = make_state(work, arguments.voters)
        figures += _nights(work / "home", inbox, console)
        figures += landing.run(inbox, work, AS_OF)
        settings = load_settings(home=work / "home", inbox=inbox)
        day_two = AS_OF + dt.timedelta(days=1)
        figures += judging.run(settings, day_two)
        figures += scoring.run(settings, day_two)
    show(f"{arguments.voters:,} voters, {settings.threads} threads", figures)


def make_state(work: Path, voters: int) -> list[Figure]:
    """Write the state into the inbox of a folder, unless it is there."""
    inbox = work / "inbox"
    if inbox.exists():
        return []
    begin = time.perf_counter()
    # Twenty years of elections: five votes a voter, as much history as a large state sends.
    elections = default_elections(AS_OF, years=20)
    made = write_state(work / "making", voters, 20121106, snapshots=[SNAPSHOT], elections=elections)
    (work / "making").rename(inbox)
    return [Figure("synthetic state", time.perf_counter() - begin, "s", "<= 60", made.summary())]


def _nights(home: Path, inbox: Path, console: Console) -> list[Figure]:
    figures = []
    for number, bound in ((1, "<= 180"), (2, "<= 60")):
        os.sync()  # a day lies between two nights: what was written before is on the disk by then
        measured = night.measure(home, inbox, AS_OF + dt.timedelta(days=number - 1))
        for result in measured.results:
            console.print(
                f"  night {number}: {result['stage']} {result['name']} {result['seconds']:.1f} s", highlight=False
            )
        whole = measured.start_seconds + measured.wall_seconds
        figures.append(
            Figure(f"night {number}, land to publish", whole, "s", bound, "through the real DAG, with Airflow's start")
        )
        figures.append(
            Figure(f"night {number}, peak memory", measured.peak_bytes / 2**30, "GiB", "<= 4", "all processes")
        )
        figures.append(
            Figure(
                f"night {number}, orchestration",
                100 * measured.orchestration_share,
                "%",
                "<= 25",
                "Airflow and dbt starts",
            )
        )
    return figures


if __name__ == "__main__":
    main()
