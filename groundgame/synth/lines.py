"""Turns columns into the lines of a delimited file, fast: what repeats is joined once and taken, never built row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth.tables import Ints

CHUNK = 100_000


@dataclass(frozen=True)
class Coded:
    """Columns that follow from one code: ``columns`` maps a column name to the text of every code."""

    codes: Ints
    columns: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Built:
    """One column whose text is built for the rows that are asked for, as latin-1 bytes."""

    column: str
    build: Callable[[Ints], pa.Array]


@dataclass(frozen=True)
class Constant:
    """Columns that hold the same text in every row."""

    columns: dict[str, str]


Group = Coded | Built | Constant


@dataclass(frozen=True)
class Style:
    """How a file is written: with quotes or without, and how its lines end."""

    quoted: bool
    line_end: bytes

    @property
    def between(self) -> bytes:
        """What stands between two values."""
        return b'"\t"' if self.quoted else b"\t"

    @property
    def edge(self) -> bytes:
        """What stands before the first and after the last value."""
        return b'"' if self.quoted else b""

    def header(self, columns: Sequence[str]) -> bytes:
        """The first line of a file."""
        return self.edge + self.between.join(name.encode() for name in columns) + self.edge + self.line_end


class LinePlan:
    """Lines of one file: neighbouring columns of one ``Coded`` group become a single lookup."""

    def __init__(self, columns: Sequence[str], groups: Sequence[Group], style: Style) -> None:
        self._pieces: list[bytes | Built | tuple[Ints, pa.Array]] = []
        owner = {column: group for group in groups for column in _names(group)}
        literal = style.edge
        at = 0
        while at < len(columns):
            group = owner[columns[at]]
            run = at + 1
            while run < len(columns) and owner[columns[run]] is group:
                run += 1
            names = columns[at:run]
            if isinstance(group, Constant):
                literal += style.between.join(group.columns[name].encode("latin-1") for name in names)
            else:
                self._add(literal, group, names, style)
                literal = b""
            literal += style.between if run < len(columns) else style.edge + style.line_end
            at = run
        self._pieces.append(literal)

    def _add(self, literal: bytes, group: Coded | Built, names: Sequence[str], style: Style) -> None:
        if literal:
            self._pieces.append(literal)
        if isinstance(group, Built):
            self._pieces.append(group)
            return
        rows = zip(*(group.columns[name] for name in names), strict=True)
        between = style.between.decode()
        texts = pa.array([between.join(row).encode("latin-1") for row in rows], pa.binary())
        self._pieces.append((group.codes, texts))

    def chunks(self, rows: Ints) -> Iterator[pa.Buffer]:
        """The lines of the rows, in their order, a hundred thousand at a time."""
        for start in range(0, len(rows), CHUNK):
            yield self._join(rows[start : start + CHUNK])

    def _join(self, rows: Ints) -> pa.Buffer:
        parts: list[bytes | pa.Array] = []
        for piece in self._pieces:
            if isinstance(piece, bytes):
                parts.append(pa.scalar(piece, pa.binary()))
            elif isinstance(piece, Built):
                parts.append(piece.build(rows))
            else:
                codes, texts = piece
                parts.append(texts.take(pa.array(codes[rows])))
        joined = pc.binary_join_element_wise(*parts, pa.scalar(b"", pa.binary()))
        length = int(np.frombuffer(joined.buffers()[1], np.int32, count=len(rows) + 1)[-1])
        return joined.buffers()[2].slice(0, length)


def _names(group: Group) -> Sequence[str]:
    return [group.column] if isinstance(group, Built) else list(group.columns)


def padded(numbers: Ints, width: int) -> pa.Array:
    """Whole numbers as text of ``width`` digits with leading zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    digits = (numbers.astype(np.int64)[:, None] // powers % 10 + 48).astype(np.uint8)
    offsets = np.arange(0, (len(numbers) + 1) * width, width, dtype=np.int32)
    return pa.Array.from_buffers(
        pa.binary(), len(numbers), [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(digits))]
    )
