"""May an uplift score be published? Learners judged on households they never saw, against the plain rules, with a right to say no.

An arm's average effect is in ``impact_report`` whatever comes out here. This asks for more: does the arm move some voters more than
others, and can a model tell whom, better than sorting by the turnout score does?
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from models_py.learners import LEARNERS, Arms, fit_learners, halves
from models_py.promotion import Decision
from models_py.qini import Ranking, bootstrap
from models_py.spec import Boosting

if TYPE_CHECKING:
    from numpy.typing import NDArray

TURNOUT = "turnout"
REPEATS = 4
# Four learners are tried, so each must be surer: together they are wrong as often as one interval of 95%.
LOWEST = 100 * 0.025 / len(LEARNERS)
WINS_AT_LEAST = 0.75
SMALL = Boosting(
    trees=100,
    early_stopping_rounds=1,
    learning_rate=0.05,
    leaves=6,
    depth=3,
    min_leaf_share=0.01,
    l2=20.0,
    feature_share=0.7,
    random_cuts=False,
)


@dataclass(frozen=True)
class Verdict:
    """The chosen learner, its Qini beside that of the plain rules, and the decision.

    ``qini`` and ``low`` (lower ends, corrected for the number of learners) by ranking; ``splits`` one dict of Qinis per household
    split; ``predictions`` each voter's effect by models that saw nobody of her home.
    """

    learner: str
    decision: Decision
    qini: dict[str, float]
    low: dict[str, float]
    splits: list[dict[str, float]]
    predictions: dict[str, NDArray[np.float64]] = field(repr=False)

    @property
    def wins(self) -> int:
        """Splits in which the chosen learner was above sorting by turnout."""
        return sum(split[self.learner] > split[TURNOUT] for split in self.splits)


def judge(arms: Arms, seed: int, threads: int, spec: Boosting = SMALL, repeats: int = REPEATS) -> Verdict:
    """Cut the households in two ``repeats`` times, fit on one half, judge on the other, both ways; then decide."""
    predictions = {name: np.zeros(len(arms.outcome)) for name in (*LEARNERS, TURNOUT)}
    splits = []
    for repeat in range(repeats):
        half = halves(arms.household, seed + 1_000 * (repeat + 1))
        for part in (half, ~half):
            seen, judged = arms.take(part), arms.take(~part)
            effects = fit_learners(seen, spec, seed + repeat, threads)
            one = {name: trees.predict(judged.x, threads) for name, trees in effects.trees.items()}
            one[TURNOUT] = effects.turnout(judged.x, threads)
            splits.append({name: Ranking(p, judged.outcome, judged.is_treated).qini() for name, p in one.items()})
            for name, p in one.items():
                predictions[name][~part] += p / repeats
            if _is_hopeless(splits, 2 * repeats):
                return _refused(splits, 2 * repeats)
    rankings = {name: Ranking(p, arms.outcome, arms.is_treated) for name, p in predictions.items()}
    qini = {name: ranking.qini() for name, ranking in rankings.items()}
    draws = bootstrap(rankings, arms.household, seed)
    low = {name: 2 * qini[name] - float(np.percentile(values, 100 - LOWEST)) for name, values in draws.items()}
    verdict = Verdict(_best(splits), Decision(False, ""), qini, low, splits, predictions)
    return replace(verdict, decision=decide(verdict))


def _best(splits: list[dict[str, float]]) -> str:
    return max(LEARNERS, key=lambda name: np.mean([split[name] for split in splits]))


def _is_hopeless(splits: list[dict[str, float]], planned: int) -> bool:
    """Whether no learner can win enough of the planned splits any more: the rest would change nothing."""
    lost = {name: sum(split[name] <= split[TURNOUT] for split in splits) for name in LEARNERS}
    return all(planned - number < WINS_AT_LEAST * planned for number in lost.values())


def _refused(splits: list[dict[str, float]], planned: int) -> Verdict:
    qini = {name: float(np.mean([split[name] for split in splits])) for name in splits[0]}
    reason = f"unpublished: after {len(splits)} of {planned} household splits no learner can be above sorting by turnout in enough"
    return Verdict(_best(splits), Decision(False, reason, is_refused=True), qini, {}, splits, {})


def decide(verdict: Verdict) -> Decision:
    """Better than random beyond doubt, and better than sorting by turnout on most households it never saw; else no score."""
    name, reasons = verdict.learner, []
    if not verdict.low[name] > 0:
        reasons.append(f"Qini {verdict.qini[name]:.4f} (from {verdict.low[name]:.4f}) is not above random")
    if verdict.wins < WINS_AT_LEAST * len(verdict.splits):
        reasons.append(f"above sorting by turnout in {verdict.wins} of {len(verdict.splits)} household splits only")
    if reasons:
        return Decision(False, f"unpublished: {'; '.join(reasons)}", is_refused=True)
    text = f"{name}-learner: Qini {verdict.qini[name]:.4f} from {verdict.low[name]:.4f}, turnout {verdict.qini[TURNOUT]:.4f}"
    return Decision(True, f"{text}, above it in {verdict.wins} of {len(verdict.splits)} household splits")
