"""Postgres as a team's warehouse: rows travel as Arrow through ADBC, which reads and writes by binary COPY.

Connection, types and the contract of ``groundgame.warehouse.base.Warehouse`` belong here. Schemas and roles are in ``migrations``.
"""

from __future__ import annotations

import atexit
import functools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from groundgame.config import Settings
from groundgame.errors import WarehouseError
from groundgame.warehouse import migrate, ops
from groundgame.warehouse.arrow_types import conformed, decimals_read, is_same_shape, read_type, sql_type

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_manager.dbapi import Connection, Cursor

    from groundgame.warehouse.base import Warehouse

# Everything belongs to one role, whoever runs the night: the next one may rebuild it, and grants hang on one owner.
OWNER = "groundgame_owner"
OLDEST_VERSION = 15  # views with the rights of who reads them
# A quoted text, a quoted name, or a parameter's mark.
MARKS = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|\?""")
# Errors of these classes quote names of the SQL only (syntax, objects, privileges); all others may quote a cell.
TELLING_CLASS = "42"
BATCH_BYTES = 16 << 20


class PostgresWarehouse:
    """A connection to the warehouse database. See ``groundgame.warehouse.base.Warehouse`` for the contract."""

    engine = "postgres"
    max_writers = 8

    def __init__(self, uri: str) -> None:
        with _errors("open"):
            self.connection = _known_server(uri).adbc_clone()
            self.connection.adbc_connection.set_autocommit(True)
        self._is_in_transaction = False

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> None:
        with self._run("execute", sql, parameters):
            pass

    def fetch(self, sql: str, parameters: Sequence[Any] | None = None) -> pa.Table:
        with self._run("read", sql, parameters) as cursor:
            return decimals_read(cursor.fetch_arrow_table())

    def stream(self, sql: str, batch_rows: int = 65_536) -> pa.RecordBatchReader:
        import pyarrow as pa

        cursor = self.connection.cursor()
        with _errors("read"):
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            cursor.execute(sql)
            reader = cursor.fetch_record_batch()
        schema = pa.schema([pa.field(field.name, read_type(field)) for field in reader.schema])

        def batches() -> Iterator[pa.RecordBatch]:
            with cursor, _errors("read"):
                for batch in reader:
                    for start in range(0, batch.num_rows, batch_rows):
                        part = batch.slice(start, batch_rows)
                        yield from conformed(pa.Table.from_batches([part]), schema).to_batches()

        return pa.RecordBatchReader.from_batches(schema, batches())

    def append(self, table: str, rows: pa.RecordBatchReader | pa.Table) -> None:
        self._ingest(table, rows if hasattr(rows, "read_next_batch") else rows.to_reader())

    def replace(self, table: str, rows: pa.RecordBatchReader | pa.Table) -> None:
        """As the contract says; a table of the same columns is emptied, because views may hang on it."""
        columns = ", ".join(f'"{field.name}" {sql_type(field.type)}' for field in rows.schema)
        with self.transaction():
            if is_same_shape(rows.schema, self._shape(table)):
                self.execute(f"truncate {table}")
            else:
                self.execute(f"drop table if exists {table} cascade")
                self.execute(f"create table {table} ({columns})")
            self._ingest(table, rows if hasattr(rows, "read_next_batch") else rows.to_reader())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As the contract says; inside another one it is part of that."""
        if self._is_in_transaction:
            yield
            return
        # In plain SQL: the driver's own switch does not cover what it ingests.
        self.execute("begin")
        self._is_in_transaction = True
        try:
            yield
            self.execute("commit")
        except BaseException:
            self.execute("rollback")
            raise
        finally:
            self._is_in_transaction = False

    def tables(self, schema: str) -> list[str]:
        sql = """select c.relname from pg_class as c join pg_namespace as n on c.relnamespace = n.oid
            where n.nspname = ? and c.relkind in ('r', 'p', 'v') and not c.relispartition order by 1"""
        return self.fetch(sql, [schema]).column(0).to_pylist()

    def columns(self, table: str) -> list[tuple[str, str]]:
        found = self._shape(table)
        if not found:
            raise WarehouseError("read", f"there is no table {table}")
        return found

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def _shape(self, table: str) -> list[tuple[str, str]]:
        rows = self.fetch(
            "select a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) as kind from pg_attribute as a"
            " join pg_type as t on a.atttypid = t.oid"
            " where a.attrelid = to_regclass(?) and a.attnum > 0 and not a.attisdropped order by a.attnum",
            [table],
        )
        return [(row["attname"], row["kind"]) for row in rows.to_pylist()]

    def _ingest(self, table: str, rows: pa.RecordBatchReader) -> None:
        """Binary COPY by column name; COPY casts nothing, so the rows take the table's types first."""
        import pyarrow as pa

        with self._run("read", f"select * from {table} limit 0", None) as cursor:
            known = {field.name: read_type(field) for field in cursor.fetch_record_batch().schema}
        schema = pa.schema([pa.field(name, known.get(name, pa.null())) for name in rows.schema.names])
        if unknown := [name for name in schema.names if name not in known]:
            raise WarehouseError("append", f"{table} has no column {', '.join(unknown)}")
        batches = (part for batch in rows for part in conformed(pa.Table.from_batches([batch]), schema).to_batches())
        namespace, _, name = table.rpartition(".")
        with self.connection.cursor() as cursor, _errors(f"append to {table}"):
            reader = pa.RecordBatchReader.from_batches(schema, batches)
            cursor.adbc_ingest(name, reader, mode="append", db_schema_name=namespace or None)

    @contextmanager
    def _run(self, action: str, sql: str, parameters: Sequence[Any] | None) -> Iterator[Cursor]:
        text, values = _numbered(sql, parameters)
        with self.connection.cursor() as cursor, _errors(action):
            cursor.execute(text, values or None)
            yield cursor


@functools.lru_cache
def _known_server(uri: str) -> Connection:
    """What the driver knows of a server, without a connection to it; connections are cloned from it.

    The driver asks a server for the types of all columns of all its tables, which takes 40 ms with none and 300 ms with a thousand: once a
    process, and not for each of the connections that a stage opens.
    """
    from adbc_driver_postgresql import dbapi

    known = dbapi.connect(uri, autocommit=True)
    known.adbc_connection.close()
    atexit.register(known.close)
    return known


def connect(settings: Settings, read_only: bool = False) -> PostgresWarehouse:
    """Open the warehouse database, as its owner; schemas, roles and the ledger are made when they are missing.

    Raises:
        WarehouseError: no server answers, it is too old, or its texts are not sorted by byte.
    """
    warehouse = PostgresWarehouse(database_of(settings))
    try:
        _check(warehouse)
        migrate.apply(warehouse)
        warehouse.execute(f"set role {OWNER}")
        warehouse.execute("set search_path = public")
        for name, value in session(settings).items():
            warehouse.execute(f"set {name} = '{value}'")
        if warehouse.tables("ops") != sorted((*ops.TABLES, migrate.TABLE)):
            ops.create_tables(warehouse)
        if read_only:
            warehouse.execute("set default_transaction_read_only = on")
    except BaseException:
        warehouse.close()
        raise
    return warehouse


def database_of(settings: Settings) -> str:
    """Where the warehouse of a place is, for libpq: the field's batches have a database of their own beside the nights'.

    A login that may make databases makes it; roles belong to the whole server, so who may see what is the same in both.

    Raises:
        WarehouseError: no server answers, or the field's database is missing and the login may not make it.
    """
    nights = settings.warehouse_uri.get_secret_value()
    return nights if settings.place == "warehouse" else _beside(nights, f"_{settings.place}")


def is_there(settings: Settings) -> bool:
    """Whether the place has a database; the nights' always has."""
    return settings.place == "warehouse" or _find(settings.warehouse_uri.get_secret_value(), f"_{settings.place}")[1]


@functools.lru_cache
def _beside(nights: str, suffix: str) -> str:
    """The nights' address with the name of the database beside theirs, which is there afterwards."""
    import psycopg
    from psycopg import sql

    name, exists = _find(nights, suffix)
    if not exists:
        try:
            with psycopg.connect(nights, autocommit=True) as connection:
                make = sql.SQL("create database {} template template0 encoding 'UTF8' locale 'C'")
                connection.execute(make.format(sql.Identifier(name)))
        except psycopg.Error as error:
            hint = "an administrator runs `python -m groundgame.warehouse.migrate` once"
            cause = f"the database {name} is missing ({type(error).__name__}) · next: {hint}"
            raise WarehouseError("open", cause) from None
    return psycopg.conninfo.make_conninfo(nights, dbname=name)


def _find(nights: str, suffix: str) -> tuple[str, bool]:
    """The name of the database beside the nights', and whether it is there."""
    import psycopg

    try:
        with psycopg.connect(nights) as connection:
            name = connection.info.dbname + suffix
            return name, bool(connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone())
    except psycopg.Error as error:
        raise WarehouseError("open", type(error).__name__) from None


def session(settings: Settings) -> dict[str, str]:
    """How the server runs the pipeline's queries."""
    number, unit = float(settings.memory_limit[:-2]), settings.memory_limit[-2:]
    megabytes = number * (1024 if unit == "GB" else 1)
    return {
        "timezone": "UTC",
        # Each query reads whole tables. A loop over one of them, chosen for a wrong guess of its rows, takes hours.
        "enable_nestloop": "off",
        "jit": "off",
        "work_mem": f"{max(4, int(megabytes / 8 / settings.threads))}MB",
    }


def rewrite(warehouse: Warehouse, tables: Sequence[str]) -> None:
    """Write tables anew, with their indexes: what was deleted from them, and what the planner remembers of it, is gone then.

    A table that is gone meanwhile is left out; nobody else may be at work. A planner remembers a table with parts as a whole too.

    Raises:
        WarehouseError: somebody holds a table for longer than a minute.
    """
    warehouse.execute("set lock_timeout = '1min'")
    for table in tables:
        if warehouse.fetch("select 1 as there where to_regclass(?) is not null", [table]).num_rows:
            warehouse.execute(f"vacuum (full, analyze) {table}")
    warehouse.execute("reset lock_timeout")


def _check(warehouse: PostgresWarehouse) -> None:
    facts = warehouse.fetch(
        "select current_setting('server_version_num')::int / 10000 as version, datcollate, pg_encoding_to_char(encoding) as encoding"
        " from pg_database where datname = current_database()"
    ).to_pylist()[0]
    if facts["version"] < OLDEST_VERSION:
        raise WarehouseError("open", f"the server is Postgres {facts['version']}; {OLDEST_VERSION} or newer is needed")
    # A total order is what makes two nights, and two engines, agree; other collations also ignore hyphens in ids.
    if facts["datcollate"] not in ("C", "C.UTF-8", "POSIX") or facts["encoding"] != "UTF8":
        hint = "create database groundgame template template0 encoding 'UTF8' locale 'C'"
        raise WarehouseError("open", f"the database sorts texts by {facts['datcollate']}, not by byte · next: {hint}")


def _numbered(sql: str, parameters: Sequence[Any] | None) -> tuple[str, list[Any]]:
    """The SQL with Postgres' numbered marks. An unknown value is written out: sent as a parameter it would have a type."""
    waiting, values = list(parameters or ()), []

    def mark(found: re.Match[str]) -> str:
        if found[0] != "?" or not waiting:
            return found[0]
        value = waiting.pop(0)
        if value is None:
            return "null"
        values.append(value)
        return f"${len(values)}"

    return MARKS.sub(mark, sql), values


@contextmanager
def _errors(action: str) -> Iterator[None]:
    """Pass on what the server says only where it cannot quote a row."""
    from adbc_driver_manager import Error

    try:
        yield
    except Error as error:
        raise WarehouseError(action, _cause(error)) from None


def _cause(error: Any) -> str:
    state = error.sqlstate or ""
    first = next((line for line in str(error).splitlines() if "ERROR:" in line or "FATAL:" in line), "")
    told = re.split(r"(?:ERROR|FATAL):\s*", first)[-1]
    if state.startswith(TELLING_CLASS) and told:
        return told
    if not state:  # libpq's own words: no server, no password. A URI may stand in them, but never its password.
        return re.sub(r"://[^@\s]*@", "://…@", " ".join(str(error).split()))[:300]
    return f"{type(error).__name__} {state}"


def libpq_environment(settings: Settings) -> dict[str, str]:
    """What libpq would need to be told to connect like the settings do, whatever they name: a URI, a service, a password file.

    Raises:
        WarehouseError: no server answers.
    """
    import psycopg

    try:
        with psycopg.connect(database_of(settings)) as connection:
            info = connection.info
            facts = {"HOST": info.host, "PORT": str(info.port), "USER": info.user, "DATABASE": info.dbname}
            options = " ".join(f"-c {name}={value}" for name, value in session(settings).items())
            facts |= {"PASSWORD": info.password, "OPTIONS": f"{info.options} {options}".strip()}
            return {f"PG{name}": value for name, value in facts.items()}
    except psycopg.Error as error:
        raise WarehouseError("open", type(error).__name__) from None
