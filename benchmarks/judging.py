"""A gate against its floor: the aggregate queries it needs, alone. Great Expectations is imported before; it starts once a night."""

from __future__ import annotations

import datetime as dt
import time
from functools import partial

from benchmarks.figures import Figure, paired
from groundgame.config import Settings
from groundgame.gates import gate
from groundgame.gates.profile import profile
from groundgame.gates.spec import load_suites
from groundgame.warehouse.base import open_warehouse


def run(settings: Settings, as_of: dt.date) -> list[Figure]:
    """Each stage's gate, on the warehouse of a finished night."""
    begin = time.perf_counter()
    gate.run(settings, "landing", as_of)
    start = time.perf_counter() - begin
    figures = []
    for stage in ("landing", "staging", "marts", "scores"):
        mine, least, ratio = paired(partial(gate.run, settings, stage, as_of), partial(_floor, settings, stage, as_of))
        figures.append(Figure(f"gate {stage} / its queries", ratio, "x", "<= 2", f"{mine:.2f} s against {least:.2f} s"))
    return [*figures, Figure("first gate of a process", start, "s", "", "with the start of Great Expectations")]


def _floor(settings: Settings, stage: str, as_of: dt.date) -> None:
    with open_warehouse(settings) as warehouse:
        for suite in load_suites(stage):
            profile(warehouse, suite, as_of)
