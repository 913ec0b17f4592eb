"""Cut one JSON document into lines, one per object of its lists, so that it is read like any file of JSON lines.

Works on blocks of bytes with counters instead of a stack: neither size nor depth of the document costs memory. Each object
becomes ``{"<list>": {...}}``; the last line holds what stands beside the lists, and is only written when the document is whole.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import IO

import numpy as np
import numpy.typing as npt

from groundgame.errors import FileRefused
from groundgame.ingest.inspect import RESEND

CHUNK = 4 << 20
OBJECT_LIMIT = 8 << 20  # bytes of one object; the reader's own limit of a line is lower
HEAD_LIMIT = 1 << 20  # bytes beside the lists
MARKER = "(document)"  # the key that makes the last line
QUOTE, BACKSLASH = 0x22, 0x5C
DELTA = np.zeros(256, np.int64)
DELTA[[0x7B, 0x5B]], DELTA[[0x7D, 0x5D]] = 1, -1
KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*$')
BETWEEN = re.compile(rb"[\s,]*")


class DocumentLines(io.RawIOBase):
    """The lines of a document as a stream. Objects of other lists than the wanted are left out."""

    def __init__(self, stream: IO[bytes], lists: tuple[str, ...], file: str) -> None:
        self.lists, self.file = lists, file
        self.source = iter(lambda: stream.read(CHUNK), b"")
        self.lines = self._lines()
        self.ready = b""
        self.beside = bytearray()  # the document without what its lists hold
        self.list_name: str | None = None  # of the list that is open
        self.depth = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Whatever is ready, about a chunk; empty at the end."""
        parts, length = [self.ready], len(self.ready)
        while size < 0 or length < size:
            more = next(self.lines, None)
            if more is None:
                break
            parts.append(more)
            length += len(more)
        data = b"".join(parts)
        cut = len(data) if size < 0 else size
        data, self.ready = data[:cut], data[cut:]
        return data

    def _lines(self) -> Iterator[bytes]:
        pending = b""
        for chunk in self.source:
            # A raw line end is white space in JSON, and here the mark of the next object.
            pending += chunk.replace(b"\n", b" ").replace(b"\r", b" ")
            if self.depth == 0 and not self.beside:
                pending = pending.removeprefix(b"\xef\xbb\xbf")
            made, used = self._cut(pending)
            pending = pending[used:]
            if len(pending) > OBJECT_LIMIT:
                raise self._refusal("A9", f"one object is longer than {OBJECT_LIMIT} bytes")
            yield b"".join(made)
        if self.depth or pending.strip() or not self.beside:
            raise self._refusal("A8", "the document is cut: it has no end")
        yield self._last_line()

    def _cut(self, data: bytes) -> tuple[list[bytes], int]:
        """The whole objects in a piece of the document, and how many of its bytes are done with."""
        at, after = structure(data, self.depth)
        made: list[bytes] = []
        used, row = 0, 0
        while row < len(at):
            if self.list_name is None:
                position, depth = int(at[row]), int(after[row])
                if depth < 0 or (depth > 2 and self.depth <= 1):
                    raise self._refusal("A8", "this is no JSON document of lists")
                self._beside(data[used : position + 1])
                self._enter(data, used, position, depth)
                used, row = position + 1, row + 1
                continue
            ends = row + np.flatnonzero(after[row:] <= 2)
            closing = np.flatnonzero(after[ends] < 2)
            stop = int(ends[closing[0]]) if len(closing) else None
            objects = ends[: closing[0]] if len(closing) else ends
            starts = np.concatenate(([row], objects[:-1] + 1)) if len(objects) else objects
            used = self._objects(data, used, at[starts], at[objects], made)
            row = int(objects[-1]) + 1 if len(objects) else row
            self.depth = 2
            if stop is None:
                break
            self._check_between(data[used : at[stop]])
            self._beside(b"]")
            used, row, self.list_name, self.depth = int(at[stop]) + 1, stop + 1, None, 1
        if self.depth == 0 and self.beside:
            used += len(BETWEEN.match(data, used)[0])  # type: ignore[index]  # it matches everywhere
        return made, used

    def _enter(self, data: bytes, used: int, position: int, depth: int) -> None:
        """Step into or out of what stands beside the lists."""
        if depth == 2 and data[position] == 0x5B and self.depth == 1:
            key = KEY.search(bytes(self.beside[:-1]))
            self.list_name = key[1].decode("utf-8", "replace") if key else ""
        self.depth = depth

    def _objects(
        self, data: bytes, used: int, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], made: list[bytes]
    ) -> int:
        lead = b"{" + json.dumps(self.list_name).encode() + b":"
        wanted = self.list_name in self.lists
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            self._check_between(data[used:start])
            if wanted:
                made += (lead, data[start : end + 1], b"}\n")
            used = end + 1
        return used

    def _check_between(self, between: bytes) -> None:
        if self.list_name in self.lists and not BETWEEN.fullmatch(between):
            raise self._refusal("A18", f"{self.list_name} holds something that is no object")

    def _beside(self, data: bytes) -> None:
        self.beside += data
        if len(self.beside) > HEAD_LIMIT:
            raise self._refusal("A9", f"more than {HEAD_LIMIT} bytes beside the lists")

    def _last_line(self) -> bytes:
        try:
            said = json.loads(self.beside)
        except (ValueError, RecursionError) as error:
            raise self._refusal("A8", "the document is no JSON") from error
        if not isinstance(said, dict):
            raise self._refusal("A18", "the document is no object")
        if missing := [name for name in self.lists if not isinstance(said.get(name), list)]:
            raise self._refusal("A18", f"no list {', '.join(missing)}")
        plain = {key: value for key, value in said.items() if isinstance(value, str | int | float | bool)}
        return json.dumps({MARKER: True, **plain}).encode() + b"\n"

    def _refusal(self, rule: str, problem: str) -> FileRefused:
        return FileRefused(self.file, rule, problem, RESEND)


def structure(data: bytes, depth: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where brackets stand outside of strings, and the depth after each; ``data`` begins outside of a string."""
    if b"\\" in data:
        data = re.sub(rb"\\.", b"__", data, flags=re.DOTALL)
    array = np.frombuffer(data, np.uint8)
    brackets = np.flatnonzero(DELTA[array])
    quotes = np.flatnonzero(array == QUOTE)
    outside = np.searchsorted(quotes, brackets) % 2 == 0
    at = brackets[outside]
    return at, depth + np.cumsum(DELTA[array[at]])
