"""How the bytes of a file become lines and fields, as spec blocks: marks between the fields, or positions in the line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictStr, model_validator

from groundgame.sources.block import Block, ColumnPattern

Position = Annotated[int, Field(ge=0, strict=True)]


class Text(Block):
    """How the bytes become lines and fields. Nothing is sniffed but the byte order mark."""

    encodings: tuple[Literal["utf-8", "latin-1", "cp1252", "utf-16"], ...] = Field(
        ("utf-8",), min_length=1, description="the first is used; the others only when a byte order mark says so"
    )
    format: Literal["delimited", "fixed_width"] = Field(
        "delimited", description="fixed_width: each layout's record says where its columns stand"
    )
    delimiter: StrictStr = Field(",", min_length=1, max_length=1)
    quoting: Literal["none", "standard"] = "standard"
    header: bool = True
    trailer: ColumnPattern | None = Field(
        None, description="full match of a total line; group count is checked against the rows"
    )

    @property
    def separator(self) -> str:
        """What stands between two fields when a line is parsed: a fixed-width line is given one that no text may hold."""
        return "\x1f" if self.format == "fixed_width" else self.delimiter

    @model_validator(mode="before")
    @classmethod
    def _fixed_width_is_positions_only(cls, values: Any) -> Any:
        """A quote is data there and the first line a row: nothing but the position of a character means anything."""
        if not isinstance(values, dict) or values.get("format") != "fixed_width":
            return values
        if said := sorted(values.keys() & {"delimiter", "quoting", "header"}):
            raise ValueError(f"a fixed-width text has no {', '.join(said)}")
        return values | {"quoting": "none", "header": False}

    @model_validator(mode="after")
    def _plain_delimiter(self) -> Text:
        if self.delimiter in '"\r\n\x1f' or not self.delimiter.isascii():
            raise ValueError("cannot be a quote, a line end or a non-ASCII character")
        return self


class Record(Block):
    """One line of a fixed-width file. What no span covers is not read.

    Positions count characters of the decoded text: in Latin-1 these are bytes, in UTF-8 an accented letter is one.
    """

    width: int = Field(ge=1, le=32_768, strict=True, description="characters of every line, without its end")
    spans: dict[str, tuple[Position, Position]] = Field(
        min_length=1, description="column: [start, end], counted from 0, the end is not part of it"
    )

    @model_validator(mode="after")
    def _spans_lie_side_by_side(self) -> Record:
        if len({name.lower() for name in self.spans}) < len(self.spans):
            raise ValueError("spans: two columns have one name (but for case)")
        taken, before = 0, ""
        for name, (start, end) in sorted(self.spans.items(), key=lambda span: span[1]):
            if start >= end:
                raise ValueError(f"spans.{name}: [{start}, {end}] holds nothing, the end comes after the start")
            if start < taken:
                raise ValueError(f"spans.{name}: [{start}, {end}] overlaps {before}, which ends at {taken}")
            if end > self.width:
                raise ValueError(f"spans.{name}: [{start}, {end}] ends beyond the record's width of {self.width}")
            taken, before = end, name
        return self
