"""What is known before anybody is treated: were the arms drawn as planned, are they alike, and what can be found at all.

Pure functions of arrays; the verdicts' limits stand here with their reasons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A draw this unlikely comes once in a thousand honest experiments; a list that lost an arm's units gives it every time.
RATIO_P_AT_LEAST = 0.001
# A tenth of a standard deviation is the usual line of imbalance; in a small town chance alone crosses it, so chance is asked too.
DIFFERENCE_AT_MOST, CHANCE_AT_LEAST = 0.1, 0.001
SIGNIFICANCE, POWER = 0.05, 0.8
# An arm of fewer voters finds nothing, and its mean would tell about single people.
FEWEST_IN_ARM = 50


@dataclass(frozen=True)
class Check:
    """One line of the ledger: what was looked at, in which arm and covariate, the figure, its limit, and pass or hold."""

    check_name: str
    arm: str
    covariate: str
    value: float
    limit_value: float | None
    verdict: str


def sample_ratio(counts: dict[str, int], shares: dict[str, float]) -> Check:
    """Chi-square test of the arms' units against their planned shares."""
    from scipy import stats

    total = sum(counts.values())
    statistic = sum((counts[arm] - share * total) ** 2 / (share * total) for arm, share in shares.items())
    p = float(stats.chi2.sf(statistic, len(shares) - 1))
    return Check("sample_ratio_p", "", "", round(p, 6), RATIO_P_AT_LEAST, "pass" if p >= RATIO_P_AT_LEAST else "hold")


def balance(
    covariates: dict[str, NDArray[np.float64]],
    arm: NDArray[np.int64],
    cluster: NDArray[np.int64],
    names: list[str],
    control: int,
) -> list[Check]:
    """Standardised difference of each covariate's mean, each arm against control; clustered, so that homes count once.

    Unknown values (NaN) are left out of a covariate's means.
    """
    from scipy import stats

    checks = []
    for name, values in covariates.items():
        known = ~np.isnan(values)
        spread = float(values[known].std()) if known.any() else 0.0
        if spread == 0.0:
            continue
        for code, arm_name in enumerate(names):
            chosen = known & ((arm == code) | (arm == control))
            is_treated = arm[chosen] == code
            if code == control or is_treated.all() or not is_treated.any():
                continue
            x = values[chosen]
            treated, others = x[is_treated].mean(), x[~is_treated].mean()
            residual = np.where(is_treated, (x - treated) / is_treated.sum(), -(x - others) / (~is_treated).sum())
            sums = np.bincount(np.unique(cluster[chosen], return_inverse=True)[1], weights=residual)
            error = math.sqrt(float((sums**2).sum()))
            difference = float(treated - others)
            p = 2 * float(stats.norm.sf(abs(difference) / error)) if error else 1.0
            is_off = abs(difference) / spread > DIFFERENCE_AT_MOST and p < CHANCE_AT_LEAST
            figure = round(difference / spread, 6)
            checks.append(Check("balance", arm_name, name, figure, DIFFERENCE_AT_MOST, "hold" if is_off else "pass"))
    return checks


def intracluster_correlation(outcome: NDArray[np.float64], cluster: NDArray[np.int64]) -> float:
    """How alike members of a cluster are, by the analysis of variance (Donner and Klar 2000); 0 where all live alone."""
    _, member, size = np.unique(cluster, return_inverse=True, return_counts=True)
    rows, groups = len(outcome), len(size)
    if groups in (rows, 1):
        return 0.0
    means = np.bincount(member, weights=outcome) / size
    between = float((size * (means - outcome.mean()) ** 2).sum()) / (groups - 1)
    within = float(((outcome - means[member]) ** 2).sum()) / (rows - groups)
    typical = (rows - float((size**2).sum()) / rows) / (groups - 1)
    total = between + (typical - 1) * within
    return min(max((between - within) / total, 0.0), 1.0) if total else 0.0


def minimum_detectable_effect(
    share: float,
    icc: float,
    sizes: NDArray[np.int64],
    voters: int,
    control_voters: int,
    answered_share: float = 1.0,
) -> float:
    """The smallest true difference that is found in four of five such experiments, as a share of voters.

    Two-sided at 5%. ``sizes`` are the clusters' sizes: the design effect is 1 + (m - 1) icc with m the size of a typical voter's
    cluster (Kish 1965). Of arms and clusters alike only ``answered_share`` has an outcome. What strata explain is not counted, nor that
    an outcome between 0 and 1 varies less than one of 0 or 1, so the truth is a little better.
    """
    from scipy import stats

    typical = float((sizes**2).sum() / sizes.sum())
    design = 1 + (typical - 1) * answered_share * icc
    deviation = math.sqrt(design * share * (1 - share) * (1 / voters + 1 / control_voters) / answered_share)
    return float(stats.norm.ppf(1 - SIGNIFICANCE / 2) + stats.norm.ppf(POWER)) * deviation
