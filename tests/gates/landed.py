"""A landed voter file, hand-made: two snapshots of one state in raw tables, with a canary where names would be."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from groundgame.config import Settings
from groundgame.sources.entities import ENTITIES, REGISTRATIONS, VOTES
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

AS_OF = dt.date(2026, 3, 1)
CANARY = "Zyxwcanary"
VOTERS = 1500
REGISTRATION = {
    "voter_id": "'AA' || lpad(cast(i as varchar), 6, '0')",
    "county_code": "cast(1 + i % 3 as varchar)",
    "last_name": f"'{CANARY}'",
    "street_address": f"'1 {CANARY} St'",
    "zip_code": "'27601'",
    "is_confidential": "case when i % 200 = 0 then 'Y' else 'N' end",
    "status_code": "'A'",
    "party_code": "case when i % 2 = 0 then 'DEM' else 'REP' end",
    "registered_date": "cast(date '2001-01-01' + cast(i as integer) as varchar)",
    "birth_year": "cast(1940 + i % 60 as varchar)",
}
VOTE = {
    "voter_id": "'AA' || lpad(cast(i % 1500 as varchar), 6, '0')",
    "election_date": "cast(date '2018-11-06' + cast(728 * (i // 1500) as integer) as varchar)",
    "election_type": "'general'",
}


def settings_in(folder: Path) -> Settings:
    """A home of its own."""
    return Settings(home=folder / "home", threads=2)


def land(settings: Settings, source: str = "nc", without: tuple[str, ...] = ()) -> None:
    """Land two monthly snapshots of 1,500 voters and four elections, all well; ``without`` leaves columns empty."""
    with open_warehouse(settings) as warehouse:
        for entity, fields, rows in ((REGISTRATIONS, REGISTRATION, VOTERS), (VOTES, VOTE, 4 * VOTERS)):
            empty = "cast(null as varchar)"
            columns = ", ".join(
                f"{empty if name in without else fields.get(name, empty)} as {name}" for name in entity.fields
            )
            snapshots = " union all ".join(
                f"select {columns}, '{source}' as _source, '{source}{day}' as _file_id, i as _line,"
                f" date '2026-0{day}-01' as _snapshot_date from range({rows}) as t(i)"
                for day in (1, 2)
            )
            warehouse.execute(f"create table if not exists raw.{entity.name} as {snapshots} limit 0")
            warehouse.execute(f"insert into raw.{entity.name} {snapshots}")
            load(warehouse, source, entity.name)
        for entity in ENTITIES.values():  # as landing leaves them where a campaign has no app
            columns = ", ".join(f"{name} varchar" for name in entity.fields)
            system = "_source varchar, _file_id varchar, _line bigint, _snapshot_date date"
            warehouse.execute(f"create table if not exists raw.{entity.name} ({columns}, {system})")
        warehouse.execute(
            "create table if not exists raw.sources"
            " (source varchar, state_abbr varchar, history_lag_days integer, history_start_date date)"
        )
        warehouse.execute("insert into raw.sources values (?, 'NC', 60, null)", [source])


def load(warehouse: Warehouse, source: str = "nc", entity: str = "registrations", **facts: object) -> None:
    """Note a file as loaded, well unless ``facts`` say otherwise."""
    row = {
        "file_id": f"{source}-{entity}",
        "source": source,
        "entity": entity,
        "file_name": f"{source}_{entity}.zip",
        "snapshot_date": dt.date(2026, 2, 1),
        "lines_in": 1501,
        "rows_landed": 1500,
        "rows_quarantined": 0,
        "lines_dropped": 1,
        "verdict": "pass",
        "loaded_at": ops.utc_now(),
        **facts,
    }
    ops.record(warehouse, "loaded_files", **row)


def change(settings: Settings, *statements: str) -> None:
    """Damage what was landed."""
    with open_warehouse(settings) as warehouse:
        for sql in statements:
            warehouse.execute(sql)


def results(settings: Settings, rule: str = "%") -> list[dict[str, object]]:
    """The ledger's rows of a rule, oldest evaluation first."""
    sql = "select * from ops.gate_results where rule like ? order by attempt, table_name, rule"
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.fetch(sql, [rule]).to_pylist()
