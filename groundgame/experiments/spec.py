"""What an experiment declares: one strict YAML, fixed before anybody is treated.

Only declarations belong here. Drawing is in ``assign``, figures in ``estimate`` and ``checks``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.sources.named_spec import read_named

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Text = Annotated[str, StringConstraints(min_length=1)]
# 1 strong support, 2 leans to us, 3 undecided, 4 leans away, 5 strong opposition.
LEVELS = frozenset(range(1, 6))


class Strict(BaseModel):
    """Frozen, no unknown key, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Arm(Strict):
    """One arm: its planned share of the units and, where a file brings the arms, the file's word for it."""

    share: float = Field(gt=0, lt=1)
    code: Text | None = None


class Condition(Strict):
    """One condition on a column of marts.feat_voters; unknown values do not meet it."""

    column: Name
    values: list[str] = Field(default_factory=list)
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.values and self.at_least is None and self.at_most is None:
            raise ValueError("give values, at_least or at_most")
        return self


class VotesOutcome(Strict):
    """What is compared: whether those who were assigned voted in one election."""

    # Not in the hash: what was declared before answers could be an outcome says the same as ever.
    kind: Literal["votes"] = Field("votes", exclude=True)
    election_date: dt.date
    election_type: Literal["general", "primary", "municipal", "runoff", "special"]

    answered_share: ClassVar[float] = 1.0  # who did not vote has an outcome too

    @property
    def last_date(self) -> dt.date:
        """The last day that counts."""
        return self.election_date


class AnswersOutcome(Strict):
    """What is compared: of those who told the campaign whom they support, how much their latest answer is worth.

    Who does not answer has no outcome. The arms must be asked alike, by somebody who does not know the arm.
    """

    kind: Literal["answers"]
    from_date: dt.date = Field(description="the first day whose answers count")
    until_date: dt.date = Field(description="the last day whose answers count")
    contact_types: list[Literal["door", "call", "text", "app"]] = Field(
        min_length=1, description="ways of asking that count: not the one that is the treatment"
    )
    supports: dict[int, Annotated[float, Field(ge=0, le=1)]] = Field(
        description="level -> share of such voters who choose our side, as in the support score's YAML"
    )
    answered_share: float = Field(gt=0, le=1, description="how many of the assigned are expected to answer")

    @property
    def last_date(self) -> dt.date:
        """The last day that counts."""
        return self.until_date

    @model_validator(mode="after")
    def _every_answer_counts(self) -> AnswersOutcome:
        if self.until_date < self.from_date:
            raise ValueError("until_date comes before from_date")
        if set(self.supports) != LEVELS:
            raise ValueError("supports: give each level from 1 to 5 a worth; who is undecided has answered too")
        return self


def _kind(outcome: Any) -> Any:
    """Which sort of outcome is declared; votes where nothing is said."""
    return outcome.get("kind", "votes") if isinstance(outcome, dict) else getattr(outcome, "kind", None)


Outcome = Annotated[
    Annotated[VotesOutcome, Tag("votes")] | Annotated[AnswersOutcome, Tag("answers")], Discriminator(_kind)
]


class Baseline(Strict):
    """What the outcome will look like without treatment: a past election's column to learn it from, or declared figures."""

    column: Name | None = Field(
        None, description="0/1 column of marts.feat_voters, the past election most like the coming one"
    )
    share: float | None = Field(None, gt=0, lt=1)
    icc: float | None = Field(
        None, ge=0, le=1, description="how alike the members of a cluster are; estimated when left out"
    )

    @model_validator(mode="after")
    def _either(self) -> Baseline:
        if (self.column is None) == (self.share is None):
            raise ValueError("give column or share, not both")
        if self.share is not None and self.icc is None:
            raise ValueError("with a declared share, declare the icc too")
        return self


class ExperimentSpec(Strict):
    """One experiment. Its hash is kept when the first voter is assigned; from then on nothing in it may change."""

    experiment: Name
    hypothesis: Text
    level: Literal["voter", "household", "precinct"] = Field(description="what is drawn together")
    assigned_by: Literal["key", "file"] = Field(
        "key", description="file: the arms come with the voter file, as in a study"
    )
    arms: dict[Name, Arm] = Field(min_length=2)
    control: Name = "control"
    strata: list[Name] = Field(default_factory=list, max_length=3, description="columns of marts.feat_voters")
    universe: list[Condition] = Field(default_factory=list)
    outcome: Outcome
    baseline: Baseline
    start_date: dt.date = Field(description="the first day on which anybody is treated")
    analysis_date: dt.date = Field(description="the first night that looks at the outcome")

    @model_validator(mode="after")
    def _sound(self) -> ExperimentSpec:
        if self.control not in self.arms:
            raise ValueError(f"no arm is named {self.control!r}")
        if abs(sum(arm.share for arm in self.arms.values()) - 1) > 1e-6:
            raise ValueError("the arms' shares must sum to 1; give those who are left alone to the control arm")
        if any((arm.code is None) == (self.assigned_by == "file") for arm in self.arms.values()):
            raise ValueError("arms have a code exactly where assigned_by is file")
        self._check_order()
        return self

    def _check_order(self) -> None:
        outcome = self.outcome
        if isinstance(outcome, VotesOutcome):
            if not self.start_date <= outcome.election_date < self.analysis_date:
                raise ValueError("start_date, election_date and analysis_date must follow each other")
            return
        if outcome.from_date <= self.start_date:
            raise ValueError(
                "from_date must come after start_date: what is said before the treatment tells nothing of it"
            )
        if self.analysis_date <= outcome.until_date:
            raise ValueError("analysis_date must come after until_date: till then answers are given")
        if self.baseline.column is not None:
            raise ValueError("baseline: no column tells what will be answered; declare share and icc")

    @property
    def sha256(self) -> str:
        """Hash of what is declared; a comment in the file may change."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_experiments(settings: Settings) -> dict[str, ExperimentSpec]:
    """All declared experiments by name, sorted.

    Raises:
        SpecError: one of the files is wrong; names file and field.
    """
    return {
        path.stem: read_named(path, ExperimentSpec, "experiment")
        for path in sorted(settings.experiments_folder.glob("*.yml"))
    }


def load_experiment(settings: Settings, name: str) -> ExperimentSpec:
    """The spec of one experiment.

    Raises:
        SpecError: there is no such experiment, or its file is wrong.
    """
    path = settings.experiments_folder / f"{name}.yml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in settings.experiments_folder.glob("*.yml"))) or "none"
        raise SpecError("experiments", name, "no such experiment", f"declared in {path.parent.name}/: {known}")
    return read_named(path, ExperimentSpec, "experiment")
