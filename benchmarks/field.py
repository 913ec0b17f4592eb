"""``python -m benchmarks.field``: a history of 5M contacts, then 20,000 new ones: one batch from files to readers, beside its floor.

The floor is DuckDB reading the new file and counting it by canvasser, type, day and hour: what no batch can do without.
"""

from __future__ import annotations

import argparse
import datetime as dt
import multiprocessing
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.figures import Figure, show
from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.synth.field.write import write_field

AS_OF = dt.date(2026, 10, 25)
HISTORY = dt.date(2026, 10, 23)
ROUNDS = 3
FLOOR = """
    select canvassedby, contacttypeid, datecanvassed[:13] as hour, count(*) as n
    from read_csv('{}', header = true, all_varchar = true) group by all
"""
# New reports of the day: ids that nobody has seen, everything else as in the history's last file.
NEW = """
    copy (
        select cast(contactscontactid as bigint) + {0} as contactscontactid, vanid, canvassedby, contacttypeid, resultid,
            '2026-10-24' || datecanvassed[11:] as datecanvassed, '2026-10-24' || datemodified[11:] as datemodified, contentid, note
        from read_csv('{1}', header = true, all_varchar = true) limit {2}
    ) to '{3}' (header true)
"""


def main() -> None:
    """Make the history, build it once, then measure batches of new contacts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=5_000_000)
    parser.add_argument("--new", type=int, default=20_000)
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument("--work", type=Path, help="folder to work in, kept; default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundgame-field-") as temporary:
        work = arguments.work or Path(temporary)
        settings = load_settings(home=work / "home", inbox=work / "inbox")
        figures = _first(settings, arguments.voters, arguments.contacts)
        for number in range(ROUNDS):
            figures += _batch(settings, f"batch {number + 1}", arguments.new)
        # As the DAG runs it: every five minutes a new process, which loads dbt and Great Expectations first.
        with multiprocessing.get_context("spawn").Pool(1) as started:
            figures += started.apply(_batch, (settings, "batch in a new process", arguments.new))
    show(f"{arguments.contacts:,} contacts, {settings.threads} threads", figures)


def _first(settings: Settings, voters: int, contacts: int) -> list[Figure]:
    if not settings.inbox_dir.exists():
        making = settings.home.parent / "making"
        shutil.rmtree(making, ignore_errors=True)
        write_field(making, 20121106, contacts, voters=voters)
        # As files that have lain there for days: of one that is minutes old landing waits to see whether it grows, and the new ones are.
        for file in (making / "field").iterdir():
            os.utime(file, (1_791_600_000, 1_791_600_000))
        making.rename(settings.inbox_dir)
    begin = time.perf_counter()
    result = stages.field(settings, AS_OF)
    return [Figure("first batch, all of the history", time.perf_counter() - begin, "s", "", str(result.details))]


def _batch(settings: Settings, label: str, new: int) -> list[Figure]:
    file = settings.inbox_dir / "field" / f"van_contacts_20261025_{time.time_ns()}.csv"
    history = settings.inbox_dir / "field" / f"van_contacts_{HISTORY:%Y%m%d}.csv"
    with duckdb.connect() as engine:
        engine.execute(NEW.format(time.time_ns() // 1_000, history, new, file))
    begin, used = time.perf_counter(), _cpu()
    result = stages.field(settings, AS_OF)
    wall, cpu = time.perf_counter() - begin, _cpu() - used
    begin = time.perf_counter()
    with duckdb.connect() as engine:
        engine.execute(FLOOR.format(file)).fetchall()
    floor = time.perf_counter() - begin
    note = f"{cpu:.1f} s of CPU; floor {floor:.2f} s, ratio {wall / floor:.0f}; {result.details}"
    return [Figure(f"{label}: {new:,} new contacts", wall, "s", "<= 20", note)]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
