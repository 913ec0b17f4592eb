"""``python -m benchmarks.postgres``: a team's Postgres on this machine: scores written back, publication, and a soak of publications.

Starts a server of its own on loopback, with fsync on, and removes it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa

from benchmarks.figures import Figure, paired, show
from benchmarks.soak import soak
from groundgame.config import Settings
from groundgame.publish import switch
from groundgame.warehouse.base import open_warehouse
from models_py import predict
from tests.publish.night import build_night, settings_in
from tests.server import new_database, running_server

FIRST = dt.date(2026, 1, 1)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--publications", type=int, default=1_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="groundgame-bench-") as folder, running_server(is_durable=True) as server:
        figures = [
            *write_back(settings_in(Path(folder), uri=new_database(server, "write")), arguments.rows),
            *publication(settings_in(Path(folder), uri=new_database(server, "publish")), arguments.rows),
            *soaked(settings_in(Path(folder), uri=new_database(server, "soak")), arguments.publications),
        ]
    show("Postgres on this machine", figures)


def write_back(settings: Settings, rows: int) -> Iterator[Figure]:
    """A night's predictions, against the driver's own bulk ingest of the same rows and a driver that copies row by row."""
    share = np.random.default_rng(7).random(rows)
    voters = pa.array([f"NC-AB{number:08d}" for number in range(rows)])
    predictions = pa.table({"voter_id": voters, "score_raw": share, "score": np.rint(share * 100).astype(np.int16)})
    days = iter(FIRST + dt.timedelta(days=number) for number in range(100))
    version = "turnout-20261025-0123abcd"
    same = {"score_name": "turnout", "as_of_date": FIRST, "model_version": version}
    whole = predictions
    for name, value in same.items():
        whole = whole.append_column(name, pa.repeat(pa.scalar(value), rows))
    with open_warehouse(settings) as warehouse, open_warehouse(settings) as floor:
        predict._prepare(warehouse)
        floor.execute(f"create table scores.floor ({predict.PREDICTIONS_COLUMNS})")

        def product() -> None:
            predict._replace(warehouse, "turnout", next(days), version, predictions.schema, predictions.to_batches())

        def ingest() -> None:
            with floor.connection.cursor() as cursor:  # type: ignore[attr-defined]
                cursor.adbc_ingest("floor", whole, mode="append", db_schema_name="scores")

        mine, least, ratio = paired(product, ingest)
        yield Figure(f"write back {rows:,} scores", mine, "s", "", f"bulk ingest alone {least:.2f} s")
        yield Figure("write back against bulk ingest", ratio, "x", "<= 1.3", "median of pairs")
        yield Figure("the same by COPY row by row", _row_by_row(settings, whole), "s", "", "psycopg, binary")


def _row_by_row(settings: Settings, whole: pa.Table) -> float:
    kinds = ["varchar", "float8", "int2", "varchar", "date", "varchar"]
    start = time.perf_counter()
    target = f"copy scores.floor ({', '.join(whole.column_names)}) from stdin (format binary)"
    with (
        psycopg.connect(settings.warehouse_uri.get_secret_value()) as connection,
        connection.cursor() as cursor,
        cursor.copy(target) as copy,
    ):
        copy.set_types(kinds)
        for batch in whole.to_batches(65_536):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
    return time.perf_counter() - start


def publication(settings: Settings, rows: int) -> Iterator[Figure]:
    """A new run of two marts, against upserting the same rows into the tables that readers have."""
    numbers = iter(range(1, 100))

    def product() -> float:
        as_of = build_night(settings, next(numbers), rows)
        start = time.perf_counter()
        switch.publish(settings, as_of)
        return time.perf_counter() - start

    with open_warehouse(settings) as warehouse:
        product()
        for name in ("voter_scores", "dim_voters"):
            warehouse.execute(f"create table scores.{name} (like marts.{name}, primary key (voter_id))")
        upserts = []
        for _ in range(3):
            start = time.perf_counter()
            for name in ("voter_scores", "dim_voters"):
                warehouse.execute(
                    f"insert into scores.{name} select * from marts.{name}"
                    " on conflict (voter_id) do update set night = excluded.night"
                )
            upserts.append(time.perf_counter() - start)
        published = min(product() for _ in range(2))
    note = f"hashed, indexed; upserting them {min(upserts[1:]):.1f} s"
    yield Figure(f"publish 2 tables of {rows:,}", published, "s", "", note)


def soaked(settings: Settings, publications: int) -> Iterator[Figure]:
    """Many publications under two readers."""
    seen = soak(settings, publications, voters=500)
    counts = ", ".join(f"{number:,} {what}" for what, number in sorted(seen.counts.items()))
    yield Figure(f"{publications:,} publications", seen.counts["reads"], "reads", "0 mixed, 0 empty, 0 errors", counts)
    yield Figure("flip, p99", seen.p99_milliseconds(), "ms", "<= 100", f"longest {1000 * max(seen.flips):.0f} ms")
    yield Figure("rollback", seen.rollback_seconds, "s", "<= 1", "two readers polling")
    same = "the same before and after" if seen.is_all_around_the_same else "CHANGED"
    yield Figure("grants, row rules, comments", float(seen.is_all_around_the_same), "", "1", same)
    yield Figure("runs left", seen.runs_left, "", "3", "more where no moment without readers was found")


if __name__ == "__main__":
    main()
