"""What consumers hang on to in a Postgres warehouse: a view for each published table, its grants and its row rules.

Made once, when a table is first published, and only widened after: a publication changes no object that a grant, a policy, a comment or
somebody's own view refers to. Rows and the pointer are the concern of ``server``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groundgame.errors import PublishRefused
from groundgame.warehouse.base import Warehouse

Columns = Sequence[tuple[str, str]]
SLOT = "run_slot"
READERS = "groundgame_analyst, groundgame_field"
SERVED = "(select slot from runs.pointer)"
OF_A_COUNTY = "(state_abbr, county_code) in (select f.state_abbr, f.county_code from runs.field_counties as f where f.login = current_user)"
# The voters' own rule decides: the field role sees in this table whom it sees there.
OF_A_VOTER = f"voter_id in (select v.voter_id from runs.dim_voters as v where v.{SLOT} = {SERVED})"
# Of the field program the field role sees what was done below the node that its login leads.
OF_A_SUBTREE = (
    "exists (select 1 from runs.field_access as a where a.{slot} = {served} and a.login = current_user"
    " and substr({name}.node_path, 1, length(a.node_path)) = a.node_path)"
)
OWN_ROW = "login = current_user"


def ensure(warehouse: Warehouse, tables: dict[str, Columns], run_id: str) -> None:
    """Make what is missing for the tables about to be published, and add columns that are new.

    Raises:
        PublishRefused: a column that readers have is gone or of another type.
    """
    there = set(warehouse.tables("runs"))
    new = [name for name in tables if name not in there]
    for name in new:
        columns = ", ".join(f'"{column}" {kind}' for column, kind in tables[name])
        warehouse.execute(f"create table runs.{name} ({SLOT} bigint not null, {columns}) partition by list ({SLOT})")
        _view(warehouse, name, tables[name])
        warehouse.execute(f"grant select on runs.{name}, published.{name} to {READERS}")
    for name in new:
        _row_rules(warehouse, name, {column for column, _ in tables[name]}, there | set(tables))
    for name in sorted(there & set(tables)):
        _widen(warehouse, name, tables[name], run_id)


def add_slot(warehouse: Warehouse, tables: Sequence[str], slot: int) -> None:
    """Give each table an empty partition for a run, unless it has one.

    This must be done one publication ahead: a statement that was planned before the partition was attached does not look into it, also
    when it is executed after the pointer has moved there.
    """
    there = set(partitions(warehouse))
    for name in tables:
        part = f"{name}__{slot}"
        if part not in there:
            warehouse.execute(f"create table runs.{part} (like runs.{name})")
            warehouse.execute(f"alter table runs.{name} attach partition runs.{part} for values in ({slot})")


def fill(warehouse: Warehouse, name: str, slot: int, columns: Columns, select: str) -> None:
    """Write a run's rows of one table into its empty partition."""
    part = f"runs.{name}__{slot}"
    listed = ", ".join(f'"{column}"' for column, _ in columns)
    warehouse.execute(f"insert into {part} ({SLOT}, {listed}) select {slot}, {listed} from ({select}) as t")
    if "voter_id" in dict(columns):
        warehouse.execute(f"create index on {part} (voter_id)")
    warehouse.execute(f"analyze {part}")


def partitions(warehouse: Warehouse) -> list[str]:
    """Names of all partitions, attached to their tables."""
    sql = "select relname from pg_class where relnamespace = 'runs'::regnamespace and relispartition and relkind = 'r'"
    names: list[str] = warehouse.fetch(sql).column(0).to_pylist()
    return names


def parents(warehouse: Warehouse) -> list[str]:
    """Names of all tables that have partitions."""
    sql = "select relname from pg_class where relnamespace = 'runs'::regnamespace and relkind = 'p' order by 1"
    names: list[str] = warehouse.fetch(sql).column(0).to_pylist()
    return names


def descriptions(warehouse: Warehouse, schema: str) -> dict[tuple[str, str | None], str]:
    """The comments on a schema's tables and views (column None) and on their columns."""
    sql = """
        select c.relname as name, a.attname as column_name, d.description
        from pg_class as c
        join pg_namespace as n on c.relnamespace = n.oid
        join pg_description as d on d.objoid = c.oid and d.classoid = 'pg_class'::regclass
        left join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
        where n.nspname = ? order by 1, d.objsubid"""
    return {(r["name"], r["column_name"]): r["description"] for r in warehouse.fetch(sql, [schema]).to_pylist()}


def describe(warehouse: Warehouse, wanted: Mapping[tuple[str, str | None], str]) -> None:
    """Put descriptions on the views, where they differ."""
    said = descriptions(warehouse, "published")
    for (name, column), text in wanted.items():
        if said.get((name, column)) != text:
            what = f"view published.{name}" if column is None else f'column published.{name}."{column}"'
            quoted = text.replace("'", "''")
            warehouse.execute(f"comment on {what} is '{quoted}'")


def _view(warehouse: Warehouse, name: str, columns: Columns) -> None:
    listed = ", ".join(f'"{column}"' for column, _ in columns)
    warehouse.execute(
        f"create or replace view published.{name} with (security_invoker = true) as"
        f" select {listed} from runs.{name} where {SLOT} = {SERVED}"
    )


def _row_rules(warehouse: Warehouse, name: str, columns: set[str], tables: set[str]) -> None:
    warehouse.execute(f"alter table runs.{name} enable row level security")
    warehouse.execute(f"create policy all_rows on runs.{name} for select to groundgame_analyst using (true)")
    if "node_path" in columns:
        rule = _of_the_field(name, columns, tables)
    elif {"state_abbr", "county_code"} <= columns:
        rule = OF_A_COUNTY
    elif "voter_id" in columns and "dim_voters" in tables and name != "dim_voters":
        rule = OF_A_VOTER
    else:
        # What speaks of people and of no county is not for the field; what speaks of no person is for all.
        rule = "false" if columns & {"voter_id", "person_key"} else "true"
    warehouse.execute(f"create policy own_counties on runs.{name} for select to groundgame_field using ({rule})")


def _of_the_field(name: str, columns: set[str], tables: set[str]) -> str:
    """Whose work it is decides; where a row names a voter, she must be one of the login's counties too."""
    if "login" in columns:
        return OWN_ROW
    if "field_access" not in tables:
        return "false"
    rule = OF_A_SUBTREE.format(slot=SLOT, served=SERVED, name=name)
    if "voter_id" in columns:
        rule += f" and {OF_A_VOTER}" if "dim_voters" in tables else " and false"
    return rule


def _widen(warehouse: Warehouse, name: str, columns: Columns, run_id: str) -> None:
    known = dict(warehouse.columns(f"runs.{name}"))
    known.pop(SLOT)
    now = dict(columns)
    if lost := [column for column, kind in known.items() if now.get(column) != kind]:
        hint = f"drop table runs.{name} cascade, publish, and grant again"
        raise PublishRefused(
            run_id, [f"published.{name} would lose or change {', '.join(lost)}; if readers agree: {hint}"]
        )
    if new := [column for column in now if column not in known]:
        warehouse.execute(
            f"alter table runs.{name} " + ", ".join(f'add column "{column}" {now[column]}' for column in new)
        )
        _view(warehouse, name, [*known.items(), *((column, now[column]) for column in new)])
