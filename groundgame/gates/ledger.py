"""The gates' pages of the ledger: write an evaluation, read what earlier ones observed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from groundgame.gates.verdict import Finding
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse

# Nights on a report's trend line.
TREND_NIGHTS = 14


def record(warehouse: Warehouse, run_id: str, as_of: dt.date, stage: str, findings: list[Finding]) -> None:
    """Append one evaluation of a stage, whole or not at all."""
    import pyarrow as pa

    last = "select coalesce(max(attempt), 0) as attempt from ops.gate_results where run_id = ? and stage = ?"
    now = ops.utc_now()
    schema = pa.schema(
        [
            ("run_id", pa.string()),
            ("as_of_date", pa.date32()),
            ("stage", pa.string()),
            ("attempt", pa.int64()),
            ("table_name", pa.string()),
            ("rule", pa.string()),
            ("observed", pa.float64()),
            ("expected", pa.string()),
            ("verdict", pa.string()),
            ("reason", pa.string()),
            ("evaluated_at", pa.timestamp("us")),
        ]
    )
    with warehouse.transaction():
        attempt = warehouse.fetch(last, [run_id, stage]).to_pylist()[0]["attempt"] + 1
        rows = [
            (run_id, as_of, stage, attempt, f.table, f.rule, f.observed, f.expected, f.verdict, f.reason, now)
            for f in findings
        ]
        columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
        warehouse.append("ops.gate_results", pa.table(columns, schema=schema))


def latest(warehouse: Warehouse, run_id: str) -> list[dict[str, Any]]:
    """The rows that count for a run: of each stage the last evaluation."""
    return warehouse.fetch(
        "select r.* from ops.gate_results as r join ("
        " select stage, max(attempt) as attempt from ops.gate_results where run_id = ? group by stage"
        ") as l on r.stage = l.stage and r.attempt = l.attempt where r.run_id = ?"
        " order by r.stage, r.table_name, r.rule",
        [run_id, run_id],
    ).to_pylist()


def published_readings(warehouse: Warehouse, run_id: str, stage: str) -> dict[tuple[str, str], float]:
    """What each (table, rule) observed in the run that readers have now.

    A rerun of that very run compares with the run before it, as it did the first time.
    """
    rows = warehouse.fetch(
        "select table_name, rule, observed from ops.gate_results where stage = ? and observed is not null and run_id = ("
        " select run_id from ops.publications where state in ('done', 'rolled_back') and run_id <> ?"
        " order by seq desc limit 1) order by attempt",
        [stage, run_id],
    ).to_pylist()
    return {(row["table_name"], row["rule"]): row["observed"] for row in rows}


def trends(warehouse: Warehouse, as_of: dt.date) -> dict[tuple[str, str, str], list[float]]:
    """What each (stage, table, rule) observed in the last nights up to ``as_of``, oldest first; a night's last word counts."""
    rows = warehouse.fetch(
        "select stage, table_name, rule, as_of_date, observed from ops.gate_results"
        " where observed is not null and as_of_date <= ? order by as_of_date, evaluated_at, attempt",
        [as_of],
    ).to_pylist()
    nights: dict[tuple[str, str, str], dict[dt.date, float]] = {}
    for row in rows:
        nights.setdefault((row["stage"], row["table_name"], row["rule"]), {})[row["as_of_date"]] = row["observed"]
    return {key: list(values.values())[-TREND_NIGHTS:] for key, values in nights.items()}
