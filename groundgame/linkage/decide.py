"""From pairs with probabilities to one voter a person, or to none: thresholds, margins, and what a household must not decide.

Only decisions belong here; what is compared, and how, is in ``rules`` and ``model``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groundgame.linkage import labels
from groundgame.linkage.model import grade, pattern_sql
from groundgame.linkage.records import SCRATCH

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

# Likelier than not, with some reserve for what no comparison sees; every link bears its probability, so a reader may ask for more.
LEAST_PROBABILITY = 0.6
# Two voters (or two claimants) whose odds are within a factor of eight are too close to call.
MARGIN_BITS = 3.0
REVIEWED = (0.3, labels.SURE)
REVIEW_ROWS = 200


def vetoed_sql() -> str:
    """SQL: agreement that a household member would show as well, while what is the person's own disagrees.

    Spouses and children share the last name, place and phone; a son his father's first name; twins the birth date. Splink counts
    such agreements as independent evidence, which at home they are not. A mail address is mostly one's own.
    """
    email = f"gamma_email = {grade('email', 'exact')}"
    date = f"gamma_birth = {grade('birth', 'date')}"
    return f"""(
        (gamma_first_name = 0 and not {email})
        or (gamma_birth = 0 and not ({email} and gamma_first_name > 0))
        or (gamma_suffix = 0 and not {date})
        or (gamma_sex = 0 and gamma_first_name <> {grade("first_name", "exact")} and not {email}))"""


def claim_by_model(warehouse: Warehouse, as_of_sql: str) -> None:
    """Add to ``linking.claims`` who has one voter clearly ahead, to ``linking.undecided`` who has several.

    Reads ``linking.scored``; also writes ``linking.review``: pairs near the threshold with their pattern of agreement.
    """
    warehouse.execute(f"""
        create or replace table {SCRATCH}.ranked as
        select
            id_l as person, id_r as voter, voter_id, match_probability as probability, match_weight as weight,
            match_weight - max(match_weight) over (partition by id_l) as behind,
            row_number() over (partition by id_l order by match_weight desc, voter_id) as place
        from {SCRATCH}.scored join {SCRATCH}.known on id = id_r where not {vetoed_sql()}""")
    warehouse.execute(f"""
        create or replace table {SCRATCH}.undecided as
        select person, count(*) as candidates_count from {SCRATCH}.ranked where behind >= -{MARGIN_BITS}
        group by person having count(*) > 1 and max(probability) >= {LEAST_PROBABILITY}""")
    warehouse.execute(f"""
        insert into {SCRATCH}.claims
        select person, voter, probability, 'splink' from {SCRATCH}.ranked anti join {SCRATCH}.undecided using (person)
        where place = 1 and probability >= {LEAST_PROBABILITY}""")
    low, high = REVIEWED
    warehouse.execute(f"""
        create or replace table {SCRATCH}.review as
        with shown as (
            select person_key, person, voter, voter_id, probability from {SCRATCH}.ranked join {SCRATCH}.asked on id = person
            where place = 1 and probability >= {low} and probability < {high}
            order by hash(person_key || voter_id), person_key, voter_id limit {REVIEW_ROWS}
        )
        select person_key, voter_id, probability, {pattern_sql()} as agreement, {as_of_sql} as as_of_date
        from shown join {SCRATCH}.scored on id_l = person and id_r = voter""")


def settle(warehouse: Warehouse) -> None:
    """Make ``linking.settled`` (person, voter, probability, method, reason, candidates_count): each voter has one person or none.

    Reads ``linking.claims`` and ``linking.held`` (links of earlier nights that still stand), whose persons may lose their voter to
    a surer claim. Of two claims within the margin neither stands.
    """
    margin = 2**MARGIN_BITS
    warehouse.execute(f"""
        create or replace table {SCRATCH}.settled as
        with claimed as (
            select person, voter, probability, method, probability / greatest(1 - probability, 1e-15) as odds
            from (
                select person, voter_id as voter, probability, method from {SCRATCH}.claims join {SCRATCH}.known on id = voter
                union all by name from {SCRATCH}.held
            )
        ),
        weighed as (
            select *,
                row_number() over (partition by voter order by odds desc, person) as place,
                max(odds) over (partition by voter) as best,
                count(*) over (partition by voter) as claims,
                nth_value(odds, 2) over (partition by voter order by odds desc, person
                    rows between unbounded preceding and unbounded following) as second
            from claimed
        )
        select
            person,
            case when place = 1 and (claims = 1 or best > second * {margin}) then voter end as voter,
            probability,
            method,
            case when claims > 1 and best <= second * {margin} and odds * {margin} >= best then 'two people claim one voter'
                when place > 1 then 'another person has the better claim' end as reason,
            claims as candidates_count
        from weighed""")
