"""One person to forget, planted in every layer: landed twice, refused once, linked to an app, built, published twice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from groundgame import stages
from groundgame.config import Settings
from groundgame.gates import ledger as gates
from groundgame.gates.spec import STAGES
from groundgame.gates.verdict import Finding
from groundgame.linkage import ledger
from groundgame.publish import switch
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from models_py.predict import PREDICTIONS_COLUMNS, PREDICTIONS_TABLE
from tests.ingest.desk import AS_OF, Desk, text, vote, voter

VOTER, LOCAL, USER = "NC-QZ987654", "QZ987654", "graph:777000111222"
HEIR = "NC-QZ999999"
# Values like nothing else in the world: her names, where her mail goes, her telephone, her ids at the county and in the app.
CANARIES = ("ZYXOMBARD", "KANARIENVOGEL", "4711 PAPAGENOWEG", "9995550188", LOCAL, "777000111222", "000000424242")
HER = {
    "ncid": LOCAL,
    "voter_reg_num": "000000424242",
    "last_name": "ZYXOMBARD",
    "first_name": "KANARIENVOGEL",
    "mail_addr1": "4711 PAPAGENOWEG",
    "full_phone_number": "9995550188",
    "res_street_address": "12 OAK AVE",
}
# The household is called after her, the first of its two members.
MATE = {"ncid": "QZ999999", "res_street_address": "12 OAK AVE"}
NEIGHBOURS = 200
VOTERS = NEIGHBOURS + 2
NEXT = AS_OF + dt.timedelta(days=1)


def registrations(*more: dict[str, str]) -> bytes:
    """Neighbours, her, and who shares her home."""
    return text([*(voter(number) for number in range(NEIGHBOURS)), voter(301, **HER), voter(302, **MATE), *more])


def plant(folder: Path) -> Settings:
    """Build the whole world in a folder."""
    desk = Desk(folder)
    # Two lines are refused, their text is kept; the second has lost its id, so that she is known by name and address.
    refused = [voter(303, **HER | {"birth_year": "2030"}), voter(304, **HER | {"ncid": ""})]
    day = dt.date(2024, 10, 12)
    desk.put(registrations(), "ncvoter_20241012.txt", day)
    desk.put(registrations(*refused))
    desk.put(
        text([vote(1), vote(301, ncid=LOCAL, voter_reg_num="000000424242")], columns=list(vote(1))),
        "ncvhis_20241109.txt",
    )
    settings = desk.settings
    stages.land(settings, "nc", AS_OF)
    land_app(settings)
    stages.build(settings, "staging", AS_OF, training=True)
    with open_warehouse(settings) as warehouse:
        link(warehouse)
    stages.build(settings, "marts", AS_OF, training=True)
    with open_warehouse(settings) as warehouse:
        warehouse.execute(f"create table if not exists {PREDICTIONS_TABLE} ({PREDICTIONS_COLUMNS})")
        warehouse.execute(
            f"insert into {PREDICTIONS_TABLE} select voter_id, 'turnout', date '{AS_OF}', 0.5, 50, 'v1', null, null, null"
            " from marts.dim_voters"
        )
        reach(warehouse)
    stages.build(settings, "scores", AS_OF, training=True)
    for night in (AS_OF, NEXT):
        release(settings, night)
        switch.publish(settings, night)
    return settings


def release(settings: Settings, night: dt.date) -> None:
    """Green gates for a night, so that it may be published."""
    with open_warehouse(settings) as warehouse:
        ops.set_run_parameters(warehouse, night, is_training=False)
        for stage in STAGES:
            finding = Finding(f"{stage}.table", "rows", "pass", "told by the test", "at least 1", 1.0)
            gates.record(warehouse, ops.run_id(warehouse, night), night, stage, [finding])


def land_app(settings: Settings) -> None:
    """Her account in an app, a friend's list with her on it, and what that friend shared; two neighbours beside her."""
    tables = {
        "app_users": {"user_id": ["777000111222", "5"], "full_name": ["KANARIENVOGEL ZYXOMBARD", "PAT AVERY"]},
        "app_friend_edges": {
            "user_id": ["5", "5"],
            "friend_id": [" 777000111222", "6"],
            "friend_name": ["ZYXOMBARD", "SAM"],
        },
        "app_friend_shared": {"friend_id": ["777000111222", "6"], "birthday": ["1966-06-06", "1970-01-01"]},
    }
    for entity, columns in tables.items():
        folder = settings.raw_dir / entity / "source=graph" / f"snapshot_date={AS_OF}" / "file_id=0123456789abcdef"
        folder.mkdir(parents=True)
        pq.write_table(pa.table(columns), folder / "part-0.parquet")


def link(warehouse: Warehouse) -> None:
    """She is linked to her account; so is a neighbour."""
    ledger.create(warehouse)
    for table in ("person_links", "decisions"):
        warehouse.execute(
            f"insert into linkage.{table} (person_key, voter_id, probability)"
            f" values ('{USER}', '{VOTER}', 0.99), ('graph:5', 'NC-EH100001', 0.98)"
        )


def reach(warehouse: Warehouse) -> None:
    """A mart that tells users by their app and the bare id."""
    warehouse.execute(
        "create or replace table marts.app_reach as select * from"
        " (values ('graph', '777000111222', 3), ('graph', '5', 4)) as t(source, user_id, asks)"
    )
