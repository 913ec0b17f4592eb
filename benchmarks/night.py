"""Whole nights through the real DAG: wall seconds, peak memory of the process tree, share of orchestration."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from groundgame.config import ROOT, load_settings

SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Night:
    """One measured night: wall seconds from land to publish, Airflow's start, stage results, peak resident bytes."""

    wall_seconds: float
    start_seconds: float
    results: list[dict[str, Any]]
    peak_bytes: int

    @property
    def orchestration_share(self) -> float:
        """Share of the whole (Airflow's start included) that is neither SQL, files, training nor scoring: Airflow and dbt starts."""
        whole = self.start_seconds + self.wall_seconds
        work = sum(result["seconds"] - result["details"].get("start_seconds", 0.0) for result in self.results)
        return (whole - work) / whole


def measure(home: Path, inbox: Path, as_of: dt.date) -> Night:
    """Run one night in a fresh process and watch the memory of its whole process tree."""
    command = [sys.executable, "-m", "benchmarks.night", str(home), str(inbox), as_of.isoformat()]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(psutil.Process(process.pid), peak), daemon=True)
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"the night of {as_of} failed; see {home / 'bench.log'}")
    last = json.loads(output.splitlines()[-1])
    return Night(last["wall_seconds"], last["start_seconds"], last["results"], peak[0])


def _watch(process: psutil.Process, peak: list[int]) -> None:
    """Sum of resident memory over the tree; shared pages count once a process, so this errs upwards."""
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        total = 0
        for member in [process, *process.children(recursive=True)]:
            try:
                total += member.memory_info().rss
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total)
        time.sleep(SAMPLE_SECONDS)


def main() -> None:
    """The child: Airflow's start is timed apart from the night itself."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("inbox", type=Path)
    parser.add_argument("as_of", type=dt.date.fromisoformat)
    arguments = parser.parse_args()
    settings = load_settings(home=arguments.home, inbox=arguments.inbox)
    from dags.shared import local_airflow
    from dags.shared.demo import output_to, run_dag

    local_airflow.configure(settings)
    with output_to(settings.home / "bench.log") as terminal:
        local_airflow.migrate(settings)  # once an installation, not once a night
        begin = time.perf_counter()
        import dags.nightly  # noqa: F401

        started = time.perf_counter()
        run, results = run_dag(arguments.as_of, terminal)
    report = {
        "start_seconds": started - begin,
        "wall_seconds": time.perf_counter() - started,
        "results": [result.to_dict() for result in results],
    }
    sys.stdout.write(json.dumps(report, default=str) + "\n")
    if str(run.state) != "success":
        raise SystemExit(1)


if __name__ == "__main__":
    main()
