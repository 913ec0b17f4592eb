"""What a gate suite is: the YAML's shape and its loader. Nothing here touches a warehouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from groundgame.errors import SpecError
from groundgame.sources.strict_yaml import read_yaml

SUITES_DIR = Path(__file__).parent / "suites"
Stage = Literal["landing", "staging", "linkage", "marts", "scores", "asks", "exports"]
STAGES: tuple[Stage, ...] = ("landing", "staging", "linkage", "marts", "scores", "asks", "exports")
# What a night has to pass before it is published; a list is judged when somebody asks for one.
NIGHT_STAGES = STAGES[:-1]
FIELD_STAGES: tuple[Stage, ...] = ("landing", "marts")  # of a batch of the field, which has nothing else


def number(value: float) -> str:
    """A number for people: whole counts with separators, shares with four significant digits."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def percent(value: float) -> str:
    """A change for people, with its sign."""
    return f"{100 * value:+.4g}%" if value else "0%"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Limits(_Strict):
    """An inclusive range; a side that is left out is open."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Limits:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most")
        return self

    def __str__(self) -> str:
        return self.told(number)

    def told(self, show: Callable[[float], str]) -> str:
        """The range in words, its ends written by ``show``."""
        low, high = self.at_least, self.at_most
        if low is not None and high is not None:
            return f"exactly {show(low)}" if low == high else f"{show(low)} to {show(high)}"
        return f"at least {show(low)}" if low is not None else f"at most {show(high or 0)}"


class Rule(_Strict):
    """One number about a table and the ranges outside of which it holds or fails the night.

    SQL texts may use ``{as_of}`` (the night, a date literal), ``{table}`` and, with ``columns``, ``{column}``.
    """

    why: str = Field(
        min_length=15, description="the threshold's story: what goes wrong without it, and where the number is from"
    )
    metric: str | None = Field(None, description="aggregate SQL expression over the table")
    sql: str | None = Field(
        None, description="instead of metric: a query of one row, column observed (with part: a row per part)"
    )
    columns: list[str] = Field(default_factory=list, description="repeat the metric for each of these as {column}")
    when: str | None = Field(None, description="aggregate SQL condition; where it is false the rule does not apply")
    versus: str | None = Field(
        None, description="previous_snapshot, previous_published, or aggregate SQL to compare with"
    )
    compare: Literal["change", "difference"] = Field(
        "change", description="observed / versus - 1, or observed - versus"
    )
    null_means: Literal["fail", "skip"] = Field("fail", description="what a metric without a value means")
    detail: str | None = Field(None, description="aggregate SQL text naming what is wrong; ops tables only")
    hold: Limits | None = Field(None, description="outside: a person must approve the run")
    fail: Limits | None = Field(None, description="outside: the night stops")

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if (self.metric is None) == (self.sql is None):
            raise ValueError("give metric or sql, not both")
        if self.hold is None and self.fail is None:
            raise ValueError("give hold, fail or both")
        if self.sql is not None and (self.columns or self.versus or self.when or self.detail):
            raise ValueError("columns, versus, when and detail go with metric, not with sql")
        if bool(self.columns) != ("{column}" in (self.metric or "")):
            raise ValueError("columns and {column} in the metric go together")
        return self


class Suite(_Strict):
    """All rules of one table at one stage. The first rule is always ``rows``: an empty table proves nothing."""

    stage: Stage
    table: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    about: str = Field(min_length=15, description="what this suite protects against, in one sentence")
    only_if: str | None = Field(
        None, description="query of one boolean; where it is false there is nothing to judge, and nothing is profiled"
    )
    each: str | None = Field(None, description="column: one profile per value of it (a source, say)")
    snapshots: str | None = Field(
        None, description="date column: judge the latest dated on or before the night, beside the one before"
    )
    where: str | None = Field(None, description="SQL condition on the rows that are profiled")
    rules: dict[str, Rule] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Suite:
        first, rule = next(iter(self.rules.items()))
        if first != "rows" or rule.metric != "count(*)" or rule.fail is None or (rule.fail.at_least or 0) < 1:
            raise ValueError("the first rule must be `rows` with metric count(*) and fail at_least 1 or more")
        for name, rule in self.rules.items():
            if rule.detail is not None and not self.table.startswith("ops."):
                raise ValueError(f"{name}: only ops tables may show detail; other tables hold personal values")
            if rule.versus == "previous_snapshot" and self.snapshots is None:
                raise ValueError(f"{name}: versus previous_snapshot needs the suite's snapshots column")
        return self


def load_suites(stage: str, suites_dir: Path | None = None) -> list[Suite]:
    """Load the suites of one stage, those of the house first and then those of ``suites_dir``, by file name.

    Raises:
        SpecError: a file is not a suite (names file and field).
    """
    return [suite for suite in load_all(suites_dir) if suite.stage == stage]


def load_all(suites_dir: Path | None = None) -> list[Suite]:
    """Load every suite of every stage."""
    folders = [SUITES_DIR] + ([suites_dir] if suites_dir is not None else [])
    return [_load(file) for folder in folders for file in sorted(folder.glob("*.yml"))]


def _load(file: Path) -> Suite:
    try:
        suite = Suite.model_validate(read_yaml(file))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "suite"
        raise SpecError(file.name, field, first["msg"]) from error
    expected = f"{suite.stage}__{suite.table.split('.')[1]}"
    if file.stem != expected:
        raise SpecError(file.name, "file name", "does not say stage and table", f"name it {expected}.yml")
    return suite
