"""What becomes of a worker of the field in the built tables, as SQL for every engine: what ``workers`` does to landed text.

Which tables there are, and when they are changed, is for ``tables``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from groundgame.privacy.keys import pseudonym
from groundgame.privacy.subject import FREE_COLUMNS, UNIT, WORKER_COLUMNS, Kind, Subject
from groundgame.privacy.workers import SIGNED, phrases

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

# A list of ids as one parameter, in the words of every engine; the separator of units stands in no landed text.
LISTED = f"(select unnest(string_to_array(?, chr({ord(UNIT)}))))"
# Between a place and what stands beside it, within one value of a list.
PAIR = "\x1e"
PAIRED = f" || chr({ord(PAIR)}) || "


@dataclass(frozen=True)
class Change:
    """Rows to be found by ``where``: deleted, or changed as ``put`` says; with the values of both."""

    where: str
    values: list[str]
    put: str = ""
    put_values: list[str] = field(default_factory=list)

    def statement(self, table: str) -> tuple[str, list[str]]:
        """The SQL that makes the change, and its parameters."""
        if not self.put:
            return f"delete from {table} where {self.where}", self.values
        return f"update {table} set {self.put} where {self.where}", [*self.put_values, *self.values]


def naming(columns: Sequence[str]) -> frozenset[str]:
    """Those of a table's text columns that may name a worker: a free text does among her notes alone."""
    found = frozenset(column for column in columns if column in WORKER_COLUMNS)
    return found | {column for column in columns if column in FREE_COLUMNS and "note_key" in found}


def changes(
    warehouse: Warehouse, table: str, columns: frozenset[str], people: Sequence[Subject], key: bytes
) -> list[Change]:
    """How a table is without the workers, given those of its columns that may name one.

    In order: places last, because others are found by them.
    """
    hers = _Hers(people, key)
    if not hers.people:
        return []
    steps: tuple[Callable[[frozenset[str], _Hers], Iterator[Change]], ...] = (
        _notes,
        _names,
        _signatures,
        _numbers,
        _places,
    )
    found = [change for step in steps for change in step(columns, hers)]
    return [
        *(change for column in columns.intersection(FREE_COLUMNS) for change in _texts(warehouse, table, column, hers)),
        *found,
    ]


class _Hers:
    """What is the workers', by kind."""

    def __init__(self, people: Sequence[Subject], key: bytes) -> None:
        self.people, self.key = [one for one in people if one.is_worker], key

    def of(self, kind: Kind) -> list[Subject]:
        return [one for one in self.people if one.kind == kind]

    @property
    def signatures(self) -> list[str]:
        """How she signs, in small letters: by her login or name."""
        return sorted({one.local_id.lower() for one in self.people if one.kind in SIGNED})


def _notes(columns: frozenset[str], hers: _Hers) -> Iterator[Change]:
    if not {"note_key", "node_id"} <= columns:
        return
    if days := [f"{one.name}{PAIR}{one.local_id}" for one in hers.of("note") if one.local_id]:
        yield Change(f"node_id{PAIRED}cast(local_date as varchar) in {LISTED}", [_listed(days)])


def _texts(warehouse: Warehouse, table: str, column: str, hers: _Hers) -> Iterator[Change]:
    """What others wrote with her name in it is withheld. What a name is among words is asked where landing asks it."""
    names = {one.text for one in hers.people if one.kind in SIGNED}
    texts = warehouse.fetch(f"select distinct {column} from {table} where {column} is not null").column(0).to_pylist()
    if spoken := sorted(text for text in texts if not phrases(text).isdisjoint(names)):
        yield Change(f"{column} in {LISTED}", [_listed(spoken)], f"{column} = null, is_withheld = true")


def _names(columns: frozenset[str], hers: _Hers) -> Iterator[Change]:
    """The hierarchy keeps the place without a name; the marts call it by its id, as they call every place without one."""
    is_drawn = {"node_name", "login"} <= columns
    held = [f"{one.name}{PAIR}{one.local_id}" for one in hers.of("holder")]
    if held and {"node_id", "node_name"} <= columns:
        put = "node_name = null, login = null" if is_drawn else "node_name = node_id"
        yield Change(f"node_id{PAIRED}trim(node_name) in {LISTED}", [_listed(held)], put)
    logins = sorted(one.local_id for one in hers.of("login"))
    if logins and "login" in columns:
        # A row of a table of logins alone says who may see what: she may see nothing.
        yield Change(f"lower(trim(login)) in {LISTED}", [_listed(logins)], "login = null" if is_drawn else "")


def _signatures(columns: frozenset[str], hers: _Hers) -> Iterator[Change]:
    for column in sorted(column for column in columns if WORKER_COLUMNS.get(column) == "signature"):
        if signatures := hers.signatures:
            yield Change(f"lower(trim({column})) in {LISTED}", [_listed(signatures)], f"{column} = null")


def _numbers(columns: frozenset[str], hers: _Hers) -> Iterator[Change]:
    if "account_key" not in columns:
        return
    for one in hers.of("account"):
        put = f"{one.name}:{pseudonym(hers.key, one.text)}"
        yield Change("account_key = ?", [f"{one.name}:{one.local_id}"], "account_key = ?", [put])


def _places(columns: frozenset[str], hers: _Hers) -> Iterator[Change]:
    for one in hers.of("node"):
        put = pseudonym(hers.key, one.text)
        for column in sorted(columns.intersection({"node_id", "parent_id"})):
            yield Change(f"{column} = ?", [one.local_id], f"{column} = ?", [put])
        if "node_path" in columns:
            old, new = f"/{one.local_id}/", f"/{put}/"
            yield Change("position(? in node_path) > 0", [old], "node_path = replace(node_path, ?, ?)", [old, new])


def _listed(values: Sequence[str]) -> str:
    return UNIT.join(values)
