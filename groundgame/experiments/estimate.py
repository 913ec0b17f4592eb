"""The difference that an arm made: intention to treat, adjusted for strata, with intervals that respect clusters.

Pure functions of arrays. Whoever was assigned counts, reached or not: to look only at those who were reached compares people who
answer doors with people who do not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# With fewer voters of either arm a stratum's mean says nothing: such strata are taken together.
FEWEST_IN_STRATUM = 20
DIGITS = 6


@dataclass(frozen=True)
class Effect:
    """One arm against control, as shares of voters: 0.01 is one vote in a hundred.

    ``voters``, ``control_voters`` and ``clusters`` count those who have an outcome. Where answers are the outcome, ``answered``
    compares who gave one among all who were assigned; figures that would tell about single people are NaN.
    """

    arm: str
    voters: int
    control_voters: int
    clusters: int
    share: float
    control_share: float
    effect: float
    standard_error: float
    low: float
    high: float
    answered: Effect | None = field(default=None, kw_only=True)

    @property
    def is_known(self) -> bool:
        """Whether enough voters have an outcome to tell what the arm did."""
        return not math.isnan(self.effect)

    @property
    def has_uneven_answers(self) -> bool:
        """Whether the treatment changed who answers, beyond chance: then those who did are not alike, and the effect is in doubt."""
        return self.answered is not None and not self.answered.low <= 0 <= self.answered.high


def unknown_effect(arm: str, voters: int, control_voters: int, clusters: int) -> Effect:
    """An arm of which nothing but its size can be told."""
    return Effect(arm, voters, control_voters, clusters, *[math.nan] * 6)


def effect_of(
    arm: str,
    outcome: NDArray[np.float64],
    is_treated: NDArray[np.bool_],
    stratum: NDArray[np.int64],
    cluster: NDArray[np.int64],
) -> Effect:
    """Difference in means within strata, weighted by the strata's sizes, with a CR1 standard error and a 95% t interval.

    This is the saturated regression of the outcome on arm and stratum (Imbens and Rubin 2015, chapter 9). Its sandwich variance is
    the sum over clusters of their squared influence, times G/(G-1) * (N-1)/(N-K) for G clusters, N voters and K cells
    (Cameron and Miller 2015). A cluster may have members in both arms.

    Args:
        arm: its name.
        outcome: (n,) from 0 to 1.
        is_treated: (n,) the arm; false is control.
        stratum: (n,) codes from before the treatment.
        cluster: (n,) codes of those who were drawn together, or live together.
    """
    from scipy import stats

    stratum = pooled(stratum, is_treated)
    cells = int(stratum.max()) + 1
    weight = np.bincount(stratum) / len(outcome)
    influence = np.zeros(len(outcome))
    means = np.zeros((2, cells))
    for treated in (0, 1):
        chosen = is_treated == bool(treated)
        size = np.bincount(stratum[chosen], minlength=cells)
        means[treated] = np.bincount(stratum[chosen], weights=outcome[chosen], minlength=cells) / size
        residual = outcome[chosen] - means[treated][stratum[chosen]]
        sign = 1 if treated else -1
        influence[chosen] = sign * residual * (weight / size)[stratum[chosen]]
    _, member = np.unique(cluster, return_inverse=True)
    sums = np.bincount(member, weights=influence)
    clusters, rows = len(sums), len(outcome)
    correction = clusters / (clusters - 1) * (rows - 1) / (rows - 2 * cells)
    error = math.sqrt(correction * float((sums**2).sum()))
    effect = float((weight * (means[1] - means[0])).sum())
    half = float(stats.t.ppf(0.975, clusters - 1)) * error
    figures = (float(outcome[is_treated].mean()), float(outcome[~is_treated].mean()), effect, error)
    bounds = (effect - half, effect + half)
    return Effect(
        arm,
        int(is_treated.sum()),
        int((~is_treated).sum()),
        clusters,
        *(round(figure, DIGITS) for figure in (*figures, *bounds)),
    )


def pooled(stratum: NDArray[np.int64], is_treated: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Strata as codes 0, 1, ...; those that are thin in either arm are one, and if that one is thin it joins the largest."""
    _, code = np.unique(stratum, return_inverse=True)
    for _ in range(2):
        least = np.minimum(
            np.bincount(code[is_treated], minlength=code.max() + 1),
            np.bincount(code[~is_treated], minlength=code.max() + 1),
        )
        thin = np.flatnonzero(least < FEWEST_IN_STRATUM)
        if not len(thin):
            break
        target = thin[0] if len(thin) > 1 else int(np.argmax(np.bincount(code)))
        _, code = np.unique(np.where(np.isin(code, thin), target, code), return_inverse=True)
    return np.asarray(code, dtype=np.int64)
