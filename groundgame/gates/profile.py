"""Profile a table with one aggregate query: numbers leave the warehouse, rows and personal values never do.

The SQL is plain (``count(case when ... then 1 end)``, decimals for sums), so that every engine runs it. Every number is cast to a
decimal in the warehouse: a metric that would return text is an error, not a leak.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from groundgame.gates.spec import Rule, Suite
from groundgame.warehouse.base import Warehouse

NUMBER = "decimal(38, 9)"
DETAIL_LENGTH = 400


@dataclass(frozen=True)
class Reading:
    """What one rule saw: the ``observed`` number and the one to compare it with, if any."""

    name: str
    rule: Rule
    observed: float | None
    versus: float | None = None
    applies: bool = True
    detail: str = ""


@dataclass(frozen=True)
class _Check:
    """A rule, once per column it names; ``tag`` is its position in the query."""

    tag: str
    name: str
    column: str
    rule: Rule


def profile(warehouse: Warehouse, suite: Suite, as_of: dt.date) -> list[Reading]:
    """Read every number that a suite's rules need; rules keep the suite's order within a part.

    Returns:
        One reading per rule, column and part; no reading at all if the table has no part dated on or before ``as_of``.
    """
    checks = list(_checks(suite))
    sql = _profile_sql(warehouse, suite, checks, as_of)
    if sql is None:
        return []
    rows = warehouse.fetch(sql).to_pylist()
    latest = sorted((row for row in rows if row["_recency"] == 1), key=lambda row: str(row["_part"]))
    before = {row["_part"]: row for row in rows if row["_recency"] == 2}
    readings = [_reading(check, row, before.get(row["_part"])) for row in latest for check in checks]
    return readings + [
        reading for name, rule in suite.rules.items() for reading in _queried(warehouse, suite, name, rule, as_of)
    ]


def _checks(suite: Suite) -> Iterator[_Check]:
    for name, rule in suite.rules.items():
        if rule.metric is not None:
            for column in rule.columns or [""]:
                yield _Check(f"c{len(rule.columns) and rule.columns.index(column)}_{name}", name, column, rule)


def _profile_sql(warehouse: Warehouse, suite: Suite, checks: list[_Check], as_of: dt.date) -> str | None:
    """The aggregate query, one row per part (recency 1), and where rules compare snapshots a narrow one per part before (2)."""
    part = suite.each or "''"
    condition = suite.where or "1 = 1"
    if suite.snapshots is None:
        return fill(f"{_select(part, 1, checks)} from {suite.table} where {condition}{_group(suite)}", suite, as_of)
    dates = warehouse.fetch(
        fill(
            f"select {part} as _part, {suite.snapshots} as _date from {suite.table} "
            f"where {suite.snapshots} <= {{as_of}} and {condition} group by 1, 2 order by 1, 2 desc",
            suite,
            as_of,
        )
    ).to_pylist()
    by_part: dict[str, list[dt.date]] = {}
    for row in dates:
        by_part.setdefault(row["_part"], []).append(row["_date"])
    if not by_part:
        return None
    compared = [check for check in checks if check.rule.versus == "previous_snapshot"]
    queries = []
    for recency, chosen in ((1, checks), (2, compared)):
        snapshots = {part: days[recency - 1] for part, days in by_part.items() if len(days) >= recency}
        if chosen and snapshots:
            inside = " or ".join(_snapshot_condition(suite, *pair) for pair in snapshots.items())
            queries.append(
                f"{_select(part, recency, checks, chosen)} from {suite.table} where ({inside}) and {condition}{_group(suite)}"
            )
    return fill(" union all ".join(queries), suite, as_of)


def _snapshot_condition(suite: Suite, part: str, day: dt.date) -> str:
    on_day = f"{suite.snapshots} = date '{day:%Y-%m-%d}'"
    return f"({suite.each} = {_quoted(part)} and {on_day})" if suite.each else on_day


def _group(suite: Suite) -> str:
    return f" group by {suite.each}" if suite.each else ""


def _select(part: str, recency: int, checks: list[_Check], chosen: list[_Check] | None = None) -> str:
    wanted = checks if chosen is None else chosen
    parts = [f"cast({part} as varchar) as _part", f"{recency} as _recency"]
    for check in checks:
        parts += _columns(check, check in wanted, recency)
    return "select " + ", ".join(parts)


def _columns(check: _Check, is_wanted: bool, recency: int) -> Iterator[str]:
    """The columns of one check. The earlier snapshot needs the metric alone; its other columns are null, and cost nothing."""
    rule = check.rule
    metric = (rule.metric or "").replace("{column}", check.column)
    yield f'cast({metric if is_wanted else "null"} as {NUMBER}) as "{check.tag}_m"'
    first = recency == 1
    if rule.when is not None:
        when = rule.when.replace("{column}", check.column)
        yield f'{f"case when {when} then 1 else 0 end" if first else "0"} as "{check.tag}_w"'
    if rule.versus is not None and not rule.versus.startswith("previous_"):
        yield f'cast({rule.versus if first else "null"} as {NUMBER}) as "{check.tag}_v"'
    if rule.detail is not None:
        yield f'cast({rule.detail if first else "null"} as varchar) as "{check.tag}_d"'


def _reading(check: _Check, row: dict[str, Any], before: dict[str, Any] | None) -> Reading:
    tag = check.tag
    versus = row.get(f"{tag}_v")
    if check.rule.versus == "previous_snapshot" and before is not None:
        versus = before[f"{tag}_m"]
    return Reading(
        name=label(check.name, row["_part"], check.column),
        rule=check.rule,
        observed=_number(row[f"{tag}_m"]),
        versus=_number(versus),
        applies=row.get(f"{tag}_w", 1) == 1,
        detail=_printable(row.get(f"{tag}_d")),
    )


def _queried(warehouse: Warehouse, suite: Suite, name: str, rule: Rule, as_of: dt.date) -> list[Reading]:
    if rule.sql is None:
        return []
    query = fill(rule.sql, suite, as_of)
    names = set(warehouse.fetch(f"select * from ({query}) as q limit 0").column_names)
    # Only these columns are asked for, so a query cannot bring anything else out; text only ever about ops tables.
    wanted = [f"cast(observed as {NUMBER}) as observed"]
    wanted += ["cast(part as varchar) as part"] if "part" in names else []
    wanted += ["cast(detail as varchar) as detail"] if "detail" in names and suite.table.startswith("ops.") else []
    rows = warehouse.fetch(f"select {', '.join(wanted)} from ({query}) as q").to_pylist()
    readings = [
        Reading(label(name, row.get("part"), ""), rule, _number(row["observed"]), detail=_printable(row.get("detail")))
        for row in rows
    ]
    return readings or [Reading(name, rule, None)]


def label(name: str, part: str | None, column: str) -> str:
    """A rule's name in the ledger: ``filled[nc.birth_year]``, ``rows[nc]`` or plain ``rows``."""
    inside = ".".join(text for text in (part, column) if text)
    return f"{name}[{inside}]" if inside else name


def fill(sql: str, suite: Suite, as_of: dt.date) -> str:
    """Put the night and the table into a suite's SQL."""
    return sql.replace("{as_of}", f"date '{as_of:%Y-%m-%d}'").replace("{table}", suite.table)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _printable(text: str | None) -> str:
    """One line of printable text: a file name may hold line breaks or direction marks."""
    return "".join(char if char.isprintable() else "?" for char in text or "")[:DETAIL_LENGTH]


def _number(value: Any) -> float | None:
    """Decimals as floats. Nine decimals are kept by the query, so the same data always gives the same float."""
    return None if value is None else float(value)
