"""Publications one after another while readers poll: what readers saw, how long a flip took, and whether anything else changed."""

from __future__ import annotations

import hashlib
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg

from groundgame.config import Settings
from groundgame.publish import switch
from tests.publish.night import build_night
from tests.server import SUPERUSER

# Two readers that never rest would have the machine to themselves.
PAUSE_SECONDS = 0.003
TABLES = ("voter_scores", "dim_voters")
# Who may do what, under which rules, and what descriptions say: all that a publication must leave as it is. Partitions come and go.
AROUND = """
    select c.oid::text, c.relname, c.relacl::text, c.relrowsecurity::text,
        (select string_agg(p.polname ||
        pg_get_expr(p.polqual, p.polrelid), ',' order by p.polname) from pg_policy p where p.polrelid = c.oid),
        (select string_agg(d.objsubid ||
        d.description, ',' order by d.objsubid) from pg_description d where d.objoid = c.oid)
    from pg_class c join pg_namespace n on c.relnamespace = n.oid
    where n.nspname in ('published', 'runs') and c.relkind in ('v', 'p', 'r') and not c.relispartition
    order by 1
"""


@dataclass
class Seen:
    """What the readers saw: ``mixed`` and ``empty`` answers and ``errors`` should stay zero."""

    counts: Counter[str] = field(default_factory=Counter)
    flips: list[float] = field(default_factory=list)
    rollback_seconds: float = 0.0
    is_all_around_the_same: bool = False
    runs_left: int = 0

    def p99_milliseconds(self) -> float:
        """The flip that one in a hundred exceeds."""
        return 1000 * statistics.quantiles(self.flips, n=100)[98] if len(self.flips) > 1 else 0.0


def soak(settings: Settings, publications: int, voters: int) -> Seen:
    """Publish night after night, made by hand, while two readers poll as analysts; then roll back."""
    seen, over = Seen(), threading.Event()
    uri = settings.warehouse_uri.get_secret_value()
    switch.publish(settings, build_night(settings, 1, voters))
    with psycopg.connect(uri, autocommit=True) as admin:
        admin.execute("drop role if exists soaking")
        admin.execute("create role soaking login in role groundgame_analyst")
        admin.execute("grant select on published.voter_scores to public")
        before = _around(admin)
        readers = [
            threading.Thread(target=target, args=(uri.replace(f"{SUPERUSER}@", "soaking@"), voters, seen, over))
            for target in (_read_statements, _read_transactions)
        ]
        for reader in readers:
            reader.start()
        try:
            for number in range(2, publications + 1):
                result = switch.publish(settings, build_night(settings, number, voters))
                seen.flips.append(result.details["flip_seconds"])
            start = time.perf_counter()
            switch.rollback(settings)
            seen.rollback_seconds = time.perf_counter() - start
        finally:
            over.set()
            for reader in readers:
                reader.join()
        seen.is_all_around_the_same = _around(admin) == before
        seen.runs_left = len(switch.status(settings)["kept_runs"])
    return seen


def _around(admin: psycopg.Connection[tuple[object, ...]]) -> str:
    return hashlib.sha256(repr(admin.execute(AROUND).fetchall()).encode()).hexdigest()


def _read_statements(uri: str, voters: int, seen: Seen, over: threading.Event) -> None:
    """One statement over two tables at a time."""
    sql = (
        "select s.night as scores, d.night as voters, count(*)"
        " from published.voter_scores as s full join published.dim_voters as d using (voter_id) group by 1, 2"
    )
    with psycopg.connect(uri, autocommit=True) as connection:
        while not over.is_set():
            try:
                _judge(connection.execute(sql).fetchall(), voters, seen)
                time.sleep(PAUSE_SECONDS)
            except psycopg.Error as error:
                seen.counts[f"error {type(error).__name__}"] += 1


def _read_transactions(uri: str, voters: int, seen: Seen, over: threading.Event) -> None:
    """Two tables in two statements of one REPEATABLE READ transaction, with a pause between them."""
    with psycopg.connect(uri) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        while not over.is_set():
            try:
                with connection.transaction():
                    rows = []
                    for table in TABLES:
                        rows.append(
                            connection.execute(f"select night, count(*) from published.{table} group by 1").fetchall()
                        )
                        time.sleep(PAUSE_SECONDS)
                nights = [night for found in rows for night, _ in found]
                count = min((count for found in rows for _, count in found), default=0)
                _judge([(*nights, count)] if len(nights) == 2 else [], voters, seen)
            except psycopg.Error as error:
                seen.counts[f"error {type(error).__name__}"] += 1


def _judge(rows: list[tuple[int, ...]], voters: int, seen: Seen) -> None:
    seen.counts["reads"] += 1
    if not rows:
        seen.counts["empty"] += 1
    elif len(rows) > 1 or rows[0][0] != rows[0][1] or rows[0][2] != voters:
        seen.counts["mixed"] += 1
