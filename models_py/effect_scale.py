"""From a raw effect to outcomes gained per voter who is treated, and to a voter's rank among those of tonight."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from models_py.learners import Arms

if TYPE_CHECKING:
    from numpy.typing import NDArray

KNOTS = 1_001
# The raw effect is drawn half the way to a line: twice as steep is as steep as the learners themselves.
STEEPEST = 2.0


@dataclass(frozen=True)
class EffectScale:
    """``intercept + slope * raw`` is the expected effect; ``knots`` are equal-count quantiles of it among tonight's voters."""

    intercept: float
    slope: float
    knots: tuple[float, ...]

    lowest: ClassVar[float] = -1.0  # a treatment may do harm

    def apply(self, raw: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
        """Expected effects, as shares of voters: .02 is two more votes of a hundred. The kind of election changes nothing."""
        return np.clip(self.intercept + self.slope * raw, -1.0, 1.0)

    def points(self, effect: NDArray[np.float64]) -> NDArray[np.int16]:
        """0-100: how many of a hundred voters of tonight are moved less."""
        knots = np.array(self.knots)
        below = (np.searchsorted(knots, effect, "left") + np.searchsorted(knots, effect, "right")) / 2
        return np.rint(100 * below / len(knots)).astype(np.int16)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, stored in the model folder."""
        return {"effect": {**asdict(self), "knots": list(self.knots)}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EffectScale:
        """Inverse of ``to_dict``."""
        effect = values["effect"]
        return cls(effect["intercept"], effect["slope"], tuple(effect["knots"]))


def fit_scale(
    arms: Arms, effect: NDArray[np.float64], turnout: NDArray[np.float64], tonight: NDArray[np.float64]
) -> EffectScale:
    """The line that the arms themselves support (best linear predictor: Chernozhukov et al. 2018), never steeper than the learners' own.

    Args:
        arms: the experiment.
        effect: each of its voters' raw effect, by models that saw nobody of her home.
        turnout: her outcome if left alone, likewise; it takes noise away and nothing else.
        tonight: raw effects of the voters to be scored.
    """
    share = float(arms.is_treated.mean())
    own = (arms.outcome - turnout) * (arms.is_treated - share) / (share * (1 - share))
    centred = effect - effect.mean()
    slope = float(np.clip((centred * own).sum() / max(float((centred**2).sum()), 1e-12), 0.0, STEEPEST))
    intercept = float(own.mean()) - slope * float(effect.mean())
    expected = np.clip(intercept + slope * tonight, -1.0, 1.0)
    knots = np.quantile(expected, np.linspace(0, 1, KNOTS), method="inverted_cdf")
    return EffectScale(round(intercept, 9), round(slope, 9), tuple(float(knot) for knot in knots))
