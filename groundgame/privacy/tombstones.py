"""Who stays out: tombstones, and the guard that keeps a forgotten person's rows from landing again (A6, A7).

Landing is the one door into the warehouse, so it is the one place of enforcement: what is not in a landed file is in no view, table,
score or publication built from it. As long as nobody was forgotten the guard costs one look for a file.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.config import Settings
from groundgame.privacy import workers
from groundgame.privacy.keys import hmac_parameters, hmac_sql, key_path, read_key
from groundgame.privacy.subject import (
    MENTION_COLUMNS,
    SEPARATORS,
    SUBJECT_COLUMNS,
    WORKER_KINDS,
    Kind,
    columns_of,
    field_tools,
    mentions_of,
)
from groundgame.warehouse.base import is_there, open_warehouse

FORGOTTEN = "forgotten"
NO_ID = "KEY"  # the rule for a line without an id: nobody can tell whose it is
# Between fields of a line, in any format; then between the words of a field.
EDGES = (re.compile(r"[\t,;|\"\s]+"), re.compile(r"\W+"))
_READ: dict[tuple[str, int], Tombstones | None] = {}


class HasLists(Protocol):
    """What landing has to say about a file, as far as the guard must know it."""

    refused: list[Any]
    normalised: list[Any]


Lines = TypeVar("Lines", bound=HasLists)


@dataclass(frozen=True)
class Tombstones:
    """The secret and the keyed hashes of everyone who was forgotten."""

    key: bytes
    hashes: frozenset[str]
    worker_hashes: frozenset[str] = frozenset()

    @property
    def of_workers(self) -> Tombstones:
        """Those of what is a worker's of the field alone."""
        return Tombstones(self.key, self.worker_hashes)

    def among(self, ids: pa.Array) -> pa.Array:
        """Those of some distinct ids that are tombstones: hashed by the engine, so that millions take seconds."""
        if not len(ids) or not self.hashes:
            return ids.slice(0, 0)
        with duckdb.connect(config={"threads": 1}) as engine:
            engine.register("ids", pa.table({"id": ids}))
            engine.register("hashes", pa.table({"hash": pa.array(sorted(self.hashes))}))
            sql = f"select id from ids where {hmac_sql('id')} in (select hash from hashes)"
            found = engine.execute(sql, hmac_parameters(self.key)).to_arrow_table().column(0)
        return pa.array(found.to_pylist(), pa.string())


def keep_out(table: pa.Table, column: str, name: str, tombstones: Tombstones) -> pa.Table:
    """The table without the rows in which ``column`` names a forgotten person. Pure; row order stays.

    Args:
        table: rows as landed, all text.
        column: one of ``SUBJECT_COLUMNS``.
        name: what stands before the separator in full ids of this sender: ``NC``, ``graph``.
        tombstones: who stays out.
    """
    named = _naming(table, column, SEPARATORS[SUBJECT_COLUMNS[column]], name, tombstones)
    return table if named is None else table.filter(pc.invert(named))


def blank_out(table: pa.Table, column: str, name: str, tombstones: Tombstones) -> pa.Table:
    """The table without a forgotten person in ``column``, one of ``MENTION_COLUMNS``; every row stays. Arguments as in ``keep_out``."""
    named = _naming(table, column, SEPARATORS[MENTION_COLUMNS[column]], name, tombstones)
    if named is None:
        return table
    values = pc.if_else(named, None, table.column(column))
    return table.set_column(table.column_names.index(column), table.schema.field(column), values)


def _naming(
    table: pa.Table, column: str, separator: str, name: str, tombstones: Tombstones
) -> pa.Array | pa.ChunkedArray | None:
    """Which rows name a forgotten person in a column; None where none does."""
    values = pc.utf8_trim_whitespace(table.column(column))
    distinct = pc.unique(values).drop_null()
    full = pc.binary_join_element_wise(pa.scalar(name), distinct, separator)
    # A sender may also write ids in full: then they need no prefix.
    written_in_full = pc.filter(distinct, pc.match_substring(distinct, separator))
    out = tombstones.among(pc.unique(pa.chunked_array([full, written_in_full])))
    if not len(out):
        return None
    hidden = pc.or_kleene(
        pc.is_in(pc.binary_join_element_wise(pa.scalar(name), values, separator), out), pc.is_in(values, out)
    )
    return pc.fill_null(hidden, False)


@dataclass(frozen=True)
class Guard:
    """The tombstones as they were when a file was begun, for the rows and lines of one source."""

    settings: Settings
    names: dict[Kind, str]
    tombstones: Tombstones | None
    stamp: int
    tools: tuple[str, ...] = ()  # of the field, where the source is of the field

    def keep(self, table: pa.Table, dropped: Counter[str]) -> pa.Table:
        """The rows that may land; those of the forgotten are counted as dropped, so that lines still add up."""
        if self.tombstones is None:
            return table
        kept = table
        for column in columns_of(table.column_names):
            kept = keep_out(kept, column, self.names[SUBJECT_COLUMNS[column]], self.tombstones)
        for column in mentions_of(table.column_names):
            kept = blank_out(kept, column, self.names[MENTION_COLUMNS[column]], self.tombstones)
        if self.tools:
            kept = workers.without(kept, self.names["app_user"], self.tombstones.of_workers)
        if kept.num_rows < table.num_rows:
            dropped[FORGOTTEN] += table.num_rows - kept.num_rows
        return kept

    def lines(self, findings: Lines) -> Lines:
        """The findings without the text of lines that hold a forgotten person's id as a word or field, or no id at all.

        They stay counted and listed in the ledger, by number; only the vault's copy of the text is left out.
        """
        if self.tombstones is None:
            return findings
        words = {item: _words(item.text) for item in (*findings.refused, *findings.normalised)}
        distinct = sorted(set().union(*words.values())) if words else []
        full = [f"{name}{SEPARATORS[kind]}{word}" for kind, name in self.names.items() for word in distinct]
        out = set(self.tombstones.among(pa.array([*full, *distinct], pa.string())).to_pylist())
        bare = {
            text.removeprefix(f"{name}{SEPARATORS[kind]}") for kind, name in self.names.items() for text in out
        } | out
        hidden = {item for item, found in words.items() if found & bare or item.rule == NO_ID}
        if self.tools:
            texts = [item.text for item in words]
            hers = workers.are_hers(texts, self.tools, self.tombstones.of_workers)
            hidden |= {item for item, is_hers in zip(words, hers, strict=True) if is_hers}
        return replace(  # type: ignore[type-var]
            findings,
            refused=[item for item in findings.refused if item not in hidden],
            normalised=[item for item in findings.normalised if item not in hidden],
        )

    def is_current(self) -> bool:
        """Whether nobody was forgotten since the file was begun."""
        return stamp(self.settings) == self.stamp


def _words(text: str) -> set[str]:
    return {word for edge in EDGES for word in edge.split(text) if word}


def guard(settings: Settings, source: str, state_abbr: str | None, is_of_field: bool = False) -> Guard:
    """The guard for one file of a source; workers are looked for in files of the field alone."""
    names: dict[Kind, str] = {"voter": (state_abbr or source).strip().upper(), "app_user": source}
    now = stamp(settings)
    known = _known(settings, now) if now else None
    tools = field_tools(settings) if known and is_of_field else ()
    return Guard(settings, names, known, now, tools)


def stamp(settings: Settings) -> int:
    """When the last tombstone was laid, as told by the key file's time; 0 when there is none."""
    path = key_path(settings)
    return path.stat().st_mtime_ns if path.exists() else 0


def touch(settings: Settings) -> None:
    """Tell every landing under way that there is a new tombstone."""
    before = stamp(settings)
    os.utime(key_path(settings))
    if stamp(settings) <= before:  # a clock that jumped back must not hide it
        os.utime(key_path(settings), ns=(before + 1, before + 1))


def _known(settings: Settings, now: int) -> Tombstones | None:
    """Read once for each stamp: opening the warehouse costs as much as reading a small county."""
    place = (str(settings.home), now)
    if place not in _READ:
        _READ.clear()
        _READ[place] = read_tombstones(settings)
    return _READ[place]


def read_tombstones(settings: Settings) -> Tombstones | None:
    """All tombstones, or None when there are none."""
    key = read_key(settings)
    if key is None or not is_there(settings):
        return None
    with open_warehouse(settings) as warehouse:
        rows = warehouse.fetch("select subject_key, kind from ops.tombstones").to_pylist()
    hashes = frozenset(row["subject_key"] for row in rows)
    of_workers = frozenset(row["subject_key"] for row in rows if row["kind"] in WORKER_KINDS)
    return Tombstones(key, hashes, of_workers) if hashes else None
