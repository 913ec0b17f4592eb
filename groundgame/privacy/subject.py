"""Whom a request names, and under which columns and forms her ids stand anywhere. The one list of columns that name people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.sources.catalog import load_catalog

# A worker of the field is known by her numbers in the tools (``account``), as a volunteer by her place in the hierarchy (``node``), and by
# what stands beside them: whose name a place bears, her login (beside a word of her name, or what a place is called), her name where
# somebody signs, the days on which a place's notes are hers.
Kind = Literal["voter", "app_user", "account", "node", "holder", "login", "alias", "seat", "signature", "note"]

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
# Columns that name a worker of the field: what she did stays and counts, under a pseudonym; names, logins and notes of hers go.
WORKER_COLUMNS: dict[str, Kind] = {
    "canvasser_id": "account",  # of the tool that reports it, as is the next one
    "volunteer_id": "account",
    "account_id": "account",  # of the tool that stands beside it
    "account_key": "account",
    "node_id": "node",
    "parent_id": "node",
    "node_path": "node",
    "node_name": "holder",
    "login": "login",
    "set_by": "signature",
    "reviewed_by": "signature",
    "note_id": "note",
    "note_key": "note",
}
# Texts in which anybody may write her name.
FREE_COLUMNS = ("note", "body", "text")
SOURCE_COLUMNS = ("_source", "source")
NODE = "node"
SEPARATORS: dict[Kind, str] = {"voter": "-", "app_user": ":", "account": "#", "node": "#"}
# It stands in no landed text, so nothing that is written there can be taken for what is known beside an id.
UNIT = "\x1f"
BESIDE: dict[Kind, str] = {
    "holder": "held by",
    "login": "login",
    "alias": "also called",
    "seat": "leads",
    "signature": "signed",
    "note": "wrote",
}
ANY_DAY = ""
WORKER_KINDS: frozenset[Kind] = frozenset({*WORKER_COLUMNS.values(), *BESIDE})
SHORTEST_ALIAS = 3  # shorter words of a name are many people's
ID_KINDS = frozenset(SEPARATORS)
NAME_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Subject:
    """A person as one sender knows her: ``name`` is a prefix (``NC``), source or tool (``graph``, ``van``), ``local_id`` her id there.

    Of what stands beside an id, ``name`` is the place or login, ``local_id`` a name, a login or a day (``ANY_DAY``: some day).
    """

    kind: Kind
    name: str
    local_id: str

    @property
    def text(self) -> str:
        """What is hashed: the id that every table behind staging knows (``NC-AA123``, ``graph:1000``), ``van#4711``, ``node#vol-17``; of
        names and logins the same text for every way to write them."""
        if self.kind in SEPARATORS:
            return f"{self.name}{SEPARATORS[self.kind]}{self.local_id}"
        return beside(self.kind, self.name, self.local_id)

    @property
    def is_worker(self) -> bool:
        """Whether it is of somebody who works in the field: her work stays."""
        return self.kind in WORKER_KINDS

    def forms(self, source: str, prefixes: Mapping[str, str]) -> set[str]:
        """How a file of ``source`` may write this person: in full, and by the bare id if it is the same sender's; none of a worker."""
        if self.is_worker:
            return set()
        same = prefixes.get(source, source.upper()) == self.name if self.kind == "voter" else source == self.name
        return {self.text, self.local_id} if same else {self.text}

    def __repr__(self) -> str:
        return f"<a {self.kind}>"  # what is printed by accident must not name anybody


def beside(kind: Kind, place: str, words: str) -> str:
    """The text of what stands beside an id, however it is written: ``Hart, Maya`` is the name of ``maya hart``."""
    return stands(kind, place, words.strip().lower() if kind in ("login", "note") else plain(words))


def stands(kind: Kind, place: str, told: str) -> str:
    """The same of words that are in the one form already."""
    return f"{place}{UNIT}{BESIDE[kind]}{UNIT}{told}"


def plain(name: str) -> str:
    """The words of a name in one order, without case and accents; empty where there is no word."""
    return " ".join(sorted(name_words(name)))


def name_words(text: str) -> list[str]:
    """The words of a text as they follow each other, without case and accents."""
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return NAME_WORD.findall(text.casefold())


def aliases(name: str) -> list[str]:
    """The words of a name of which one is enough beside her login: she married, or somebody wrote a name in short."""
    return [word for word in plain(name).split() if len(word) >= SHORTEST_ALIAS]


def is_telling(words: str) -> bool:
    """Whether a name or login may be looked for in what others write: a single word of letters may be anybody's first name."""
    return not words.strip().isalpha()


def parse(text: str) -> Subject:
    """Read ``NC-AA123``, ``graph:1000``, ``van#4711`` or ``node#vol-17``.

    Raises:
        SpecError: it is none of them; the text is not repeated, because errors are logged.
    """
    if found := re.fullmatch(r"([A-Z][A-Z0-9_]*)-(\S+)", text.strip()):
        return Subject("voter", found[1], found[2])
    if found := re.fullmatch(r"([a-z][a-z0-9_]*):(\S+)", text.strip()):
        return Subject("app_user", found[1], found[2])
    if found := re.fullmatch(r"([a-z][a-z0-9_]*)#(\S+)", text.strip()):
        return Subject("node" if found[1] == NODE else "account", found[1], found[2])
    raise SpecError(
        "forget",
        "subject",
        "is no id of a person",
        "write NC-AA123 for a voter, source:user_id for an app, tool#account_id or node#node_id for who works in the field",
    )


def prefixes(settings: Settings) -> dict[str, str]:
    """The prefix of each source's voter ids: its state, or its name where it has none, as staging writes it."""
    every = load_catalog(settings.model_copy(update={"sources": []}))
    return {name: (source.state_abbr or name).strip().upper() for name, source in every.items()}


def field_tools(settings: Settings) -> tuple[str, ...]:
    """Names of the sources of the field: a worker's number is that of one of them."""
    every = load_catalog(settings.model_copy(update={"sources": []}))
    return tuple(name for name, source in every.items() if source.kind == "field")


def columns_of(names: Iterable[str]) -> list[str]:
    """Those of a table's columns that hold ids of people."""
    return [name for name in names if name in SUBJECT_COLUMNS]


def mentions_of(names: Iterable[str]) -> list[str]:
    """Those of a table's columns that name people in somebody else's row."""
    return [name for name in names if name in MENTION_COLUMNS]
