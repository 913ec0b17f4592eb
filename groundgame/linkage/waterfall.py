"""The first pass: keys that link at once where they hold for one pair alone, and the pairs that are worth a closer look.

Both are equalities that the engine joins on; what the keys and blocks are is declared in ``groundgame.linkage.rules``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundgame.linkage import rarity, rules
from groundgame.linkage.records import EQUAL, HASHED, SCRATCH, has_any

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

# A phone or mail box of more people than any household has (a campus, a shelter, a made-up number) points at nobody.
MOST_SHARERS = 10
# Between two tables alone: within one, records may be compared that are of no home.
HOPEFUL = " and ".join(f"({condition}) is not true" for condition in rules.HOPELESS)
ELSEWHERE = "coalesce(l.zip <> r.zip, false)"
BY_NAME = "l.first_form = r.first and l.last_form = r.last"
NOT_CONTRADICTED = " and ".join(f"({condition}) is not true" for condition in rules.CONTRADICTIONS)


def drop_shared_contacts(warehouse: Warehouse, left: str, right: str) -> None:
    """Blank the phones and mail addresses of ``left`` that more than ``MOST_SHARERS`` records of a side have in common."""
    for column in HASHED:
        if not has_any(warehouse, right, column):
            continue  # nothing to agree on
        warehouse.execute(f"""
            update {left} set {column} = null where {column} in (
                select {column} from {left} group by {column} having count(*) > {MOST_SHARERS}
                union
                select {column} from {right} where {column} in (select {column} from {left})
                group by {column} having count(*) > {MOST_SHARERS}
            )""")


def meet_namesakes(warehouse: Warehouse, left: str, right: str, same: bool = False) -> None:
    """Make ``linking.namesakes``: pairs whose names agree in some form and that a key asks for, one column a key by names.

    Besides them: the voter's ``first`` and ``last``, and ``is_elsewhere`` (the ZIP is another). Needs ``linking.names``. The pairs of
    blocks by names that ask for nothing else are there too.
    """
    filled = _filled(warehouse, left, "l") | _filled(warehouse, right, "r")
    early: list[rules.Key | rules.Block] = [*rules.KEYS, *(block for block in rules.BLOCKS if not _is_late(block))]
    asked = dict.fromkeys(rule.on for rule in early if rule.names != "none" and _sides(rule.on) <= filled)
    # Who agrees on ZIP and year agrees on the ZIP: the wider set of pairs is enough.
    places = [on for on in asked if not any(set(other) < set(on) for other in asked)]
    answers = ""
    for key in rules.KEYS:
        if key.names != "none":
            agree = _equalities((*key.on, *(("first", "last") if key.names == "exact" else ())))
            holds = f"is_sound and coalesce({agree} and {key.also}, false)" if _sides(key.on) <= filled else "false"
            answers += f", {holds} as {key.name}"
    met, namesakes = f"{SCRATCH}.met", f"{SCRATCH}.namesakes"
    columns = "".join(f", l.{column}" for column in sorted({column for on in places for column in on}))
    named = f"(select n.*{columns} from {SCRATCH}.names n join {left} l using (id))"
    voter = "".join(f", r.{column}" for column in EQUAL if column != "phone")  # no rule by names asks for it
    warehouse.execute(f"create or replace table {met} as {_join(named, right, BY_NAME, 'false', voter)}")
    direction = "l.id < r.id" if same else "true"
    # A join for each place: of forty who bear a name, one is near, and a join by names alone would look at all of them. What else is
    # asked of a person waits until those few are found.
    for number, on in enumerate(places):
        already = "".join(f" and ({_equalities(other)}) is not true" for other in places[:number])
        pairs = _join(named, right, f"{BY_NAME} and {_equalities(on)}", f"{direction}{already}", voter)
        warehouse.execute(f"insert into {met} {pairs}")
    warehouse.execute(f"""
        create or replace table {namesakes} as
        with judged as (
            select r.*, {NOT_CONTRADICTED} as is_sound from {met} r join {left} l on l.id = id_l
            where {"true" if same else HOPEFUL}
        )
        select id_l, id_r, r.first, r.last, {ELSEWHERE} as is_elsewhere{answers} from judged r join {left} l on l.id = id_l""")
    warehouse.execute(f"drop table {met}")


def _is_late(block: rules.Block) -> bool:
    """Whether a block by names waits until the keys have linked: no key needs its pairs."""
    return block.names != "none" and block.also != "true"


def list_names(warehouse: Warehouse, left: str, right: str) -> None:
    """Make ``linking.names`` (id, first_form, last_form, bearers): each form of a name of ``left`` that somebody in ``right`` bears."""
    names = f"{SCRATCH}.names"
    warehouse.execute(f"""
        create or replace table {names} as
        select id, first_form, unnest(last_forms) as last_form
        from (select id, unnest(first_forms) as first_form, last_forms from {left})""")
    rarity.count_names(warehouse, f"(select first_form as first, last_form as last from {names})", right)
    warehouse.execute(f"""
        create or replace table {names} as
        select n.*, b.n as bearers
        from {names} n join {SCRATCH}.bearers b on b.first = n.first_form and b.last = n.last_form""")


def link_by_keys(warehouse: Warehouse, left: str, right: str) -> None:
    """Fill ``linking.claims`` (person, voter, probability, method) and leave those without a claim in ``linking.remainder``.

    The first key that holds for one pair alone links it. A person leaves the waterfall with the first link; a voter does not, so that
    a second claimant is seen and settled later.
    """
    claims, remainder = f"{SCRATCH}.claims", f"{SCRATCH}.remainder"
    warehouse.execute(
        f"create or replace table {claims} (person bigint, voter bigint, probability double, method varchar)"
    )
    filled = _filled(warehouse, left, "l") | _filled(warehouse, right, "r")
    keys = [key for key in rules.KEYS if _sides(key.on) <= filled]
    for key in [key for key in keys if key.names == "none"]:
        narrow = f"(select id, {', '.join(key.on)} from {_unclaimed(left)})"
        voter = "".join(f", r.{column}" for column in EQUAL)
        # In two steps: what else is asked of a person waits until the few who meet are found.
        pairs = f"""
            with met as materialized ({_join(narrow, right, _equalities(key.on), "true", voter)})
            select id_l, id_r from met r join {left} l on l.id = id_l where {key.also} and {NOT_CONTRADICTED}"""
        _link_alone(warehouse, key, pairs, left)
    list_names(warehouse, _unclaimed(left), right)
    meet_namesakes(warehouse, left, right)
    rarity.count_homes(warehouse, right)
    unseen = rarity.unseen(warehouse, right)
    for key in [key for key in keys if key.names != "none"]:
        pairs = f"""select id_l, id_r, first, last, is_elsewhere
            from {SCRATCH}.namesakes n anti join {claims} c on c.person = n.id_l where {key.name}"""
        _link_alone(warehouse, key, pairs, left, unseen)
    for table in ("bearers", "homes", "generations"):  # memory for what follows
        warehouse.execute(f"drop table {SCRATCH}.{table}")
    warehouse.execute(f"create or replace table {remainder} as {_unclaimed(left)}")


def _by_forms(left: str, block: rules.Block) -> str:
    """``left``, with a row for each form of the first name where the block asks for forms."""
    has_forms = any(column.startswith("first_form") for column in block.on)
    return f"(select *, unnest(first_forms) as first_form from {left})" if has_forms else left


def _unclaimed(people: str) -> str:
    return f"(from {people} p anti join {SCRATCH}.claims c on c.person = p.id)"


def _link_alone(warehouse: Warehouse, key: rules.Key, pairs: str, left: str, unseen: float = 0) -> None:
    """Add those of the pairs to the claims that are alone on both sides and, where the key asks for it, of a rare name."""
    warehouse.execute(f"""
        create or replace table {SCRATCH}.alone as
        with pairs as materialized ({pairs}),
        one_voter as (select id_l from pairs group by id_l having count(*) = 1),
        one_person as (select id_r from pairs group by id_r having count(*) = 1)
        select *, {key.probability} as probability from pairs semi join one_voter using (id_l) semi join one_person using (id_r)""")
    sure = "alone"
    if key.is_rare:
        rarity.weigh(warehouse, left, key.on, unseen, f"{SCRATCH}.names" if key.names == "forms" else None)
        sure = "weighed"
    warehouse.execute(f"""
        insert into {SCRATCH}.claims select id_l, id_r, least(probability, {key.probability}), '{key.name}' from {SCRATCH}.{sure}
        where probability >= {rules.LEAST_BY_KEY}""")


def collect_pairs(
    warehouse: Warehouse, left: str, right: str, blocks: tuple[rules.Block, ...] = rules.BLOCKS, same: bool = False
) -> None:
    """Fill ``linking.pairs`` (match_key, join_key_l, join_key_r, as Splink takes them): every pair of some block, once.

    Args:
        warehouse: the connection, with the scratch database attached and the namesakes met.
        left: records that still look for a partner.
        right: records among which they look.
        blocks: which pairs are worth it; those by names take the namesakes as they are, or wait until now.
        same: both are one table; each pair is then taken in one direction.
    """
    once = "l.id < r.id" if same else HOPEFUL
    filled = _filled(warehouse, left, "l") | _filled(warehouse, right, "r")
    warehouse.execute(f"create or replace table {SCRATCH}.found as {_join(left, right, 'false', 'true')}")
    if any(block.names != "none" for block in blocks):
        warehouse.execute(f"""
            insert into {SCRATCH}.found select id_l, id_r from {SCRATCH}.namesakes semi join {left} l on l.id = id_l""")
        warehouse.execute(f"drop table {SCRATCH}.namesakes")
    # A block at a time: together they would hold as many hash tables at once.
    for block in blocks:
        if (block.names == "none" or _is_late(block)) and _sides(block.on) <= filled:
            # Who was born in the same year is seldom hopeless, and each column that is asked for is fetched for all who meet.
            tested = "true" if "birth_year" in block.on and not same else once
            source, on = _by_forms(left, block), _equalities(block.on)
            if block.names != "none":
                source = f"(select l.*, n.first_form, n.last_form, n.bearers from {SCRATCH}.names n join {left} l using (id))"
                on = f"{BY_NAME} and {on}" if on else BY_NAME
            warehouse.execute(f"insert into {SCRATCH}.found {_join(source, right, on, f'{block.also} and {tested}')}")
    warehouse.execute(f"drop table if exists {SCRATCH}.names")
    warehouse.execute(f"""
        create or replace table {SCRATCH}.pairs as
        select distinct '0' as match_key, id_l as join_key_l, id_r as join_key_r from {SCRATCH}.found""")
    warehouse.execute(f"drop table {SCRATCH}.found")


def affordable(
    warehouse: Warehouse, left: str, right: str, blocks: tuple[rules.Block, ...], most: int
) -> tuple[rules.Block, ...]:
    """Those blocks that make at most ``most`` pairs between the tables, counted before any is made."""
    kept = []
    for block in blocks:
        sides = [column.split(" = ") if " = " in column else (column, column) for column in block.on]
        left_on, right_on = (", ".join(side) for side in zip(*sides, strict=True))
        pairs = warehouse.fetch(f"""
            select coalesce(sum(l.n * r.n), 0) as pairs
            from (select {left_on}, count(*)::hugeint as n from {left} group by {left_on}) l
            join (select {right_on}, count(*)::hugeint as n from {right} group by {right_on}) r on {_equalities(block.on)}""")
        if pairs.column(0)[0].as_py() <= most:
            kept.append(block)
    return tuple(kept)


def collect_lessons(warehouse: Warehouse, left: str, right: str, most: int, same: bool = False) -> None:
    """Fill ``linking.lessons`` (lesson, id_l, id_r): for each lesson at most ``most`` pairs that are alone with its key."""
    warehouse.execute(
        f"create or replace table {SCRATCH}.lessons as select '' as lesson, * from ({_join(left, right, 'false', 'true')})"
    )
    filled = _filled(warehouse, left, "l") | _filled(warehouse, right, "r")
    for lesson in rules.LESSONS:
        if not _sides(lesson.on) <= filled:
            continue
        pairs = _join(left, right, _equalities(lesson.on), "l.id < r.id" if same else "true")
        warehouse.execute(f"""
            insert into {SCRATCH}.lessons
            with pairs as materialized ({pairs}),
            alone_l as (select id_l from pairs group by id_l having count(*) = 1),
            alone_r as (select id_r from pairs group by id_r having count(*) = 1)
            select '{lesson.name}', id_l, id_r from pairs semi join alone_l using (id_l) semi join alone_r using (id_r)
            order by hash(id_l), id_l, id_r limit {most}""")


def _filled(warehouse: Warehouse, table: str, side: str) -> set[str]:
    """Which columns of the table hold anything, as ``l.zip``: a rule on an empty one need not read eight million rows."""
    columns = sorted(
        {name.split(".")[1] for rule in (*rules.KEYS, *rules.BLOCKS, *rules.LESSONS) for name in _sides(rule.on)}
    )
    return {f"{side}.{column}" for column in columns if has_any(warehouse, table, column)}


def _sides(columns: tuple[str, ...]) -> set[str]:
    """The plain columns that a rule reads on each side: ``l.zip``, ``r.zip``."""
    plain = [column.replace("first_form", "first") for column in columns]
    pairs = [column.split(" = ") if " = " in column else (column, column) for column in plain]
    return {f"{side}.{column.split('[')[0]}" for pair in pairs for side, column in zip("lr", pair, strict=True)}


def _equalities(columns: tuple[str, ...]) -> str:
    """``zip`` becomes ``l.zip = r.zip``; ``first = last`` becomes ``l.first = r.last``."""
    sides = [column.split(" = ") if " = " in column else (column, column) for column in columns]
    return " and ".join(f"{_value('l', one)} = {_value('r', other)}" for one, other in sides)


def _value(side: str, column: str) -> str:
    """SQL of a column, or of its first letter."""
    return f"{side}.{column[:-3]}_letter" if column.endswith("[1]") else f"{side}.{column}"


def _join(left: str, right: str, on: str, also: str, more: str = "") -> str:
    return f"select l.id as id_l, r.id as id_r{more} from {left} l join {right} r on {on} where {also}"
