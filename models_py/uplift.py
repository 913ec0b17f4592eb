"""May an uplift score be published? Judged on households it never saw, against sorting by turnout, with a right to say no.

An arm's average effect is in ``impact_report`` whatever comes out here. This asks for more: does the arm move some voters more than
others, and can a model tell whom, better than sorting by the turnout score does?
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from models_py.learners import Arms, fit_effects, halves
from models_py.promotion import Decision
from models_py.qini import Ranking, bootstrap, ranks
from models_py.spec import Boosting

if TYPE_CHECKING:
    from numpy.typing import NDArray

UPLIFT, TURNOUT = "uplift", "turnout"
SPLITS = 8
# Of two hundred experiments that moved nobody one may be taken for better than random.
LOWEST = 0.5
# Each half is ranked by what was learned from the other, so every two homes speak twice, and the draws, to which ranks are given, see
# it once: where nobody was moved the variance is twice theirs (that of a degenerate U-statistic; Serfling 1980, 5.5).
CROSS_FITTED = 2**0.5
WINS_AT_LEAST = 0.75
SMALL = Boosting(
    trees=50,
    early_stopping_rounds=1,
    learning_rate=0.1,
    leaves=4,
    depth=2,
    min_leaf_share=0.01,
    l2=20.0,
    feature_share=0.7,
    random_cuts=False,
)


@dataclass(frozen=True)
class Verdict:
    """The Qini of the uplift beside that of sorting by turnout, and the decision.

    ``qini`` and ``low`` (lower ends) by ranking; ``splits`` one dict of Qinis per household split; ``effect`` and ``turnout`` each
    voter's, by models that saw nobody of her home.
    """

    decision: Decision
    qini: dict[str, float]
    low: dict[str, float]
    splits: list[dict[str, float]]
    effect: NDArray[np.float64] = field(repr=False)
    turnout: NDArray[np.float64] = field(repr=False)

    @property
    def wins(self) -> int:
        """Splits in which the uplift was above sorting by turnout."""
        return sum(split[UPLIFT] > split[TURNOUT] for split in self.splits)


def judge(arms: Arms, seed: int, threads: int, spec: Boosting = SMALL, planned: int = SPLITS) -> Verdict:
    """Cut the homes in two ``planned`` times, fit on each half, judge on the other; then decide.

    Both halves of a cut are judged together, each voter by her rank in her half: what one half has too much of by chance the other has
    too little of, so that a split compares rankings and not halves.
    """
    rows = len(arms.outcome)
    sums = {name: np.zeros(rows) for name in (UPLIFT, TURNOUT)}
    places = {name: np.zeros(rows) for name in sums}
    splits: list[dict[str, float]] = []
    for number in range(planned):
        told, placed = _one_split(arms, seed + 1_000 * (number + 1), threads, spec)
        splits.append({name: Ranking(place, arms.outcome, arms.is_treated).qini() for name, place in placed.items()})
        for name in sums:
            sums[name] += told[name] / planned
            places[name] += placed[name] / planned
        lost = sum(split[UPLIFT] <= split[TURNOUT] for split in splits)
        if planned - lost < WINS_AT_LEAST * planned:  # the rest would change nothing
            break
    rankings = {name: Ranking(place, arms.outcome, arms.is_treated) for name, place in places.items()}
    qini = {name: ranking.qini() for name, ranking in rankings.items()}
    draws = bootstrap(rankings, arms.household, seed)
    above = {name: float(np.percentile(values, 100 - LOWEST)) - qini[name] for name, values in draws.items()}
    # Sorting by turnout learns nothing from the arms.
    low = {UPLIFT: qini[UPLIFT] - CROSS_FITTED * above[UPLIFT], TURNOUT: qini[TURNOUT] - above[TURNOUT]}
    verdict = Verdict(Decision(False, ""), qini, low, splits, sums[UPLIFT], sums[TURNOUT])
    return replace(verdict, decision=decide(verdict))


def _one_split(
    arms: Arms, seed: int, threads: int, spec: Boosting
) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
    """What models of the other half tell of each voter, effect and turnout, and her rank by it in her own half."""
    half = halves(arms.household, seed)
    told = {name: np.zeros(len(half)) for name in (UPLIFT, TURNOUT)}
    placed = {name: np.zeros(len(half)) for name in told}

    # One after the other: LightGBM's number of threads belongs to the process, and two fits at a time wait for threads that never come.
    for part in (half, ~half):
        effects, x = fit_effects(arms.take(part), spec, seed, threads), arms.x[~part]
        told[UPLIFT][~part] = effects.trees.predict(x, threads)
        told[TURNOUT][~part] = effects.turnout(x, threads)
        for name, values in told.items():
            placed[name][~part] = ranks(values[~part])
    return told, placed


def decide(verdict: Verdict) -> Decision:
    """Better than random beyond doubt, and better than sorting by turnout in most splits; else no score."""
    qini, low, reasons = verdict.qini[UPLIFT], verdict.low[UPLIFT], []
    if not low > 0:
        reasons.append(f"Qini {qini:.4f} (from {low:.4f}) is not above random")
    if verdict.wins < WINS_AT_LEAST * len(verdict.splits):
        reasons.append(f"above sorting by turnout in {verdict.wins} of {len(verdict.splits)} household splits only")
    if reasons:
        return Decision(False, f"unpublished: {'; '.join(reasons)}", is_refused=True)
    text = f"Qini {qini:.4f} from {low:.4f}, turnout {verdict.qini[TURNOUT]:.4f}"
    return Decision(True, f"{text}, above it in {verdict.wins} of {len(verdict.splits)} household splits")
