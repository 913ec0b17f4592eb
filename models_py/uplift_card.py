"""The card of an uplift score: which experiment it learned from, how that was judged, what it is worth."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from models_py import registry
from models_py.boost import Trees
from models_py.effect_scale import EffectScale
from models_py.evaluate import DIGITS
from models_py.learners import Arms
from models_py.uplift import Verdict
from models_py.uplift_spec import UpliftSpec

GAINED = {"votes": "votes", "answers": "support"}
TEMPLATE = Path(__file__).with_name("uplift_card.html.j2")


def build(
    spec: UpliftSpec,
    as_of: dt.date,
    arms: Arms,
    experiment: dict[str, Any],
    arm: str,
    verdict: Verdict,
    trees: Trees,
    scale: EffectScale,
    seed: int,
    fingerprint: str,
) -> dict[str, Any]:
    """All facts of the card, JSON-ready. Counts, shares and hashes only."""
    middle = scale.knots[len(scale.knots) // 2]
    return {
        "score": spec.score,
        "title": spec.title,
        "label": f"{GAINED[spec.outcome]} gained by {arm} in the experiment {experiment['experiment_id']}",
        "as_of": as_of.isoformat(),
        "fingerprint": fingerprint,
        "data": {
            "snapshot_sha256": arms.snapshot_sha256(),
            "experiment": experiment["experiment_id"],
            "arm": arm,
            "hypothesis": experiment["hypothesis"],
            "treated": int(arms.is_treated.sum()),
            "control": int((~arms.is_treated).sum()),
            "homes": int(arms.household.max()) + 1,
        },
        "judged": {
            "reason": verdict.decision.reason,
            "wins": verdict.wins,
            "qini": _rounded(verdict.qini),
            "low": _rounded(verdict.low),
            "splits": [_rounded(split) for split in verdict.splits],
        },
        "deployed": {
            "features": list(arms.encoding.features),
            "model_txt_sha256": trees.sha256,
            "trees": trees.trees,
            "gain": trees.gain,
            "intercept": scale.intercept,
            "slope": scale.slope,
            "effect": {"least": scale.knots[0], "middle": middle, "largest": scale.knots[-1]},
        },
        "recipe": {
            "spec_sha256": spec.sha256,
            "seed": seed,
            "lightgbm": registry.lightgbm_version(),
            **spec.boosting.model_dump(),
        },
    }


def render(card: dict[str, Any], version: str) -> str:
    """The card as one self-contained HTML page."""
    import jinja2

    from models_py.plots import gain_plot

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(card=card, version=version, gain_plot=gain_plot(card["deployed"]["gain"]))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(figure, DIGITS) for name, figure in sorted(figures.items())}
