"""The first pass: keys that link at once where they hold for one pair alone, and the pairs that are worth a closer look.

Both are equalities that the engine joins on; what the keys and blocks are is declared in ``groundgame.linkage.rules``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundgame.linkage import rules
from groundgame.linkage.records import SCRATCH

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

# A phone or mail box of more people than any household has (a campus, a shelter, a made-up number) points at nobody.
MOST_SHARERS = 10
NOT_CONTRADICTED = " and ".join(f"({condition}) is not true" for condition in rules.CONTRADICTIONS)


def drop_shared_contacts(warehouse: Warehouse, left: str, right: str) -> None:
    """Blank the phones and mail addresses of ``left`` that more than ``MOST_SHARERS`` records of a side have in common."""
    for column in ("phone", "email"):
        warehouse.execute(f"""
            update {left} set {column} = null where {column} in (
                select {column} from {left} group by {column} having count(*) > {MOST_SHARERS}
                union
                select {column} from {right} where {column} in (select {column} from {left})
                group by {column} having count(*) > {MOST_SHARERS}
            )""")


def spell_names(warehouse: Warehouse, left: str) -> None:
    """Make ``linking.names``: each way in which a record of ``left`` may be written, one row (id, first, last)."""
    warehouse.execute(f"""
        create or replace table {SCRATCH}.names as
        select id, first, unnest(last_forms) as last from (select id, unnest(first_forms) as first, last_forms from {left})""")


def link_by_keys(warehouse: Warehouse, left: str, right: str) -> None:
    """Fill ``linking.claims`` (person, voter, probability, method): the first key that holds for one pair alone links it.

    A person leaves the waterfall with the first link; a voter does not, so that a second claimant is seen and settled later.
    """
    warehouse.execute(
        f"create or replace table {SCRATCH}.claims (person varchar, voter varchar, probability double, method varchar)"
    )
    for key in rules.KEYS:
        still_open = f"(select * from {left} l where not exists (from {SCRATCH}.claims c where c.person = l.id))"
        pairs = _join(still_open, right, _equalities(key.on), f"{key.also} and {NOT_CONTRADICTED}", key.names)
        warehouse.execute(f"""
            insert into {SCRATCH}.claims
            with pairs as materialized ({pairs}),
            one_voter as (select id_l, min(id_r) as id_r from pairs group by id_l having count(*) = 1),
            one_person as (select id_r from pairs group by id_r having count(*) = 1)
            select id_l, id_r, {key.probability}, '{key.name}' from one_voter semi join one_person using (id_r)""")


def collect_pairs(warehouse: Warehouse, left: str, right: str, same: bool = False) -> None:
    """Fill ``linking.pairs`` (join_key_l, join_key_r): every pair of some block, once.

    Args:
        warehouse: the connection, with the scratch database attached.
        left: records that look for a partner.
        right: records among which they look.
        same: both are one table; each pair is then taken in one direction.
    """
    found = []
    for block in rules.BLOCKS:
        also = f"{block.also} and l.id < r.id" if same else block.also
        found.append(_join(left, right, _equalities(block.on), also, block.names))
    warehouse.execute(
        f"create or replace table {SCRATCH}.pairs (match_key varchar, join_key_l varchar, join_key_r varchar)"
    )
    warehouse.execute(f"""
        insert into {SCRATCH}.pairs select distinct '0', id_l, id_r from ({" union all ".join(found)})""")


def collect_lessons(warehouse: Warehouse, left: str, right: str, most: int, same: bool = False) -> None:
    """Fill ``linking.lessons`` (lesson, id_l, id_r): for each lesson at most ``most`` pairs that are alone with its key."""
    warehouse.execute(f"create or replace table {SCRATCH}.lessons (lesson varchar, id_l varchar, id_r varchar)")
    for lesson in rules.LESSONS:
        pairs = _join(left, right, _equalities(lesson.on), "l.id < r.id" if same else "true", "none")
        warehouse.execute(f"""
            insert into {SCRATCH}.lessons
            with pairs as materialized ({pairs}),
            alone_l as (select id_l from pairs group by id_l having count(*) = 1),
            alone_r as (select id_r from pairs group by id_r having count(*) = 1)
            select '{lesson.name}', id_l, id_r from pairs semi join alone_l using (id_l) semi join alone_r using (id_r)
            order by hash(id_l), id_l, id_r limit {most}""")


def _equalities(columns: tuple[str, ...]) -> str:
    """``zip`` becomes ``l.zip = r.zip``; ``first = last`` becomes ``l.first = r.last``."""
    sides = [column.split(" = ") if " = " in column else (column, column) for column in columns]
    return " and ".join(f"l.{one} = r.{other}" for one, other in sides)


def _join(left: str, right: str, on: str, also: str, names: str) -> str:
    if names == "forms":
        return f"""select distinct l.id as id_l, r.id as id_r from {left} l join {SCRATCH}.names n on n.id = l.id
            join {right} r on n.first = r.first and n.last = r.last and {on} where {also}"""
    exact = "l.first = r.first and l.last = r.last and " if names == "exact" else ""
    return f"select l.id as id_l, r.id as id_r from {left} l join {right} r on {exact}{on} where {also}"
