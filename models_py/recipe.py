"""The recipe of a score: features that are usable, trees, calibration. It is judged once on voters it has not seen, then repeated for use.

Why the model in use is not the judged one: judging leaves the latest election out, and the latest election is what the next one resembles
most. So the same recipe is fitted again on all elections, with calibration households of its own, and the card says plainly that the
figures are those of the recipe, earned by a model that did not see the judged rows. Both models' hashes are on the card.

Within a fit some households stop the trees and some set the curve. Votes are plenty; where the label is an answer, and people are few,
nobody is spared: households take turns to calibrate what was fitted to the others, one curve is set on all of their predictions, and then
as many trees are fitted to everybody (cross-fitting, as scikit-learn's ``CalibratedClassifierCV(ensemble=False)`` does it).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models_py import baselines
from models_py.boost import Trees, fit_trees, refit_trees
from models_py.calibrate import Calibrator, Level, fit_curve
from models_py.design import (
    HELD_OUT_HOUSEHOLDS,
    Design,
    Rotation,
    calibrating_election,
    calibration_turns,
    choose_design,
    deployed_rotation,
)
from models_py.encode import Encoding
from models_py.matrix import ScoredRows, TrainingRows
from models_py.spec import ScoreSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL, BASELINES = "model", ("count_of_votes", "logistic")
# The model's probabilities moved to the turnout that the judged election had: what is left of its errors is its own.
LEVEL_KNOWN = "model_level_known"
# A column that is known for fewer than one voter in a thousand tells nothing that can be checked.
UNKNOWN_EVERYWHERE = 0.999


@dataclass(frozen=True)
class Fitted:
    """A model ready for use: its columns, trees and calibration, why features were left out, and how far raw probabilities spread."""

    encoding: Encoding
    trees: Trees
    calibrator: Calibrator
    left_out: dict[str, str]
    spread: float

    @property
    def sha256(self) -> str:
        """Hash of trees and calibration together."""
        return hashlib.sha256(f"{self.trees.text}{self.calibrator.to_dict()}".encode()).hexdigest()


@dataclass(frozen=True)
class Judged:
    """Probabilities for the judged rows by the model and by each baseline; ``rows`` are their positions in the training rows."""

    design: Design
    rows: NDArray[np.int64]
    label: NDArray[np.int8]
    household: NDArray[np.uint64]
    predictions: dict[str, NDArray[np.float64]]
    fitted: tuple[Fitted, ...]
    weight: NDArray[np.float64] | None = None

    def rows_sha256(self) -> str:
        """Hash of who was judged and how they voted, to tell whether two models met the same rows."""
        digest = hashlib.sha256(np.ascontiguousarray(self.household).tobytes())
        digest.update(np.ascontiguousarray(self.label).tobytes())
        return digest.hexdigest()


def judge(rows: TrainingRows, spec: ScoreSpec, seed: int, threads: int) -> Judged:
    """Fit, calibrate and predict each rotation of the design; every judged row is predicted by a model that never saw it."""
    design = choose_design(rows, spec.folds)
    judged_rows = np.flatnonzero(np.logical_or.reduce([rotation.judge for rotation in design.rotations]))
    predictions = {name: np.full(len(rows.label), np.nan) for name in (MODEL, *BASELINES)}
    kind = rows.elections[design.judged].kind
    # Held-out households are judged in an election that the others take part in fitting and calibrating.
    known = design.judged + 1 if design.name == HELD_OUT_HOUSEHOLDS else design.judged
    fitted = []
    for rotation in design.rotations:
        level = expected_level(rows, rotation, kind, known)
        one = fit(rows, rotation, spec, kind, known, rows.x[rotation.judge], level, seed, threads)
        raw = one.trees.predict(_columns(rows, one.encoding)[rotation.judge], threads)
        predictions[MODEL][rotation.judge] = one.calibrator.apply(raw, kind)
        for name, (unseen, values) in _baselines(rows, spec, rotation, one.encoding).items():
            curves = set_level(calibrator(unseen, rows, spec, known), kind, level, values[rotation.judge])
            predictions[name][rotation.judge] = curves.apply(values[rotation.judge], kind)
        fitted.append(one)
    return Judged(
        design,
        judged_rows,
        rows.label[judged_rows],
        rows.household[judged_rows],
        {name: values[judged_rows] for name, values in predictions.items()},
        tuple(fitted),
        rows.weight_of(judged_rows),
    )


def deploy(rows: TrainingRows, spec: ScoreSpec, tonight: ScoredRows, seed: int, threads: int) -> Fitted:
    """The model that is used: the recipe on all elections, for the voters of tonight."""
    rotation, known = deployed_rotation(rows, spec.folds), len(rows.elections)
    level = expected_level(rows, rotation, tonight.kind, known)
    for forecast in spec.calibration.expected_turnout:
        if forecast.election_date == tonight.date:
            level = Level("expected_turnout of the score's YAML", forecast.turnout)
    return fit(rows, rotation, spec, tonight.kind, known, tonight.x, level, seed, threads)


def fit(
    rows: TrainingRows,
    rotation: Rotation,
    spec: ScoreSpec,
    kind: str,
    known: int,
    scored: NDArray[np.float32],
    level: Level | None,
    seed: int,
    threads: int,
) -> Fitted:
    """One fit. ``known``: how many elections are over; ``scored``: all columns of the voters to be scored; ``level``: their turnout."""
    reference = unknown_in(rows.x[rows.election == calibrating_election(rows.elections, kind, known)], rows.encoding)
    left_out = unusable_features(reference, unknown_in(scored, rows.encoding), spec.max_null_share_shift)
    encoding = rows.encoding.keep([name for name in rows.encoding.features if name not in left_out])
    x = _columns(rows, encoding)
    unseen = np.full(len(rows.label), np.nan)
    kept = []
    for turn in _turns(rows, spec, rotation):
        trees = fit_trees(
            x[turn.fit],
            rows.label[turn.fit],
            x[turn.validate],
            rows.label[turn.validate],
            encoding,
            spec.boosting,
            seed,
            threads,
            rows.weight_of(turn.fit),
            rows.weight_of(turn.validate),
        )
        unseen[turn.calibrate] = trees.predict(x[turn.calibrate], threads)
        kept.append(trees.trees)
    curves = calibrator(unseen, rows, spec, known)
    if spec.label.answers is not None:
        all_ = rotation.fit | rotation.validate | rotation.calibrate
        enough = int(np.median(kept))
        trees = refit_trees(
            x[all_], rows.label[all_], encoding, spec.boosting, enough, seed, threads, rows.weight_of(all_)
        )
    if level is not None:
        curves = set_level(curves, kind, level, trees.predict(_chosen(scored, rows.encoding, encoding), threads))
    return Fitted(encoding, trees, curves, left_out, float(np.nanstd(unseen)))


def _turns(rows: TrainingRows, spec: ScoreSpec, rotation: Rotation) -> tuple[Rotation, ...]:
    return (rotation,) if spec.label.answers is None else calibration_turns(rows, spec.folds, rotation)


def calibrator(unseen: NDArray[np.float64], rows: TrainingRows, spec: ScoreSpec, known: int) -> Calibrator:
    """A curve for each kind of election, from the calibration households in the latest election of that kind.

    ``unseen``: of all rows the raw probability by a model that had not seen them; NaN of those that do not calibrate.
    """
    curves = {}
    for kind in sorted({one.kind for one in rows.elections[:known]}):
        chosen = ~np.isnan(unseen) & (rows.election == calibrating_election(rows.elections, kind, known))
        curves[kind] = fit_curve(unseen[chosen], rows.label[chosen], spec.calibration, rows.weight_of(chosen))
    return Calibrator(curves, fallback=rows.elections[known - 1].kind)


def expected_level(rows: TrainingRows, rotation: Rotation, kind: str, known: int) -> Level | None:
    """Mean turnout of the latest two elections of a kind, among all households but the judged ones.

    Two, because one may have been out of the ordinary. National turnout of those eligible (United States Elections Project, 2004 to
    2024): the mean of the two before missed the next by about 4 points (presidential) and 7 (midterm), the latest alone by 4 and 8.5.

    None where no roll of such a day is known: who is still in a later file came more often than the roll of then did.
    """
    same = [at for at in range(known) if rows.elections[at].kind == kind and rows.elections[at].has_roll][-2:]
    if not same:
        return None
    seen = rotation.fit | rotation.validate | rotation.calibrate
    shares = [float(rows.label[seen & (rows.election == at)].mean()) for at in same]
    names = " and ".join(rows.elections[at].name for at in same)
    return Level(f"turnout of {names}", round(sum(shares) / len(shares), 6))


def set_level(curves: Calibrator, kind: str, level: Level | None, raw: NDArray[np.float64]) -> Calibrator:
    """The calibrator with the curve of one kind at a level; the others stay as fitted."""
    if level is None or kind not in curves.curves:
        return curves
    return Calibrator({**curves.curves, kind: curves.curves[kind].at_level(level, raw)}, curves.fallback)


def unknown_in(x: NDArray[np.float32], encoding: Encoding) -> dict[str, float]:
    """Share of unknown values of each feature in some rows."""
    shares = np.isnan(x).mean(axis=0) if len(x) else np.ones(x.shape[1])
    return {name: float(share) for name, share in zip(encoding.features, shares, strict=True)}


def unusable_features(reference: dict[str, float], scored: dict[str, float], max_shift: float) -> dict[str, str]:
    """Features whose being known differs between the voters that set the level and those that are scored.

    Party and status, say, are unknown in all elections before the first snapshot of a state and known tonight: what trees
    would learn from their absence is the election, not the voter. Only whether a value is known is looked at, never an outcome.
    """
    left_out = {}
    for name, share in reference.items():
        if min(share, scored[name]) > UNKNOWN_EVERYWHERE:
            left_out[name] = "unknown for all voters"
        elif abs(share - scored[name]) > max_shift:
            left_out[name] = f"unknown for {share:.0%} of voters when calibrated, for {scored[name]:.0%} when scored"
    return left_out


def _baselines(
    rows: TrainingRows, spec: ScoreSpec, rotation: Rotation, encoding: Encoding
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Of each baseline the probabilities that set its curve, as ``calibrator`` takes them, and those of all rows that are used."""
    unseen = {name: np.full(len(rows.label), np.nan) for name in BASELINES}
    everybody = rotation.fit | rotation.validate | rotation.calibrate
    for turn in _turns(rows, spec, rotation):
        # They may use the rows that stopped the trees: they have nothing to stop.
        values = _plain_rules(rows, everybody & ~turn.calibrate, encoding)
        for name in BASELINES:
            unseen[name][turn.calibrate] = values[name][turn.calibrate]
    if spec.label.answers is not None:
        values = _plain_rules(rows, everybody, encoding)
    return {name: (unseen[name], values[name]) for name in BASELINES}


def _plain_rules(rows: TrainingRows, seen: NDArray[np.bool_], encoding: Encoding) -> dict[str, NDArray[np.float64]]:
    return {
        "count_of_votes": baselines.count_of_votes(rows.count, rows.label, seen, rows.weight),
        "logistic": baselines.logistic(_columns(rows, encoding), rows.label, seen, encoding, rows.weight),
    }


def _columns(rows: TrainingRows, encoding: Encoding) -> NDArray[np.float32]:
    return _chosen(rows.x, rows.encoding, encoding)


def _chosen(x: NDArray[np.float32], whole: Encoding, kept: Encoding) -> NDArray[np.float32]:
    if kept.features == whole.features:
        return x
    return x[:, [whole.features.index(name) for name in kept.features]]
