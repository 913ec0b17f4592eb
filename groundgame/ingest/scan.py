"""Find, in one vectorised look at a block's bytes, the lines that a fast CSV parser would get wrong.

A line that passes parses the same in any reader; all others go to ``careful``. Nothing is judged or changed here.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest.blocks import LINE_LIMIT
from groundgame.sources.text import Record, Text

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
LF, TAB, QUOTE, DEL = 10, 9, 34, 127


class Lines:
    """A block's bytes with its line boundaries and the mask of suspicious lines."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, np.uint8)
        self.ends: Positions = np.flatnonzero(self.bytes == LF)
        self.starts: Positions = np.concatenate(([0], self.ends[:-1] + 1))
        self.suspicious: Mask = np.zeros(len(self.ends), np.bool_)
        self.non_ascii = 0

    def __len__(self) -> int:
        return len(self.ends)

    def raw(self, index: int) -> bytes:
        """A line without its end."""
        return self.data[self.starts[index] : self.ends[index]]

    def suspect_at(self, positions: Positions) -> None:
        """Mark the lines that hold these byte positions."""
        if len(positions):
            self.suspicious[np.searchsorted(self.ends, positions)] = True


def scan(data: bytes, text: Text, encoding: str, header: bytes, record: Record | None = None) -> Lines:
    """Mark blank, over-long, control-byte, non-plain and oddly quoted lines, copies of the header, trailers.

    Of fixed-width lines (``record``) those of another width too.
    """
    lines = Lines(data)
    lengths = lines.ends - lines.starts
    lines.suspicious |= (lengths == 0) | (lengths > LINE_LIMIT)
    _controls(lines, ord(text.delimiter))
    if not data.isascii():
        _high_bytes(lines, encoding)
    if text.quoting == "standard" and b'"' in data:
        _quotes(lines, ord(text.delimiter))
    if header:
        _copies(lines, header)
    if record is not None:
        lines.suspicious |= _characters(lines, encoding) != record.width
        _copies(lines, b" " * record.width)
    if text.trailer:
        _trailers(lines, text.trailer)
    return lines


def _controls(lines: Lines, delimiter: int) -> None:
    """C0 bytes other than tab, line end and delimiter, and DEL. Counting is cheaper than locating: most blocks have none."""
    low = lines.bytes < 32
    expected = len(lines) + np.count_nonzero(lines.bytes == TAB)
    if delimiter < 32 and delimiter != TAB:
        expected += np.count_nonzero(lines.bytes == delimiter)
    if np.count_nonzero(low) != expected:
        odd = low & (lines.bytes != LF) & (lines.bytes != TAB) & (lines.bytes != delimiter)
        lines.suspect_at(np.flatnonzero(odd))
    if b"\x7f" in lines.data:
        lines.suspect_at(np.flatnonzero(lines.bytes == DEL))


def _high_bytes(lines: Lines, encoding: str) -> None:
    """Non-ASCII text that is anything but precomposed Latin letters."""
    at = np.flatnonzero(lines.bytes >= 0x80)
    value, following = lines.bytes[at], lines.bytes[at + 1]  # the block ends with LF, so a next byte exists
    lines.non_ascii = len(np.unique(np.searchsorted(lines.ends, at)))
    if encoding == "utf-8":
        try:
            lines.data.decode("utf-8")
        except UnicodeDecodeError:
            lines.suspect_at(at)
            return
        # Lead bytes C3-C5 are U+00C0-U+017F, composed letters; whatever starts otherwise is looked at.
        lines.suspect_at(at[(value >= 0xC0) & ((value < 0xC3) | (value > 0xC5))])
        return
    # Single-byte encodings: C1 controls and NBSP/SHY are odd, and so is a pair that reads as UTF-8.
    pair = (value >= 0xC2) & (value <= 0xF4) & (following >= 0x80) & (following < 0xC0)
    lines.suspect_at(at[(value < 0xC0) | pair])


def _quotes(lines: Lines, delimiter: int) -> None:
    """Quotes that do not strictly alternate between opening and closing a field within their line."""
    at = np.flatnonzero(lines.bytes == QUOTE)
    before = lines.bytes[at - 1]  # for position 0 this is the block's last byte, an LF: right by construction
    after = lines.bytes[at + 1]
    opens = (before == delimiter) | (before == LF)
    closes = (after == delimiter) | (after == LF)
    # The usual case, a wholly quoted block, told without counting by line: where every line and the block's end come
    # after an even number of quotes, each line has an even number of them.
    even_lines = len(at) % 2 == 0 and np.count_nonzero(before[0::2] == LF) == len(lines)
    if even_lines and opens[0::2].all() and closes[1::2].all():
        return
    first = np.searchsorted(at, lines.starts)
    per_line = np.diff(first, append=len(at))
    rank = np.arange(len(at))
    odd_lines = (per_line & 1).astype(np.bool_)
    if odd_lines.any():
        lines.suspicious |= odd_lines
        rank -= np.repeat(first, per_line)
    is_opening = (rank & 1) == 0
    lines.suspect_at(at[np.where(is_opening, ~opens, ~closes)])


def _copies(lines: Lines, line: bytes) -> None:
    """Lines that repeat a line (the header, a blank record) byte by byte."""
    found = lines.data.find(line + b"\n")
    while found >= 0:
        if found == 0 or lines.data[found - 1] == LF:
            lines.suspicious[np.searchsorted(lines.ends, found)] = True
        found = lines.data.find(line + b"\n", found + 1)


def _characters(lines: Lines, encoding: str) -> Positions:
    """How many characters each line has; of lines that are no UTF-8 a number without meaning."""
    lengths = lines.ends - lines.starts
    if encoding != "utf-8" or lines.non_ascii == 0:
        return lengths
    continuation = np.flatnonzero((lines.bytes & 0xC0) == 0x80)
    return lengths - np.bincount(np.searchsorted(lines.ends, continuation), minlength=len(lines))


def _trailers(lines: Lines, pattern: str) -> None:
    """Lines that look like the declared trailer: one may be as wide as a row, so width does not tell them."""
    offsets = pa.py_buffer(np.append(lines.starts, len(lines.data)))
    texts = pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(lines), [None, offsets, pa.py_buffer(lines.data)])
    lines.suspicious |= pc.match_substring_regex(texts, rf"^\s*(?:{pattern})\s*$").to_numpy(zero_copy_only=False)
