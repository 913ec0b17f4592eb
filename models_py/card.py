"""The model card: what was trained on what, how it was judged, what it is worth. ``card.json`` is the record, ``card.html`` its page.

Counts, shares and hashes only: no voter, no row, no clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models_py import registry
from models_py.calibrate import moved_to
from models_py.design import NEXT_ELECTION
from models_py.evaluate import DIGITS, decile_intervals, deciles, intervals, metrics
from models_py.matrix import ANSWERS, TrainingRows
from models_py.recipe import LEVEL_KNOWN, MODEL, Fitted, Judged
from models_py.slices import slices
from models_py.spec import ScoreSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEMPLATE = Path(__file__).with_name("card.html.j2")
HOW_ANSWERED = (
    "Learned from what voters said. Each home was judged once by a model that saw none of its members. Nobody was asked at random: "
    "answers are weighed as the table under Data shows, and the figures are of the voters that they stand for."
)
HOW_JUDGED = {
    True: "Fitted on the earlier elections, calibrated on households that took no part in the fit, judged on the next "
    "election, of which it saw nothing.",
    False: "No earlier election of this kind is known, so each household was judged once by a model that saw none of "
    "its members.",
}
HOW_DEPLOYED = (
    "The figures are those of the recipe, earned by the judged model. The model in use is the same recipe fitted again on "
    "all elections, the judged one included, with calibration households of its own."
)


def build(
    spec: ScoreSpec,
    as_of: dt.date,
    rows: TrainingRows,
    judged: Judged,
    fitted: Fitted,
    kind: str,
    universe: dict[str, Any] | None,
    seed: int,
    fingerprint: str,
    tuning: dict[str, Any] | None = None,
    leaking: dict[str, str] | None = None,
) -> dict[str, Any]:
    """All facts of the card, JSON-ready."""
    return {
        "score": spec.score,
        "title": spec.title,
        "label": spec.label.meaning,
        "did": spec.label.did,
        "count_column": spec.count_column,
        "as_of": as_of.isoformat(),
        "fingerprint": fingerprint,
        "universe": {"is_scorable": True, **spec.universe.model_dump(), **(universe or {})},
        "answers": spec.label.answers.model_dump() if spec.label.answers else None,
        "data": _data(rows),
        "judged": {**_judged(rows, judged, seed), "leaks": leaking or {}},
        "deployed": _deployed(rows, fitted, kind),
        "features": [
            {**feature.model_dump(), "gain": fitted.trees.gain.get(feature.name, 0.0)} for feature in spec.features
        ],
        "recipe": {
            "spec_sha256": spec.sha256,
            "seed": seed,
            "lightgbm": registry.lightgbm_version(),
            "tuning": tuning,
            **spec.boosting.model_dump(),
            "folds": spec.folds.model_dump(),
            "floors": spec.floors.model_dump(),
        },
    }


def render(card: dict[str, Any], version: str) -> str:
    """The card as one self-contained HTML page."""
    import jinja2

    from models_py.plots import calibration_plot, gain_plot, slices_plot

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        card=card,
        version=version,
        calibration_plot=calibration_plot(card["judged"]["deciles"], card["did"]),
        gain_plot=gain_plot(card["deployed"]["gain"]),
        slices_plot=slices_plot(card["judged"]["slices"]),
    )


def _data(rows: TrainingRows) -> dict[str, Any]:
    elections = []
    for position, election in enumerate(rows.elections):
        chosen = rows.election == position
        elections.append(
            {
                "election": election.name,
                "date": election.date.isoformat(),
                "kind": election.kind,
                "voters": election.rows,
                "sampled": int(chosen.sum()),
                "share": round(float(rows.label[chosen].mean()), DIGITS) if chosen.any() else None,
            }
        )
    return {
        "snapshot_sha256": rows.snapshot_sha256(),
        "rows": len(rows.label),
        "elections": elections,
        "effective_rows": round(rows.effective_rows or len(rows.label)),
        "balance": list(rows.balance),
    }


def _judged(rows: TrainingRows, judged: Judged, seed: int) -> dict[str, Any]:
    election = rows.elections[judged.design.judged]
    p = judged.predictions[MODEL]
    base, weight = float(np.average(judged.label, weights=judged.weight)), judged.weight
    predictions = {**judged.predictions, LEVEL_KNOWN: moved_to(p, base, weight)}
    return {
        "design": judged.design.name,
        "how": HOW_ANSWERED if election.kind == ANSWERS else HOW_JUDGED[judged.design.name == NEXT_ELECTION],
        "election": election.name,
        "kind": election.kind,
        "rows": len(judged.rows),
        "rows_sha256": judged.rows_sha256(),
        "model_sha256": [one.sha256 for one in judged.fitted],
        "left_out": judged.fitted[0].left_out,
        "spread": round(float(p.std()), DIGITS),
        "metrics": {name: _finite(metrics(judged.label, values, weight)) for name, values in predictions.items()},
        "intervals": intervals(judged.label, predictions, judged.household, seed, weight),
        "level": _level(judged.fitted[0], election.kind),
        "deciles": _deciles(judged.label, p, judged.household, weight),
        "slices": slices(rows, judged),
    }


def _deployed(rows: TrainingRows, fitted: Fitted, kind: str) -> dict[str, Any]:
    curves = fitted.calibrator.curves.items()
    return {
        "how": HOW_DEPLOYED,
        "sha256": fitted.sha256,
        "model_txt_sha256": fitted.trees.sha256,
        "features": list(fitted.encoding.features),
        "target_kind": kind,
        "trees": fitted.trees.trees,
        "gain": fitted.trees.gain,
        "left_out": fitted.left_out,
        "spread": round(fitted.spread, DIGITS),
        "calibration": {name: {"method": curve.method, "rows": curve.rows} for name, curve in curves},
        "level": _level(fitted, kind),
    }


def _level(fitted: Fitted, kind: str) -> dict[str, Any] | None:
    """What the mean score was set to, and by what; None where it follows from the features alone."""
    curve = fitted.calibrator.curves.get(kind)
    return asdict(curve.level) if curve is not None and curve.level is not None else None


def _deciles(
    label: NDArray[np.int8],
    p: NDArray[np.float64],
    household: NDArray[np.uint64],
    weight: NDArray[np.float64] | None,
) -> list[dict[str, float]]:
    bounds = decile_intervals(label, p, household, weight)
    return [
        {
            **{name: round(value, DIGITS) for name, value in one.items()},
            "low": round(low, DIGITS),
            "high": round(high, DIGITS),
        }
        for one, (low, high) in zip(deciles(label, p, weight), bounds, strict=True)
    ]


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    """JSON knows no NaN; promotion refuses a metric that is null."""
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
