"""Link the app's people to registered voters, one night at a time; find one person behind two records of a table.

The order of the steps belongs here and nothing else. See ``README.md`` in this folder for what is read and written.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.linkage import codes, decide, ledger, model, rarity, records, review, rules, waterfall
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
        # Read once, and into memory: names of friends must be in no file after the night. People have negative numbers, voters
        # positive ones: joins and pairs are the bulk of the work.
        asked = f"{SCRATCH}.asked"
        warehouse.execute(f"""
            create table {asked} as
            with numbered as (select person_key, -row_number() over (order by person_key) as id from {people_table})
            from {people_table} join numbered using (person_key)""")
        ledger.begin(warehouse, links_schema, asked, voters_table, as_of)
        match(warehouse, asked, voters_table, settings.seed, as_of)
        ledger.finish(warehouse, links_schema, asked, as_of)
        people, linked = _count(warehouse, asked), _count(warehouse, f"{links_schema}.person_links")
        details = ledger.counts(warehouse, links_schema)
    return Result("link", "people", people, linked, seconds=time.perf_counter() - started, details=details)


def match(warehouse: Warehouse, people_table: str, voters_table: str, seed: int, as_of: dt.date) -> None:
    """Settle who of ``linking.tonight`` is which voter: keys first, the model for those whom no key links."""
    people, remainder, learners = f"{SCRATCH}.people", f"{SCRATCH}.remainder", f"{SCRATCH}.learners"
    voters = f"{SCRATCH}.voters"
    _prepare(warehouse, people_table, voters_table, seed)
    tonight = f"(from {people} where is_tonight)"
    waterfall.link_by_keys(warehouse, tonight, voters)
    warehouse.execute(f"create table {learners} as from {people} where is_learner")
    warehouse.execute(f"drop table {people}")
    voters_count = _count(warehouse, voters)
    broad: tuple[rules.Block, ...] = ()
    if voters_count <= TOWN:
        most = BROAD_PAIRS_PER_PERSON * _count(warehouse, remainder)
        broad = waterfall.affordable(warehouse, remainder, voters, rules.BROAD_BLOCKS, most)
    waterfall.collect_pairs(warehouse, remainder, voters, (*rules.BLOCKS, *broad))
    waterfall.collect_lessons(warehouse, learners, voters, model.LESSON_PAIRS)
    model.draw(warehouse, learners, voters, seed, by="voter_id")
    model.count_terms(warehouse)
    asking = f"(from {remainder} union all from {learners} anti join {remainder} using (id))"
    _gather(warehouse, asking, voters, voters_table)
    warehouse.execute(f"drop view {voters}")
    for table in ("roll", "remainder", "learners", "texts", "first_bearers", "last_bearers"):  # memory for what follows
        warehouse.execute(f"drop table {SCRATCH}.{table}")
    codes.drop_codes(warehouse)
    prior = REGISTERED_SHARE / max(voters_count, 1)
    m, u = model.learn(warehouse, prior)
    model.score(warehouse, "pairs", "scored", m, u, prior)
    decide.claim_by_model(warehouse, f"'{as_of}'::date")
    decide.settle(warehouse)


def _count(warehouse: Warehouse, table: str) -> int:
    rows: int = warehouse.fetch(f"select count(*) from {table}").column(0)[0].as_py()
    return rows


def _prepare(warehouse: Warehouse, people_table: str, voters_table: str, seed: int) -> None:
    """Clean the people (those of tonight and a seeded sample to learn from), and make both tables narrow for the joins."""
    people, voters, texts = f"{SCRATCH}.people", f"{SCRATCH}.voters", f"{SCRATCH}.texts"
    chosen = f"{SCRATCH}.chosen"
    records.store_nicknames(warehouse)
    warehouse.execute(f"""
        create table {SCRATCH}.wanted as
        with learners as (
            select id, true as is_learner from {people_table}
            order by hash(person_key || '{seed}'), person_key limit {LEARNERS}
        )
        select id, coalesce(is_learner, false) as is_learner, t.id is not null as is_tonight
        from learners full join {SCRATCH}.tonight t using (id)""")
    warehouse.execute(f"create view {chosen} as from {people_table} join {SCRATCH}.wanted using (id)")
    codes.store_codes(warehouse, voters_table, chosen)
    rarity.count_bearers(warehouse, codes.said_names("first"), codes.said_names("last"))
    warehouse.execute(f"create table {texts} as {codes.texts_of_people(chosen, codes.said_by_voters(warehouse))}")
    warehouse.execute(f"create table {people} as {codes.coded_people(chosen, texts)}")
    warehouse.execute(f"drop view {chosen}")
    warehouse.execute(f"drop table {SCRATCH}.wanted")
    # Their names have been read; what is left to do asks for their keys.
    warehouse.execute(
        f"create or replace table {people_table} as select id, person_key, content_hash from {people_table}"
    )
    codes.store_roll(warehouse, voters_table, people)
    waterfall.drop_shared_contacts(warehouse, people, voters)


def _gather(warehouse: Warehouse, asking: str, voters: str, voters_table: str) -> None:
    """Make ``linking.compared``: the records of all pairs to be scored or learned from, with all forms of their names.

    Also ``linking.known`` (id, voter_id, content_hash and what ``compared`` is made of): voters whom a claim or a pair names.
    """
    pairs, taught, known = f"{SCRATCH}.pairs", f"{SCRATCH}.taught", f"{SCRATCH}.known"
    columns = ", ".join(records.UNHASHED)
    found = f"""(
        select id, voter_id, {columns},
            id in (select join_key_r from {pairs} union all select join_key_r from {taught}) as is_compared
        from {voters} where id in (
            select join_key_r from {pairs} union all select join_key_r from {taught} union all select voter from {SCRATCH}.claims))"""
    # What Splink does not read stays here: it copies both sides.
    unread = "first_part, last_words, other_last, first_letter, last_letter"
    # In one reading: behind the table there may be a join over landed files.
    said = codes.said_by_voters(warehouse)
    read = codes.spelled(f"({codes.read_voters(voters_table, found, said)})")
    answering = records.with_forms(f"({read})", is_asking=False)
    warehouse.execute(f"create table {known} as select * exclude ({unread}) from ({answering})")
    # A contact that many share was dropped from the record, and is dropped from its text.
    theirs = ", ".join(f"case when a.{column} is not null then t.{column} end as {column}" for column in records.HASHED)
    asking = f"""(
        select t.* exclude ({", ".join(records.HASHED)}), {theirs}, {columns} from {SCRATCH}.texts t join {asking} a using (id)
        where id in (select join_key_l from {pairs} union all select join_key_l from {taught}))"""
    warehouse.execute(f"""
        create table {SCRATCH}.askers as
        select * exclude ({unread}) from ({records.with_forms(f"({codes.spelled(asking)})")})""")
    warehouse.execute(f"""
        create view {SCRATCH}.compared as
        from {SCRATCH}.askers union all by name select * exclude (voter_id, content_hash, is_compared) from {known} where is_compared""")
