"""The challenger meets the champion: on the same voters, with figures that flatter neither, and the outcome goes into the ledger.

The rules are in ``promotion``; here is what they need to know and where their decision is written.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from groundgame.config import Settings
from groundgame.errors import ModelRejected
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse
from models_py import registry
from models_py.encode import FEATURES_TABLE, feature_columns
from models_py.evaluate import metrics
from models_py.matrix import ANSWERS, read_election_rows
from models_py.process import ModelProcess
from models_py.promotion import Decision, Rival, comparable_basis, decide
from models_py.recipe import MODEL
from models_py.spec import ScoreSpec


def recorded(warehouse: Warehouse, challenger: registry.StoredModel) -> Decision | None:
    """What was decided on this version before, if anything: a repeated training must not change the champion."""
    past = warehouse.fetch(
        "select is_promoted, reason from ops.model_versions where score_name = ? and model_version = ? "
        "order by trained_at limit 1",
        [challenger.score, challenger.version],
    ).to_pylist()
    return Decision(past[0]["is_promoted"], past[0]["reason"]) if past else None


def latest_promoted(warehouse: Warehouse, score_name: str) -> str | None:
    """The version that should be champion, by the ledger."""
    versions = warehouse.fetch(
        "select model_version from ops.model_versions where score_name = ? and is_promoted order by trained_at desc limit 1",
        [score_name],
    )
    return next(iter(versions.column(0).to_pylist()), None)


def decide_and_record(
    settings: Settings,
    warehouse: Warehouse,
    spec: ScoreSpec,
    challenger: registry.StoredModel,
    as_of: dt.date,
    universe: dict[str, Any] | None,
) -> Decision:
    """Decide on a challenger and append the decision, with its reasons, to ``ops.model_versions``."""
    rival = _rival(settings, warehouse, spec, challenger, as_of, universe)
    decision = decide(spec, challenger.card, rival)
    figures = challenger.card["judged"]["metrics"][MODEL]
    ops.record(
        warehouse,
        "model_versions",
        score_name=challenger.score,
        model_version=challenger.version,
        sha256=challenger.manifest_sha256,
        as_of_date=as_of,
        judged_election=challenger.card["judged"]["election"],
        auc=figures["auc"],
        ece=figures["ece"],
        is_promoted=decision.is_promoted,
        reason=decision.reason,
        trained_at=ops.utc_now(),
    )
    for one in challenger.card["judged"]["slices"]:
        ops.record(
            warehouse,
            "score_slices",
            score_name=challenger.score,
            model_version=challenger.version,
            as_of_date=as_of,
            judged_election=challenger.card["judged"]["election"],
            **one,
        )
    return decision


def _rival(
    settings: Settings,
    warehouse: Warehouse,
    spec: ScoreSpec,
    challenger: registry.StoredModel,
    as_of: dt.date,
    universe: dict[str, Any] | None,
) -> Rival | None:
    """The champion's log loss on the challenger's judged election, obtained without flattering either."""
    try:
        pointer = registry.champion(settings, challenger.score)
    except ModelRejected as error:
        return Rival("champion", None, f"unusable: {'; '.join(error.reasons)}")
    if pointer is None or pointer.version == challenger.version:
        return None
    election = challenger.card["judged"]["election"]
    try:
        stored = registry.load(settings, challenger.score, pointer.version, pointer.manifest_sha256)
        basis = comparable_basis(stored.card, challenger.card)
        if basis == "none":
            return Rival(stored.version, None, f"was trained on {election} and never judged on it: not comparable")
        if basis == "recorded":
            figure = stored.card["judged"]["metrics"][MODEL]["log_loss"]
            is_same = stored.card["judged"]["rows_sha256"] == challenger.card["judged"]["rows_sha256"]
            return Rival(stored.version, figure, f"as judged on {election}", is_same or election != ANSWERS)
        log_loss = _rescore(settings, warehouse, spec, stored, challenger, as_of, universe)
    except ModelRejected as error:
        return Rival(pointer.version, None, f"unusable: {'; '.join(error.reasons)}")
    return Rival(stored.version, log_loss, f"on the same rows of {election}, which it had not seen")


def _rescore(
    settings: Settings,
    warehouse: Warehouse,
    spec: ScoreSpec,
    stored: registry.StoredModel,
    challenger: registry.StoredModel,
    as_of: dt.date,
    universe: dict[str, Any] | None,
) -> float:
    judged = challenger.card["judged"]
    gone = sorted(set(stored.encoding.features) - set(feature_columns(warehouse)))
    if gone:
        raise ModelRejected(stored.score, stored.version, [f"no longer in {FEATURES_TABLE}: {gone}"])
    rows = read_election_rows(warehouse, spec, as_of, universe, settings.seed, judged["election"], stored.encoding)
    model = stored.path / registry.MODEL
    with ModelProcess(stored.score, stored.version, model, stored.encoding.features, settings.threads) as process:
        raw = next(iter(process.predict([list(rows.x.T)]))).raw
    return metrics(rows.label, stored.calibrator.apply(raw, judged["kind"]), rows.weight)["log_loss"]
