"""Train one score: read, judge, fit for use, write the folder, and promote the model if it deserves it.

The order of the steps belongs here; each step is a module of its own.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.errors import ModelRejected
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from models_py import card as cards
from models_py import registry
from models_py.encode import FEATURES_TABLE, Encoding, feature_columns
from models_py.evaluate import metrics
from models_py.matrix import (
    TrainingRows,
    read_election_rows,
    read_training_rows,
    tonight_condition,
    unknown_shares,
)
from models_py.process import ModelProcess
from models_py.promotion import Decision, Rival, comparable_basis, decide
from models_py.recipe import MODEL, deploy, judge
from models_py.spec import ScoreSpec, load_scores, load_spec


def train(settings: Settings, score_name: str, as_of: dt.date, universe: dict[str, Any] | None = None) -> Result:
    """Train a challenger and promote it if it reaches its floors and beats the champion.

    Args:
        settings: the installation.
        score_name: a spec in ``settings.scores_dir``.
        as_of: only elections before this day are used; names the version.
        universe: overrides parts of the spec's universe (a study: ``{"experiment_arm": ["control"]}``).

    Returns:
        What was judged and decided. Unchanged inputs give the version that is there already and change nothing.

    Raises:
        ModelRejected: the model is unfit and there is no champion to fall back on.
        SpecError: the spec is wrong.
    """
    start = time.perf_counter()
    spec = load_spec(settings, score_name)
    with open_warehouse(settings) as warehouse:
        rows = read_training_rows(warehouse, spec, as_of, universe, settings.seed)
        kind, unknown_tonight = _tonight(warehouse, spec, rows.encoding, as_of, universe)
    _check_outcomes(spec, rows)
    fingerprint = _fingerprint(rows, spec, kind, unknown_tonight, universe, settings.seed)
    version = registry.find(settings, score_name, as_of, fingerprint)
    is_new = version is None
    if version is None:
        version = _make(settings, spec, rows, as_of, kind, unknown_tonight, universe, fingerprint)
    challenger = registry.load(settings, score_name, version)
    with open_warehouse(settings) as warehouse:
        decision = _recorded(warehouse, challenger)
        if decision is None:
            decision = _decide_and_record(settings, warehouse, spec, challenger, as_of, universe)
        # The ledger comes first and the pointer follows it, so a run that was ended in between is completed here.
        is_latest = _latest_promoted(warehouse, score_name) == version
        if decision.is_promoted and (is_latest or registry.champion(settings, score_name) is None):
            registry.promote(settings, challenger)
    if not decision.is_promoted and registry.champion(settings, score_name) is None:
        raise ModelRejected(score_name, version, [decision.reason])
    return Result(
        stage="train",
        name=score_name,
        rows_in=sum(election.rows for election in rows.elections),
        rows_out=len(rows.label),
        seconds=round(time.perf_counter() - start, 3),
        details=_details(challenger.card, version, decision, is_new),
    )


def train_missing(settings: Settings, as_of: dt.date, universe: dict[str, Any] | None = None) -> list[Result]:
    """Train every declared score that has no champion yet."""
    missing = [name for name in load_scores(settings) if registry.champion(settings, name) is None]
    return [train(settings, name, as_of, universe) for name in missing]


def _check_outcomes(spec: ScoreSpec, rows: TrainingRows) -> None:
    """An election in which everybody or nobody voted has lost its votes on the way; no model comes of it."""
    for position, election in enumerate(rows.elections):
        label = rows.label[rows.election == position]
        if len(label) == 0 or label.min() == label.max():
            raise ModelRejected(
                spec.score, "challenger", [f"all {len(label)} voters of {election.name} have one outcome"]
            )


def _tonight(
    warehouse: Warehouse, spec: ScoreSpec, encoding: Encoding, as_of: dt.date, universe: dict[str, Any] | None
) -> tuple[str, dict[str, float]]:
    """The kind of election that most voters to be scored wait for, and which features are unknown for them."""
    condition = tonight_condition(spec, as_of, universe)
    kinds = warehouse.fetch(
        f"select target_election_kind as kind, count(*) as n from {FEATURES_TABLE} f where {condition} "
        "group by target_election_kind order by n desc, kind limit 1"
    ).to_pylist()
    if not kinds:
        raise ModelRejected(spec.score, "challenger", [f"no voter to score on {as_of} in {FEATURES_TABLE}"])
    return kinds[0]["kind"], unknown_shares(warehouse, encoding, condition)


def _fingerprint(
    rows: TrainingRows,
    spec: ScoreSpec,
    kind: str,
    unknown_tonight: dict[str, float],
    universe: dict[str, Any] | None,
    seed: int,
) -> str:
    """Hash of all that a model depends on: data, spec, seed, LightGBM and the recipe's own source."""
    digest = hashlib.sha256(rows.snapshot_sha256().encode())
    rounded = {name: round(share, 6) for name, share in unknown_tonight.items()}
    digest.update(repr((spec.sha256, kind, rounded, universe, seed, registry.lightgbm_version())).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _make(
    settings: Settings,
    spec: ScoreSpec,
    rows: TrainingRows,
    as_of: dt.date,
    kind: str,
    unknown_tonight: dict[str, float],
    universe: dict[str, Any] | None,
    fingerprint: str,
) -> str:
    judged = judge(rows, spec, settings.seed, settings.threads)
    fitted = deploy(rows, spec, kind, unknown_tonight, settings.seed, settings.threads)
    card = cards.build(spec, as_of, rows, judged, fitted, kind, universe, settings.seed, fingerprint)
    files = {
        registry.MODEL: fitted.trees.text.encode(),
        registry.CALIBRATION: registry.json_bytes(fitted.calibrator.to_dict()),
        registry.ENCODING: registry.json_bytes(fitted.encoding.to_dict()),
        registry.CARD: registry.json_bytes(card),
    }
    version = registry.version_name(spec.score, as_of, files)
    files[registry.PAGE] = cards.render(card, version).encode()
    registry.save(settings, spec.score, version, files)
    return version


def _recorded(warehouse: Warehouse, challenger: registry.StoredModel) -> Decision | None:
    """What was decided on this version before, if anything: a repeated training must not change the champion."""
    past = warehouse.fetch(
        "select is_promoted, reason from ops.model_versions where score_name = ? and model_version = ? "
        "order by trained_at limit 1",
        [challenger.score, challenger.version],
    ).to_pylist()
    return Decision(past[0]["is_promoted"], past[0]["reason"]) if past else None


def _latest_promoted(warehouse: Warehouse, score_name: str) -> str | None:
    versions = warehouse.fetch(
        "select model_version from ops.model_versions where score_name = ? and is_promoted order by trained_at desc limit 1",
        [score_name],
    )
    return next(iter(versions.column(0).to_pylist()), None)


def _decide_and_record(
    settings: Settings,
    warehouse: Warehouse,
    spec: ScoreSpec,
    challenger: registry.StoredModel,
    as_of: dt.date,
    universe: dict[str, Any] | None,
) -> Decision:
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
            return Rival(
                stored.version, stored.card["judged"]["metrics"][MODEL]["log_loss"], f"as judged on {election}"
            )
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
        raw = next(iter(process.predict([list(rows.x.T)])))
    return metrics(rows.label, stored.calibrator.apply(raw, judged["kind"]))["log_loss"]


def _details(card: dict[str, Any], version: str, decision: Decision, is_new: bool) -> dict[str, Any]:
    judged = card["judged"]
    return {
        "version": version,
        "is_new": is_new,
        "is_promoted": decision.is_promoted,
        "reason": decision.reason,
        "judged_election": judged["election"],
        "design": judged["design"],
        "metrics": judged["metrics"][MODEL],
        "intervals": judged["intervals"][MODEL],
        "baselines": {name: values for name, values in judged["metrics"].items() if name != MODEL},
    }
