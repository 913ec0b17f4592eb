"""A content hash of a table: the oracle of "same rows", whatever the order of rows and the number of threads.

Hashing belongs here; what is compared with it does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse


# The 64-bit hash of a row, and three sums over it that do not depend on order.
ROW_HASHES = {
    "duckdb": (
        "select hash({names}) as h from {table} as r",
        "sum(h)::varchar as plain, sum((h >> 32) * (h & 4294967295))::varchar as mixed, sum(hash(h))::varchar as rehashed",
    ),
    "postgres": (
        "select hash_record_extended(row({names}), 0) as h from {table} as r",
        "sum(h)::text as plain, sum((h >> 32) * (h & 4294967295))::text as mixed, sum(hashint8extended(h, 1))::text as rehashed",
    ),
}


def table_hash(warehouse: Warehouse, table: str) -> str:
    """Hash all rows of a table with its column names and types: same multiset of rows, same hash, on any machine.

    Each row's 64-bit hash goes into three sums that do not depend on order: of the hash, of its upper half times its lower
    half, and of the hash with its bits turned, so that neither a swap of values between rows nor a pair of equal rows cancels
    out. Integer sums are exact; NaN equals NaN. Hashes of two engines differ.

    Args:
        warehouse: where the table is.
        table: its name as the engine resolves it, with or without database and schema.

    Returns:
        64 hex digits.
    """
    return rows_hash(warehouse, table, warehouse.columns(table))[0]


def rows_hash(warehouse: Warehouse, rows: str, columns: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """The hash of some columns of a table or a query in parentheses, and how many rows there are."""
    select, sums = ROW_HASHES[warehouse.engine]
    hashed = select.format(names=", ".join(f'"{name}"' for name, _ in columns), table=rows)
    found = warehouse.fetch(f"select count(*) as row_count, {sums} from ({hashed}) as t").to_pylist()[0]
    return hashlib.sha256(repr((list(columns), found)).encode()).hexdigest(), found["row_count"]
