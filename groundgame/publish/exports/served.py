"""The published tables beside the vault, in one session: lists are made of what readers see, with names from the vault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from groundgame.config import Settings
from groundgame.errors import SpecError, WarehouseError
from groundgame.publish.exports.request import Condition, Request
from groundgame.publish.switch import status
from groundgame.warehouse.base import Warehouse

NUMBERS = ("INT", "DOUBLE", "DECIMAL", "NUMERIC", "FLOAT", "REAL")

# Where conditions find their columns.
MOST_CODES = 30
TABLES = {"v": "dim_voters", "s": "voter_scores"}


@dataclass(frozen=True)
class Served:
    """The run that readers have now: its id and the schema that its tables are in."""

    run_id: str
    schema: str

    def table(self, name: str) -> str:
        """A published table, for SQL."""
        return f"{self.schema}.{name}"


@contextmanager
def served_tables(settings: Settings, warehouse: Warehouse) -> Iterator[Served]:
    """Make the served run readable in a session of the build warehouse.

    Raises:
        WarehouseError: nothing is published yet.
    """
    now = status(settings)
    if not now:
        raise WarehouseError("export", "nothing is published yet; run a night first")
    if warehouse.engine == "postgres":
        yield Served(now["run_id"], "published")
        return
    from groundgame.publish.folder import run_path

    path = str(run_path(settings, now["run_id"])).replace("'", "''")
    warehouse.execute(f"attach '{path}' as served (read_only)")
    try:
        yield Served(now["run_id"], "served.marts")
    finally:
        warehouse.execute("detach served")


def chosen_voters(
    warehouse: Warehouse, served: Served, request: Request, drawn: tuple[str, list[object]]
) -> tuple[str, list[object]]:
    """A query of the ids of the voters whom a request asks for, with its parameters; ``drawn`` joins them with an experiment.

    Raises:
        SpecError: a condition names no column of dim_voters or voter_scores, or compares a text with a number.
    """
    texts, parameters = [], []
    for one in request.only:
        expression = _column(warehouse, served, one)
        text, values = one.sql(expression)
        texts.append(f" and {text}")
        parameters += values
    sql = (
        f"select v.voter_id from {served.table('dim_voters')} as v"
        f" left join {served.table('voter_scores')} as s on v.voter_id = s.voter_id{drawn[0]} where v.is_registered{''.join(texts)}"
    )
    return sql, [*drawn[1], *parameters]


def _column(warehouse: Warehouse, served: Served, one: Condition) -> str:
    found = {alias: dict(warehouse.columns(served.table(table))) for alias, table in TABLES.items()}
    alias = next((alias for alias, kinds in found.items() if one.column in kinds), None)
    if alias is None:
        raise SpecError("export", one.column, "is no column of dim_voters or voter_scores", "see docs/tables.md")
    kind = found[alias][one.column].upper()
    if one.operator != "=" and not any(word in kind for word in NUMBERS):
        raise SpecError("export", one.column, f"{one.operator} compares numbers and this is none", "use =")
    if one.operator == "=":
        _check_values(warehouse, served.table(TABLES[alias]), one)
    return f"{alias}.{one.column}"


def _check_values(warehouse: Warehouse, table: str, one: Condition) -> None:
    """A code that no voter has is a slip of the pen; where codes are few, they are told."""
    known = warehouse.fetch(
        f"select distinct cast({one.column} as varchar) as value from {table} where {one.column} is not null"
        f" order by 1 limit {MOST_CODES + 1}"
    )
    codes = known.column(0).to_pylist()
    if len(codes) <= MOST_CODES and (strange := [value for value in one.values if value not in codes]):
        raise SpecError("export", one.column, f"no voter has {strange[0]!r}", f"one of {', '.join(codes)}")
