"""May a challenger be used? Pure rules over the figures on two cards; reads no file and no table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from models_py.leaks import LEAK_AUC
from models_py.recipe import LEVEL_KNOWN, MODEL
from models_py.spec import ScoreSpec

CONSTANT_SPREAD = 1e-4


@dataclass(frozen=True)
class Decision:
    """Whether the challenger becomes champion, and why in one line; ``is_refused``: unfit by itself, champion or not."""

    is_promoted: bool
    reason: str
    is_refused: bool = False


@dataclass(frozen=True)
class Rival:
    """The champion as the challenger meets it: its log loss on the judged election, and where that figure is from."""

    version: str
    log_loss: float | None
    basis: str
    is_same_rows: bool = True


def decide(spec: ScoreSpec, card: dict[str, Any], rival: Rival | None) -> Decision:
    """Floors first, then the champion; a tie keeps the champion."""
    refusals = refusal_reasons(spec, card)
    if refusals:
        return Decision(False, "; ".join(refusals), is_refused=True)
    if rival is None:
        return Decision(True, "first model that reaches the floors")
    if rival.log_loss is None:
        return Decision(rival.basis.startswith("unusable"), f"{rival.version} {rival.basis}")
    mine = card["judged"]["metrics"][MODEL]["log_loss"]
    if not rival.is_same_rows:
        # Other people answered: what was learned from the newer answers is used unless it is worse beyond doubt.
        is_worse = card["judged"]["intervals"][MODEL]["log_loss"][0] > rival.log_loss
        how = "worse than" if is_worse else "not worse than"
        return Decision(
            not is_worse, f"log loss {mine:.5f}, {how} {rival.log_loss:.5f} of {rival.version} ({rival.basis})"
        )
    is_better = mine < rival.log_loss
    sign = "<" if is_better else ">="
    return Decision(is_better, f"log loss {mine:.5f} {sign} {rival.log_loss:.5f} of {rival.version} ({rival.basis})")


def refusal_reasons(spec: ScoreSpec, card: dict[str, Any]) -> list[str]:
    """Everything that makes a model unfit for use, whatever the champion is like.

    A floor is missed when the whole 95% interval misses it. In a state the interval is a hair; in a town of 4,000 voters
    it is two points of AUC, and a coin must not decide whether the town gets scores.
    """
    judged = card["judged"]
    mine, within = judged["metrics"][MODEL], judged["intervals"]
    if any(value is None or not math.isfinite(value) for value in mine.values()):
        return ["a metric is not a number: only one outcome occurs, or predictions are missing"]
    reasons = []
    if min(judged["spread"], card["deployed"]["spread"]) < CONSTANT_SPREAD:
        reasons.append("every voter gets the same score")
    reasons += [f"{name} {why}: it exists only after the outcome" for name, why in sorted(judged["leaks"].items())]
    if mine["auc"] > LEAK_AUC:
        reasons.append(f"AUC {mine['auc']:.3f} > {LEAK_AUC}: the outcome is among the features")
    if within[MODEL]["auc"][1] < spec.floors.auc_at_least:
        reasons.append(f"AUC {mine['auc']:.3f} is under the floor of {spec.floors.auc_at_least}")
    # How many came was known to nobody, and a refusal would not change it; how voters differ is the model's own doing.
    if within[LEVEL_KNOWN]["ece"][0] > spec.floors.ece_at_most:
        error = judged["metrics"][LEVEL_KNOWN]["ece"]
        reasons.append(f"calibration error {error:.3f} is over the limit of {spec.floors.ece_at_most}, the level known")
    for name in spec.floors.beats:
        plain = judged["metrics"][name]["auc"]
        if within[name]["auc_behind"][1] < 0:
            reasons.append(f"AUC {mine['auc']:.4f} does not beat {name} ({plain:.4f})")
    return reasons


def comparable_basis(champion_card: dict[str, Any], card: dict[str, Any]) -> str:
    """How the champion may be compared on the challenger's judged election: ``rescore``, ``recorded`` or ``none``.

    A model that was trained on an election would shine on it; then only the figure counts that its recipe earned there
    before it was trained on it.
    """
    election = card["judged"]["election"]
    if election not in {one["election"] for one in champion_card["data"]["elections"]}:
        return "rescore"
    return "recorded" if champion_card["judged"]["election"] == election else "none"
