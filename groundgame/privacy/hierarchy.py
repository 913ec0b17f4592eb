"""Who somebody in the field is: all her numbers, places, names and days, from one number or place, as the landed hierarchies tell.

A place is not a person: another name at it is somebody else, before her or after her, who is not hers to forget.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from groundgame.config import Settings
from groundgame.privacy.keys import is_pseudonym
from groundgame.privacy.subject import ANY_DAY, NODE, Subject, aliases, plain
from groundgame.sources.catalog import load_catalog

# Elsewhere a node is called after a place, and goes by that name whoever leads it.
NAMED_AFTER_PEOPLE = ("organizer", "volunteer")
# Notes that are sent later may be this much older than the first that is known of her.
NOTES_BACK = dt.timedelta(days=366)
DAY = dt.timedelta(days=1)


class Row(NamedTuple):
    """A node as one day's hierarchy draws it: what it is called, as ``name`` where that is a person's, else as ``title``."""

    source: str
    date: dt.date
    node_id: str
    level: str
    name: str
    title: str
    login: str

    @property
    def place(self) -> tuple[str, dt.date, str]:
        """Where an account of the same hierarchy stands."""
        return self.source, self.date, self.node_id


class Account(NamedTuple):
    """A number in a tool, and the place at which one day's hierarchy has it."""

    place: tuple[str, dt.date, str]
    tool: str
    number: str

    @property
    def key(self) -> tuple[str, str]:
        """Whose it is on every day, as far as numbers tell."""
        return self.tool, self.number


@dataclass
class Person:
    """What is known of her so far; grows until nothing more is found."""

    rows: set[Row] = field(default_factory=set)
    numbers: set[tuple[str, str]] = field(default_factory=set)

    @property
    def names(self) -> set[str]:
        return {plain(row.name) for row in self.rows if row.name}

    @property
    def logins(self) -> set[str]:
        return {row.login for row in self.rows if row.login}

    def may_be(self, row: Row) -> bool:
        """Whether a place at which her number stands was hers then: unless somebody else is named there."""
        if not self.names and not self.logins:
            return True
        return self.is_named(row) or self.is_alike(row) or not (row.name or row.login)

    def is_named(self, row: Row) -> bool:
        """Whether a row bears her name where she was, or her login without a name that is somebody else's: a login may go with a place."""
        if row.name and plain(row.name) in self.names and row.node_id in {one.node_id for one in self.rows}:
            return True
        return row.login in self.logins and (not row.name or not self.names or self.is_alike(row))

    def is_alike(self, row: Row) -> bool:
        """Whether a name has a word of hers."""
        return not {word for name in self.names for word in aliases(name)}.isdisjoint(aliases(row.name))


def linked(settings: Settings, person: Subject, as_of: dt.date) -> list[Subject]:
    """All that is hers: numbers, a volunteer's places, names and logins that stand at her places, days of her notes.

    A number that no hierarchy knows is hers alone, and kept out from now on. None at all: the place is nobody's, or not there.
    """
    rows, accounts = set(_rows(settings)), set(_accounts(settings))
    found = _begin(person, rows, accounts)
    while _grow(found, rows, accounts):
        pass
    subjects = {Subject("account", *number) for number in found.numbers}
    subjects |= {Subject("node", NODE, node_id) for node_id in _her_own(found, rows)}
    subjects |= set(_names(settings, found, rows))
    if subjects:
        subjects |= set(_days(settings, found, rows, as_of))
    others = sorted(subjects - {person}, key=lambda one: (one.kind, one.name, one.local_id))
    return [person, *others] if person in subjects else others


def names(settings: Settings) -> set[str]:
    """The names of people whom the landed hierarchies have, as ``plain`` reads them."""
    return {plain(row.name) for row in _rows(settings) if row.name}


def _begin(person: Subject, rows: set[Row], accounts: set[Account]) -> Person:
    """Whom the newest hierarchy that knows the number or place means by it."""
    if person.kind == "account":
        number = (person.name, person.local_id)
        places = {one.place for one in accounts if one.key == number}
        found = Person(numbers={number})
    else:
        places = {row.place for row in rows if row.node_id == person.local_id}
        found = Person()
    newest = max((date for _, date, _ in places), default=None)
    found.rows |= {row for row in rows if row.place in places and row.date == newest}
    return found


def _grow(found: Person, rows: set[Row], accounts: set[Account]) -> bool:
    """Add what follows from what is known; returns whether it was anything."""
    before = len(found.rows) + len(found.numbers)
    places = {row.place for row in found.rows}
    found.numbers |= {one.key for one in accounts if one.place in places and not is_pseudonym(one.number)}
    nodes = {row.node_id for row in found.rows}
    hers = {one.place for one in accounts if one.key in found.numbers}
    # Numbers that stood elsewhere when hers stood somewhere are others'; so is a volunteer's place, where they stand.
    drawn = {place[:2] for place in hers}
    others = {one.key for one in accounts if one.place[:2] in drawn and one.place not in hers}
    taken = {one.place for one in accounts if one.key in others}
    near = {row for row in rows if row.node_id in nodes or row.place in hers or row.login in found.logins}
    for row in sorted(near - found.rows):
        is_kept = row.level == "volunteer" and row.node_id in nodes and row.place not in taken
        if found.is_named(row) or ((row.place in hers or is_kept) and found.may_be(row)):
            found.rows.add(row)
    return len(found.rows) + len(found.numbers) > before


def _her_own(found: Person, rows: set[Row]) -> list[str]:
    """Places that are a person rather than a place: those of a volunteer, unless somebody else had one too."""
    nodes = {row.node_id for row in found.rows if row.level == "volunteer" and not is_pseudonym(row.node_id)}
    shared = {row.node_id for row in rows - found.rows}
    return sorted(nodes - shared)


def _names(settings: Settings, found: Person, rows: set[Row]) -> Iterator[Subject]:
    """Her names and logins; a login that somebody else has had goes with a place, and says of neither who she is."""
    shared = {row.login for row in rows - found.rows}
    for row in found.rows:
        if row.name:
            yield Subject("holder", row.node_id, row.name)
            yield Subject("signature", "", row.name)
        if row.login:
            yield from (Subject("alias", row.login, word) for word in aliases(row.name))
        if row.login and row.login not in shared:
            yield Subject("login", "", row.login)
            yield from [Subject("seat", row.login, row.title)] if row.title else []
    names = found.names
    for entity, column in (("field_goals", "set_by"), ("field_reviews", "reviewed_by")):
        signed = {text for (text,) in _landed(settings, entity, column)}
        yield from (Subject("signature", "", text) for text in signed if plain(text) in names)


def _days(settings: Settings, found: Person, rows: set[Row], as_of: dt.date) -> Iterator[Subject]:
    """Each day on which notes of her places are hers: those between a hierarchy that has her there and one that has somebody else."""
    noted: dict[str, list[dt.date]] = defaultdict(list)
    for node_id, at in _landed(settings, "field_notes", "node_id", "local_at"):
        noted[node_id].append(dt.date.fromisoformat(at[:10]))
    for node_id in sorted({row.node_id for row in found.rows}):
        dates = {row.date for row in found.rows if row.node_id == node_id}
        drawn = {row.date: row.date in dates for row in rows if row.node_id == node_id}
        first = min([*drawn, *noted[node_id]]) - NOTES_BACK
        yield Subject("note", node_id, ANY_DAY)
        for number in range((as_of - first).days + 1):
            day = first + number * DAY
            before = max((date for date in drawn if date <= day), default=None)
            after = min((date for date in drawn if date > day), default=None)
            if any(drawn[date] for date in (before, after) if date is not None):
                yield Subject("note", node_id, str(day))


def _rows(settings: Settings) -> Iterator[Row]:
    catalog = load_catalog(settings.model_copy(update={"sources": []}))
    names = ("_source", "_snapshot_date", "node_id", "level_code", "node_name", "login")
    for source, date, node_id, code, name, login in _landed(settings, "field_nodes", *names, optional=2):
        level = catalog[source].codes.get("node_level", {}).get(code, code) if source in catalog else code
        is_person = level in NAMED_AFTER_PEOPLE and plain(name) not in ("", plain(node_id))
        yield Row(source, date, node_id, level, name if is_person else "", "" if is_person else name, login.lower())


def _accounts(settings: Settings) -> Iterator[Account]:
    for source, date, node_id, tool, number in _landed(
        settings, "field_accounts", "_source", "_snapshot_date", "node_id", "tool", "account_id"
    ):
        yield Account((source, date, node_id), tool.lower(), number)


def _landed(settings: Settings, entity: str, *columns: str, optional: int = 0) -> Iterator[tuple[Any, ...]]:
    """Some columns of an entity's landed rows, each different row once, trimmed; the last ``optional`` may be blank."""
    seen = set()
    for file in sorted((settings.raw_dir / entity).rglob("part-*.parquet")):
        table = pq.read_table(file, columns=list(columns), partitioning=None)
        for row in zip(*(table.column(name).to_pylist() for name in columns), strict=True):
            seen.add(tuple(_trimmed(row)))
    needed = len(columns) - optional
    return (row for row in seen if all(row[:needed]))


def _trimmed(row: Sequence[object]) -> Iterable[object]:
    return (value.strip() if isinstance(value, str) else "" if value is None else value for value in row)
