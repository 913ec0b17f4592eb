"""Fit a file's columns to one of its source's layouts: by name, or by the declared order where a file names none.

The outcome is a plan: which column feeds which canonical field, what is new, what is missing.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from dataclasses import dataclass, field

from groundgame.errors import FileRefused, LayoutDrift
from groundgame.sources.history import Election
from groundgame.sources.layouts import Column, Joined, Layout, columns_of
from groundgame.sources.spec import EntitySpec, SourceSpec
from groundgame.sources.text import Text

PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
DELIMITERS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}


@dataclass(frozen=True)
class Plan:
    """How a file's columns are used; columns are positions in the file."""

    width: int
    layout: str
    fields: dict[str, tuple[int, ...]]  # canonical field -> its column, or the columns that are joined
    extra: dict[str, int] = field(default_factory=dict)  # x_<name> -> column, kept in raw
    elections: dict[int, Election] = field(default_factory=dict)  # column -> the election it stands for
    missing: tuple[str, ...] = ()  # optional fields without a column
    columns: dict[str, Column] = field(default_factory=dict)  # how each field is declared
    news: tuple[str, ...] = ()  # unknown columns that are kept out

    @property
    def keep(self) -> tuple[int, ...]:
        """All columns that are read, ascending."""
        used = {position for positions in self.fields.values() for position in positions}
        return tuple(sorted(used | set(self.extra.values()) | set(self.elections)))


def header_fields(line: str, text: Text, file: str) -> list[str]:
    """Split a header line into lower-case names.

    Raises:
        FileRefused: another delimiter fits better (S10), or two columns have one name (S15).
    """
    try:
        names = next(csv.reader([line], delimiter=text.delimiter, strict=True)) if text.quoting == "standard" else None
    except csv.Error:
        names = None
    names = [name.strip().lower() for name in (names or line.split(text.delimiter))]
    check_delimiter(line, len(names), text, file)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileRefused(
            file, "S15", f"{len(twice)} column names stand twice", "ask for a file with one name a column", 1
        )
    return names


def check_delimiter(line: str, width: int, text: Text, file: str) -> None:
    """Refuse a first line that the declared delimiter does not split (S10)."""
    if width > 1:
        return
    other = max(DELIMITERS, key=line.count)
    if line.count(other):
        problem = f"the first line has no {DELIMITERS.get(text.delimiter, 'delimiter')} but {line.count(other)} x {DELIMITERS[other]}"
        raise FileRefused(file, "S10", problem, "declare the delimiter in the source's YAML or ask the sender", 1)


def fit(
    names: list[str],
    layouts: tuple[Layout, ...],
    source: SourceSpec,
    entity: EntitySpec,
    file: str,
    snapshot: dt.date,
) -> Plan:
    """The plan of the layout that fits best: fewest unknown columns, then fewest missing, then the newest in effect.

    Raises:
        LayoutDrift: no layout finds its required columns (S13).
        FileRefused: an unknown column has a name that is no plain word (S19).
    """
    siblings = _sibling_columns(source, entity, names)

    def badness(layout: Layout) -> tuple[int, int, int, bool, int]:
        required, optional = _missing(layout, names)
        return (
            len(required),
            len(_unknown(layout, names, entity, siblings)),
            len(optional),
            layout.since > snapshot,
            -layout.since.toordinal(),
        )

    layout = min(layouts, key=badness)
    keeps_news = source.kind == "voter_file"  # an app's new column may be anything that a person told it
    required, optional = _missing(layout, names)
    unknown = _unknown(layout, names, entity, siblings)
    if required:
        shown = [name if PLAIN_NAME.fullmatch(name) else "(not a plain name)" for name in unknown]
        raise LayoutDrift(file, "S13", required, shown[:20])
    for position, name in enumerate(unknown, 1):
        if not PLAIN_NAME.fullmatch(name):
            problem = f"unknown column {position} of {len(unknown)} has a name that is no plain word"
            raise FileRefused(file, "S19", problem, "declare the column in the source's YAML (ignored is enough)", 1)
    elections = {at: found for at, name in enumerate(names) if (found := _election(entity, name)) is not None}
    return Plan(
        width=len(names),
        layout=str(layout.since),
        fields={canonical: at for canonical in layout.columns if (at := _positions(layout, canonical, names))},
        extra={f"x_{name}": names.index(name) for name in unknown if keeps_news},
        elections=elections,
        missing=tuple(optional),
        columns=dict(layout.columns),
        news=() if keeps_news else tuple(unknown),
    )


def headerless(line: str, entity: EntitySpec, file: str, snapshot: dt.date) -> Layout:
    """The layout of a file without a header: of those in effect the newest as wide as its first line, else the newest.

    Raises:
        FileRefused: another delimiter fits better (S10).
    """
    width = len(line)
    if entity.text.format == "delimited":
        width = line.count(entity.text.delimiter) + 1
        check_delimiter(line, width, entity.text, file)
    in_effect = [layout for layout in entity.layouts if layout.since <= snapshot] or list(entity.layouts)
    return max(in_effect, key=lambda item: (item.line_width == width, item.since))


def of_paths(entity: EntitySpec, snapshot: dt.date) -> tuple[Plan, Layout]:
    """The plan of a JSON file: its values have names, so the newest layout in effect says what is read."""
    in_effect = [layout for layout in entity.layouts if layout.since <= snapshot] or list(entity.layouts)
    layout = max(in_effect, key=lambda item: item.since)
    paths = layout.paths()
    fields = {name: tuple(paths.index(path) for path in columns_of(column)) for name, column in layout.columns.items()}
    return Plan(len(paths), str(layout.since), fields, columns=dict(layout.columns)), layout


def _positions(layout: Layout, canonical: str, names: list[str]) -> tuple[int, ...]:
    column = layout.columns[canonical]
    found = tuple(names.index(name.lower()) for name in columns_of(column) if name.lower() in names)
    return found if isinstance(column, Joined) else found[:1]


def _missing(layout: Layout, names: list[str]) -> tuple[list[str], list[str]]:
    absent = [canonical for canonical in layout.columns if not _positions(layout, canonical, names)]
    required = sorted(name for name in absent if name not in layout.optional)
    return required, sorted(set(absent) - set(required))


def _unknown(layout: Layout, names: list[str], entity: EntitySpec, siblings: set[str]) -> list[str]:
    known = layout.source_columns() | siblings
    return [name for name in names if name not in known and _election(entity, name) is None]


def _election(entity: EntitySpec, name: str) -> Election | None:
    return entity.history.election_of(name) if entity.history is not None and entity.history.shape != "long" else None


def _sibling_columns(source: SourceSpec, entity: EntitySpec, names: list[str]) -> set[str]:
    """Columns of the source's other entity when both read the same files: known, only not wanted here."""
    found: set[str] = set()
    for other in source.entities().values():
        if other is entity or set(other.files.uri) != set(entity.files.uri):
            continue
        for layout in other.layouts:
            found |= layout.source_columns()
        found |= {name for name in names if _election(other, name) is not None}
    return found
