"""Who of the field sees what: the subtree of the node that an account leads, and nothing beside it.

In a Postgres warehouse row rules say the same of a login (``structure``); here it is said for whoever shows published rows to people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.publish import read
from groundgame.publish.switch import served

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = re.compile(r"[a-z_]+")


@dataclass(frozen=True)
class Visible:
    """The ``paths`` below which somebody sees everything; none: she sees nothing."""

    paths: tuple[str, ...]

    def sees(self, node_path: str) -> bool:
        """Whether rows of this path are hers to see."""
        return any(node_path.startswith(path) for path in self.paths)

    def condition(self, column: str = "node_path") -> tuple[str, list[str]]:
        """The same as an SQL condition with its parameters."""
        each = [f"substr({column}, 1, length(?)) = ?"] * len(self.paths)
        return f"({' or '.join(each) or 'false'})", [path for path in self.paths for _ in range(2)]


def field_run(settings: Settings) -> Settings:
    """The place of the newest published field tables: that of the batches, unless a night is of a later day."""
    field = settings.of_field()
    batch, night = served(field), served(settings)
    return field if batch is not None and (night is None or night.as_of <= batch.as_of) else settings


def visible_to(settings: Settings, person: str) -> Visible:
    """What the account ``person`` sees of the published field tables: the subtrees of the nodes that it leads.

    Raises:
        WarehouseError: nothing is published yet.
    """
    rows = read.query(
        field_run(settings), "select node_path from field_access where login = ? order by 1", [person.strip().lower()]
    )
    return Visible(tuple(rows.column(0).to_pylist()))


def rows_for(settings: Settings, person: str, table: str) -> pa.Table:
    """The rows of a published field table that an account sees, in a fixed order.

    Raises:
        SpecError: the table has no ``node_path``, so nobody's subtree is in it.
        WarehouseError: nothing is published yet.
    """
    if not TABLE.fullmatch(table):
        raise SpecError("visible", "table", "is no table's name", "name a mart of the field, such as field_progress")
    condition, values = visible_to(settings, person).condition()
    return read.query(
        field_run(settings), f"select * from {table} where {condition} order by node_path, 1, 2, 3, 4", values
    )
