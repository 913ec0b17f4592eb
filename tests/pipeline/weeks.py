"""Two weeks of a tiny state: last week's files are good and built; this week's come with whatever a test puts into them.

Files are those of the landing desk; what is added here are the stages after landing.
"""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import duckdb

from groundgame import stages
from groundgame.result import Result
from groundgame.warehouse.base import Warehouse, open_warehouse
from groundgame.warehouse.duckdb import DuckDBWarehouse
from models_py.matrix import tonight_condition
from models_py.predict import PREDICTIONS_COLUMNS, PREDICTIONS_TABLE
from models_py.spec import load_spec
from tests.ingest.desk import HISTORY_COLUMNS, Desk, Row, text, vote, voters

VOTERS = 1_200
LAST_WEEK, THIS_WEEK = dt.date(2024, 11, 9), dt.date(2024, 11, 16)
LAST_NIGHT, TONIGHT = LAST_WEEK + dt.timedelta(days=2), THIS_WEEK + dt.timedelta(days=2)
# Date, name, and of every how many voters one stays at home: each election has a turnout of its own.
ELECTIONS = {
    "11/06/2018": ("11/06/2018 GENERAL", 2),
    "11/03/2020": ("11/03/2020 GENERAL", 6),
    "11/08/2022": ("11/08/2022 GENERAL", 3),
    "03/05/2024": ("03/05/2024 PRIMARY", 4),
    "11/05/2024": ("11/05/2024 GENERAL", 10),
}


def roll(**changed: Row) -> list[Row]:
    """The good voter file, in which voters 91 and 92 share a home; ``v3={...}`` changes voter 3."""
    rows = voters(VOTERS, **changed)
    rows[92]["res_street_address"] = rows[91]["res_street_address"]
    return rows


def history() -> list[Row]:
    """The good vote history."""
    return [
        vote(number, election_lbl=label, election_desc=name)
        for label, (name, every) in ELECTIONS.items()
        for number in range(VOTERS)
        if number % every
    ]


class Week(Desk):
    """A home with one night more to run."""

    def __init__(self, folder: Path, night: dt.date, before: Desk | None = None) -> None:
        if before is not None:
            shutil.copytree(before.home, folder / "home", symlinks=True)
        super().__init__(folder)
        self.night, self.snapshot = night, night - dt.timedelta(days=2)

    def arrive(self, registrations: list[Row] | None = None, votes: list[Row] | None = None) -> Result:
        """Put both files into the inbox, good ones where none are given, and land them."""
        stamp = f"{self.snapshot:%Y%m%d}"
        self.put(text(roll() if registrations is None else registrations), f"ncvoter_{stamp}.txt", self.snapshot)
        lines = text(history() if votes is None else votes, columns=HISTORY_COLUMNS)
        self.put(lines, f"ncvhis_{stamp}.txt", self.snapshot)
        return stages.land(self.settings, "nc", self.night)

    def judge(self, stage: str) -> dict[str, str]:
        """Build a stage (landing is built already; these weeks have no app to link) and judge it; returns the holds, by table and rule."""
        if stage not in ("landing", "linkage"):
            stages.build(self.settings, stage, self.night)
        result = stages.gate(self.settings, stage, self.night)
        # "<table> <rule>: observed ..."
        holds = {" ".join(text.split(": ")[0].split(" ")[:2]): text for text in result.details["holds"]}
        assert result.verdict == ("hold" if holds else "pass")
        return {name.partition(".")[2]: text for name, text in holds.items()}

    def score(self) -> None:
        """Give every voter of the universe a made-up score, as a model would, and judge the scores."""
        condition = tonight_condition(load_spec(self.settings, "turnout").universe, self.night, None)
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(f"create table if not exists {PREDICTIONS_TABLE} ({PREDICTIONS_COLUMNS})")
            warehouse.execute(
                f"insert into {PREDICTIONS_TABLE}"
                " select voter_id, 'turnout', as_of_date, length(voter_id) / 100, right(voter_id, 2)::smallint, 'made_up', null, null, null"
                f" from marts.feat_voters as f where is_scorable and {condition}"
            )
        assert self.judge("scores") == self.judge("asks") == {}

    def publish(self) -> None:
        """Let the night out, whatever holds it."""
        if stages.open_holds(self.settings, self.night):
            stages.approve(self.settings, self.night, by="a test", reason="seen")
        stages.publish(self.settings, self.night)

    def judge_all(self) -> dict[str, str]:
        """Every stage up to the marts; all holds."""
        return {
            name: text
            for stage in ("landing", "staging", "linkage", "marts")
            for name, text in self.judge(stage).items()
        }

    def one(self, sql: str) -> dict[str, Any]:
        """The one row of a query."""
        (row,) = self.query(sql)
        return row

    def dim_voter(self, number: int) -> dict[str, Any]:
        """A voter's row in the marts."""
        return self.one(f"select * from marts.dim_voters where voter_id = 'NC-EH{100_000 + number}'")

    def marts_with(self, number: int) -> list[str]:
        """Marts of the pipeline in which the voter appears anywhere, as a key, a household or otherwise."""
        with open_warehouse(self.settings) as warehouse:
            return _tables_with(warehouse, number)

    def published_with(self, number: int) -> list[str]:
        """The same of what readers have."""
        with duckdb.connect(str(self.settings.published_dir / "current.duckdb"), read_only=True) as connection:
            return _tables_with(DuckDBWarehouse(connection), number)


def _tables_with(warehouse: Warehouse, number: int) -> list[str]:
    count = "select count(*) as n from marts.{} as t where contains(t::varchar, 'EH{}')"
    tables = warehouse.tables("marts")
    return [name for name in tables if warehouse.fetch(count.format(name, 100_000 + number)).to_pylist()[0]["n"]]
