"""One batch of the field: land what came, bring the field's tables up to date, judge them, switch their readers.

The batch never waits for a night and no night for it: it builds in a warehouse of its own (``field.duckdb``; on a server a database beside
the nights') and shares with the night only the landed Parquet files, which both write with the same bytes. What it holds can be built anew
from them at any time.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

from groundgame.config import Settings
from groundgame.errors import WarehouseError
from groundgame.field import pending
from groundgame.gates import gate
from groundgame.ingest import run as landing
from groundgame.locked import held
from groundgame.publish import switch
from groundgame.result import Result
from groundgame.sources.catalog import load_catalog
from groundgame.warehouse import dbt, ops
from groundgame.warehouse.base import open_warehouse

log = logging.getLogger(__name__)
LOCK = "field.lock"
LANDING = ("ops.loaded_files", "raw.field_contacts")


def quiet(settings: Settings, wait_seconds: float = 600.0) -> AbstractContextManager[None]:
    """Hold while no batch may be under way; waits for one that is.

    Raises:
        WarehouseError: a batch is still at work after the wait; names its process.
    """
    return held(settings.home / LOCK, wait_seconds, _busy)


def run(settings: Settings, as_of: dt.date) -> Result:
    """Run one batch; ``as_of`` is today on the campaign's clock.

    Returns:
        ``details["state"]``: ``published``, ``unchanged`` (nothing came), ``held`` (a person must approve; readers keep what they have),
        or ``skipped`` with the ``reason``.

    Raises:
        FileRefused, GateFailed, WarehouseError: as for a night; readers keep what they have.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(quiet(settings, wait_seconds=0))
        except WarehouseError as error:
            return _skipped(error.cause)
        return _run(settings, as_of)


def _busy(owner: str) -> WarehouseError:
    return WarehouseError("field batch", f"another batch is at work (process {owner})")


def _run(night: Settings, as_of: dt.date) -> Result:
    settings, seconds = night.of_field(), dict[str, float]()
    sources = _sources(settings)
    if not sources:
        return _skipped("no field tool has files here")
    try:
        pending.bring_tombstones(night, settings)
    except WarehouseError:
        return _skipped(
            "the night holds the warehouse, and somebody was forgotten since the last batch: the next one tries again"
        )
    with _timed(seconds, "land"):
        landed = [landing.run(settings, source, as_of) for source in sources]
        news = pending.open_batch(settings, as_of)
    if news.is_nothing and _is_served(settings, as_of):
        return Result("field", "batch", details={"state": "unchanged"})
    with _timed(seconds, "build"):
        built = dbt.build(settings, "field", is_fresh=news.is_fresh)
        pending.close_batch(settings, as_of)
    with _timed(seconds, "gate"):
        holds = _judge(settings, as_of)
    details: dict[str, Any] = {"state": "held", "files": news.files, "is_fresh": news.is_fresh, "holds": holds}
    if not holds:
        with _timed(seconds, "publish"):
            details |= {"state": "published", "run_id": switch.publish(settings, as_of).details["run_id"]}
    return Result(
        "field",
        "batch",
        rows_in=sum(one.rows_in for one in landed),
        rows_out=built.rows_out,
        rows_quarantined=sum(one.rows_quarantined for one in landed),
        verdict="hold" if holds else "pass",
        details={**details, "parts": seconds},
    )


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[name] = round(time.perf_counter() - begin, 2)


def _is_served(settings: Settings, as_of: dt.date) -> bool:
    """Whether readers have what is built: not after a hold or a red gate, which the next batch judges again."""
    now = switch.served(settings)
    with open_warehouse(settings, read_only=True) as warehouse:
        return now is not None and now.run_id == ops.run_id(warehouse, as_of)


def _sources(settings: Settings) -> list[str]:
    """Field tools that have files here."""
    catalog = load_catalog(settings)
    return [name for name in landing.due_sources(settings) if catalog[name].kind == "field"]


def _judge(settings: Settings, as_of: dt.date) -> list[str]:
    """Judge what landed and what was built; returns the holds that nobody has approved."""
    with open_warehouse(settings, read_only=True) as warehouse:
        marts = [f"marts.{name}" for name in warehouse.tables("marts")]
        run_id = ops.run_id(warehouse, as_of)
    gate.run(settings, "landing", as_of, tables=LANDING)
    gate.run(settings, "marts", as_of, tables=marts)
    # A page a batch would be three hundred a day.
    for page in settings.reports_dir.iterdir():
        if page.name != run_id:
            shutil.rmtree(page, ignore_errors=True)
    return switch.open_holds(settings, as_of)


def _skipped(reason: str) -> Result:
    log.info("no batch: %s", reason)
    return Result("field", "batch", verdict="skip", details={"state": "skipped", "reason": reason})
