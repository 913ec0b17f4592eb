"""The three shapes in which states send vote history, as spec blocks.

``long``: one line per vote. ``wide``: one column per election, found by a pattern in the header. ``flags``: one named
column per election. Wide and flags are unpivoted into votes on landing.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr, model_validator

ElectionType = Literal["general", "primary", "runoff", "municipal", "special", "unknown"]


class Election(BaseModel):
    """An election that a column stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: dt.date
    type: ElectionType
    name: str = ""


class TypePattern(BaseModel):
    """Election descriptions that match ``pattern`` (searched, any case) are of ``type``; the first match wins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: StrictStr
    type: ElectionType


class History(BaseModel):
    """How votes stand in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Literal["long", "wide", "flags"]
    types: tuple[TypePattern, ...] = Field((), description="long: type of an election by its name; wide: by group type")
    not_votes: tuple[StrictStr, ...] = Field((), description="long: voting methods that were not counted as votes")
    column: StrictStr | None = Field(None, description="wide: regex of election columns with groups type and date")
    date_format: StrictStr = Field("%m/%d/%Y", description="wide: format of group date")
    elections: dict[str, Election] = Field(default_factory=dict, description="flags: column -> election")
    voted: tuple[StrictStr, ...] | None = Field(
        None, description="cell values that mean voted; none: any but not_voted"
    )
    not_voted: tuple[StrictStr, ...] = Field(("",), description="cell values that mean did not vote")
    cell: Literal["party_code", "voting_method_code"] | None = Field(None, description="what a voted cell's value says")

    @model_validator(mode="after")
    def _fits_shape(self) -> History:
        if self.shape == "long" and not self.types:
            raise ValueError("long history needs types: patterns on the election's name")
        if self.shape == "wide" and not (self.column and {"type", "date"} <= set(re.compile(self.column).groupindex)):
            raise ValueError("wide history needs column: a regex with groups type and date")
        if (self.shape == "flags") != bool(self.elections):
            raise ValueError("elections belong to shape flags, and it needs them")
        return self

    def type_of(self, text: str) -> str:
        """The type of an election by its name, ``unknown`` when no pattern matches."""
        for rule in self.types:
            if re.search(rule.pattern, text, re.IGNORECASE):
                return rule.type
        return "unknown"

    def election_of(self, column: str) -> Election | None:
        """The election that a column of the file stands for, None when it is another kind of column."""
        if self.shape == "flags":
            return next((found for name, found in self.elections.items() if name.lower() == column.lower()), None)
        match = re.fullmatch(self.column, column, re.IGNORECASE) if self.column else None
        if match is None:
            return None
        day = dt.datetime.strptime(match["date"], self.date_format).date()  # noqa: DTZ007 a calendar day has no zone
        return Election(date=day, type=self.type_of(match["type"]), name=column)  # type: ignore[arg-type]
