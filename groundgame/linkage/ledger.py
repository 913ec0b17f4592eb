"""What was decided about whom, and on which night: who has to be matched again, and what the next stages read.

``decisions`` is the memory: a row for each person whose answer changed, dated. The newest row is what tonight starts from, so a rerun
of a night over the same people finds nothing to do. A friend's name is gone after the first run: the answer that was found with it
stays for as long as the friend is on a list. ``person_links`` and ``ambiguous_people`` are read off the memory. People who left the
input leave it too.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from groundgame.linkage import labels, rules
from groundgame.linkage.codes import COUNTED
from groundgame.linkage.records import SCRATCH

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

SURE_ROWS = 200

DECISIONS = """person_key varchar, voter_id varchar, probability double, method varchar, rule_version varchar,
    decided_as_of_date date, linked_as_of_date date, person_hash varchar, voter_hash varchar, reason varchar, candidates_count bigint"""

TABLES = {
    "decisions": DECISIONS,
    "nights": """as_of_date date, rule_version varchar, voters_digest varchar, people_count bigint, linked_count bigint,
        labelled_count bigint, precision_share double, precision_low_share double, precision_high_share double""",
    "person_links": """person_key varchar, voter_id varchar, probability double, method varchar, rule_version varchar,
        linked_as_of_date date, person_hash varchar, voter_hash varchar""",
    "voter_duplicates": "voter_id varchar, other_voter_id varchar, probability double, method varchar",
    # One row: what the duplicates were found in, and by which rules.
    "duplicates_found": "inputs_sha256 varchar, rule_version varchar",
    "ambiguous_people": "person_key varchar, candidates_count bigint, reason varchar, as_of_date date",
    "review_sample": "person_key varchar, voter_id varchar, probability double, agreement varchar, as_of_date date",
    # What people said of pairs that they looked at; the night reads it and never writes it.
    "review_labels": "person_key varchar, voter_id varchar, is_match boolean",
}


def create(warehouse: Warehouse, schema: str = "linkage") -> None:
    """Make the tables that other rooms read, empty where they are missing: an installation need not have an app."""
    warehouse.execute(f"create schema if not exists {schema}")
    for table, columns in TABLES.items():
        warehouse.execute(f"create table if not exists {schema}.{table} ({columns})")
    for column in TABLES["nights"].split(","):  # an installation may be older than some of them
        warehouse.execute(f"alter table {schema}.nights add column if not exists {column}")


def begin(warehouse: Warehouse, schema: str, people: str, voters: str, as_of: dt.date) -> None:
    """Make ``linking.before`` (the answer in force for each present person), ``linking.tonight`` (ids to be matched) and
    ``linking.night`` (digest of the voters, how many they are, and how many have what ``codes.COUNTED`` names).

    Matched again are: new and changed people, those whose voter changed or vanished, those without a voter when the voter file
    changed, those who shared a claim when somebody has left, and everybody when the rules changed; never who has no name any more.
    """
    create(warehouse, schema)
    # A sum, since two that are alike would take each other out of an exclusive or. Whose record it is does not matter here.
    counts = ", ".join(f"count({column}) as {column}_count" for column in COUNTED)
    warehouse.execute(f"""
        create table {SCRATCH}.night as
        select sum(hash(content_hash))::varchar || ' ' || count(*) as voters_digest, count(*) as voters_count, {counts} from {voters}""")
    warehouse.execute(f"""
        create table {SCRATCH}.before as
        select d.* from {schema}.decisions d semi join {people} p on p.person_key = d.person_key
        where d.decided_as_of_date <= '{as_of}'
        qualify row_number() over (partition by d.person_key order by d.decided_as_of_date desc) = 1""")
    warehouse.execute(f"""
        create table {SCRATCH}.tonight as
        with last_night as (from {schema}.nights where as_of_date <= '{as_of}' order by as_of_date desc limit 1),
        same_file as (
            select count(*) = 1 as is_same from last_night join {SCRATCH}.night using (voters_digest)
            where rule_version = '{rules.VERSION}'
        ),
        leavers as (
            select count(*) > 0 as has_left from {schema}.decisions d anti join {people} p on p.person_key = d.person_key
        )
        select p.id
        from {people} p
        left join {SCRATCH}.before b on b.person_key = p.person_key
        left join (from {voters} semi join {SCRATCH}.before using (voter_id)) v on v.voter_id = b.voter_id
        cross join same_file
        cross join leavers
        where p.first_name is not null and (
            b.person_key is null
            or b.person_hash is distinct from p.content_hash
            or b.rule_version <> '{rules.VERSION}'
            or (b.voter_id is not null and b.voter_hash is distinct from v.content_hash)
            or (b.voter_id is null and (not is_same or (b.candidates_count > 0 and has_left))))""")
    warehouse.execute(f"""
        create table {SCRATCH}.held as
        select p.id as person, b.voter_id as voter, b.probability, b.method
        from {SCRATCH}.before b join {people} p using (person_key) anti join {SCRATCH}.tonight t on t.id = p.id
        where b.voter_id is not null""")


def finish(warehouse: Warehouse, schema: str, people: str, as_of: dt.date) -> None:
    """Write tonight's changes and rebuild what is read off them, all or nothing."""
    night = as_of.isoformat()
    _answers(warehouse, people, night)
    same = " and ".join(f"a.{c} is not distinct from b.{c}" for c in _compared())
    with warehouse.transaction():
        warehouse.execute(f"""
            delete from {schema}.decisions
            where decided_as_of_date = '{night}' and person_key in (select person_key from {SCRATCH}.answers)""")
        _forget_leavers(warehouse, f"{schema}.decisions", people)
        warehouse.execute(f"""
            insert into {schema}.decisions by name select a.* exclude (id)
            from {SCRATCH}.answers a anti join {SCRATCH}.before b on b.person_key = a.person_key and {same}
            order by a.id desc""")  # as by person_key, of which ids are the order
        warehouse.execute(f"delete from {schema}.nights where as_of_date = '{night}'")
        _forget_leavers(warehouse, f"{schema}.review_labels", people)
        # Sums over persons rather than a window over whole rows: half the time for a million.
        warehouse.execute(f"""
            create or replace temp table newest as
            select person_key, max(decided_as_of_date) as decided_as_of_date from {schema}.decisions group by person_key""")
        warehouse.execute(f"create or replace table {schema}.person_links as {_links(schema)}")
        warehouse.execute(f"""
            insert into {schema}.nights by name select
                '{night}'::date as as_of_date, '{rules.VERSION}' as rule_version, voters_digest,
                (select count(*) from {people}) as people_count, (select count(*) from {schema}.person_links) as linked_count
            from {SCRATCH}.night""")
        labels.store(warehouse, as_of, schema)
        warehouse.execute(f"create or replace table {schema}.ambiguous_people as {_ambiguous(schema)}")
        _draw_sample(warehouse, schema, people, night)


def _forget_leavers(warehouse: Warehouse, table: str, people: str) -> None:
    # An anti join keeps the smaller table in memory, be it the one or the other; ``not in`` always keeps the people.
    warehouse.execute(
        f"delete from {table} where person_key in (select person_key from {table} anti join {people} using (person_key))"
    )


def _draw_sample(warehouse: Warehouse, schema: str, people: str, night: str) -> None:
    """Renew tonight's ``review_sample``: pairs near the threshold of those who were matched, and as many of all sure links."""
    sample = f"{schema}.review_sample"
    warehouse.execute(f"""
        delete from {sample} where as_of_date = '{night}' and (probability >= {labels.SURE}
            or person_key in (
                select person_key from {sample} join {people} p using (person_key) join {SCRATCH}.tonight using (id)))""")
    warehouse.execute(f"insert into {sample} by name from {SCRATCH}.review")
    warehouse.execute(f"""
        insert into {sample} select person_key, voter_id, probability, 'found by ' || method, '{night}'
        from {schema}.person_links where probability >= {labels.SURE}
        order by hash(person_key || voter_id), person_key, voter_id limit {SURE_ROWS}""")


def counts(warehouse: Warehouse, schema: str) -> dict[str, int | dict[str, int]]:
    """Tonight in numbers: linked by method, ambiguous by reason, and how the links differ from those before."""
    by_method = warehouse.fetch(
        f"select method, count(*) as n from {schema}.person_links group by 1 order by 1"
    ).to_pylist()
    by_reason = warehouse.fetch(
        f"select reason, count(*) as n from {schema}.ambiguous_people group by 1 order by 1"
    ).to_pylist()
    moves = warehouse.fetch(f"""
        select
            count(*) filter (where b.voter_id is null) as new,
            count(*) filter (where b.voter_id is not null and l.voter_id is distinct from b.voter_id) as changed,
            count(*) filter (where l.voter_id = b.voter_id) as carried
        from (from {SCRATCH}.before where voter_id is not null) b
        full join {schema}.person_links l on l.person_key = b.person_key""").to_pylist()[0]
    return {
        "matched": warehouse.fetch(f"select count(*) from {SCRATCH}.tonight").column(0)[0].as_py(),
        **moves,
        "ambiguous": sum(row["n"] for row in by_reason),
        "linked_by_method": {row["method"]: row["n"] for row in by_method},
        "ambiguous_by_reason": {row["reason"]: row["n"] for row in by_reason},
    }


def _answers(warehouse: Warehouse, people: str, night: str) -> None:
    """Make ``linking.answers``: for everyone who was matched or lost a voter tonight, the row as ``decisions`` holds it."""
    warehouse.execute(f"""
        create table {SCRATCH}.answers as
        with asked as (
            select id from {SCRATCH}.tonight
            union all select s.person from {SCRATCH}.settled s join {SCRATCH}.held h using (person) where s.voter is null
        )
        select
            p.id,
            p.person_key,
            s.voter as voter_id,
            case when s.voter is not null then s.probability end as probability,
            case when s.voter is not null then s.method end as method,
            '{rules.VERSION}' as rule_version,
            '{night}'::date as decided_as_of_date,
            case when s.voter is null then null
                when b.voter_id = s.voter then b.linked_as_of_date else '{night}'::date end as linked_as_of_date,
            p.content_hash as person_hash,
            v.content_hash as voter_hash,
            coalesce(s.reason, case when u.person is not null then 'two voters are as likely' end) as reason,
            case when s.voter is null then coalesce(s.candidates_count, u.candidates_count, 0) end as candidates_count
        from asked a
        join {people} p on p.id = a.id
        left join {SCRATCH}.settled s on s.person = a.id
        left join {SCRATCH}.undecided u on u.person = a.id
        left join {SCRATCH}.before b on b.person_key = p.person_key
        left join {SCRATCH}.known v on v.voter_id = s.voter""")


def _compared() -> tuple[str, ...]:
    return (
        "voter_id",
        "probability",
        "method",
        "rule_version",
        "person_hash",
        "voter_hash",
        "reason",
        "candidates_count",
    )


def _newest(schema: str) -> str:
    return f"(from {schema}.decisions semi join newest using (person_key, decided_as_of_date))"


def _links(schema: str) -> str:
    return f"""select person_key, voter_id, probability, method, rule_version, linked_as_of_date, person_hash, voter_hash
        from {_newest(schema)} where voter_id is not null order by person_key"""


def _ambiguous(schema: str) -> str:
    return f"""select person_key, candidates_count, reason, decided_as_of_date as as_of_date
        from {_newest(schema)} where voter_id is null and reason is not null order by person_key"""
