"""What is not compared at all is what the decision would have thrown out after the comparison, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from groundgame.linkage import decide, model, records, rules
from groundgame.linkage.engine import linking
from groundgame.linkage.records import SCRATCH
from groundgame.warehouse.base import open_warehouse
from tests.linkage.town import VOTERS, settings_in, voter

RECORDS = 220  # 24,090 pairs


def _drawn(chance: random.Random, number: int) -> dict[str, Any]:
    """A record of few values, so that any two agree on some things and not on others; every part may be missing."""
    maybe = lambda *values: chance.choice([None, *values])  # noqa: E731
    year, month, day = maybe(1960, 1961, 1970), maybe(3, 9), maybe(3, 9)
    return voter(
        f"V{number:03d}",
        maybe("ROBERT", "BOB", "R", "ROBERTA", "QUIMBY"),
        maybe("QUIMBY", "QUINBY", "ROBERT", "TENNANT"),
        name_suffix=maybe("JR", "SR"),
        birth_year=year,
        birth_month=month,
        birth_day=day,
        email=maybe("a@example.org", "b@example.org"),
        sex=maybe("F", "M"),
    )


def test_no_pair_is_left_uncompared_that_the_decision_could_have_taken(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    chance = random.Random(2012)  # noqa: S311 - which records, nothing secret
    drawn = [_drawn(chance, number) for number in range(RECORDS)]
    shape = pa.schema(
        [*VOTERS, ("birth_month", pa.int32()), ("birth_day", pa.int32()), ("other_last_name", pa.string())]
    )
    with open_warehouse(settings) as warehouse:
        warehouse.execute("create schema input")
        warehouse.replace("input.records", pa.Table.from_pylist(drawn, schema=shape))
    with linking(settings, ["input.records"], "linkage") as warehouse:
        records.store_nicknames(warehouse)
        # As people, for the parts of a birthday may be missing one by one; the suffix is a voter's.
        cleaned = records.clean_people("(select *, row_number() over (order by voter_id) as id from input.records)")
        suffix = " ".join(f"when '{word}' then {number}" for word, number in records.GENERATIONS.items())
        warehouse.execute(f"""
            create table {SCRATCH}.numbered as
            select c.* replace ((case name_suffix {suffix} end)::tinyint as suffix)
            from ({cleaned}) c join (select row_number() over (order by voter_id) as id, name_suffix from input.records) using (id)""")
        warehouse.execute(f"create table {SCRATCH}.compared as {records.with_forms(f'{SCRATCH}.numbered')}")
        warehouse.execute(f"""
            create table {SCRATCH}.pairs as select '0' as match_key, l.id as join_key_l, r.id as join_key_r
            from {SCRATCH}.compared l, {SCRATCH}.compared r where l.id < r.id""")
        model.score(warehouse, "pairs", "graded", model.declared("m"), model.declared("u"), 0.5, training=True)
        hopeless = " or ".join(f"coalesce({condition}, false)" for condition in rules.HOPELESS)
        found = warehouse.fetch(f"""
            select count(*) as hopeless, count(*) filter (where not {decide.vetoed_sql()}) as lost
            from {SCRATCH}.graded join {SCRATCH}.compared l on l.id = id_l join {SCRATCH}.compared r on r.id = id_r
            where {hopeless}""").to_pylist()[0]
    assert found["lost"] == 0 and found["hopeless"] > 1000
