"""Whom a request names, and under which columns and forms her ids stand anywhere. The one list of columns that hold ids of people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.sources.catalog import load_catalog

Kind = Literal["voter", "app_user"]

# Every column, of any raw entity or built table, that holds the id of a person. A new entity or model whose column is named otherwise
# is a new line here; tests/privacy compares the list with the entities.
SUBJECT_COLUMNS: dict[str, Kind] = {
    "voter_id": "voter",
    "other_voter_id": "voter",
    "person_key": "app_user",
    "user_id": "app_user",
    "friend_id": "app_user",
    "friend_key": "app_user",
    "vendor_id": "app_user",  # whom a field tool has under a number of its own
    "vendor_key": "app_user",
}
# Columns that name a person in somebody else's row: the row stays, without the name.
MENTION_COLUMNS: dict[str, Kind] = {"organizer_id": "app_user"}
# Columns that borrow a voter's id to name a group: the group stays, under the id of another member.
BORROWED_COLUMNS = ("household_id",)
SOURCE_COLUMNS = ("_source", "source")
SEPARATORS: dict[Kind, str] = {"voter": "-", "app_user": ":"}


@dataclass(frozen=True)
class Subject:
    """A person as one sender knows her: ``name`` is the sender's prefix (``NC``) or source (``graph``), ``local_id`` her id there."""

    kind: Kind
    name: str
    local_id: str

    @property
    def text(self) -> str:
        """The id that every table behind staging knows: ``NC-AA123`` or ``graph:1000``."""
        return f"{self.name}{SEPARATORS[self.kind]}{self.local_id}"

    def forms(self, source: str, prefixes: Mapping[str, str]) -> set[str]:
        """How a file of ``source`` may write this person: in full, and by the bare id if it is the same sender's."""
        same = prefixes.get(source, source.upper()) == self.name if self.kind == "voter" else source == self.name
        return {self.text, self.local_id} if same else {self.text}

    def __repr__(self) -> str:
        return f"<a {self.kind}>"  # what is printed by accident must not name anybody


def parse(text: str) -> Subject:
    """Read ``NC-AA123`` or ``graph:1000``.

    Raises:
        SpecError: it is neither; the text is not repeated, because errors are logged.
    """
    if found := re.fullmatch(r"([A-Z][A-Z0-9_]*)-(\S+)", text.strip()):
        return Subject("voter", found[1], found[2])
    if found := re.fullmatch(r"([a-z][a-z0-9_]*):(\S+)", text.strip()):
        return Subject("app_user", found[1], found[2])
    raise SpecError(
        "forget", "subject", "is no id of a person", "write NC-AA123 for a voter or source:user_id for an app"
    )


def prefixes(settings: Settings) -> dict[str, str]:
    """The prefix of each source's voter ids: its state, or its name where it has none, as staging writes it."""
    every = load_catalog(settings.model_copy(update={"sources": []}))
    return {name: (source.state_abbr or name).strip().upper() for name, source in every.items()}


def columns_of(names: Iterable[str]) -> list[str]:
    """Those of a table's columns that hold ids of people."""
    return [name for name in names if name in SUBJECT_COLUMNS]


def mentions_of(names: Iterable[str]) -> list[str]:
    """Those of a table's columns that name people in somebody else's row."""
    return [name for name in names if name in MENTION_COLUMNS]
