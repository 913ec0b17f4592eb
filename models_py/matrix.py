"""From the feature table to float32 matrices, streamed in Arrow batches; no voter ever becomes a Python object.

Which rows a score trains on and in which order belong here. What is done with them does not.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.errors import ModelRejected, SpecError
from models_py.encode import FEATURES_TABLE, Encoding, check_columns, learn_encoding, literal
from models_py.spec import ScoreSpec, Universe

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from groundgame.warehouse.base import Warehouse

VOTES_TABLE = "marts.fct_votes"
# How those voted who have left the file since; they belong to a past electorate, but to no mart that people read.
LEFT_VOTES_TABLE = "intermediate.int_votes__left"
# Stands where a kind of election stands: what people said belongs to none.
ANSWERS = "answers"
UNIVERSE_COLUMNS = ("status", "experiment_arm")
SIXTEEN_HEX_DIGITS = 16


@dataclass(frozen=True)
class Election:
    """A past election whose outcome is known; states that vote on the same day for the same thing are one election.

    ``has_roll``: the roll of the day is known from a file of then, not only from who is still in a later one.
    """

    ids: tuple[str, ...]
    date: dt.date
    kind: str
    rows: int
    has_roll: bool

    @property
    def name(self) -> str:
        """Its id, or all ids where several states vote."""
        return ",".join(self.ids)


@dataclass(frozen=True)
class TrainingRows:
    """The labelled rows, ordered by election date and voter id.

    ``x`` is (rows, features) float32 with NaN for unknown; ``label`` 0 or 1; ``count`` the count of past votes;
    ``household`` a 64-bit key of the voter's household; ``election`` the position in ``elections``, oldest first;
    ``county`` the code of the voter's county, for judging alone; ``weight`` how many voters of the universe a row stands for,
    with mean 1, None where rows are the universe or a fair sample of it; ``balance`` how those who answered differ from the universe;
    ``effective_rows`` how many equal answers tell as much.
    """

    encoding: Encoding
    elections: tuple[Election, ...]
    x: NDArray[np.float32]
    label: NDArray[np.int8]
    count: NDArray[np.float32]
    household: NDArray[np.uint64]
    election: NDArray[np.int16]
    county: NDArray[Any] | None = None
    weight: NDArray[np.float64] | None = None
    balance: tuple[dict[str, Any], ...] = ()
    effective_rows: float | None = None

    def weight_of(self, chosen: NDArray[Any]) -> NDArray[np.float64] | None:
        """Weights of the chosen rows; None where all weigh alike."""
        return None if self.weight is None else self.weight[chosen]

    def snapshot_sha256(self) -> str:
        """Hash of everything that training sees: the data snapshot named on the card."""
        digest = hashlib.sha256(repr((self.encoding, self.elections)).encode())
        for part in (self.x, self.label, self.count, self.household, self.election):
            digest.update(np.ascontiguousarray(part).data.cast("B"))
        if self.county is not None:
            digest.update("\n".join(self.county.tolist()).encode())
        if self.weight is not None:
            digest.update(np.ascontiguousarray(self.weight).data.cast("B"))
        return digest.hexdigest()


@dataclass(frozen=True)
class ScoredRows:
    """Who a model is for: the coming election, and (rows, features) float32 of a sample of the voters who wait for it."""

    date: dt.date
    kind: str
    x: NDArray[np.float32]


def universe_condition(declared: Universe, override: dict[str, Any] | None = None) -> str:
    """SQL condition on the feature table (alias ``f``): scorable, and in the spec's or the study's universe.

    A status that is not known at the time passes: there is none before a state's first snapshot.

    Raises:
        SpecError: the override names a column that a universe cannot be told by.
    """
    wanted = {"status": declared.status, "experiment_arm": declared.experiment_arm}
    for column, values in (override or {}).items():
        if column not in UNIVERSE_COLUMNS:
            raise SpecError("universe", column, "cannot tell a universe", f"known: {', '.join(UNIVERSE_COLUMNS)}")
        wanted[column] = list(values)
    conditions = ["f.is_scorable"]
    if wanted["status"]:
        conditions.append(f"(f.status is null or f.status in ({', '.join(map(literal, wanted['status']))}))")
    if wanted["experiment_arm"]:
        conditions.append(f"f.experiment_arm in ({', '.join(map(literal, wanted['experiment_arm']))})")
    return " and ".join(conditions)


def training_condition(spec: ScoreSpec, as_of: dt.date, universe: dict[str, Any] | None, is_study: bool) -> str:
    """SQL condition for the rows with a known label: past elections of the declared kinds, or the study's own."""
    condition = (
        f"f.as_of_role = 'training' and f.target_election_date < date {literal(as_of)} "
        f"and {universe_condition(spec.universe, universe)}"
    )
    if is_study:
        return condition
    return f"{condition} and f.target_election_kind in ({', '.join(map(literal, spec.election_kinds))})"


def read_elections(warehouse: Warehouse, condition: str) -> tuple[Election, ...]:
    """The training elections, oldest first, with the size of their universe."""
    table = warehouse.fetch(
        f"select target_election_date, target_election_kind, target_election_id, count(*) as n, "
        f"min(case when f.has_roll then 1 else 0 end) = 1 as has_roll from {FEATURES_TABLE} f "
        f"where {condition} group by 1, 2, 3 order by 1, 2, 3"
    )
    by_day: dict[tuple[dt.date, str], tuple[tuple[str, ...], int, bool]] = {}
    for row in table.to_pylist():
        key = (row["target_election_date"], row["target_election_kind"])
        ids, rows, has_roll = by_day.get(key, ((), 0, True))
        by_day[key] = ((*ids, row["target_election_id"]), rows + row["n"], has_roll and row["has_roll"])
    return tuple(Election(ids, date, kind, rows, has_roll) for (date, kind), (ids, rows, has_roll) in by_day.items())


def read_training_rows(
    warehouse: Warehouse, spec: ScoreSpec, as_of: dt.date, universe: dict[str, Any] | None, seed: int
) -> TrainingRows:
    """Read the sampled, labelled rows of all training elections.

    Raises:
        ModelRejected: no election with a known outcome is in the feature table.
        SpecError: the spec names a column that does not exist.
    """
    check_columns(warehouse, spec)
    condition = training_condition(spec, as_of, universe, _is_study(warehouse))
    elections = read_elections(warehouse, condition)
    if not elections:
        raise ModelRejected(
            spec.score, "challenger", [f"no past election with a complete history in {FEATURES_TABLE} before {as_of}"]
        )
    encoding = learn_encoding(warehouse, spec, condition)
    return collect(warehouse.stream(_rows_sql(spec, encoding, elections, condition, as_of, seed)), encoding, elections)


def read_election_rows(
    warehouse: Warehouse,
    spec: ScoreSpec,
    as_of: dt.date,
    universe: dict[str, Any] | None,
    seed: int,
    election: str,
    encoding: Encoding,
) -> TrainingRows:
    """The rows of one election only, in another model's coding: the same voters in the same order."""
    condition = training_condition(spec, as_of, universe, _is_study(warehouse))
    elections = tuple(one for one in read_elections(warehouse, condition) if one.name == election)
    return collect(warehouse.stream(_rows_sql(spec, encoding, elections, condition, as_of, seed)), encoding, elections)


def read_scored_rows(
    warehouse: Warehouse,
    spec: ScoreSpec,
    as_of: dt.date,
    universe: dict[str, Any] | None,
    seed: int,
    encoding: Encoding,
) -> ScoredRows:
    """A sample of tonight's voters; of those who wait for the election that most of them wait for, where the label is a vote.

    Raises:
        ModelRejected: there is nobody to score.
    """
    condition = tonight_condition(spec.universe, as_of, universe)
    found = warehouse.fetch(
        f"select target_election_date, target_election_kind, count(*) as n from {FEATURES_TABLE} f where {condition} "
        "group by 1, 2 order by n desc, 1, 2"
    ).to_pylist()
    if not found:
        raise ModelRejected(spec.score, "challenger", [f"no voter to score on {as_of} in {FEATURES_TABLE}"])
    date, kind, rows = found[0].values()
    if spec.label.answers is None:
        condition += f" and f.target_election_date = date {literal(date)} and f.target_election_kind = {literal(kind)}"
    else:
        date, kind, rows = as_of, ANSWERS, sum(one["n"] for one in found)
    sql = f"""
select {encoding.select("f.")}
from {FEATURES_TABLE} f
where {condition}
    and substr(md5({literal(seed)} || '|' || f.household_id), 1, 8) < '{sample_threshold(spec, rows)}'
order by f.voter_id"""
    blocks = [_float_columns(batch, encoding) for batch in warehouse.stream(sql)]
    return ScoredRows(date, kind, np.concatenate(blocks))


def read_voters(warehouse: Warehouse, universe: Universe, as_of: dt.date, encoding: Encoding) -> NDArray[np.float32]:
    """Tonight's voters of a universe, every one of them, ordered by voter.

    Raises:
        ModelRejected: there is nobody to score.
    """
    sql = f"select {encoding.select('f.')} from {FEATURES_TABLE} f where {tonight_condition(universe, as_of, None)}"
    blocks = [_float_columns(batch, encoding) for batch in warehouse.stream(f"{sql} order by f.voter_id")]
    if not blocks:
        raise ModelRejected("uplift", "challenger", [f"no voter to score on {as_of} in {FEATURES_TABLE}"])
    return np.concatenate(blocks)


def tonight_condition(declared: Universe, as_of: dt.date, universe: dict[str, Any] | None) -> str:
    """SQL condition for the voters to score tonight."""
    day = f"f.as_of_role = 'tonight' and f.as_of_date = date {literal(as_of)}"
    return f"{day} and {universe_condition(declared, universe)}"


def _is_study(warehouse: Warehouse) -> bool:
    rows = warehouse.fetch("select label_election_date from ops.run_parameters").column(0).to_pylist()
    return bool(rows) and rows[0] is not None


def _rows_sql(
    spec: ScoreSpec, encoding: Encoding, elections: tuple[Election, ...], condition: str, as_of: dt.date, seed: int
) -> str:
    """The labelled sample. A household is known by tonight's address where there is one, so that a voter belongs to
    the same household in all elections; md5 is the one hash that every engine computes alike."""
    accepted = "".join(
        f" and v.{column} in ({', '.join(map(literal, values))})" for column, values in spec.label.votes.items()
    )
    ids = ", ".join(literal(i) for election in elections for i in election.ids)
    position = " ".join(f"when {literal(i)} then {n}" for n, e in enumerate(elections) for i in e.ids)
    threshold = " ".join(
        f"when {literal(i)} then '{sample_threshold(spec, election.rows)}'"
        for election in elections
        for i in election.ids
    )
    return f"""
with homes as (
    select voter_id, household_id from {FEATURES_TABLE} where as_of_role = 'tonight' and as_of_date = date {literal(as_of)}
),
keyed as (
    select f.*, md5({literal(seed)} || '|' || coalesce(homes.household_id, f.household_id)) as household_key
    from {FEATURES_TABLE} f left join homes on homes.voter_id = f.voter_id
    where {condition} and f.target_election_id in ({ids})
),
sampled as (
    select f.* from keyed f
    where substr(f.household_key, 1, 8) < case f.target_election_id {threshold} end
),
voted as (
    select distinct v.voter_id, v.election_id
    from (select * from {VOTES_TABLE} union all select * from {LEFT_VOTES_TABLE}) v
    where v.election_id in ({ids}){accepted}
)
select
    {encoding.select("f.")},
    cast(case when voted.voter_id is null then 0 else 1 end as smallint) as _label,
    coalesce(cast(f.{spec.count_column} as real), 0) as _count,
    cast(case f.target_election_id {position} end as smallint) as _election,
    substr(f.household_key, 9, {SIXTEEN_HEX_DIGITS}) as _household,
    coalesce(cast(f.county_code as varchar), 'unknown') as _county
from sampled f left join voted on voted.voter_id = f.voter_id and voted.election_id = f.target_election_id
order by f.target_election_date, f.voter_id"""


def sample_threshold(spec: ScoreSpec, rows: int) -> str:
    """Eight hex digits below which a household's hash puts it into the sample; 'g' sorts above every digit."""
    rate = spec.sample.rows_per_election / rows
    return "g" if rate >= 1 else f"{int(rate * 2**32):08x}"


def collect(reader: pa.RecordBatchReader, encoding: Encoding, elections: tuple[Election, ...]) -> TrainingRows:
    blocks: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("x", "_label", "_count", "_election", "_household", "_county")
    }
    for batch in reader:
        columns = {name: batch.column(name) for name in batch.schema.names}
        blocks["x"].append(_float_columns(batch, encoding))
        blocks["_household"].append(_hex_to_integers(columns["_household"]))
        for name in ("_label", "_count", "_election", "_county"):
            blocks[name].append(columns[name].to_numpy(zero_copy_only=False))
    joined = {name: np.concatenate(parts) for name, parts in blocks.items()}
    return TrainingRows(
        encoding,
        elections,
        joined["x"],
        joined["_label"].astype(np.int8),
        joined["_count"].astype(np.float32),
        joined["_household"],
        joined["_election"].astype(np.int16),
        joined["_county"].astype(np.str_),
    )


def _float_columns(batch: pa.RecordBatch, encoding: Encoding) -> NDArray[np.float32]:
    x = np.empty((batch.num_rows, len(encoding.features)), dtype=np.float32)
    for index, name in enumerate(encoding.features):
        x[:, index] = batch.column(name).to_numpy(zero_copy_only=False)
    return x


def _hex_to_integers(column: pa.StringArray) -> NDArray[np.uint64]:
    """Sixteen hex digits per row to 64-bit integers, straight from the text buffer."""
    import pyarrow as pa

    rows = len(column)
    text = pa.concat_arrays([column.cast(pa.string())])
    start = text.offset
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int32)[start : start + rows + 1]
    digits = np.frombuffer(text.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    digits = digits.reshape(rows, SIXTEEN_HEX_DIGITS)
    nibbles = np.where(digits > ord("9"), digits - (ord("a") - 10), digits - ord("0")).astype(np.uint64)
    value = np.zeros(rows, dtype=np.uint64)
    for position in range(SIXTEEN_HEX_DIGITS):
        value = (value << np.uint64(4)) | nibbles[:, position]
    return value
