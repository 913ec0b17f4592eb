"""Read blocks of JSON lines into Arrow text columns, one per declared path: clean lines on the engine, the others with care.

The counterpart of ``read`` for objects with named values, with the same outcome: columns named by position. Every line is a
row (or one per item of its list), a refused line or a dropped line.
"""

from __future__ import annotations

import json
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest.blocks import Block
from groundgame.ingest.json_careful import DEPTH_LIMIT, KEY_TWICE, CarefulJson, depth
from groundgame.ingest.json_document import MARKER
from groundgame.ingest.json_extract import KEY_SEPARATOR, Query
from groundgame.ingest.read import ReadBlock
from groundgame.ingest.scan import Lines, scan
from groundgame.sources.entities import Entity
from groundgame.sources.layouts import Layout, columns_of
from groundgame.sources.text import Text

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]-]{0,62}")
OPENERS = (0x7B, 0x5B)
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class JsonShape:
    """What the reader must know of a file: which paths, which keys are known, how the last line looks."""

    def __init__(self, text: Text, layout: Layout, entity: Entity) -> None:
        self.text, self.entity, self.paths = text, entity, layout.paths()
        self.count = text.envelope.count if text.envelope else None
        self.version = text.envelope.version if text.envelope else None
        self.marker = MARKER if text.lists else text.envelope.marker if text.envelope else None
        self.fields: dict[str, str] = {}
        for name, column in layout.columns.items():
            for path in columns_of(column):
                self.fields.setdefault(path, name)
        self.ignored = frozenset(layout.ignored)
        self.unnested = layout.unnested
        of_items = [path for path in self.paths if "[]" in path]
        self.of_lines = tuple(path for path in self.paths if "[]" not in path)
        prefixes = ("", *(f"{name}." for name in text.lists))
        self.lines = Query(self.of_lines, prefixes, self._ids(self.of_lines), self.unnested)
        self.items = Query(tuple(of_items), (f"{self.unnested}[].",), self._ids(tuple(of_items)))

    def _ids(self, paths: tuple[str, ...]) -> frozenset[int]:
        return frozenset(at for at, path in enumerate(paths) if self.fields[path] in self.entity.ids)

    def is_read(self, key: str) -> bool:
        """Whether a key (with its prefix) begins one of the paths."""
        return any(path == key or path.startswith((f"{key}.", f"{key}[")) for path in self.paths)


def read_json(block: Block, shape: JsonShape, careful_only: bool = False) -> ReadBlock:
    """Read one block of JSON lines. ``careful_only`` takes every line through the slow reader (tests compare the two)."""
    lines = _scanned(block, shape)
    lines.suspicious |= careful_only
    careful = CarefulJson(block, lines)
    careful.findings.non_ascii_lines = lines.non_ascii
    index, texts = _texts(lines, careful, shape)
    table = shape.lines.run(texts)
    trailers, twice = _count_keys(table, shape, careful)
    _read_trailers(texts.filter(pa.array(trailers)), shape, careful)
    kept = ~_refused(index, table, shape.of_lines, shape, careful, twice, trailers) & ~trailers
    index, texts, table = (index[kept], *(each.filter(pa.array(kept)) for each in (texts, table)))
    found = {path: table.column(f"v{at}") for at, path in enumerate(shape.of_lines)}
    if shape.unnested is not None:
        index, found = _unnested(shape, careful, index, texts, found)
    columns = pa.table([found[path] for path in shape.paths], names=[str(at) for at in range(len(shape.paths))])
    return ReadBlock(columns, index + block.first_line, careful.findings, lines, block)


def _scanned(block: Block, shape: JsonShape) -> Lines:
    """The lines of a block; suspicious are those that the engine must not see as they are."""
    lines = scan(block.data, shape.text, block.encoding, b"")
    opened = np.flatnonzero((lines.bytes == OPENERS[0]) | (lines.bytes == OPENERS[1]))
    openers = np.bincount(np.searchsorted(lines.ends, opened), minlength=len(lines))
    for at in np.flatnonzero((openers > DEPTH_LIMIT) & ~lines.suspicious).tolist():
        lines.suspicious[at] = depth(lines.raw(at)) > DEPTH_LIMIT
    escape = lines.data.find(b"\\u")
    while escape >= 0:
        at = int(np.searchsorted(lines.ends, escape))
        lines.suspicious[at] = True
        escape = lines.data.find(b"\\u", int(lines.ends[at]))
    if block.overlong:
        lines.suspicious[:] = True
    return lines


def _texts(lines: Lines, careful: CarefulJson, shape: JsonShape) -> tuple[Ints, pa.Array]:
    """The JSON texts of a block in the order of its lines, with the index of each."""
    offsets = pa.py_buffer(np.append(lines.starts, len(lines.data)))
    whole = pa.LargeStringArray.from_buffers(len(lines), offsets, pa.py_buffer(lines.data))
    clean = np.flatnonzero(~lines.suspicious)
    texts = whole.take(pa.array(clean)) if len(clean) < len(lines) else whole
    valid = shape.lines.valid(texts).to_numpy(zero_copy_only=False).astype(np.bool_)
    careful_lines = np.union1d(np.flatnonzero(lines.suspicious), clean[~valid])
    if not len(careful_lines):
        return clean, texts
    repaired = careful.read(careful_lines.tolist())
    index = np.concatenate((clean[valid], np.array(list(repaired), np.int64)))
    texts = pa.concat_arrays([texts.filter(pa.array(valid)), pa.array(list(repaired.values()), pa.large_string())])
    order = np.argsort(index, kind="stable")
    return index[order], texts.take(pa.array(order))


def _refused(
    index: Ints,
    table: pa.Table,
    paths: tuple[str, ...],
    shape: JsonShape,
    careful: CarefulJson,
    twice: Mask,
    trailers: Mask,
) -> Mask:
    """Refuse rows of another type than was declared (A18), with a key twice (S15), and ids that lost digits (A13)."""
    kinds = pc.not_equal(table.column("kind"), "OBJECT").to_numpy()
    wrong, floats = (table.column(name).fill_null(-1).to_numpy() for name in ("wrong", "float_id"))
    bad = (kinds | twice | (wrong >= 0) | (floats >= 0)) & ~trailers
    for row in np.flatnonzero(bad).tolist():
        if kinds[row]:
            careful.refuse(int(index[row]), "A18", "no object where one was declared")
        elif twice[row]:
            careful.refuse(int(index[row]), *KEY_TWICE)
        elif wrong[row] >= 0:
            path = [*paths, str(shape.unnested)][wrong[row]]
            careful.refuse(int(index[row]), "A18", f"another type than declared at {path}", shape.fields.get(path, ""))
        else:
            column = shape.fields[paths[floats[row]]]
            careful.refuse(int(index[row]), "A13", "the id is a float: its last digits are lost", column)
    return bad


def _count_keys(table: pa.Table, shape: JsonShape, careful: CarefulJson) -> tuple[Mask, Mask]:
    """Count keys that are not read: news, or what a friend never gave to us (A2).

    Returns:
        The rows that are trailers, and those with a key twice, of which nobody can say what they mean.
    """
    encoded = table.column("keys").combine_chunks().dictionary_encode()
    at = encoded.indices.to_numpy()
    counts = np.bincount(at, minlength=len(encoded.dictionary))
    is_trailer, is_twice = (np.zeros(len(encoded.dictionary), np.bool_) for _ in range(2))
    for which, joined in enumerate(encoded.dictionary.to_pylist()):
        keys = joined.split(KEY_SEPARATOR) if joined else []
        is_twice[which] = len(set(keys)) < len(keys)
        is_trailer[which] = shape.marker is not None and shape.marker in keys
        for key in dict.fromkeys(keys if not is_trailer[which] else ()):
            if not shape.is_read(key):
                _count_unread(key, int(counts[which]), shape, careful)
    return is_trailer[at], is_twice[at]


def _count_unread(key: str, rows: int, shape: JsonShape, careful: CarefulJson) -> None:
    name = key if PLAIN_KEY.fullmatch(key) else "(not a plain name)"
    if shape.entity.is_of_others and (shape.unnested is None or "[]" in key):
        careful.findings.count("A2", name, rows=rows)
    elif key not in shape.ignored:
        careful.findings.count("S14", name, rows=rows)


def _read_trailers(texts: pa.Array, shape: JsonShape, careful: CarefulJson) -> None:
    """What the last line says about the file."""
    for text in texts.to_pylist():
        said = json.loads(text)
        careful.findings.dropped["trailer"] += 1
        count = said.get(shape.count) if shape.count else None
        if isinstance(count, int) and not isinstance(count, bool):
            careful.findings.trailer_count = count
        if shape.version:
            careful.findings.versions.add(str(said.get(shape.version)))


def _unnested(
    shape: JsonShape, careful: CarefulJson, index: Ints, texts: pa.Array, found: dict[str, pa.ChunkedArray]
) -> tuple[Ints, dict[str, pa.ChunkedArray]]:
    """A row per item of the list in each line; a line whose list is empty is dropped, and all items are accounted for."""
    table = shape.items.run_items(texts, str(shape.unnested))
    trailers, twice = _count_keys(table, shape, careful)
    of = table.column("i").to_numpy()
    per_line = np.bincount(of, minlength=len(index))
    careful.findings.dropped["empty list"] += int((per_line == 0).sum())
    careful.findings.items += int(np.maximum(per_line - 1, 0).sum())
    kept = ~_refused(index[of], table, shape.items.paths, shape, careful, twice, trailers)
    of, table = of[kept], table.filter(pa.array(kept))
    columns = {path: column.take(pa.array(of)) for path, column in found.items()}
    columns |= {path: table.column(f"v{at}") for at, path in enumerate(shape.items.paths)}
    return index[of], columns
