"""How sure a name is where nothing but a place, or a place and a year of birth, is known of a person: would a stranger of the name be
found there as well?

Bayes on one question: is the person on the file in this place? If so, the one voter of the name is the person. If not (unregistered, or
registered elsewhere), the voter is there by chance, as often as the name's frequency and the size of the place make it. The frequency
is the count of the whole name on the file without the voter in question, so that it holds for names that go together (JOSE HERNANDEZ);
for a name that nobody else has it is what Turing's estimate says of all such names (Good 1953).

A year of birth makes strangers rarer, but not for every name alike: first names go with generations. So the bearers of the whole name are
spread over years as those of the first name are (given the first name, a last name is taken to say nothing of the year), and the
place counts by its share of all who were born in that year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundgame.linkage.records import CODED, PLACE, SCRATCH

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

# Who is on the file in the place that the app names: about half of people, by registration and by moves.
AT_HOME_SHARE = 0.5
# Who named another ZIP than the voter's has moved within the place at the least; one in twenty did.
MOVED_WITHIN_SHARE = 0.05
# So many names are enough for the share of those that occur once and twice.
SINGLES_SAMPLE = 500_000
# Who is on the file under another form of the name than the app's: one in ten goes by one.
OTHER_FORM_SHARE = 0.1
YEAR = "birth_year"


def count_bearers(warehouse: Warehouse, firsts: str, lasts: str) -> None:
    """Make ``linking.first_bearers`` (first, n) and ``linking.last_bearers`` (last, n): how many are called so.

    Args:
        warehouse: the connection, with the scratch database attached.
        firsts: select of first and n; a name may come several times, and may be unknown.
        lasts: the same of last.
    """
    for column, counted in (("first", firsts), ("last", lasts)):
        warehouse.execute(f"""
            create or replace table {SCRATCH}.{column}_bearers as
            select {column}, sum(n)::bigint as n from ({counted}) where {column} is not null group by {column}""")


def with_bearers(left: str) -> str:
    """Select of records with ``first_bearers`` and ``last_bearers``, as ``count_bearers`` has counted them."""
    return f"""
        select l.*, f.n as first_bearers, s.n as last_bearers
        from {left} l left join {SCRATCH}.first_bearers f using (first) left join {SCRATCH}.last_bearers s using (last)"""


def count_homes(warehouse: Warehouse, right: str) -> None:
    """Make what all keys ask of the whole of ``right``, counted once.

    ``linking.homes`` (birth_year and the columns of a place, n); ``linking.generations`` (first, birth_year, share): when those who bear
    a first name were born, in shares of them.
    """
    warehouse.execute(f"""
        create or replace table {SCRATCH}.homes as
        select {", ".join(PLACE)}, {YEAR}, count(*) as n from {right} group by all""")
    warehouse.execute(f"""
        create or replace table {SCRATCH}.generations as
        with counted as materialized (
            select first, {YEAR}, count(*) as n from {right} where first is not null and {YEAR} is not null group by first, {YEAR}
        )
        select first, {YEAR}, c.n / b.n as share
        from counted c join (select first, sum(n) as n from counted group by first) b using (first)""")


def count_names(warehouse: Warehouse, left: str, right: str) -> None:
    """Make ``linking.bearers`` (first, last, n): how many on the whole of ``right`` bear the names in ``left``."""
    warehouse.execute(f"""
        create or replace table {SCRATCH}.bearers as
        select first, last, count(*) as n from {right} semi join {left} using (first, last) group by first, last""")


def weigh(warehouse: Warehouse, left: str, on: tuple[str, ...], unseen: float, forms: str | None = None) -> None:
    """Make ``linking.weighed`` (id_l, id_r, probability) of ``linking.alone``, pairs that share a name and ``on``.

    ``linking.alone`` has id_l, id_r, the voter's first and last, and is_elsewhere: whether the voter is in another ZIP.

    Args:
        warehouse: the connection, with the scratch database attached and homes and names counted.
        left: people.
        on: columns that say where and, it may be, the year of birth; each pair agrees on them.
        unseen: from ``unseen``.
        forms: table of id, first_form, last_form, where a name in any form will do: then a stranger of any form is one.
    """
    where, homes = ", ".join(on), f"{SCRATCH}.homes"
    born, share, all_ = "", "1", f"(select sum(n) from {homes})"
    if YEAR in on:
        born = f"""left join {SCRATCH}.generations g on g.first = f.first and g.{YEAR} = p.{YEAR}
            left join (select {YEAR}, sum(n) as n from {homes} group by {YEAR}) c on c.{YEAR} = p.{YEAR}"""
        share, all_ = "g.share", "any_value(c.n)"
    home = OTHER_FORM_SHARE if forms else AT_HOME_SHARE
    own = "named"
    if forms:
        own = f"(select id as id_l, first_form as first, last_form as last from {forms})"
    # Summed as decimals: sums of doubles differ from run to run in their last digits. What is not found adds nothing to the sum; an inner
    # join would say the same, but the engine orders those by what it guesses of sizes, and may begin with all who are of one place.
    warehouse.execute(f"""
        create or replace table {SCRATCH}.weighed as
        with named as materialized (
            select a.id_l, a.id_r, a.first, a.last, a.is_elsewhere, {", ".join(f"l.{column}" for column in on)}
            from {SCRATCH}.alone a join {left} l on l.id = a.id_l
        ),
        sizes as (select {where}, sum(n) as n from {homes} group by all),
        strangers as (
            select p.id_l, p.id_r, sum((
                    (b.n - case when b.first = p.first and b.last = p.last then 1 - {unseen} else 0 end) * {share}
                )::decimal(28, 12))::double * any_value(s.n) / {all_} as expected,
                case when any_value(p.is_elsewhere) then least({home}, {MOVED_WITHIN_SHARE}) else {home} end as share
            from named p
            left join {own} f on f.id_l = p.id_l
            left join {SCRATCH}.bearers b on b.first = f.first and b.last = f.last
            left join sizes s on {" and ".join(f"s.{column} = p.{column}" for column in on)} {born}
            group by p.id_l, p.id_r
        )
        select id_l, id_r, share / (share + (1 - share) * expected) as probability from strangers""")


def unseen(warehouse: Warehouse, right: str) -> float:
    """Turing's estimate, on coded names, of how often a name that is on the file once comes up again on as many people: 2 N2 / N1."""
    people = warehouse.fetch(f"select count(*) as n from {right}")["n"][0].as_py()
    found = warehouse.fetch(f"""
        with counted as (
            select count(*) as n from {right}
            where last in (select code from {SCRATCH}.{CODED["last"]}_codes where hash(word) % {1 + people // SINGLES_SAMPLE} = 0)
            group by first, last
        )
        select count(*) filter (where n = 1) as once, count(*) filter (where n = 2) as twice from counted""")
    once, twice = (found[name][0].as_py() for name in ("once", "twice"))
    return 2 * float(twice) / max(once, 1)
