"""Take declared paths out of JSON texts, a column each, on DuckDB's own parser: no object of a line ever becomes Python's.

Knows paths and types, not what they mean. Texts must be valid JSON of bounded depth; ``json_read`` sees to that.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from groundgame.sources.layouts import LIST_COLUMN

KEY_SEPARATOR = "\x1f"
PLAIN, OBJECT, ARRAY = "plain", "object", "array"
# What a probe of each kind must not find. A missing value has no type and is never wrong; a null is right everywhere.
WRONG = {
    PLAIN: "in ('OBJECT', 'ARRAY')",
    OBJECT: "not in ('OBJECT', 'NULL')",
    ARRAY: "not in ('ARRAY', 'NULL')",
}


@dataclass(frozen=True)
class Query:
    """What to take out of each text: ``paths`` by position, and the keys beside them, each with its prefix.

    ``ids`` are positions of paths that must not be floats; ``items_of`` is a list that must be there.

    The outcome has the columns ``i`` (position of the text), ``kind`` (JSON type of the text), ``keys``, ``wrong`` and
    ``float_id`` (position of the first such path, or null), and ``v0``, ``v1``, ... with the values, empty where there is none.
    """

    paths: tuple[str, ...]
    prefixes: tuple[str, ...] = ("",)
    ids: frozenset[int] = frozenset()
    items_of: str | None = None
    local: threading.local = field(default_factory=threading.local, compare=False, repr=False)

    def run(self, texts: pa.Array) -> pa.Table:
        """One row per text, in order."""
        return self._fetch(self._select("texts"), texts)

    def run_items(self, texts: pa.Array, path: str) -> pa.Table:
        """One row per item of a list inside each text, in order; ``i`` is the position of the text."""
        items = f"(select i, unnest(json_extract(j, '{sql_path(path)}[*]')) as j from texts)"
        return self._fetch(self._select(items), texts)

    def valid(self, texts: pa.Array) -> pa.Array:
        """Which texts are JSON."""
        return self._fetch("select json_valid(j) as ok from texts", texts).column(0).combine_chunks()

    def _fetch(self, sql: str, texts: pa.Array) -> pa.Table:
        """One connection per thread, each of one thread: blocks are read in parallel already, and order is kept."""
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = self.local.connection = duckdb.connect(config={"threads": 1})
        table = pa.table([pa.array(range(len(texts)), pa.int64()), texts], names=["i", "j"])
        connection.register("texts", table)
        try:
            return connection.execute(sql).to_arrow_table()
        finally:
            connection.unregister("texts")

    def _select(self, source: str) -> str:
        probes = list(self._probes())
        plain = [path for path in self.paths if path != LIST_COLUMN]
        values = {path: f"coalesce(v[{at}], '')" for at, path in enumerate(plain, 1)}
        values[LIST_COLUMN] = "coalesce(json_keys(j)[1], '')"
        taken = ", ".join(f"{values[path]} as v{at}" for at, path in enumerate(self.paths))
        wrong = " ".join(f"when t[{at}] {WRONG[kind]} then {path}" for at, (_, kind, path) in enumerate(probes, 1))
        if self.items_of is not None:
            wrong += f" when coalesce(t[{len(probes) + 1}], '') <> 'ARRAY' then {len(self.paths)}"
        asked = [probe for probe, _, _ in probes] + ([sql_path(self.items_of)] if self.items_of else [])
        floats = " ".join(
            f"when t[{at}] = 'DOUBLE' then {path}"
            for at, (_, kind, path) in enumerate(probes, 1)
            if kind == PLAIN and path in self.ids
        )
        return f"""
            select
                i, kind, keys,
                {f"case {wrong} end" if wrong else "null::integer"} as wrong,
                {f"case {floats} end" if floats else "null::integer"} as float_id{", " if taken else ""}{taken}
            from (
                select
                    i, j, json_type(j) as kind, {self._keys()} as keys,
                    json_extract_string(j, [{_listed(sql_path(path) for path in plain)}]) as v,
                    json_type(j, [{_listed(asked)}]) as t
                from {source}
            )
        """

    def _keys(self) -> str:
        parts = []
        for prefix in self.prefixes:
            inside = prefix.rpartition(".")[0]
            keys = "json_keys(j)" if not inside or inside.endswith("[]") else f"json_keys(j, '{sql_path(inside)}')"
            parts.append(f"list_transform({keys}, lambda k: '{prefix}' || k)")
        return f"array_to_string(flatten([{', '.join(parts)}]), '{KEY_SEPARATOR}')"

    def _probes(self) -> Iterator[tuple[str, str, int]]:
        """Where a type is looked at, which kind it must be, and for which path: every step on the way counts (A18)."""
        seen = set()
        for position, path in enumerate(self.paths):
            steps = re.findall(r'"[^"]*"|\[\d+\]', sql_path(path)) if path != LIST_COLUMN else []
            for depth in range(1, len(steps) + 1):
                probe = _joined(steps[:depth])
                following = steps[depth] if depth < len(steps) else ""
                kind = PLAIN if not following else ARRAY if following.startswith("[") else OBJECT
                if probe not in seen:
                    seen.add(probe)
                    yield probe, kind, position


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def _joined(steps: Sequence[str]) -> str:
    return "$" + "".join(step if step.startswith("[") else f".{step}" for step in steps)


def sql_path(path: str) -> str:
    """``location.name`` as DuckDB writes it: ``$."location"."name"``; of an item's path only what follows the ``[]``."""
    inside = path.rpartition("[].")[2]
    steps = [step for part in inside.split(".") for step in re.findall(r"[\w-]+(?!\])|\[\d+\]", part)]
    return _joined([step if step.startswith("[") else f'"{step}"' for step in steps])
