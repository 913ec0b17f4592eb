"""``make demo``: a synthetic state, then the real nightly DAG, run in this process and watched from the terminal."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from dags.shared import local_airflow
from groundgame.config import Settings, load_settings
from groundgame.result import Result

AS_OF = dt.date(2026, 10, 25)
QUERY = """
select party, count(*) as voters, cast(round(avg(turnout_score), 1) as varchar) as mean_turnout_score
from marts.voter_scores join marts.dim_voters using (voter_id)
group by party order by voters desc
"""


class Watcher(logging.Handler):
    """Print each stage's summary as it ends and keep the results for the closing table."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self.console = console
        self.results: list[Result] = []

    def emit(self, record: logging.LogRecord) -> None:
        result = getattr(record, "result", None)
        if isinstance(result, Result):
            self.results.append(result)
            self.console.print(f"  {result.summary()}", highlight=False, markup=False)


@contextlib.contextmanager
def output_to(file: Path) -> Iterator[TextIO]:
    """Send this process's output to a file and yield the terminal: Airflow logs every task to stdout."""
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    kept = os.dup(1), os.dup(2)
    with file.open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)


def run_dag(as_of: dt.date, terminal: TextIO) -> tuple[Any, list[Result]]:
    """Run the nightly DAG in this process; returns the DAG run and the stages' results."""
    from dags.nightly import nightly_dag

    watcher = Watcher(Console(file=terminal, force_terminal=terminal.isatty(), width=160))
    logger = logging.getLogger("groundgame.stages")
    logger.addHandler(watcher)
    logger.setLevel(logging.INFO)
    # Somebody is watching; and a green run with a deadline ends in an error of dag.test() itself (Airflow 3.3.2).
    nightly_dag.deadline = None
    try:
        run = nightly_dag.test(
            logical_date=dt.datetime.combine(as_of, dt.time(7), tzinfo=dt.UTC), run_conf={"as_of": as_of.isoformat()}
        )
    finally:
        logger.removeHandler(watcher)
    return run, watcher.results


def closing_table(results: list[Result]) -> Table:
    """Rows in, landed and quarantined, verdict and seconds of every stage."""
    table = Table("stage", "what", "rows in", "rows out", "quarantined", "verdict", "seconds", title="the night")
    for result in results:
        counts = (f"{count:,}" if count else "" for count in (result.rows_in, result.rows_out, result.rows_quarantined))
        table.add_row(result.stage, result.name, *counts, result.verdict, f"{result.seconds:.1f}")
    return table


def main() -> None:
    """Write the state, run the night, show what came out; exit code 1 when the DAG run is not a success."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--voters", type=int, default=100_000)
    parser.add_argument(
        "--app-users", type=int, default=0, help="accounts of a campaign app; default: one in ten voters"
    )
    parser.add_argument("--seed", type=int, default=20121106)
    arguments = parser.parse_args()
    console = Console()
    settings = load_settings()
    local_airflow.configure(settings)

    from groundgame.synth.app.write import write_app
    from groundgame.synth.field.write import write_field
    from groundgame.synth.state import write_state

    if not (settings.inbox_dir / "nc").exists():
        console.print(
            f"[bold]A synthetic state[/]: {arguments.voters:,} voters in North Carolina's file layouts, an app and a field program"
        )
        folder = settings.inbox_dir.parent / "synthetic_state"
        made = [write_state(folder, arguments.voters, arguments.seed)]
        users = arguments.app_users or arguments.voters // 10
        made.append(write_app(folder, arguments.seed, users, voters=arguments.voters))
        made.append(write_field(folder, arguments.seed, arguments.voters // 2, voters=arguments.voters))
        folder.rename(settings.inbox_dir)
        for each in made:
            console.print(f"  {each.summary()}", highlight=False)
    console.print("[bold]Airflow[/]: metadata and pool")
    local_airflow.migrate(settings)
    log = settings.home / "demo.log"
    console.print(
        f"[bold]The nightly DAG[/], as of {AS_OF} (task logs: {log.relative_to(Path.cwd()) if log.is_relative_to(Path.cwd()) else log})"
    )
    start = time.perf_counter()
    with output_to(log) as terminal:
        run, results = run_dag(AS_OF, terminal)
    console.print(closing_table(results))
    console.print(f"DAG run: [bold]{run.state}[/] in {time.perf_counter() - start:.0f} s")
    if str(run.state) != "success":
        raise SystemExit(1)
    show_scores(settings, console)


def show_scores(settings: Settings, console: Console) -> None:
    """The first look at what was published, by the same query an analyst would type."""
    from groundgame.publish.read import query

    rows = query(settings, QUERY)
    table = Table(*rows.column_names, title="published: mean turnout score by party")
    for row in rows.to_pylist():
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)
    console.print(f"Look at it: {settings.pages_dir / 'index.html'}", highlight=False, soft_wrap=True)
    console.print(
        'Ask more: .venv/bin/groundgame sql "select * from marts.voter_scores limit 5"', highlight=False, markup=False
    )


if __name__ == "__main__":
    main()
