"""Stages work side by side on a server; who removes rows from everywhere works alone.

A stage reads rows in one transaction and may write what it made of them in a later one, so no lock on a table would do. A file
warehouse needs nothing of this: whoever has it open is alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from groundgame.config import Settings
from groundgame.errors import WarehouseError

LOCK = 7_302_028
WAIT = "10min"
# The server's word for "not within the time".
NOT_AVAILABLE = "55P03"


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """Hold while a stage works; waits for whoever is alone."""
    with _held(settings, "pg_advisory_lock_shared", "0"):
        yield


@contextmanager
def alone(settings: Settings, wait: str = WAIT) -> Iterator[None]:
    """Hold while no stage may work; waits for those that do.

    Raises:
        WarehouseError: a stage is still at work after the wait.
    """
    with _held(settings, "pg_advisory_lock", wait):
        yield


@contextmanager
def _held(settings: Settings, take: str, wait: str) -> Iterator[None]:
    """The lock is its connection's: the server releases it when its owner dies."""
    if settings.engine != "postgres":
        yield
        return
    from groundgame.warehouse.postgres import PostgresWarehouse

    owner = PostgresWarehouse(settings.warehouse_uri.get_secret_value())
    try:
        owner.execute(f"set lock_timeout = '{wait}'")
        try:
            owner.fetch(f"select {take}({LOCK}) is null as is_taken")
        except WarehouseError as error:
            if NOT_AVAILABLE not in error.cause:
                raise
            raise WarehouseError("work alone", f"a stage is still at work after {wait}; run it again later") from None
        yield
    finally:
        owner.close()
