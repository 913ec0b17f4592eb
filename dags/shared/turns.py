"""One run at a time builds the warehouse, whichever DAG, trigger or backfill it belongs to: two nights in turns would mix.

Airflow counts a backfill's runs apart from the schedule's, and each DAG's runs apart, so its own limits do not do. Who has the turn is a
file in the home; a run that is over has it no longer, however it ended, so nothing has to be given back.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.errors import WarehouseError
from groundgame.locked import held

FILE = "turn.json"
Run = tuple[str, str]
"""A run's DAG and its id."""


def take(settings: Settings, me: Run, is_over: Callable[[Run], bool]) -> bool:
    """Take the turn for a run; whether it has it now."""
    path = settings.home / FILE
    busy = WarehouseError("take a turn", "another run is just taking it")
    with held(path.with_suffix(".lock"), 10, lambda _: busy):
        if path.exists():
            holder: Run = tuple(json.loads(path.read_text(encoding="utf-8")))
            if holder != me and not is_over(holder):
                return False
        draft = path.with_suffix(".tmp")
        draft.write_text(json.dumps(me), encoding="utf-8")
        into_place(draft, path)
    return True
