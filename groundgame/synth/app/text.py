"""Lines of text in bulk: fields with their key or nothing, and files of JSON lines that end with a trailer.

Whatever is joined here must already be safe inside JSON: the tables that values are drawn from hold neither quotes nor backslashes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth.tables import Bools, Ints

SCHEMA_VERSION = "1"


def joined(*parts: Any) -> pa.Array:
    """Strings and arrays of strings, side by side."""
    return pc.binary_join_element_wise(*parts, "")


def digits(numbers: Ints) -> pa.Array:
    """Whole numbers as text."""
    return pc.cast(pa.array(numbers), pa.string())


def quoted(key: str, values: pa.Array, lead: str = ",") -> pa.Array:
    """``,"key":"value"``; nothing where the value is null."""
    return pc.fill_null(joined(f'{lead}"{key}":"', values, '"'), "")


def plain(key: str, values: pa.Array, lead: str = ",") -> pa.Array:
    """``,"key":value`` for numbers and objects; nothing where the value is null."""
    return pc.fill_null(joined(f'{lead}"{key}":', values), "")


def coded(labels: list[str], codes: Ints) -> pa.Array:
    """The label of each code; null where the code is negative."""
    return pa.array(labels, pa.string()).take(pa.array(codes, mask=codes < 0))


def only(values: pa.Array, where: Bools) -> pa.Array:
    """The values where the mask holds, else null."""
    return pc.if_else(pa.array(where), values, pa.scalar(None, pa.string()))


def grouped(values: pa.Array, starts: Ints, between: str = ",") -> pa.Array:
    """One string per group of neighbouring values; ``starts`` has one entry more than there are groups."""
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), values), between)


class TextFile:
    """A file that grows by arrays of whole lines, each of which brings its own line end."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.lines = path, 0
        self._file = path.open("wb")

    def append(self, lines: pa.Array) -> None:
        """Write the lines; the array's own buffer goes to the file, without a Python object per line."""
        if not len(lines):
            return
        offsets = np.frombuffer(lines.buffers()[1], np.int32)[lines.offset : lines.offset + len(lines) + 1]
        self._file.write(memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]])
        self.lines += len(lines)

    def write(self, text: str) -> None:
        """Write something that is not counted as a line."""
        self._file.write(text.encode())

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class JsonLines(TextFile):
    """One JSON object per line; the last one says how many came before it."""

    def close(self) -> None:
        """Write the trailer and finish the file."""
        self.write(json.dumps({"trailer": True, "lines": self.lines, "schema_version": SCHEMA_VERSION}) + "\n")
        super().close()
