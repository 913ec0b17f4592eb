"""One person behind two records of the same table: the same comparisons, in one direction, with clusters at the end.

``deduplicate`` is for any table of records (an import, a benchmark); ``find_duplicates`` for a state's voters, and stricter: a voter
wrongly called the same as another is worse than a duplicate that stays.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.linkage import decide, model, records, rules, waterfall
from groundgame.linkage.records import SCRATCH
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

RECORDS = f"{SCRATCH}.records"
# Registers are cleaned by their keepers; about two voters in a thousand are still there twice.
DUPLICATE_SHARE = 0.002
DUPLICATE_PROBABILITY = 0.99
BROAD_PAIRS_PER_RECORD = 100  # each pair is counted from both sides
# What the exact keys find of all that belongs together, where nothing is known of a table beforehand.
KEYS_RECALL = 0.7


def deduplicate(
    settings: Settings,
    as_of: dt.date,
    table: str,
    links_schema: str = "linkage",
    has_homes: bool = True,
    least_probability: float = 0.5,
) -> Result:
    """Write ``record_pairs`` (record_id, other_id, probability) and ``record_clusters`` (record_id, cluster_id), whole.

    Args:
        settings: the installation.
        as_of: the night; named in the result only, since both tables are replaced.
        table: records, columns as in ``records.PEOPLE`` or as in ``records.VOTERS``.
        links_schema: where the results go.
        has_homes: members of one household may be in the table, so what they share does not make them one person.
        least_probability: of a pair; at one half, a pair too many and a pair too few cost the same.

    Returns:
        Records in, clusters out; details: pairs.

    Raises:
        SpecError: the table lacks a column, or a schema's name is none.
        WarehouseError: the engine or Splink failed; nothing is written then.
    """
    started = time.perf_counter()
    _check_schema(links_schema)
    with open_warehouse(settings) as warehouse, records.scratch(warehouse):
        count = _clean(warehouse, _as_records(warehouse, table))
        waterfall.meet_namesakes(warehouse, RECORDS, RECORDS, same=True)
        sure = " or ".join(key.name for key in rules.KEYS if key.names == "exact")
        found = warehouse.fetch(f"select count(*) from {SCRATCH}.namesakes where {sure}").column(0)[0].as_py()
        prior = max(found, 1) / KEYS_RECALL / max(count * (count - 1) / 2, 1)
        broad = waterfall.affordable(warehouse, RECORDS, RECORDS, rules.BROAD_BLOCKS, BROAD_PAIRS_PER_RECORD * count)
        _compare(warehouse, (*rules.BLOCKS, *broad), prior, least_probability, settings.seed, has_homes)
        _cluster(warehouse)
        with warehouse.transaction():
            warehouse.execute(f"create schema if not exists {links_schema}")
            warehouse.execute(
                f"create or replace table {links_schema}.record_pairs as {_pairs('record_id', 'other_id')}"
            )
            warehouse.execute(f"""
                create or replace table {links_schema}.record_clusters as
                select id as record_id, cluster_id from {SCRATCH}.clusters order by id""")
        pairs = warehouse.fetch(f"select count(*) from {links_schema}.record_pairs").column(0)[0].as_py()
        clusters = warehouse.fetch(f"select count(distinct cluster_id) from {SCRATCH}.clusters").column(0)[0].as_py()
    seconds = time.perf_counter() - started
    return Result("link", f"duplicates {as_of}", count, clusters, seconds=seconds, details={"pairs": pairs})


def find_duplicates(settings: Settings, as_of: dt.date, voters_table: str, links_schema: str = "linkage") -> Result:
    """Write ``voter_duplicates`` (voter_id, other_voter_id, probability, method), whole; the smaller id comes first.

    Args and errors are those of ``deduplicate``; voters in, pairs out.
    """
    started = time.perf_counter()
    _check_schema(links_schema)
    with open_warehouse(settings) as warehouse, records.scratch(warehouse):
        records.check_columns(warehouse, voters_table, records.VOTERS)
        count = warehouse.fetch(f"select count(*) from {voters_table}").column(0)[0].as_py()
        warehouse.execute(f"create table {SCRATCH}.all_voters as {records.clean_voters(voters_table)}")
        alike = " union ".join(
            f"select id from {SCRATCH}.all_voters semi join (select {', '.join(block.on)} from {SCRATCH}.all_voters "
            f"group by all having count(*) > 1) using ({', '.join(block.on)})"
            for block in rules.DUPLICATE_BLOCKS
        )
        warehouse.execute(f"create table {SCRATCH}.alike as {alike}")
        _clean(warehouse, f"from ({records.clean_voters(voters_table)}) where id in (select id from {SCRATCH}.alike)")
        warehouse.execute(f"drop table {SCRATCH}.all_voters")
        _compare(
            warehouse, rules.DUPLICATE_BLOCKS, 2 * DUPLICATE_SHARE / max(count, 1), DUPLICATE_PROBABILITY, settings.seed
        )
        with warehouse.transaction():
            warehouse.execute(f"create schema if not exists {links_schema}")
            warehouse.execute(f"""
                create or replace table {links_schema}.voter_duplicates as
                select *, 'splink' as method from ({_pairs("voter_id", "other_voter_id")})""")
        pairs = warehouse.fetch(f"select count(*) from {links_schema}.voter_duplicates").column(0)[0].as_py()
    return Result("link", f"voter duplicates {as_of}", count, pairs, seconds=time.perf_counter() - started)


def _check_schema(name: str) -> None:
    if not name.isidentifier():
        raise SpecError("linkage", "links_schema", "is no plain name")


def _as_records(warehouse: Warehouse, table: str) -> str:
    """Select of the table as cleaned records, by the shape that it has."""
    shape = warehouse.fetch(f"select column_name from (describe {table})").column(0).to_pylist()
    if "person_key" in shape:
        records.check_columns(warehouse, table, records.PEOPLE)
        return records.clean_people(f"(select *, person_key as id from {table})")
    records.check_columns(warehouse, table, records.VOTERS)
    return records.clean_voters(table)


def _clean(warehouse: Warehouse, source: str) -> int:
    """Make ``linking.records`` of cleaned ones, with all forms of the names; returns their number."""
    records.store_nicknames(warehouse)
    warehouse.execute(f"create table {SCRATCH}.cleaned as {source}")
    warehouse.execute(f"create table {RECORDS} as {records.with_forms(f'{SCRATCH}.cleaned')}")
    waterfall.drop_shared_contacts(warehouse, RECORDS, RECORDS)
    count: int = warehouse.fetch(f"select count(*) from {RECORDS}").column(0)[0].as_py()
    return count


def _compare(
    warehouse: Warehouse, blocks: tuple[rules.Block, ...], prior: float, least: float, seed: int, has_homes: bool = True
) -> None:
    """Make ``linking.same_person`` (id, other, probability) of all pairs that are likely enough."""
    waterfall.collect_pairs(warehouse, RECORDS, RECORDS, blocks, same=True)
    waterfall.collect_lessons(warehouse, RECORDS, RECORDS, model.LESSON_PAIRS, same=True)
    model.draw(warehouse, RECORDS, RECORDS, seed, same=True)
    warehouse.execute(f"create view {SCRATCH}.compared as from {RECORDS}")
    m, u = model.learn(warehouse, prior)
    model.count_terms(warehouse, RECORDS)
    model.score(warehouse, "pairs", "scored", m, u, prior)
    warehouse.execute(f"""
        create table {SCRATCH}.same_person as
        select id_l as id, id_r as other, match_probability as probability
        from {SCRATCH}.scored where match_probability >= {least} and not ({has_homes} and {decide.vetoed_sql()})""")


def _pairs(one: str, other: str) -> str:
    return f"select id as {one}, other as {other}, probability from {SCRATCH}.same_person order by 1, 2"


def _cluster(warehouse: Warehouse) -> None:
    """Make ``linking.clusters`` (id, cluster_id): what hangs together by pairs is one person, named by its smallest id."""
    warehouse.execute(f"create table {SCRATCH}.clusters as select id, id as cluster_id from {RECORDS}")
    edges = f"(select id, other from {SCRATCH}.same_person union all select other, id from {SCRATCH}.same_person)"
    before = -1
    while True:
        warehouse.execute(f"""
            create or replace table {SCRATCH}.clusters as
            select c.id, least(c.cluster_id, coalesce(n.smallest, c.cluster_id)) as cluster_id
            from {SCRATCH}.clusters c left join (
                select e.id, min(o.cluster_id) as smallest from {edges} e join {SCRATCH}.clusters o on o.id = e.other group by e.id
            ) n on n.id = c.id""")
        now = warehouse.fetch(f"select count(distinct cluster_id) from {SCRATCH}.clusters").column(0)[0].as_py()
        if now == before:
            return
        before = now
