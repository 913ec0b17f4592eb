"""The report page of a run's gates: one self-contained HTML file, readable offline, from the ledger alone.

It shows what the ledger holds (rule names, numbers, verdicts, reasons) and nothing else, so it cannot show a personal value.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from groundgame.config import Settings
from groundgame.gates import ledger
from groundgame.gates.spec import STAGES, number
from groundgame.warehouse.base import Warehouse

TEMPLATE = "gates.html.j2"
WIDTH, HEIGHT, PAD = 96.0, 24.0, 3.0
RANK = {"fail": 0, "hold": 1, "pass": 2, "skip": 3}


def write(settings: Settings, warehouse: Warehouse, run_id: str, as_of: dt.date) -> Path:
    """Render ``reports/<run_id>/gates.html`` for all stages judged so far and return its path."""
    trends = ledger.trends(warehouse, as_of)
    rows = [_row(row, trends) for row in ledger.latest(warehouse, run_id)]
    page = settings.reports_dir / run_id / "gates.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    draft = page.with_suffix(".html.tmp")
    draft.write_text(render(run_id, as_of, rows), encoding="utf-8")
    draft.replace(page)  # a reader of the page never sees half of it
    return page


def render(run_id: str, as_of: dt.date, rows: list[dict[str, Any]]) -> str:
    """The page as text; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    stages = [_stage(name, [row for row in rows if row["stage"] == name]) for name in STAGES]
    urgent = sorted((row for row in rows if RANK[row["verdict"]] < RANK["pass"]), key=lambda row: RANK[row["verdict"]])
    return environment.get_template(TEMPLATE).render(
        run_id=run_id, as_of=as_of, verdict=_worst(rows), stages=stages, urgent=urgent, counts=_counts(rows)
    )


def _row(row: dict[str, Any], trends: dict[tuple[str, str, str], list[float]]) -> dict[str, Any]:
    observed = row["observed"]
    points = trends.get((row["stage"], row["table_name"], row["rule"]), [])
    return {**row, "shown": "–" if observed is None else number(observed), "trend": points, "line": sparkline(points)}


def _stage(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: (row["table_name"], *_urgency(row)))
    tables = [
        {"name": table, "verdict": _worst(group), "rows": group}
        for table, members in groupby(ordered, key=lambda row: row["table_name"])
        for group in [list(members)]
    ]
    return {"name": name, "verdict": _worst(rows), "tables": tables, "counts": _counts(rows)}


def _urgency(row: dict[str, Any]) -> tuple[int, bool, str]:
    """What is broken comes first; then the row count, as it is judged first; the others by name."""
    return min(RANK[row["verdict"]], RANK["pass"]), not row["rule"].startswith("rows"), row["rule"]


def _worst(rows: list[dict[str, Any]]) -> str:
    return min((row["verdict"] for row in rows), key=RANK.__getitem__, default="open")


def _counts(rows: list[dict[str, Any]]) -> list[tuple[str, int]]:
    counts = Counter(row["verdict"] for row in rows)
    return [(verdict, counts[verdict]) for verdict in RANK if counts[verdict]]


def sparkline(values: list[float]) -> str:
    """Points of an SVG polyline, oldest left; empty for fewer than two nights, a level line for equal values."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    step = (WIDTH - 2 * PAD) / (len(values) - 1)
    heights = [0.5 if high == low else (value - low) / (high - low) for value in values]
    points = ((PAD + step * i, HEIGHT - PAD - height * (HEIGHT - 2 * PAD)) for i, height in enumerate(heights))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
