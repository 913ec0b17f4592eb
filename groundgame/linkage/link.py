"""Link the app's people to registered voters, one night at a time; find one person behind two records of a table.

The order of the steps belongs here and nothing else. See ``README.md`` in this folder for what is read and written.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.linkage import decide, ledger, model, records, review, rules, waterfall
from groundgame.linkage.duplicates import deduplicate, find_duplicates
from groundgame.linkage.engine import linking
from groundgame.linkage.records import SCRATCH
from groundgame.result import Result

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

__all__ = ["deduplicate", "find_duplicates", "run"]

# The model learns from people of all nights, not from tonight's few; so many are enough for shares of a percent.
LEARNERS = 100_000
# Of the people whom no key links, about half are taken to be registered at all.
REGISTERED_SHARE = 0.5
# Up to so many voters one agreeing field may open a comparison, as long as the pairs stay few.
TOWN = 200_000
BROAD_PAIRS_PER_PERSON = 100


def run(
    settings: Settings, as_of: dt.date, people_table: str, voters_table: str, links_schema: str = "linkage"
) -> Result:
    """Match new and changed people, carry the others, and rewrite ``person_links`` and what goes with it.

    Args:
        settings: the installation.
        as_of: the night; a rerun replaces its rows and nothing else.
        people_table: people of the app, columns as in ``records.PEOPLE``.
        voters_table: registered voters without the confidential ones, columns as in ``records.VOTERS``.
        links_schema: where the results go.

    Returns:
        People in, linked people out; details: counts by method, ambiguous, new, changed, carried.

    Raises:
        SpecError: a table lacks a column, or a schema's name is none.
        WarehouseError: the engine or Splink failed; nothing of tonight is written then.
    """
    started = time.perf_counter()
    if not links_schema.isidentifier():
        raise SpecError("linkage", "links_schema", "is no plain name")
    review.remove(settings)  # it shows names that the night may have to forget
    with linking(settings, [people_table, voters_table], links_schema) as warehouse:
        records.check_columns(warehouse, people_table, records.PEOPLE)
        records.check_columns(warehouse, voters_table, records.VOTERS)
        # Read once, and into memory: names of friends must be in no file after the night.
        asked = f"{SCRATCH}.asked"
        warehouse.execute(f"create table {asked} as from {people_table}")
        ledger.begin(warehouse, links_schema, asked, voters_table, as_of)
        match(warehouse, asked, voters_table, settings.seed, as_of)
        ledger.finish(warehouse, links_schema, asked, voters_table, as_of)
        people, linked = _count(warehouse, asked), _count(warehouse, f"{links_schema}.person_links")
        details = ledger.counts(warehouse, links_schema)
    return Result("link", "people", people, linked, seconds=time.perf_counter() - started, details=details)


def match(warehouse: Warehouse, people_table: str, voters_table: str, seed: int, as_of: dt.date) -> None:
    """Settle who of ``linking.tonight`` is which voter: keys first, the model for those whom no key links."""
    people, remainder = f"{SCRATCH}.people", f"{SCRATCH}.remainder"
    voters = f"{SCRATCH}.voters"
    warehouse.execute(f"create table {voters} as {records.clean_voters(voters_table)}")
    _prepare(warehouse, people_table, voters, seed)
    tonight = f"(from {people} where is_tonight)"
    waterfall.link_by_keys(warehouse, tonight, voters)
    voters_count = _count(warehouse, voters)
    broad: tuple[rules.Block, ...] = ()
    if voters_count <= TOWN:
        most = BROAD_PAIRS_PER_PERSON * _count(warehouse, remainder)
        broad = waterfall.affordable(warehouse, remainder, voters, rules.BROAD_BLOCKS, most)
    waterfall.collect_pairs(warehouse, remainder, voters, (*rules.BLOCKS, *broad))
    learners = f"(from {people} where is_learner)"
    waterfall.collect_lessons(warehouse, learners, voters, model.LESSON_PAIRS)
    model.draw(warehouse, learners, voters, seed)
    model.count_terms(warehouse, voters)
    _gather(warehouse, people, voters)
    for table in ("voters", "people", "remainder", "names", "namesakes", "cleaned"):  # memory for what follows
        warehouse.execute(f"drop table {SCRATCH}.{table}")
    prior = REGISTERED_SHARE / max(voters_count, 1)
    m, u = model.learn(warehouse, prior)
    model.score(warehouse, "pairs", "scored", m, u, prior)
    decide.claim_by_model(warehouse, f"'{as_of}'::date")
    decide.settle(warehouse)


def _count(warehouse: Warehouse, table: str) -> int:
    rows: int = warehouse.fetch(f"select count(*) from {table}").column(0)[0].as_py()
    return rows


def _prepare(warehouse: Warehouse, people_table: str, voters: str, seed: int) -> None:
    """Clean the people: those of tonight and a seeded sample to learn from."""
    people = f"{SCRATCH}.people"
    records.store_nicknames(warehouse)
    warehouse.execute(f"""
        create table {SCRATCH}.wanted as
        with learners as (
            select id, true as is_learner from {SCRATCH}.numbered
            order by hash(person_key || '{seed}'), person_key limit {LEARNERS}
        )
        select id, coalesce(is_learner, false) as is_learner, t.id is not null as is_tonight
        from learners full join {SCRATCH}.tonight t using (id)""")
    warehouse.execute(f"""
        create table {SCRATCH}.cleaned as
        select c.*, is_learner, is_tonight
        from ({records.clean_people(f"(from {people_table} join {SCRATCH}.numbered using (person_key))")}) c
        join {SCRATCH}.wanted using (id)""")
    warehouse.execute(f"create table {people} as {records.with_forms(f'{SCRATCH}.cleaned')}")
    waterfall.drop_shared_contacts(warehouse, people, voters)


def _gather(warehouse: Warehouse, people: str, voters: str) -> None:
    """Make ``linking.compared``: the records of all pairs to be scored or learned from, with all forms of their names."""
    warehouse.execute(f"""
        create table {SCRATCH}.met as
        from {voters} where id in (select join_key_r from {SCRATCH}.pairs union all select join_key_r from {SCRATCH}.taught)""")
    warehouse.execute(f"""
        create table {SCRATCH}.compared as
        select * exclude (is_learner, is_tonight) from {people}
        where id in (select join_key_l from {SCRATCH}.pairs union all select join_key_l from {SCRATCH}.taught)
        union all by name {records.with_forms(f"{SCRATCH}.met")}""")
