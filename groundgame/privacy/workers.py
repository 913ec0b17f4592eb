"""A worker of the field in a table of landed text and in a line: whose cells are hers, and the same without her. Pure.

What she did stays. Her number is replaced by a keyed pseudonym, so that totals, keys and reviews are what they were; her name and login
are emptied, and notes that she wrote go. Landing and the removal from landed files ask this one module, so both end with the same rows.
Who she is, over all her numbers and places, is found in ``hierarchy``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from groundgame.privacy.keys import pseudonym
from groundgame.privacy.subject import (
    ANY_DAY,
    FREE_COLUMNS,
    NAME_WORD,
    NODE,
    SEPARATORS,
    WORKER_COLUMNS,
    Kind,
    Subject,
    aliases,
    beside,
    is_telling,
    name_words,
    stands,
)

if TYPE_CHECKING:
    from groundgame.privacy.tombstones import Tombstones

Column: TypeAlias = pa.Array | pa.ChunkedArray
T = TypeVar("T")
# What the columns are read with: whose number it is, and of which place and day.
COMPANIONS = ("tool", "node_id", "local_at")
SIGNED: tuple[Kind, ...] = ("login", "signature")
# A name of more words is not looked for in a text.
LONGEST_NAME = 6
# Ids and logins may have dots and dashes in them, and stand before the full stop of a sentence.
EDGES = re.compile(r"[\t,;|\"'\s()!?]+")


@dataclass(frozen=True)
class Edit:
    """A table's ``rows`` with her cells replaced, in the order of before, ``is_gone`` where a row is her note, ``is_changed`` where any
    of it was hers."""

    rows: pa.Table
    is_gone: Column
    is_changed: Column


def columns_of(names: Iterable[str]) -> list[str]:
    """Those of a table's columns that may name a worker, with those they are read with; none where none may."""
    there = list(names)
    if not any(name in WORKER_COLUMNS or name in FREE_COLUMNS for name in there):
        return []
    return [name for name in there if name in WORKER_COLUMNS or name in FREE_COLUMNS or name in COMPANIONS]


def edit(table: pa.Table, source: str, forgotten: Tombstones) -> Edit | None:
    """The table without the workers who are forgotten; None where it names none.

    Args:
        table: rows as landed, all text.
        source: who sent it; a tool goes by the name of its source.
        forgotten: the secret, and the keyed hashes of all that is a forgotten worker's.
    """
    if not forgotten.hashes or not columns_of(table.column_names):
        return None
    named = {column: _named(table, column, source) for column in columns_of(table.column_names)}
    texts = {text for each in named.values() for column in each for text in pc.unique(column).drop_null().to_pylist()}
    spoken = {column: _by_value(table.column(column), phrases) for column in named if column in FREE_COLUMNS}
    texts |= {text for values in spoken.values() for found in values.values() for text in found}
    out = set(forgotten.among(pa.array(sorted(texts), pa.string())).to_pylist())
    if not out:
        return None
    nowhere = pa.repeat(pa.scalar(False), table.num_rows)
    hers = {column: _any([_in(each, out) for each in found], nowhere) for column, found in named.items()}
    for column, values in spoken.items():
        mine = [value for value, found in values.items() if not found.isdisjoint(out)]
        hers[column] = _any([_in(table.column(column), mine)], nowhere)
    if "node_name" in hers and "login" in hers:  # beside her name a login that nobody knew yet is hers as well
        hers["login"] = pc.or_(hers["login"], hers["node_name"])
    rows = table
    for column, where in hers.items():
        kind = WORKER_COLUMNS.get(column)
        if kind != "note" and pc.any(where).as_py():
            put = (
                _pseudonyms(named[column][0], out, forgotten.key)
                if kind in SEPARATORS
                else pa.scalar(None, pa.string())
            )
            values = pc.if_else(where, put, table.column(column))
            rows = rows.set_column(rows.column_names.index(column), table.schema.field(column), values)
    return Edit(rows, hers.get("note_id", nowhere), _any(list(hers.values()), nowhere))


def without(table: pa.Table, source: str, forgotten: Tombstones) -> pa.Table:
    """The table as it may land: see ``edit``."""
    edited = edit(table, source, forgotten)
    return table if edited is None else edited.rows.filter(pc.invert(edited.is_gone))


def are_hers(lines: Sequence[str], tools: Sequence[str], forgotten: Tombstones) -> list[bool]:
    """Which lines of a field source, in any format, may speak of a forgotten worker: those with a number, place, login or name of hers.

    Nobody knows a line's columns, so a number counts as that of any of ``tools``, and a place as hers on any day.
    """
    if not forgotten.hashes:
        return [False] * len(lines)
    words = [_line_texts(line, tools) for line in lines]
    distinct = sorted(set().union(*words)) if words else []
    out = set(forgotten.among(pa.array(distinct, pa.string())).to_pylist())
    return [not found.isdisjoint(out) for found in words]


def _named(table: pa.Table, column: str, source: str) -> list[Column]:
    """What a column says of a worker, row by row, as the texts of subjects."""
    kind = WORKER_COLUMNS.get(column)
    if kind is None or column not in table.column_names:
        return []
    values = pc.utf8_trim_whitespace(table.column(column))
    if kind == "account":
        if column != "account_id":
            return [_joined(pa.scalar(source), values, SEPARATORS[kind])]
        if "tool" not in table.column_names:
            return []
        return [_joined(pc.utf8_lower(pc.utf8_trim_whitespace(table.column("tool"))), values, SEPARATORS[kind])]
    if kind == "node":
        return [_joined(pa.scalar(NODE), values, SEPARATORS[kind])]
    if kind == "login":
        return _logins(table)
    if kind == "signature":
        return [_read(values, one) for one in SIGNED]
    if "node_id" not in table.column_names:
        return []
    places = pc.utf8_trim_whitespace(table.column("node_id"))
    if kind == "holder":
        return [_joined(places, _read(values, "holder"), ""), *_aliases(table)]
    if "local_at" not in table.column_names:
        return []
    days = pc.utf8_slice_codeunits(table.column("local_at"), 0, 10)
    return [_joined(places, _read(days, "note"), "")]


def _logins(table: pa.Table) -> list[Column]:
    """A login says whose a row is where no name does; beside what a place is called, it is hers in that place."""
    found: list[list[str | None]] = [[], []]
    for name, login in _called(table):
        found[0].append(beside("login", "", login) if login and not name else None)
        found[1].append(beside("seat", login, name) if login and name else None)
    return [pa.array(texts, pa.string()) for texts in found]


def _aliases(table: pa.Table) -> list[Column]:
    """Each word of a name beside its login: as many columns as the longest name has words."""
    words = [
        [beside("alias", login, word) for word in aliases(name)] if login else [] for name, login in _called(table)
    ]
    longest = max(map(len, words), default=0)
    return [pa.array([each[at] if at < len(each) else None for each in words], pa.string()) for at in range(longest)]


def _called(table: pa.Table) -> Iterator[tuple[str, str]]:
    """What each row's place is called, and who signs in there; blank where nothing is told."""
    for column in ("node_name", "login"):
        if column not in table.column_names:
            table = table.append_column(column, pa.nulls(table.num_rows, pa.string()))
    for name, login in zip(*(table.column(column).to_pylist() for column in ("node_name", "login")), strict=True):
        yield (name or "").strip(), (login or "").strip().lower()


def _read(values: Column, kind: Kind) -> Column:
    """Each value as the text of what stands beside an id, without its place."""
    by_value = _by_value(values, lambda value: beside(kind, "", value))
    return pa.array([by_value.get(value) for value in values.to_pylist()], pa.string())


def _by_value(values: Column, function: Callable[[str], T]) -> dict[str, T]:
    return {value: function(value) for value in pc.unique(values).drop_null().to_pylist() if value}


def _joined(left: Column | pa.Scalar, right: Column, separator: str) -> Column:
    return pc.binary_join_element_wise(left, right, separator)


def _in(values: Column, wanted: Iterable[str]) -> Column:
    return pc.fill_null(pc.is_in(values, value_set=pa.array(sorted(wanted), pa.string())), False)


def _any(columns: Sequence[Column], nowhere: Column) -> Column:
    found = nowhere
    for column in columns:
        found = pc.or_(found, column)
    return found


def _pseudonyms(texts: Column, out: set[str], key: bytes) -> Column:
    names = {text: pseudonym(key, text) for text in pc.unique(texts).drop_null().to_pylist() if text in out}
    return pa.array([names.get(text) for text in texts.to_pylist()], pa.string())


def phrases(text: str) -> set[str]:
    """The texts of subjects for every login and name that may stand in what somebody writes."""
    words = name_words(text)
    found = {beside("login", "", word) for word in _words(text) if is_telling(word)}
    for length in range(2, LONGEST_NAME + 1):
        starts = range(len(words) - length + 1)
        found |= {stands("signature", "", " ".join(sorted(words[at : at + length]))) for at in starts}
    return found


def _line_texts(line: str, tools: Sequence[str]) -> set[str]:
    text = f"{line} {_unescaped(line)}"
    words = _words(text)
    found = phrases(text) | {beside(kind, "", word) for kind in SIGNED for word in words}
    found |= {Subject("account", tool, word).text for tool in tools for word in words}
    found |= {Subject("node", NODE, word).text for word in words}
    return found | {beside("note", word, ANY_DAY) for word in words}


def _words(text: str) -> set[str]:
    return {word for word in (*NAME_WORD.findall(text), *(part.strip(".:") for part in EDGES.split(text))) if word}


def _unescaped(line: str) -> str:
    """The values of a JSON line: a name with an accent may be written there in escapes."""
    try:
        found = json.loads(line)
    except ValueError:
        return ""
    return " ".join(str(value) for value in found.values()) if isinstance(found, dict) else ""
