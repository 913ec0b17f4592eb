"""Uplift scores: one strict YAML each in ``scores/uplift/``. Declarations alone; light to import for DAGs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from groundgame.config import Settings
from groundgame.sources.named_spec import read_named
from models_py.spec import Boosting, Name, Reason, ScoreSpec, Strict, Universe, load_spec

FOLDER = "uplift"


class UpliftSpec(Strict):
    """Whom a treatment moves, learned from an experiment of the ledger. It is published only where it is better than sorting by turnout."""

    score: Name
    title: str
    experiments: list[str] = Field(
        min_length=1, description="names of experiments, * for any end; the latest finished one counts"
    )
    arm: Name | None = Field(None, description="default: the arm with the largest effect")
    outcome: Literal["votes", "answers"] = Field(
        description="which sort of experiment is learned from; each declares what counts"
    )
    features_of: Name = Field(description="the score whose columns are looked at")
    universe: Universe
    boosting: Boosting
    sha256: str = ""

    # A voter's effect has no reason that could be said of her alone, and no night waits for it.
    reasons: ClassVar[tuple[Reason, ...]] = ()
    is_optional: ClassVar[bool] = True

    def reason_groups(self, features: Sequence[str]) -> list[int]:
        """No feature is ever named."""
        return [-1] * len(features)


def load_uplifts(settings: Settings) -> dict[str, UpliftSpec]:
    """All declared uplift scores by name, sorted.

    Raises:
        SpecError: one of the files is wrong.
    """
    found = {}
    for path in sorted((settings.scores_dir / FOLDER).glob("*.yml")):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.stem] = read_named(path, UpliftSpec, "score", sha256=sha256)
    return found


def load_any(settings: Settings, score_name: str) -> ScoreSpec | UpliftSpec:
    """The spec of one score of either sort.

    Raises:
        SpecError: there is no such score, or its file is wrong.
    """
    return load_uplifts(settings).get(score_name) or load_spec(settings, score_name)
