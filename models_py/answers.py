"""The rows of a score whose label is what voters said: tonight's features of those who answered, weighed to be like the universe."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.errors import ModelRejected
from models_py.encode import FEATURES_TABLE, check_columns, learn_encoding, literal
from models_py.evaluate import DIGITS
from models_py.matrix import ANSWERS, Election, TrainingRows, collect, sample_threshold, tonight_condition
from models_py.spec import Answers, Balance, ScoreSpec
from models_py.weigh import effective_rows, rake

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from groundgame.warehouse.base import Warehouse

TOLD_SHARE = 0.01
# How much of an answer of alias f is on side s.
SIDE_SHARE = "case when s.outcome = 1 then f.worth else 1 - f.worth end"


def read_answered_rows(
    warehouse: Warehouse, spec: ScoreSpec, as_of: dt.date, universe: dict[str, Any] | None, seed: int
) -> TrainingRows:
    """Read whoever gave a lasting answer, ordered by voter; the latest answer of a voter counts.

    Raises:
        ModelRejected: nobody in the universe has answered.
        SpecError: the spec names a column that does not exist.
    """
    answers = spec.label.answers
    if answers is None:
        raise ModelRejected(spec.score, "challenger", ["its label is no answer"])
    check_columns(warehouse, spec)
    condition = tonight_condition(spec.universe, as_of, universe)
    asked = _asked(answers, as_of, condition)
    found = warehouse.fetch(f"with {asked} select count(*) as n from asked").column(0)[0].as_py()
    if not found:
        raise ModelRejected(spec.score, "challenger", [f"nobody is in intermediate.{answers.table} yet"])
    encoding = learn_encoding(warehouse, spec, condition)
    sampled = f"substr(md5({literal(seed)} || '|' || coalesce(f.household_id, f.voter_id)), 1, 8) < '{sample_threshold(spec, found)}'"
    election = Election((ANSWERS,), as_of, ANSWERS, found, has_roll=False)
    rows = collect(
        warehouse.stream(f"""
with {asked}
select
    {encoding.select("f.")},
    s.outcome as _label,
    coalesce(cast(f.{spec.count_column} as real), 0) as _count,
    cast(0 as smallint) as _election,
    substr(md5({literal(seed)} || '|' || coalesce(f.household_id, f.voter_id)), 9, 16) as _household,
    coalesce(cast(f.county_code as varchar), 'unknown') as _county
from asked f cross join sides s
where {sampled} and {SIDE_SHARE} > 0
order by f.voter_id, s.outcome"""),
        encoding,
        (election,),
    )
    said = warehouse.fetch(f"""
with {asked}
select {", ".join(["f.voter_id", f"{SIDE_SHARE} as side_share", *map(_value, answers.balance)])}
from asked f cross join sides s
where {sampled} and {SIDE_SHARE} > 0
order by f.voter_id, s.outcome""")
    side = said.column(1).to_numpy().astype(np.float64)
    voter = np.unique(said.column(0).to_numpy(), return_inverse=True)[1]
    answered = np.unique(voter, return_index=True)[1]
    codes, shares, names = [], [], []
    for column, balance in enumerate(answers.balance, start=2):
        values = _shares(warehouse, balance, condition)
        places = {value: place for place, value in enumerate(values)}
        codes.append(np.array([places[value] for value in said.column(column).to_pylist()], dtype=np.int64)[answered])
        shares.append(np.array(list(values.values()), dtype=np.float64))
        names.append([{"column": balance.column, "value": value} for value in values])
    weight = rake(codes, shares, len(answered), answers.weight_at_most)
    told = tuple(_told(codes, shares, names, weight))
    # An answer of less than a sure vote stands for some of both sides.
    split = weight[voter] * side
    return replace(rows, weight=split / split.mean(), balance=told, effective_rows=effective_rows(weight))


def _told(
    codes: list[NDArray[np.int64]],
    shares: list[NDArray[np.float64]],
    names: list[list[dict[str, str]]],
    weight: NDArray[np.float64],
) -> Iterator[dict[str, Any]]:
    """What the card says of each value that one voter in a hundred has: its share of the universe, of the answers, and as weighed."""
    for code, wanted, values in zip(codes, shares, names, strict=True):
        asked = np.bincount(code, minlength=len(wanted)) / len(code)
        weighed = np.bincount(code, weights=weight, minlength=len(wanted)) / weight.sum()
        for place in np.flatnonzero(wanted >= TOLD_SHARE):
            figures = {"universe": wanted[place], "answered": asked[place], "weighed": weighed[place]}
            yield {**values[place], **{name: round(float(figure), DIGITS) for name, figure in figures.items()}}


def _asked(answers: Answers, as_of: dt.date, condition: str) -> str:
    """CTEs: ``asked``, tonight's feature rows of those whose latest answer tells something, and the two ``sides`` of an outcome."""
    ways = ", ".join(map(literal, answers.contact_types))
    levels = ", ".join(map(str, answers.supports))
    worth = " ".join(f"when {level} then {share}" for level, share in sorted(answers.supports.items()))
    day = answers.day
    since = as_of - dt.timedelta(days=answers.within_days)
    return f"""
ranked as (
    select a.voter_id, a.{answers.level} as level,
        row_number() over (partition by a.voter_id order by a.{day} desc, a.contact_type, a.{answers.level}) as recency
    from intermediate.{answers.table} a
    where a.contact_type in ({ways}) and a.{day} >= date {literal(since)} and a.{day} < date {literal(as_of)}
),
asked as (
    select f.*, cast(case r.level {worth} end as double precision) as worth
    from {FEATURES_TABLE} f inner join ranked r on f.voter_id = r.voter_id and r.recency = 1
    where {condition} and r.level in ({levels})
),
sides as (
    select cast(0 as smallint) as outcome
    union all
    select cast(1 as smallint) as outcome
)"""


def _value(balance: Balance) -> str:
    column = f"f.{balance.column}"
    if balance.width is not None:
        column = f"cast(floor({column} / {balance.width}) as integer)"
    return f"coalesce(cast({column} as varchar), 'unknown')"


def _shares(warehouse: Warehouse, balance: Balance, condition: str) -> dict[str, float]:
    table = warehouse.fetch(
        f"select {_value(balance)} as value, count(*) as n from {FEATURES_TABLE} f where {condition} group by 1 order by 1"
    ).to_pylist()
    total = sum(one["n"] for one in table)
    return {one["value"]: one["n"] / total for one in table}
