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
from groundgame.linkage import decide, ledger, model, rarity, records, rules, waterfall
from groundgame.linkage.engine import linking
from groundgame.linkage.records import SCRATCH
from groundgame.result import Result
from groundgame.warehouse import steady
from groundgame.warehouse.base import open_warehouse

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

RECORDS = f"{SCRATCH}.records"
# Registers are cleaned by their keepers; about two voters in a thousand are still there twice.
DUPLICATE_SHARE = 0.002
# Chosen on a synthetic state of a million: below it stood six pairs of namesakes and none that was one person.
DUPLICATE_PROBABILITY = 0.998
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
    with linking(settings, [table], links_schema) as warehouse:
        count = _clean(warehouse, _as_records(warehouse, table))
        waterfall.list_names(warehouse, RECORDS, RECORDS)
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


def find_duplicates(settings: Settings, voters_table: str, links_schema: str = "linkage") -> Result:
    """Write ``voter_duplicates`` (voter_id, other_voter_id, probability, method), whole; the smaller id comes first.

    Where the tables that voters are read from are what they were the last time, by the hash of their inputs, the pairs stay.
    Args and errors are those of ``deduplicate``; voters in (none when the pairs stay), pairs out.
    """
    started = time.perf_counter()
    _check_schema(links_schema)
    with open_warehouse(settings) as warehouse:
        ledger.create(warehouse, links_schema)
        built_from = steady.built_from(warehouse)
        found_in = warehouse.fetch(
            f"select inputs_sha256, rule_version from {links_schema}.duplicates_found"
        ).to_pylist()
        if built_from is not None and found_in == [{"inputs_sha256": built_from, "rule_version": rules.VERSION}]:
            pairs = warehouse.fetch(f"select count(*) from {links_schema}.voter_duplicates").column(0)[0].as_py()
            details = {"is_kept": True}
            return Result("link", "duplicates", 0, pairs, seconds=time.perf_counter() - started, details=details)
    with linking(settings, [voters_table], links_schema) as warehouse:
        records.check_columns(warehouse, voters_table, records.VOTERS)
        # Read once: behind the table there is a join over landed files.
        read = f"{SCRATCH}.read_voters"
        columns = ", ".join(("voter_id", *records.IDENTIFYING))
        warehouse.execute(f"create table {read} as select {columns} from {voters_table}")
        count = warehouse.fetch(f"select count(*) from {read}").column(0)[0].as_py()
        _find_alike(warehouse, read)
        # Chosen before they are cleaned: cleaning a name costs more than finding it.
        chosen = f"(select * from {read} where voter_id in (select id from {SCRATCH}.alike))"
        _clean(warehouse, f"from ({records.clean_voters(chosen)})")
        warehouse.execute(f"drop table {read}")
        _compare(
            warehouse, rules.DUPLICATE_BLOCKS, 2 * DUPLICATE_SHARE / max(count, 1), DUPLICATE_PROBABILITY, settings.seed
        )
        with warehouse.transaction():
            warehouse.execute(f"""
                create or replace table {links_schema}.voter_duplicates as
                select *, 'splink' as method from ({_pairs("voter_id", "other_voter_id")})""")
            warehouse.execute(f"delete from {links_schema}.duplicates_found")
            warehouse.execute(f"insert into {links_schema}.duplicates_found values (?, ?)", [built_from, rules.VERSION])
        pairs = warehouse.fetch(f"select count(*) from {links_schema}.voter_duplicates").column(0)[0].as_py()
    details = {"is_kept": False}
    return Result("link", "duplicates", count, pairs, seconds=time.perf_counter() - started, details=details)


def _find_alike(warehouse: Warehouse, voters_table: str) -> None:
    """Make ``linking.alike`` (id): voters who share all that some block asks for with another voter. The others are not looked at."""
    all_voters = f"{SCRATCH}.all_voters"
    columns = sorted({column for block in rules.DUPLICATE_BLOCKS for column in block.on})
    warehouse.execute(
        f"create table {all_voters} as select id, {', '.join(columns)} from ({records.clean_voters(voters_table)})"
    )
    counted = ", ".join(f"count({column}) as {column}" for column in columns)
    filled = warehouse.fetch(f"select {counted} from {all_voters}").to_pylist()[0]
    warehouse.execute(f"create table {SCRATCH}.alike (id varchar)")
    for block in rules.DUPLICATE_BLOCKS:
        if not all(filled[column] for column in block.on):
            continue  # a state that gives no birth dates or phones has nothing to compare by them
        on = ", ".join(block.on)
        known = " and ".join(f"{column} is not null" for column in block.on)
        warehouse.execute(f"""
            insert into {SCRATCH}.alike
            select id from {all_voters} semi join (
                select {on} from {all_voters} where {known} group by {on} having count(*) > 1) using ({on})""")
    warehouse.execute(f"drop table {all_voters}")


def _check_schema(name: str) -> None:
    if not name.isidentifier():
        raise SpecError("linkage", "links_schema", "is no plain name")


def _as_records(warehouse: Warehouse, table: str) -> str:
    """Select of the table as cleaned records, by the shape that it has."""
    shape = warehouse.fetch(f"select column_name from (describe {table})").column(0).to_pylist()
    if "person_key" in shape:
        records.check_columns(warehouse, table, records.PEOPLE)
        return records.clean_people(f"(select *, person_key::varchar as id from {table})")
    records.check_columns(warehouse, table, records.VOTERS)
    return records.clean_voters(table)


def _clean(warehouse: Warehouse, source: str) -> int:
    """Make ``linking.records`` of cleaned ones, with all forms of the names; returns their number."""
    records.store_nicknames(warehouse)
    warehouse.execute(f"create table {SCRATCH}.cleaned as {source}")
    rarity.count_bearers(warehouse, *(f"select {name}, 1 as n from {SCRATCH}.cleaned" for name in ("first", "last")))
    with_forms = records.with_forms(f"{SCRATCH}.cleaned")
    warehouse.execute(f"create table {RECORDS} as {rarity.with_bearers(f'({with_forms})')}")
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
    model.count_terms(warehouse)
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
