"""What a source may declare: one frozen model per block of the YAML. Data with a bouncer, no behaviour beyond checks.

How its files are fetched and read is in ``groundgame.ingest``; where the YAML files are is in ``catalog``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictStr, model_validator

from groundgame.sources.block import Block, ColumnPattern, Pattern
from groundgame.sources.entities import CODE_VALUES, DATE_FIELDS, ENTITIES
from groundgame.sources.history import History
from groundgame.sources.layouts import Joined, Layout
from groundgame.sources.text import Text

__all__ = ["DateRule", "EntityName", "EntitySpec", "Files", "Joined", "Layout", "SourceSpec"]
EntityName = Literal[
    "registrations",
    "votes",
    "users",
    "friend_edges",
    "friend_shared",
    "actions",
    "consent_events",
    "contacts",
    "responses",
    "crosswalk",
    "shifts",
    "goals",
    "nodes",
    "accounts",
    "notes",
    "turfs",
    "reviews",
]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str | dict) else value


Strings = Annotated[tuple[StrictStr, ...], BeforeValidator(_as_list)]


class SnapshotRule(Block):
    """One way to date a file; exactly one key. Rules are tried in order until one gives a date."""

    file_name: Pattern | None = Field(
        None, description="regex with groups year, month, day (or one group date: YYYYMMDD)"
    )
    member_date: Literal[True] | None = Field(None, description="the archive member's own date")
    modified_date: Literal[True] | None = Field(None, description="the file's modification time, as a UTC day")
    constant: dt.date | None = None

    @model_validator(mode="after")
    def _one_key(self) -> SnapshotRule:
        if len(self.model_fields_set) != 1:
            raise ValueError("give exactly one of file_name, member_date, modified_date, constant")
        return self


class Files(Block):
    """Where the files are, and how to look at them from outside."""

    uri: Strings = Field(
        min_length=1,
        description="fsspec URIs; {inbox} is the installation's inbox; * and ? only in the file name and its folder",
    )
    connection: str | None = Field(None, description="name of the connection whose options open the URI")
    containers: tuple[Literal["plain", "gzip", "zip"], ...] = ("plain",)
    members: Pattern = Field(r".*", description="full match of the members to read inside a zip; others are left alone")
    snapshot_date: tuple[SnapshotRule, ...] = Field(min_length=1)
    county_in_name: Pattern | None = Field(None, description="regex with group county, searched in the file name")
    settle_seconds: float = Field(2.0, ge=0, description="pause between two looks at a file that was written just now")

    @model_validator(mode="after")
    def _uris(self) -> Files:
        for uri in self.uri:
            if unknown := set(re.findall(r"\{(\w*)\}", uri)) - {"inbox"}:
                raise ValueError(f"unknown placeholder {sorted(unknown)}; only {{inbox}} is known")
            folder = uri.rpartition("/")[0]
            if set("*?[") & set(folder.rpartition("/")[0]):
                raise ValueError("wildcards are allowed in the file name only, and in the name of its folder")
            if set("*?[") & set(folder) and "zip" in self.containers:
                raise ValueError(
                    "wildcards are allowed in the file name only where zips are taken: members would share names"
                )
        if self.county_in_name and "(?P<county>" not in self.county_in_name:
            raise ValueError("county_in_name needs a group (?P<county>...)")
        return self


class DateRule(Block):
    """How one date field is written, and which of its values mean that the date is unknown."""

    formats: tuple[StrictStr, ...] = Field(min_length=1)
    masks: tuple[StrictStr, ...] = Field((), description="written instead of a date")
    sentinels: tuple[StrictStr, ...] = Field((), description="real-looking dates that mean unknown, as written")
    years: tuple[int, int] | None = Field(None, description="outside of these years the date is taken as unknown")
    two_digit_pivot: int | None = Field(None, ge=0, le=99, description="%y above it is 19xx; required with %y")

    @model_validator(mode="after")
    def _pivot(self) -> DateRule:
        if any("%y" in form for form in self.formats) != (self.two_digit_pivot is not None):
            raise ValueError("%y and two_digit_pivot belong together: a century is declared, never guessed")
        return self


class TimeRule(Block):
    """How a moment is written. Nothing is guessed: a number in another unit is a moment that cannot be (A11)."""

    unit: Literal["ms", "s", "iso"] = Field(description="since 1970 in UTC, or ISO 8601")
    zone: StrictStr | None = Field(
        None, description="iso: IANA zone of texts that name none; without it they are refused"
    )
    since: dt.date = Field(dt.date(2000, 1, 1), description="nothing can have happened earlier")

    @model_validator(mode="after")
    def _zone_is_of_iso(self) -> TimeRule:
        if self.zone is not None and self.unit != "iso":
            raise ValueError("zone belongs to unit iso: the others count from 1970 in UTC")
        return self


class Expectations(Block):
    """What a file must look like to be believed."""

    rows: tuple[int, int] = Field((1, 1_000_000_000), description="fewer refuses the file, more asks a person")
    counties: int | None = Field(None, ge=1, description="how many county files make a whole snapshot")
    patterns: dict[str, ColumnPattern] = Field(
        default_factory=dict, description="canonical field: pattern of its values"
    )
    sign_ups_per_minute: int = Field(10_000, ge=1, description="users; more in one minute asks a person (A20)")
    pattern_share: float = Field(0.99, ge=0, le=1, description="share of rows that must match, or the file is refused")


class Mark(Block):
    """A value that makes a voter confidential."""

    column: str
    values: tuple[StrictStr, ...] = Field(min_length=1)


class EntitySpec(Block):
    """The files of one entity and how to read them."""

    files: Files
    text: Text = Field(default_factory=lambda: Text.model_validate({}))
    voter_id: Literal["column", "line"] = Field("column", description="line: the file has no id, the line number is it")
    layouts: tuple[Layout, ...] = Field(min_length=1)
    dates: dict[str, DateRule] = Field(default_factory=dict)
    times: dict[str, TimeRule] = Field(default_factory=dict)
    null_values: dict[str, Strings] = Field(
        default_factory=dict, description="field: values that mean nothing is known"
    )
    history: History | None = None
    expect: Expectations = Field(default_factory=lambda: Expectations.model_validate({}))

    @model_validator(mode="after")
    def _headerless_has_positions(self) -> EntitySpec:
        fixed = self.text.format == "fixed_width"
        if any((layout.record is not None) != fixed for layout in self.layouts):
            raise ValueError("text.format fixed_width and a record in each layout belong together")
        if self.text.is_json:
            for layout in self.layouts:
                layout.check_paths()
        elif not fixed and not self.text.header and not all(layout.positions for layout in self.layouts):
            raise ValueError("a file without a header needs positions in each layout")
        return self

    @model_validator(mode="after")
    def _shifted_lines_can_be_told(self) -> EntitySpec:
        """A shifted fixed-width line has its width still: only what stands in a column can tell (S22)."""
        if self.text.format == "fixed_width" and not self.expect.patterns:
            raise ValueError("expect.patterns: a fixed-width file needs one, nothing else tells that lines are shifted")
        if self.text.format == "fixed_width" and self.voter_id == "column" and "voter_id" not in self.expect.patterns:
            raise ValueError("expect.patterns: a fixed-width file needs one for voter_id")
        return self


class Study(Block):
    """An experiment on real voters: what is predicted and on whom the model is trained."""

    label_election_date: dt.date
    label_election_type: str
    universe: dict[str, tuple[StrictStr, ...]] = Field(default_factory=dict, description="feature: values kept")


class SourceSpec(Block):
    """One sender: a state that sends voter files, an app that exports what its users did, or a tool of the field program."""

    kind: Literal["voter_file", "app", "field"] = "voter_file"
    name: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
    title: str = ""
    state_abbr: Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")] | None = None
    history_lag_days: int = Field(0, ge=0, description="days after an election until its history is complete")
    retention_years: int = Field(
        8,
        ge=1,
        description="years without a vote after which the file may drop a voter: two federal elections, a notice, two more",
    )
    history_start_date: dt.date | None = Field(None, description="before it the history is not complete")
    registrations: EntitySpec | None = None
    votes: EntitySpec | None = None
    users: EntitySpec | None = None
    friend_edges: EntitySpec | None = None
    friend_shared: EntitySpec | None = None
    actions: EntitySpec | None = None
    consent_events: EntitySpec | None = None
    contacts: EntitySpec | None = None
    responses: EntitySpec | None = None
    crosswalk: EntitySpec | None = None
    shifts: EntitySpec | None = None
    goals: EntitySpec | None = None
    nodes: EntitySpec | None = None
    accounts: EntitySpec | None = None
    notes: EntitySpec | None = None
    turfs: EntitySpec | None = None
    reviews: EntitySpec | None = None
    day_zone: StrictStr | None = Field(None, description="field: IANA zone of the clock by which a day begins and ends")
    codes: dict[str, dict[StrictStr, StrictStr]] = Field(default_factory=dict)
    confidentiality: tuple[Mark, ...] = ()
    zip_prefixes: tuple[StrictStr, ...] = Field((), description="how the state's ZIP codes begin")
    study: Study | None = None

    def entities(self) -> dict[str, EntitySpec]:
        """The declared entities by name, in the order of ``ENTITIES``."""
        return {name: entity for name in ENTITIES if (entity := getattr(self, name)) is not None}

    def digest(self, entity: EntityName) -> str:
        """Changes when anything changes that decides how the entity's rows are read."""
        parts = [self.model_dump_json(include={"name", "codes", "confidentiality", "zip_prefixes"})]
        parts.append(
            self.entities()[entity].model_dump_json(exclude={"files": {"uri", "connection", "settle_seconds"}})
        )
        if self.day_zone is not None:
            parts.append(self.day_zone)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _known_fields(self) -> SourceSpec:
        if not self.entities():
            raise ValueError(f"declares none of {', '.join(ENTITIES)}")
        for name, entity in self.entities().items():
            if ENTITIES[name].kind != self.kind:
                raise ValueError(f"{name}: no entity of kind {self.kind}")
            known = set(ENTITIES[name].fields)
            for block, fields in _fields_used(entity):
                if unknown := sorted(fields - known):
                    raise ValueError(f"{name}.{block}: no such field {unknown} in {ENTITIES[name].name}")
            if entity.dates.keys() - DATE_FIELDS:
                raise ValueError(f"{name}.dates: not dates: {sorted(entity.dates.keys() - DATE_FIELDS)}")
            if undated := _mapped(entity) & DATE_FIELDS - entity.dates.keys():
                raise ValueError(f"{name}.dates: no format declared for {sorted(undated)}")
            _check_ids(name, entity)
            if (timed := ENTITIES[name].times & _mapped(entity)) - entity.times.keys():
                raise ValueError(f"{name}.times: no unit declared for {sorted(timed - entity.times.keys())}")
            if ENTITIES[name].local_times and self.day_zone is None:
                raise ValueError("day_zone: required, by whose clock does a day begin?")
        if (self.votes is not None) != (self.votes is not None and self.votes.history is not None):
            raise ValueError("votes.history: required")
        return self

    @model_validator(mode="after")
    def _known_codes(self) -> SourceSpec:
        for field, codes in self.codes.items():
            if field not in CODE_VALUES:
                raise ValueError(f"codes: no such coded field {field!r}; one of {sorted(CODE_VALUES)}")
            allowed = CODE_VALUES[field]
            for code, value in codes.items():
                fits = value in allowed if allowed else re.fullmatch(r"[a-z][a-z_]*", value)
                if not fits:
                    raise ValueError(f"codes.{field}: {code!r} decodes to unknown value {value!r}")
        return self


def _mapped(entity: EntitySpec) -> set[str]:
    """Every field that some layout fills."""
    return {field for layout in entity.layouts for field in layout.columns}


def _check_ids(name: str, entity: EntitySpec) -> None:
    """Each layout must fill the key, except that a voter file may lack ids, and a vote's election may be in its column."""
    if ENTITIES[name].kind == "voter_file":
        has_id = all("voter_id" in layout.columns for layout in entity.layouts)
        if has_id != (entity.voter_id == "column"):
            raise ValueError(f"{name}.voter_id: every layout maps voter_id, or voter_id is 'line' and none does")
        return
    for layout in entity.layouts:
        if missing := sorted(ENTITIES[name].required - layout.columns.keys()):
            raise ValueError(f"{name}.layouts.columns: none for {missing}")


def _fields_used(entity: EntitySpec) -> list[tuple[str, set[str]]]:
    """The canonical fields that an entity's blocks speak of, by block."""
    used: list[tuple[str, set[str]]] = [("layouts.columns", set(layout.columns)) for layout in entity.layouts]
    used += [
        ("dates", set(entity.dates)),
        ("times", set(entity.times)),
        ("null_values", set(entity.null_values)),
        ("expect.patterns", set(entity.expect.patterns)),
    ]
    if entity.history is not None and entity.history.cell is not None:
        used.append(("history.cell", {entity.history.cell}))
    return used
