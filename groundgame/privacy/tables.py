"""A person's rows in the tables of a database (build file, run file, server): counted, and deleted; a worker's stay without her.

Which columns name people is declared in ``subject``; every table of every schema that has such a column is looked at, the ledger's own too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groundgame.privacy.subject import (
    BORROWED_COLUMNS,
    MENTION_COLUMNS,
    SOURCE_COLUMNS,
    SUBJECT_COLUMNS,
    UNIT,
    Subject,
    mentions_of,
)
from groundgame.privacy.worker_tables import LISTED, changes, naming

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

KINDS = SUBJECT_COLUMNS | MENTION_COLUMNS
OWN_TABLES = ("ops.forget_requests", "ops.tombstones")
# Every table that has rows, with its columns of text. On a server the published runs are a schema of the same database, and the
# partition is what has rows.
TEXT_COLUMNS = {
    "duckdb": """
        select c.schema_name || '."' || c.table_name || '"' as name, c.column_name
        from duckdb_columns() as c join duckdb_tables() as t using (database_oid, schema_oid, table_oid)
        where c.database_name = current_database() and c.data_type = 'VARCHAR' order by 1, c.column_index""",
    "postgres": """
        select n.nspname || '."' || c.relname || '"' as name, a.attname as column_name
        from pg_class as c join pg_namespace as n on c.relnamespace = n.oid join pg_attribute as a on a.attrelid = c.oid
        where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg!_%' escape '!'
            and a.attnum > 0 and not a.attisdropped and a.atttypid in ('text'::regtype, 'varchar'::regtype)
        order by 1, a.attnum""",
}
RUNS = 'runs."'
# A server's copies of landed files: loaded again when the file was rewritten.
COPIES = 'raw."f_'


@dataclass(frozen=True)
class Place:
    """A table that may name people: its ``columns`` that say whose a row is, its ``mentions`` of others in it, those that ``borrowed``
    an id, its columns of ``workers`` of the field, and its column of sources, if any."""

    table: str
    columns: tuple[str, ...]
    mentions: tuple[str, ...]
    borrowed: tuple[str, ...]
    workers: frozenset[str]
    source: str | None


def text_columns(warehouse: Warehouse) -> dict[str, list[str]]:
    """Every table with its columns of text, in order. Views have no rows of their own."""
    columns: dict[str, list[str]] = {}
    for row in warehouse.fetch(TEXT_COLUMNS[warehouse.engine]).to_pylist():
        columns.setdefault(row["name"], []).append(row["column_name"])
    return columns


def places(warehouse: Warehouse, of_runs: bool = False) -> list[Place]:
    """Every table that may name a person and is no copy; ``of_runs``: those of a server's published runs, else all but those."""
    found = []
    for name, names in text_columns(warehouse).items():
        if name.startswith(COPIES) or name.startswith(RUNS) is not of_runs:
            continue
        whose = tuple(column for column in names if column in SUBJECT_COLUMNS)
        borrowed = tuple(column for column in names if column in BORROWED_COLUMNS)
        source = next((column for column in SOURCE_COLUMNS if column in names), None)
        mentions = tuple(mentions_of(names))
        workers = naming(names)
        if (whose or mentions or borrowed or workers) and name.replace('"', "") not in OWN_TABLES:
            found.append(Place(name, whose, mentions, borrowed, workers, source))
    return found


def count(warehouse: Warehouse, subjects: Sequence[Subject], key: bytes, of_runs: bool = False) -> dict[str, int]:
    """Rows that name one of the subjects, by table; tables without any are left out."""
    counts = {}
    for place in places(warehouse, of_runs):
        condition, values = _condition(place, place.columns + place.mentions, subjects)
        parts = [condition, *(f"{column} in {LISTED}" for column in place.borrowed)]
        values += [_listed(_voters(subjects))] * len(place.borrowed)
        for change in changes(warehouse, place.table, place.workers, subjects, key):
            parts.append(change.where)
            values += change.values
        rows = warehouse.fetch(f"select count(*) from {place.table} where {' or '.join(parts)}", values)
        if number := rows.column(0)[0].as_py():
            counts[place.table.replace('"', "")] = number
    return counts


def remove(warehouse: Warehouse, subjects: Sequence[Subject], key: bytes, of_runs: bool = False) -> dict[str, int]:
    """Delete the subjects' rows in one transaction, and their ids in others' rows; returns how many each table had.

    A group that goes by a subject's id (a household is called after its first member) goes by that of its next member;
    what was counted over the group stays as it was counted. What a worker did stays, under a pseudonym.
    """
    counts = count(warehouse, subjects, key, of_runs)
    if not counts:
        return {}
    with warehouse.transaction():
        heirs = _heirs(warehouse, subjects, of_runs)
        for place in places(warehouse, of_runs):
            if place.table.replace('"', "") not in counts:
                continue
            condition, values = _condition(place, place.columns, subjects)
            warehouse.execute(f"delete from {place.table} where {condition}", values)
            for column in place.mentions:
                condition, values = _condition(place, (column,), subjects)
                warehouse.execute(f"update {place.table} set {column} = null where {condition}", values)
            for column in place.borrowed:
                for voter in _voters(subjects):
                    if heir := heirs.get(voter):
                        sql = f"update {place.table} set {column} = ? where {column} = ?"
                        warehouse.execute(sql, [heir, voter])
                    else:
                        warehouse.execute(f"delete from {place.table} where {column} = ?", [voter])
            for change in changes(warehouse, place.table, place.workers, subjects, key):
                warehouse.execute(*change.statement(place.table))
    return counts


def linked(warehouse: Warehouse, subject: Subject) -> list[Subject]:
    """All that linkage, or a field tool's crosswalk, takes for the same person: the subject first, over any number of links."""
    found = [subject]
    has_links = "person_links" in warehouse.tables("linkage")
    has_crosswalk = {"field_crosswalk", "field_sources"} <= set(warehouse.tables("raw"))
    for known in found:  # grows while it is walked
        found += [one for one in _crossed(warehouse, known) if one not in found] if has_crosswalk else []
        if not has_links:
            continue
        column, other = ("voter_id", "person_key") if known.kind == "voter" else ("person_key", "voter_id")
        rows = warehouse.fetch(f"select {other} from linkage.person_links where {column} = ? order by 1", [known.text])
        for text in rows.column(0).drop_null().to_pylist():
            kind = SUBJECT_COLUMNS[other]
            name, _, local_id = text.partition("-" if kind == "voter" else ":")
            if (more := Subject(kind, name, local_id)) not in found:
                found.append(more)
    return found


def _crossed(warehouse: Warehouse, known: Subject) -> list[Subject]:
    """The numbers that field tools have for a voter, or the voter whom a tool's number stands for."""
    sql = """
        select distinct c._source as source, trim(c.vendor_id) as vendor_id, trim(c.voter_id) as voter_id,
            upper(trim(coalesce(s.state_abbr, s.source))) as prefix
        from raw.field_crosswalk as c
        inner join raw.field_sources as s on c._source = s.source
        where """
    if known.kind == "voter":
        rows = warehouse.fetch(f"{sql} trim(c.voter_id) = ? order by 1, 2", [known.local_id]).to_pylist()
        return [Subject("app_user", row["source"], row["vendor_id"]) for row in rows if row["prefix"] == known.name]
    rows = warehouse.fetch(
        f"{sql} c._source = ? and trim(c.vendor_id) = ? order by 1, 3", [known.name, known.local_id]
    ).to_pylist()
    return [Subject("voter", row["prefix"], row["voter_id"]) for row in rows]


def _condition(place: Place, columns: Sequence[str], subjects: Sequence[Subject]) -> tuple[str, list[str]]:
    """SQL: one of some columns names a subject; and its values. It is as long for a thousand subjects as for one."""
    parts, values = ["false"], []
    for column in columns:
        kind = KINDS[column]
        theirs = [subject for subject in subjects if subject.kind == kind]
        if not theirs:
            continue
        parts.append(f"{column} in {LISTED}")
        values.append(_listed(subject.text for subject in theirs))
        # Behind raw a voter id is always in full; an app's user id may stand beside its source, or alone.
        for name in sorted({subject.name for subject in theirs if kind == "app_user"}):
            of_sender = f"{place.source} = ?" if place.source else "true"
            parts.append(f"(trim({column}) in {LISTED} and {of_sender})")
            values.append(_listed(subject.local_id for subject in theirs if subject.name == name))
            values += [name] if place.source else []
    return " or ".join(parts), values


def _heirs(warehouse: Warehouse, subjects: Sequence[Subject], of_runs: bool) -> dict[str, str]:
    """For each subject that a household is called after: the next member, the same in all tables."""
    heirs: dict[str, str] = {}
    if not (voters := _voters(subjects)):
        return heirs
    for place in places(warehouse, of_runs):
        if "voter_id" not in place.columns or "household_id" not in place.borrowed:
            continue
        sql = (
            f"select household_id, min(voter_id) as heir from {place.table}"
            f" where household_id in {LISTED} and voter_id not in {LISTED} group by 1"
        )
        for row in warehouse.fetch(sql, [_listed(voters)] * 2).to_pylist():
            # Tonight's table of voters decides; tables of earlier nights only for homes that are gone.
            if place.table == 'marts."dim_voters"' or row["household_id"] not in heirs:
                heirs[row["household_id"]] = row["heir"]
    return heirs


def _voters(subjects: Sequence[Subject]) -> list[str]:
    return [subject.text for subject in subjects if subject.kind == "voter"]


def _listed(ids: Iterable[str]) -> str:
    """Any number of ids as the one value of ``LISTED``."""
    return UNIT.join(ids)
