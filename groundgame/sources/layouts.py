"""One vintage of a file as spec blocks: which column, or which path of a JSON object, feeds which canonical field."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictStr, model_validator

from groundgame.sources.block import Block
from groundgame.sources.text import Record

# Keys with dots between them; [2] takes one item of a list, [] makes a row of each.
JSON_PATH = re.compile(r"[A-Za-z_][\w-]*(\[\d*\])?(\.[A-Za-z_][\w-]*(\[\d*\])?)*")
# The pseudo-column of a document's rows: the name of the list in which the row stood.
LIST_COLUMN = "(list)"


def _flat(value: object) -> object:
    """Lists inside the list are spliced in, so that vintages can share a YAML anchor."""
    if not isinstance(value, list):
        return value
    return [item for part in value for item in (part if isinstance(part, list) else [part])]


class Joined(Block):
    """Several columns that make one field, joined with a space."""

    join: tuple[StrictStr, ...] = Field(min_length=2)


class Part(Block):
    """One half of a column that holds two facts, such as ``Raleigh, North Carolina``."""

    column: StrictStr
    split: StrictStr = Field(min_length=1, description="what stands between the two; a value without it is all first")
    part: Literal["first", "rest"]


class Prefixed(Block):
    """An id behind a word of ours, where a sender numbers two kinds of people apart and one number may be two of them."""

    column: StrictStr
    prefix: StrictStr = Field(min_length=1)


class ByList(Block):
    """A constant by the list of the document in which a row stands."""

    by_list: dict[StrictStr, StrictStr] = Field(min_length=1)


Names = Annotated[tuple[StrictStr, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
Column = Joined | Part | Prefixed | ByList | Names


def columns_of(column: Column) -> tuple[str, ...]:
    """The names that a declared column reads, as they are written."""
    if isinstance(column, Joined):
        return column.join
    if isinstance(column, Part | Prefixed):
        return (column.column,)
    return (LIST_COLUMN,) if isinstance(column, ByList) else column


class Layout(Block):
    """One vintage of a file: which column feeds which canonical field."""

    since: dt.date
    columns: dict[str, Column] = Field(
        description="canonical field: column, [column and its aliases], join, half of a column, prefixed, or by_list"
    )
    optional: tuple[str, ...] = Field((), description="fields whose column may be missing: null, and a person is asked")
    ignored: Annotated[tuple[StrictStr, ...], BeforeValidator(_flat)] = Field((), description="known columns not kept")
    positions: tuple[StrictStr, ...] = Field((), description="names in order, for files without a header")
    record: Record | None = Field(None, description="where the columns stand in a line, for fixed-width files")

    def ordered_columns(self) -> list[str]:
        """The column names of a file that does not name them itself, lower case."""
        return [name.lower() for name in (self.record.spans if self.record else self.positions)]

    @property
    def line_width(self) -> int:
        """How wide a line of a file without a header is: characters of a record, else columns."""
        return self.record.width if self.record else len(self.positions)

    def source_columns(self) -> set[str]:
        """Every column name that this layout knows, lower case."""
        return {name.lower() for name in (*self.ignored, *self.ordered_columns(), *self.paths())}

    def paths(self) -> tuple[str, ...]:
        """What the fields are read from, each once, as it is written: of a JSON object these are paths."""
        return tuple(dict.fromkeys(name for column in self.columns.values() for name in columns_of(column)))

    @property
    def unnested(self) -> str | None:
        """The list inside each object of which every item is a row."""
        return next((path.partition("[]")[0] for path in self.paths() if "[]" in path), None)

    @model_validator(mode="after")
    def _optional_is_known(self) -> Layout:
        if unknown := sorted(set(self.optional) - set(self.columns)):
            raise ValueError(f"optional names fields without a column: {unknown}")
        return self

    @model_validator(mode="after")
    def _record_has_the_columns(self) -> Layout:
        if self.record is None:
            return self
        if self.positions:
            raise ValueError("positions and record are two answers to one question: give one")
        spans = set(self.ordered_columns())
        for field in self.columns.keys() - set(self.optional):
            column = self.columns[field]
            named = {name.lower() for name in columns_of(column)}
            if not (named <= spans if isinstance(column, Joined) else named & spans):
                raise ValueError(f"record.spans: none for {field} ({', '.join(sorted(named - spans))})")
        return self

    def check_paths(self) -> None:
        """Refuse what a JSON file cannot mean.

        Raises:
            ValueError: a path is none, two differ by case alone, or two lists are to be unnested.
        """
        paths = [path for path in self.paths() if path != LIST_COLUMN]
        if wrong := [path for path in paths if not JSON_PATH.fullmatch(path)]:
            raise ValueError(f"not paths of a JSON object: {wrong}")
        if len({path.lower() for path in paths}) < len(paths):
            raise ValueError("two paths have one name (but for case)")
        if any(path.count("[]") > 1 for path in paths) or len({p.partition("[]")[0] for p in paths if "[]" in p}) > 1:
            raise ValueError("only one list can be unnested")
