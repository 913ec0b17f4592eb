"""Score tonight's universe with the champion: the engine casts, a child process predicts, one transaction replaces the partition.

All at once, a block after the other: while one block is predicted the next is read and the one before is written.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np

from groundgame.config import Settings
from groundgame.errors import ModelRejected, WarehouseError
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from models_py import registry
from models_py.encode import FEATURES_TABLE, feature_columns
from models_py.fitness import unfit_now
from models_py.matrix import tonight_condition
from models_py.process import ModelProcess
from models_py.spec import ScoreSpec
from models_py.uplift_spec import UpliftSpec, load_any

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

PREDICTIONS_TABLE = "scores.predictions"
NIGHTS_TABLE = "ops.scored_nights"
PREDICTIONS_COLUMNS = """
    voter_id varchar, score_name varchar, as_of_date date, score_raw double, score smallint, model_version varchar,
    reason_1 varchar, reason_2 varchar, reason_3 varchar"""
REASON_COLUMNS = ("reason_1", "reason_2", "reason_3")
# A row group of DuckDB, which then writes each block as it comes; small enough (20 MB at 40 features) to stay in memory four times.
BLOCK_ROWS = 122_880
# What a season keeps of its scores: the last nights whole, of earlier ones the first of each month. Every night of a state
# for a year would be a billion rows, written anew by each publication.
NIGHTS_KEPT = 7


def score(settings: Settings, score_name: str, as_of: dt.date, universe: dict[str, Any] | None = None) -> Result:
    """Replace one night's predictions of one score.

    Args:
        settings: the installation.
        score_name: a spec in ``settings.scores_dir``.
        as_of: the night, as built in the feature table.
        universe: overrides parts of the spec's universe, as in training.

    Raises:
        ModelRejected: there is no champion, or it does not pass its checks; what was predicted before stays.
    """
    start = time.perf_counter()
    spec = load_any(settings, score_name)
    pointer = registry.champion(settings, score_name)
    if pointer is None:
        if not spec.is_optional:
            raise ModelRejected(score_name, "no version", ["no model has been promoted yet; train first"])
        return _unpublished(settings, spec, as_of)
    stored = registry.load(settings, score_name, pointer.version, pointer.manifest_sha256)
    if isinstance(spec, UpliftSpec) and (reason := _held(settings, stored)):
        return _unpublished(settings, spec, as_of, reason)
    model = stored.path / registry.MODEL
    groups = spec.reason_groups(stored.encoding.features)
    with (
        ModelProcess(score_name, stored.version, model, stored.encoding.features, settings.threads, groups) as process,
        open_warehouse(settings) as source,
        open_warehouse(settings) as warehouse,
    ):
        _check(warehouse, stored)
        _prepare(warehouse)
        predictions = _predict(source, spec, stored, process, tonight_condition(spec.universe, as_of, universe))
        with warehouse.transaction(), closing(predictions):
            rows = _replace(warehouse, score_name, as_of, stored.version, _schema(), predictions)
            _record_check(warehouse, score_name, as_of, stored.version, process.agreement)
    return Result(
        stage="score",
        name=score_name,
        rows_in=rows,
        rows_out=rows,
        seconds=round(time.perf_counter() - start, 3),
        details={"version": stored.version, "trained_as_of": stored.card["as_of"], "reasons": process.agreement},
    )


def _held(settings: Settings, stored: registry.StoredModel) -> str:
    """Why an uplift may not go out tonight, whatever it was worth when it was learned: its experiment is broken."""
    with open_warehouse(settings, read_only=True) as warehouse:
        return unfit_now(warehouse, stored.card["data"]["experiment"], stored.card["data"]["arm"])


def _unpublished(
    settings: Settings,
    spec: ScoreSpec | UpliftSpec,
    as_of: dt.date,
    reason: str = "no model of it has been promoted",
) -> Result:
    """Nobody has this score tonight, not even one that an earlier run of the night wrote."""
    with open_warehouse(settings) as warehouse:
        if "predictions" in warehouse.tables("scores"):
            _let_go(warehouse, spec.score, [as_of])
    return Result(stage="score", name=spec.score, details={"unpublished": reason})


def _check(warehouse: Warehouse, stored: registry.StoredModel) -> None:
    """The ledger must not know the version under another hash, and the feature table must have its columns."""
    known = warehouse.fetch(
        "select sha256 from ops.model_versions where score_name = ? and model_version = ?",
        [stored.score, stored.version],
    )
    if known.num_rows and stored.manifest_sha256 not in known.column(0).to_pylist():
        raise ModelRejected(stored.score, stored.version, ["differs from what ops.model_versions recorded"])
    gone = sorted(set(stored.encoding.features) - set(feature_columns(warehouse)))
    if gone:
        raise ModelRejected(stored.score, stored.version, [f"features missing in {FEATURES_TABLE}: {gone}"])


def _predict(
    source: Warehouse,
    spec: ScoreSpec | UpliftSpec,
    stored: registry.StoredModel,
    process: ModelProcess,
    condition: str,
) -> Generator[pa.RecordBatch]:
    """Blocks of ``_schema`` with all voters of tonight."""
    import pyarrow as pa

    sql = f"select voter_id, target_election_kind, {stored.encoding.select()} from {FEATURES_TABLE} f where {condition}"
    voters: deque[tuple[pa.Array, pa.Array]] = deque()

    def blocks() -> Iterator[list[NDArray[np.float32]]]:
        for batch in source.stream(sql, BLOCK_ROWS):
            voters.append((batch.column(0), batch.column(1)))
            yield [column.to_numpy(zero_copy_only=False) for column in batch.columns[2:]]

    words = pa.array(["", *(word for reason in spec.reasons for word in (reason.raises, reason.lowers))], pa.string())
    with closing(process.predict(blocks())) as answers:
        for answer in answers:
            voter_id, kind = voters.popleft()
            share = _calibrated(stored, answer.raw, kind)
            # Codes of a dictionary, so a million rows do not carry a million sentences.
            reasons = [
                pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8), mask=codes == 0), words)
                for codes in answer.reasons
            ]
            columns = [voter_id.cast(pa.string()), pa.array(share), pa.array(stored.calibrator.points(share)), *reasons]
            yield pa.record_batch(columns, schema=_schema())


def _schema() -> pa.Schema:
    import pyarrow as pa

    shown = {"voter_id": pa.string(), "score_raw": pa.float64(), "score": pa.int16()}
    return pa.schema(shown | dict.fromkeys(REASON_COLUMNS, pa.dictionary(pa.int8(), pa.string())))


def _calibrated(stored: registry.StoredModel, raw: NDArray[np.float64], kind: pa.Array) -> NDArray[np.float64]:
    import pyarrow.compute as pc

    kinds = pc.unique(kind).to_pylist()
    share = stored.calibrator.apply(raw, kinds[0])
    for other in kinds[1:]:  # two states may wait for different elections
        chosen = pc.equal(kind, other).to_numpy(zero_copy_only=False)
        share[chosen] = stored.calibrator.apply(raw[chosen], other)
    # A comparison with NaN is false, so this refuses NaN too.
    if not bool(((share >= stored.calibrator.lowest) & (share <= 1)).all()):
        raise ModelRejected(stored.score, stored.version, ["predicts something that is not a probability"])
    return share


def _record_check(
    warehouse: Warehouse, score_name: str, as_of: dt.date, version: str, agreement: dict[str, float]
) -> None:
    if agreement.get("rows"):
        figures = zip(("checked_count", "first_share", "all_share"), agreement.values(), strict=True)
        key = {"score_name": score_name, "model_version": version, "as_of_date": as_of}
        ops.record(warehouse, "score_reason_checks", **key, **dict(figures))


def _prepare(warehouse: Warehouse) -> None:
    """Outside the transaction, and no more than is needed: on a server an alteration waits for other scores, and they for it."""
    warehouse.execute(f"create table if not exists {PREDICTIONS_TABLE} ({PREDICTIONS_COLUMNS})")
    known = {name for name, _ in warehouse.columns(PREDICTIONS_TABLE)}
    for column in REASON_COLUMNS:
        if column not in known:  # a table of before scores had reasons
            warehouse.execute(f"alter table {PREDICTIONS_TABLE} add column if not exists {column} varchar")


def _replace(
    warehouse: Warehouse,
    score_name: str,
    as_of: dt.date,
    version: str,
    schema: pa.Schema,
    predictions: Iterable[pa.RecordBatch],
) -> int:
    """Write the partition as its blocks come; returns its rows."""
    import pyarrow as pa

    same = {"score_name": pa.array([score_name]), "as_of_date": pa.array([as_of]), "model_version": pa.array([version])}
    for name, value in same.items():
        schema = schema.append(pa.field(name, pa.dictionary(pa.int8(), value.type)))
    failures: list[BaseException] = []
    rows = 0

    def whole() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            for block in predictions:
                rows += block.num_rows
                # A dictionary of one value: a million rows do not carry a million copies of a name.
                codes = pa.array(np.zeros(block.num_rows, dtype=np.int8))
                named = [pa.DictionaryArray.from_arrays(codes, value) for value in same.values()]
                yield pa.record_batch([*block.columns, *named], schema=schema)
        except BaseException as error:  # the engine that asks for blocks would tell it in words of its own
            failures.append(error)
            raise

    _let_go(warehouse, score_name, [as_of, *_past(warehouse, score_name, as_of)])
    try:
        warehouse.append(PREDICTIONS_TABLE, pa.RecordBatchReader.from_batches(schema, whole()))
    except WarehouseError:
        if failures:
            raise failures[0] from None
        raise
    ops.record(warehouse, "scored_nights", score_name=score_name, as_of_date=as_of)
    return rows


def _past(warehouse: Warehouse, score_name: str, as_of: dt.date) -> list[dt.date]:
    """Nights before this one that, with it, are neither among the last ``NIGHTS_KEPT`` nor the first of their month."""
    known = warehouse.fetch(f"select as_of_date from {NIGHTS_TABLE} where score_name = ?", [score_name])
    if not known.num_rows:  # scores of before the nights were noted
        warehouse.execute(
            f"insert into {NIGHTS_TABLE} select distinct score_name, as_of_date from {PREDICTIONS_TABLE} where score_name = ?",
            [score_name],
        )
        known = warehouse.fetch(f"select as_of_date from {NIGHTS_TABLE} where score_name = ?", [score_name])
    dates = sorted({as_of, *(date for date in known.column(0).to_pylist() if date < as_of)})
    firsts = {(date.year, date.month): date for date in reversed(dates)}
    return [date for date in dates[:-NIGHTS_KEPT] if date != firsts[date.year, date.month]]


def _let_go(warehouse: Warehouse, score_name: str, nights: list[dt.date]) -> None:
    """Delete some nights of one score, in one pass over the table, and their notes."""
    marks = ", ".join("?" for _ in nights)
    for table in (PREDICTIONS_TABLE, NIGHTS_TABLE):
        warehouse.execute(
            f"delete from {table} where score_name = ? and as_of_date in ({marks})", [score_name, *nights]
        )
