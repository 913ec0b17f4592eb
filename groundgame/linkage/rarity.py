"""How sure a name is where nothing else is known of a person: would a stranger find a voter of that name in the place as well?

Bayes on one question: is the person on the file in this place? If so, the one voter of the name is the person. If not (unregistered, or
registered elsewhere), the voter is there by chance, as often as the name's frequency and the size of the place make it. The frequency
is the count of the whole name on the file without the voter in question, so that it holds for names that go together (JOSE HERNANDEZ);
for a name that nobody else has it is what Turing's estimate says of all such names (Good 1953).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundgame.linkage.records import SCRATCH

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

# Who is on the file in the place that the app names: about half of people, by registration and by moves.
AT_HOME_SHARE = 0.5
# Who named another ZIP than the voter's has moved within the place at the least; one in twenty did.
MOVED_WITHIN_SHARE = 0.05
# So many names are enough for the share of those that occur once and twice.
SINGLES_SAMPLE = 500_000


def weigh(warehouse: Warehouse, left: str, right: str, place: tuple[str, ...], unseen: float) -> None:
    """Make ``linking.weighed`` (id_l, id_r, probability) of ``linking.alone`` (id_l, id_r), pairs that share a name and a place.

    Args:
        warehouse: the connection, with the scratch database attached.
        left: people.
        right: voters, whole: the names' frequencies come from them.
        place: columns that say where; each pair agrees on them.
        unseen: from ``unseen``.
    """
    where = ", ".join(place)
    warehouse.execute(f"""
        create or replace table {SCRATCH}.named as
        select id_l, id_r, r.first, r.last, {", ".join(f"r.{column}" for column in place)},
            coalesce(l.zip <> r.zip, false) as is_elsewhere
        from {SCRATCH}.alone join {left} l on l.id = id_l join {right} r on r.id = id_r""")
    warehouse.execute(f"""
        create or replace table {SCRATCH}.weighed as
        with bearers as (
            select first, last, count(*) as n from {right} semi join {SCRATCH}.named using (first, last) group by all
        ),
        sizes as (select {where}, count(*) as n from {right} semi join {SCRATCH}.named using ({where}) group by all),
        file as (select count(*) as n from {right}),
        expected as (
            select id_l, id_r, (b.n - 1 + {unseen}) * s.n / f.n as strangers,
                case when is_elsewhere then {MOVED_WITHIN_SHARE} else {AT_HOME_SHARE} end as share
            from {SCRATCH}.named join bearers b using (first, last) join sizes s using ({where}) cross join file f
        )
        select id_l, id_r, share / (share + (1 - share) * strangers) as probability from expected""")
    warehouse.execute(f"drop table {SCRATCH}.named")


def unseen(warehouse: Warehouse, right: str) -> float:
    """Turing's estimate of how often a name that is on the file once comes up again on as many people: 2 N2 / N1."""
    people = warehouse.fetch(f"select count(*) as n from {right}")["n"][0].as_py()
    found = warehouse.fetch(f"""
        with counted as (
            select count(*) as n from {right} where hash(last) % {1 + people // SINGLES_SAMPLE} = 0 group by first, last
        )
        select count(*) filter (where n = 1) as once, count(*) filter (where n = 2) as twice from counted""")
    once, twice = (found[name][0].as_py() for name in ("once", "twice"))
    return 2 * float(twice) / max(once, 1)
