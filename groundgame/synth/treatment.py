"""What a letter before the coming election would do: for each person the true effect, and whether she votes if she gets one.

Drawn beside everything else, so that the files of a state do not depend on it. A test that sends letters by an experiment's arms knows
both outcomes of everybody, and so the answer that an honest estimate must find.
"""

from __future__ import annotations

import numpy as np

from groundgame.synth.tables import Bools, Floats

# Log-odds at its strongest, for people of sixty: about 8 points at even chances, as mail with social pressure reached in 2006.
STRONGEST, BEST_AGE, WIDTH = 0.5, 60.0, 18.0


def lifted(propensity: Floats, age: Floats) -> Floats:
    """Probability of voting after a letter; who cannot vote still cannot."""
    odds = np.clip(propensity.astype(np.float64), 1e-9, 1 - 1e-9)
    moved = np.log(odds / (1 - odds)) + STRONGEST * np.exp(-(((age - BEST_AGE) / WIDTH) ** 2))
    return np.where(propensity > 0, 1 / (1 + np.exp(-moved)), 0.0).astype(np.float32)


def voted_if_sent(draw: int, propensity: Floats, after: Floats, voted: Bools) -> Bools:
    """Who votes after a letter: all who do without, and of the others as many as the lift says. ``draw`` names the block."""
    chance = (after - propensity) / np.maximum(1 - propensity, 1e-9)
    found: Bools = voted | (np.random.default_rng([draw, len(propensity)]).random(len(propensity)) < chance)
    return found
