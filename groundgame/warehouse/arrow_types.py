"""How Arrow's types and Postgres' types answer each other. No connection belongs here."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa

from groundgame.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = {
    pa.string(): ("character varying", "varchar"),
    pa.large_string(): ("character varying", "varchar"),
    pa.null(): ("character varying", "varchar"),
    pa.bool_(): ("boolean", "boolean"),
    pa.int8(): ("smallint", "smallint"),
    pa.int16(): ("smallint", "smallint"),
    pa.int32(): ("integer", "integer"),
    pa.int64(): ("bigint", "bigint"),
    pa.float32(): ("real", "real"),
    pa.float64(): ("double precision", "double precision"),
    pa.date32(): ("date", "date"),
    pa.timestamp("us"): ("timestamp without time zone", "timestamp"),
}
# What numeric is read as in a stream, where no value has been seen yet.
WIDE = pa.decimal128(38, 9)


def sql_type(kind: pa.DataType) -> str:
    """The column type for values of an Arrow type.

    Raises:
        WarehouseError: there is none.
    """
    return _names(kind)[1]


def is_same_shape(schema: pa.Schema, columns: Sequence[tuple[str, str]]) -> bool:
    """Whether a table has exactly these columns."""
    return [(field.name, _names(field.type)[0]) for field in schema] == list(columns)


def _names(kind: pa.DataType) -> tuple[str, str]:
    if isinstance(kind, pa.DictionaryType):
        kind = kind.value_type
    if pa.types.is_decimal(kind):
        return "numeric", f"numeric({kind.precision}, {kind.scale})"
    if kind not in PLAIN:
        raise WarehouseError("write", f"no column type is declared for {kind}")
    return PLAIN[kind]


def read_type(field: pa.Field) -> pa.DataType:
    """What a column becomes when it is read or written: the driver hands numeric over as text with a label."""
    return WIDE if isinstance(field.type, pa.BaseExtensionType) else field.type


def conformed(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows under the schema's types, losing nothing."""
    arrays = [_storage(column).cast(kind) for column, kind in zip(rows.columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def decimals_read(rows: pa.Table) -> pa.Table:
    """A small result with its numerics as exact decimals, as wide as their values ask for."""
    for index, field in enumerate(rows.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            values = [None if text is None else Decimal(text) for text in _storage(rows.column(index)).to_pylist()]
            known = any(value is not None for value in values)
            rows = rows.set_column(index, field.name, pa.array(values, None if known else WIDE))
    return rows.replace_schema_metadata()


def _storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    return column
