"""How the bytes of a file become lines and fields, as spec blocks: marks between the fields, or positions in the line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StrictStr, model_validator

from groundgame.sources.block import Block, ColumnPattern

Position = Annotated[int, Field(ge=0, strict=True)]


FORMATS = ("delimited", "fixed_width", "json_lines", "json_document")


class Envelope(Block):
    """What a JSON file says about itself: in its last line, or in a document beside the lists."""

    marker: StrictStr | None = Field(None, description="json_lines: a key that only the last line has")
    count: StrictStr | None = Field(None, description="json_lines: its key for the number of lines before it")
    version: StrictStr | None = Field(None, description="the key of the schema version")
    versions: tuple[StrictStr, ...] = Field((), description="the known ones; any other refuses the file")

    @model_validator(mode="after")
    def _versions_are_somewhere(self) -> Envelope:
        if (self.version is None) != (not self.versions):
            raise ValueError("version and versions belong together: which are known is declared, never guessed")
        return self


class Text(Block):
    """How the bytes become lines and fields. Nothing is sniffed but the byte order mark."""

    encodings: tuple[Literal["utf-8", "latin-1", "cp1252", "utf-16"], ...] = Field(
        ("utf-8",), min_length=1, description="the first is used; the others only when a byte order mark says so"
    )
    format: Literal["delimited", "fixed_width", "json_lines", "json_document"] = Field(
        "delimited",
        description="fixed_width: each layout's record says where its columns stand; json_lines: an object a line; "
        "json_document: one object whose lists hold the rows",
    )
    lists: tuple[StrictStr, ...] = Field(
        (), description="json_document: the lists to read; paths begin with their name"
    )
    envelope: Envelope | None = Field(None, description="JSON: trailer and schema version")
    delimiter: StrictStr = Field(",", min_length=1, max_length=1)
    quoting: Literal["none", "standard"] = "standard"
    header: bool = True
    trailer: ColumnPattern | None = Field(
        None, description="full match of a total line; group count is checked against the rows"
    )

    @property
    def is_json(self) -> bool:
        """Whether a row is an object with named values."""
        return self.format.startswith("json")

    @property
    def separator(self) -> str:
        """What stands between two fields when a line is parsed: a fixed-width line is given one that no text may hold."""
        return "\x1f" if self.format == "fixed_width" else self.delimiter

    @model_validator(mode="before")
    @classmethod
    def _only_delimited_has_marks(cls, values: Any) -> Any:
        """Elsewhere a quote is data and the first line a row: positions mean something, or keys, and nothing else."""
        if not isinstance(values, dict) or values.get("format", "delimited") not in FORMATS[1:]:
            return values
        is_json = values["format"] != "fixed_width"
        marks = {"delimiter", "quoting", "header"} | ({"trailer"} if is_json else set())
        if said := sorted(values.keys() & marks):
            raise ValueError(f"a {values['format'].replace('_', '-')} text has no {', '.join(said)}")
        return values | {"quoting": "none", "header": False}

    @model_validator(mode="after")
    def _json_is_complete(self) -> Text:
        if not self.is_json and (self.lists or self.envelope):
            raise ValueError("lists and envelope belong to JSON")
        if self.is_json and self.encodings != ("utf-8",):
            raise ValueError("JSON is UTF-8")
        if (self.format == "json_document") != bool(self.lists):
            raise ValueError("format json_document and lists belong together")
        if self.envelope is not None and (self.format == "json_lines") != (self.envelope.marker is not None):
            raise ValueError("envelope.marker: json_lines need one, a document has none")
        return self

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
