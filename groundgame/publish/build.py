"""Build a run file: the marts and the part of the ledger that readers may see, in an order that does not depend on threads.

No clock column, no file path and no personal column goes in, so the same night gives the same content on any machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from groundgame.config import Settings
from groundgame.errors import PublishRefused
from groundgame.publish import folder, run_status
from groundgame.publish.contract import frozen, unpublished
from groundgame.publish.folder import Run
from groundgame.publish.run_status import RUN_STATUS
from groundgame.sources.entities import ENTITIES
from groundgame.warehouse.base import Warehouse
from groundgame.warehouse.digest import table_hash

TARGET = "run_file"
# Marts tell where people vote by ZIP; a table of ZIPs may name its city, and a voter's own city is kept out by the contracts.
PERSONAL = frozenset().union(*(entity.personal for entity in ENTITIES.values())) - {"city", "zip_code"}

# The ledger as readers see it. `distinct`, because a stage that was killed after its note writes the same note again.
OPS = {
    "loaded_files": (
        "select distinct file_id, source, entity, file_name, snapshot_date, file_bytes, sha256, layout, lines_in, rows_landed,"
        " rows_quarantined, rows_normalised, lines_dropped, verdict, hold_reasons"
        " from ops.loaded_files where snapshot_date <= {as_of}"
    ),
    "gate_results": (
        "select r.run_id, r.as_of_date, r.stage, r.table_name, r.rule, r.observed, r.expected, r.verdict, r.reason"
        " from ops.gate_results as r join (select stage, max(attempt) as attempt from ops.gate_results"
        " where run_id = {run_id} group by stage) as l on r.stage = l.stage and r.attempt = l.attempt"
        " where r.run_id = {run_id}"
    ),
    "model_versions": (
        "select distinct score_name, model_version, sha256, as_of_date, judged_election, auc, ece, is_promoted, reason"
        " from ops.model_versions where as_of_date <= {as_of}"
    ),
    "score_slices": "select distinct * from ops.score_slices where as_of_date <= {as_of}",
    "score_reason_checks": "select distinct * from ops.score_reason_checks where as_of_date <= {as_of}",
}


@dataclass(frozen=True)
class Built:
    """A finished draft: what it is, and how many ``rows`` each table has."""

    run: Run
    rows: dict[str, int]


def build(settings: Settings, warehouse: Warehouse, draft: Path, run_id: str, as_of: dt.date, seq: int) -> Built:
    """Write the draft from a warehouse that is open for reading only, so that nobody changes it meanwhile.

    Raises:
        PublishRefused: there is no mart, or one has a column that names or locates a person.
    """
    inside = unpublished(settings.dbt_project_dir)
    tables = [table for table in warehouse.tables("marts") if table not in inside]
    refuse_personal(warehouse, run_id, tables)
    warehouse.execute("set preserve_insertion_order = true")
    warehouse.execute(f"attach '{_escaped(str(draft))}' as {TARGET} (read_write, storage_version '{folder.STORAGE}')")
    with warehouse.transaction():
        _fill(warehouse, tables, run_id, as_of, frozen(settings.dbt_project_dir).named())
        tables = sorted([*tables, RUN_STATUS.name])
        built = _describe(warehouse, tables, run_id, as_of, seq)
    warehouse.execute(f"checkpoint {TARGET}")
    warehouse.execute(f"detach {TARGET}")
    return built


def _fill(warehouse: Warehouse, tables: list[str], run_id: str, as_of: dt.date, version: str) -> None:
    for schema in ("marts", "ops"):
        warehouse.execute(f"create schema {TARGET}.{schema}")
    for table in tables:
        # A total order makes the file the same whatever threads built the mart, and a voter's rows neighbours.
        warehouse.execute(f"create table {TARGET}.marts.{table} as select * from marts.{table} order by all")
    for table, sql in OPS.items():
        warehouse.execute(f"create table {TARGET}.ops.{table} as {filled(sql, run_id, as_of)} order by all")
    _copy_comments(warehouse, tables)
    places = {name: f"{TARGET}.marts.{name}" for name in tables} | {name: f"{TARGET}.ops.{name}" for name in OPS}
    status = run_status.select(run_id, as_of, version, places)
    warehouse.execute(f"create table {TARGET}.marts.{RUN_STATUS.name} as {status}")
    _comment(warehouse, RUN_STATUS.name, None, RUN_STATUS.description)
    for column in RUN_STATUS.columns:
        _comment(warehouse, RUN_STATUS.name, column.name, column.description)


def filled(sql: str, run_id: str, as_of: dt.date) -> str:
    """A page of the ledger as of a run."""
    return sql.replace("{as_of}", f"date '{as_of:%Y-%m-%d}'").replace("{run_id}", f"'{run_id}'")


def refuse_personal(warehouse: Warehouse, run_id: str, tables: list[str]) -> None:
    """Let no mart out that has a column which names or locates a person.

    Raises:
        PublishRefused: names table and column, or says that there are no marts.
    """
    columns = warehouse.fetch(
        "select table_name, column_name from information_schema.columns where table_schema = 'marts' order by 1, 2"
    ).to_pylist()
    found = [
        f"marts.{row['table_name']} has the personal column {row['column_name']}"
        for row in columns
        if row["table_name"] in tables and row["column_name"] in PERSONAL
    ]
    if not tables:
        found.append("there are no marts")
    if found:
        raise PublishRefused(run_id, found)


def _copy_comments(warehouse: Warehouse, tables: list[str]) -> None:
    """Descriptions travel with the tables, so that ``describe`` explains them to whoever opens the file."""
    described = warehouse.fetch(
        "select table_name, null as column_name, comment from duckdb_tables()"
        " where database_name = current_database() and schema_name = 'marts' and comment is not null"
        " union all select view_name, null, comment from duckdb_views()"
        " where database_name = current_database() and schema_name = 'marts' and comment is not null"
        " union all select table_name, column_name, comment from duckdb_columns()"
        " where database_name = current_database() and schema_name = 'marts' and comment is not null"
    ).to_pylist()
    for row in described:
        if row["table_name"] in tables:
            _comment(warehouse, row["table_name"], row["column_name"], row["comment"])


def _comment(warehouse: Warehouse, table: str, column: str | None, text: str) -> None:
    on = f"{TARGET}.marts.{table}"
    what = f"table {on}" if column is None else f'column {on}."{column}"'
    warehouse.execute(f"comment on {what} is '{_escaped(text)}'")


def _describe(warehouse: Warehouse, tables: list[str], run_id: str, as_of: dt.date, seq: int) -> Built:
    """Put the file's own description into it: hash and rows of every table, the run, and the publications up to it."""
    names = [f"marts.{table}" for table in tables] + [f"ops.{table}" for table in OPS]
    hashes = {name: table_hash(warehouse, f"{TARGET}.{name}") for name in names}
    rows = {name: warehouse.fetch(f"select count(*) from {TARGET}.{name}").column(0)[0].as_py() for name in names}
    content_hash = combined_hash(hashes)
    warehouse.execute(
        f"create table {TARGET}.ops.published_tables (table_name varchar, rows bigint, content_hash varchar)"
    )
    for name in sorted(names):
        warehouse.execute(
            f"insert into {TARGET}.ops.published_tables values (?, ?, ?)", [name, rows[name], hashes[name]]
        )
    warehouse.execute(
        f"create table {TARGET}.ops.published_run (run_id varchar, as_of_date date, seq bigint, content_hash varchar)"
    )
    warehouse.execute(f"insert into {TARGET}.ops.published_run values (?, ?, ?, ?)", [run_id, as_of, seq, content_hash])
    warehouse.execute(
        f"create table {TARGET}.ops.publications as select seq, run_id, as_of_date, state, content_hash from ("
        " select distinct seq, run_id, as_of_date, state, content_hash from ops.publications"
        " where state in ('done', 'rolled_back') and seq < ? union all select ?, ?, ?, 'done', ?) order by seq",
        [seq, seq, run_id, as_of, content_hash],
    )
    return Built(Run(run_id, as_of, seq, content_hash), rows)


def combined_hash(hashes: dict[str, str]) -> str:
    """One hash for a run: of its tables' names and hashes."""
    return hashlib.sha256("\n".join(f"{name} {hashes[name]}" for name in sorted(hashes)).encode()).hexdigest()


def _escaped(text: str) -> str:
    return text.replace("'", "''")
