"""Score specs: one strict YAML per score, and the catalog of them.

Only declarations belong here. Everything is light to import, because DAGs read the catalog when they are parsed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.sources.named_spec import read_named

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Share = Annotated[float, Field(ge=0, le=1)]
# Used where the law and consent allow; said of nobody.
NEVER_A_REASON = frozenset({"race", "ethnicity", "religion", "political_views"})
ELECTION_KINDS = Literal["presidential", "midterm", "municipal", "primary", "runoff", "special"]


class Strict(BaseModel):
    """Frozen, no unknown key, no silent conversion (a bare ``NO`` stays a boolean and is refused where text is due)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Balance(Strict):
    """A column of the feature table in which those who answered are weighed to be like the whole universe."""

    column: Name
    width: float | None = Field(None, gt=0, description="of a number's bands")


class Answers(Strict):
    """What voters said, in place of how they voted. Nobody was asked at random: who answers is weighed to be like the universe."""

    table: Name = Field("int_support__answered", description="in the schema intermediate")
    level: Name = Field("support_level", description="its column of what was said")
    day: Name = Field("answered_on", description="its column of when")
    supports: dict[int, Share] = Field(
        min_length=2,
        description="level -> share of such voters who have the outcome; any other level is no answer",
    )
    contact_types: list[str] = Field(min_length=1, description="ways of asking that count")
    within_days: int = Field(ge=1, description="older answers are forgotten")
    balance: list[Balance] = Field(default_factory=list, description="empty: all answers weigh alike")
    weight_at_most: float = Field(5.0, ge=1, description="times the mean; rare people must not speak for a crowd")


class Label(Strict):
    """What is predicted: a vote in the target election whose columns hold one of the listed values, or an answer."""

    meaning: str
    did: str = Field(
        max_length=30, description="said in the past tense of those who have it: of 100 voters, so many voted"
    )
    votes: dict[Name, list[str]] = Field(
        default_factory=dict, description="marts.fct_votes column -> accepted values; empty: any vote"
    )
    answers: Answers | None = None

    @model_validator(mode="after")
    def votes_or_answers(self) -> Label:
        """An answer is no vote."""
        if self.answers is not None and self.votes:
            raise ValueError("give votes or answers, not both")
        return self


class Universe(Strict):
    """Who is trained on and scored, beside ``is_scorable``, which is never optional (minors, confidential, removed voters)."""

    status: list[str] = Field(min_length=1, description="a status that is not known at the time is accepted")
    experiment_arm: list[str] = Field(default_factory=list, description="training only; empty: every arm")


class Feature(Strict):
    """One column of marts.feat_voters that the model may look at."""

    name: Name
    kind: Literal["numeric", "categorical"]
    meaning: str


class Reason(Strict):
    """What voters are told apart by, in plain words, for those who read a score: why is this one high, that one low."""

    raises: str = Field(max_length=60, description="said where these features put a voter above the average")
    lowers: str = Field(max_length=60)
    features: list[Name] = Field(min_length=1)


class Sample(Strict):
    """How many voters a training looks at: whole households, chosen by a hash, so the same ones every time."""

    rows_per_election: int = Field(ge=1_000)


class Folds(Strict):
    """Shares of households that a fit does not see, and in how many parts households take turns: to judge, and to calibrate answers."""

    validate_share: Share = Field(description="stops the adding of trees")
    calibrate_share: Share = Field(description="sets the level of the probabilities")
    household_parts: int = Field(
        ge=2, le=10, description="used where no earlier election of the kind exists, and where the label is an answer"
    )

    @model_validator(mode="after")
    def leaves_something_to_fit(self) -> Folds:
        """The fit keeps most households, also after one part is set aside for judging."""
        if self.validate_share + self.calibrate_share > 0.5:
            raise ValueError("validate_share + calibrate_share must leave at least half of the households to the fit")
        return self


class Boosting(Strict):
    """LightGBM's settings; everything else is fixed by the recipe (deterministic, row-wise, seeded)."""

    trees: int = Field(ge=10, le=1_000, description="at most; early stopping may take fewer")
    early_stopping_rounds: int = Field(ge=1)
    learning_rate: float = Field(gt=0, le=0.5)
    leaves: int = Field(ge=2, le=255)
    depth: int = Field(ge=1, le=12)
    min_leaf_share: float = Field(
        gt=0, le=0.1, description="of the fitted rows: a town's leaves are smaller than a state's"
    )
    l2: float = Field(ge=0)
    feature_share: float = Field(gt=0, le=1, description="of the features, drawn for each tree")
    random_cuts: bool = Field(description="each split tries one cut a feature, drawn at random (extra trees)")


class ExpectedTurnout(Strict):
    """What the campaign expects of a coming election: the share of the universe that will vote."""

    election_date: dt.date
    turnout: float = Field(gt=0, lt=1)


class Calibration(Strict):
    """How a raw probability becomes a share of voters: a line in log-odds, or steps joined by lines where rows are plenty."""

    isotonic_min_rows: int = Field(
        ge=1_000, description="below this a two-parameter line is used: it needs far fewer rows"
    )
    rows_per_knot: int = Field(ge=100)
    expected_turnout: list[ExpectedTurnout] = Field(
        default_factory=list,
        description="forecasts that set the level of an election in place of the latest of its kind",
    )


class Floors(Strict):
    """What a model must reach on the judged rows to be used at all."""

    auc_at_least: Share
    ece_at_most: Share = Field(description="of probabilities moved to the turnout that the judged election had")
    beats: list[Literal["count_of_votes", "logistic"]]


class ScoreSpec(Strict):
    """One score. ``sha256`` of the file's content is on the card of every model made from it."""

    score: Name
    title: str
    label: Label
    universe: Universe
    is_optional: bool = Field(False, description="a night without a model of it is published without this score")
    election_kinds: list[ELECTION_KINDS] = Field(
        default_factory=list, description="whose votes are learned from; none where the label is an answer"
    )
    features: list[Feature] = Field(min_length=1)
    reasons: list[Reason] = Field(
        default_factory=list,
        max_length=31,
        description="features in none of them are used, but never given as a reason",
    )
    max_null_share_shift: Share = Field(
        description="a feature is left out when its unknown share differs by more between calibration and scored voters"
    )
    count_column: Name = Field(description="the plain rule to beat: sort by this count of past votes")
    sample: Sample
    folds: Folds
    boosting: Boosting
    tuning_trials: int = Field(0, ge=0, description="settings of the trees to try at each training; 0: those above")
    calibration: Calibration
    floors: Floors
    sha256: str = ""

    @model_validator(mode="after")
    def votes_have_elections(self) -> ScoreSpec:
        """Votes are learned from elections, answers from none."""
        if bool(self.election_kinds) == (self.label.answers is not None):
            raise ValueError("election_kinds: needed where the label is a vote, meaningless where it is an answer")
        return self

    @model_validator(mode="after")
    def features_are_distinct(self) -> ScoreSpec:
        """A feature listed twice would silently weigh double in the logistic baseline."""
        names = [feature.name for feature in self.features]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"listed twice: {twice}")
        return self

    @model_validator(mode="after")
    def reasons_may_be_said(self) -> ScoreSpec:
        """Each reason speaks of features that are there, each of one reason, and none of what nobody may be singled out by."""
        said = [name for reason in self.reasons for name in reason.features]
        unknown = sorted(set(said) - {feature.name for feature in self.features})
        twice = sorted({name for name in said if said.count(name) > 1})
        private = sorted(set(said) & NEVER_A_REASON)
        for what, names in (("no feature", unknown), ("in two reasons", twice), ("never a reason", private)):
            if names:
                raise ValueError(f"reasons: {what}: {names}")
        return self

    def reason_groups(self, features: Sequence[str]) -> list[int]:
        """The position of each feature's reason, -1 for one that is never named."""
        group = {name: position for position, reason in enumerate(self.reasons) for name in reason.features}
        return [group.get(name, -1) for name in features]


def read_spec(path: Path) -> ScoreSpec:
    """Read and check one score spec.

    Raises:
        SpecError: names the file, the field and the problem.
    """
    return read_named(path, ScoreSpec, "score", sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def load_scores(settings: Settings) -> dict[str, ScoreSpec]:
    """All declared scores by name, sorted.

    Raises:
        SpecError: one of the files is wrong.
    """
    return {path.stem: read_spec(path) for path in sorted(settings.scores_dir.glob("*.yml"))}


def load_spec(settings: Settings, score_name: str) -> ScoreSpec:
    """The spec of one score.

    Raises:
        SpecError: there is no such score, or its file is wrong.
    """
    path = settings.scores_dir / f"{score_name}.yml"
    if not path.is_file():
        known = sorted(file.stem for file in settings.scores_dir.glob("*.yml"))
        raise SpecError("scores", score_name, "no such score", f"declared: {', '.join(known) or 'none'}")
    return read_spec(path)
