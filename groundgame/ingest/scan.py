"""Find, in one vectorised look at a block's bytes, the lines that a fast CSV parser would get wrong.

A line that passes parses the same in any reader; all others go to ``careful``. Nothing is judged or changed here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest.blocks import CR, LF, LINE_LIMIT, PIECE_BYTES
from groundgame.sources.text import Record, Text

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
TAB, QUOTE, DEL = 9, 34, 127


class Lines:
    """A block's bytes with its line boundaries and the mask of suspicious lines.

    Lines end in LF, or all of them in CRLF, which stays as it is: rewriting a state's file costs more than finding its lines.
    ``ends`` are the positions of the first byte of each line end.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, np.uint8)
        feeds: Positions = np.flatnonzero(self.bytes == LF)
        self.line_end = b"\n"
        if b"\r" in data:
            if np.count_nonzero(self.bytes == CR) == len(feeds) and (self.bytes[feeds - 1] == CR).all():
                self.line_end = b"\r\n"
            else:
                self.data = data.replace(b"\r\n", b"\n")
                self.bytes = np.frombuffer(self.data, np.uint8)
                feeds = np.flatnonzero(self.bytes == LF)
        self.starts: Positions = np.concatenate(([0], feeds[:-1] + 1))
        self.ends: Positions = feeds - (len(self.line_end) - 1)
        self.suspicious: Mask = np.zeros(len(feeds), np.bool_)
        self.non_ascii = 0

    def __len__(self) -> int:
        return len(self.ends)

    def raw(self, index: int) -> bytes:
        """A line without its end."""
        return self.data[self.starts[index] : self.ends[index]]

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Ranges of lines of about ``PIECE_BYTES``: the first, and the one after the last."""
        first = 0
        while first < len(self):
            last = max(first + 1, int(np.searchsorted(self.ends, self.starts[first] + PIECE_BYTES)))
            yield first, last
            first = last

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the bytes of a range of lines begin and end, line ends included."""
        return int(self.starts[first]), int(self.ends[last - 1]) + len(self.line_end)

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
    if b"\x7f" in data:
        lines.suspect_at(np.flatnonzero(lines.bytes == DEL))
    if not data.isascii():
        _high_bytes(lines, encoding)
    has_quotes = text.quoting == "standard" and b'"' in data
    for first, last in lines.pieces():
        _controls(lines, first, last, ord(text.delimiter))
        if has_quotes and not _is_wholly_quoted(lines, first, last, ord(text.delimiter)):
            _quotes(lines, first, last, ord(text.delimiter))
    if header:
        _copies(lines, header)
    if record is not None:
        lines.suspicious |= _characters(lines, encoding) != record.width
        _copies(lines, b" " * record.width)
    if text.trailer:
        _trailers(lines, text.trailer)
    return lines


def _controls(lines: Lines, first: int, last: int, delimiter: int) -> None:
    """C0 bytes other than tab, line end and delimiter. Counting is cheaper than locating: most pieces have none."""
    begin, end = lines.span(first, last)
    piece = lines.bytes[begin:end]
    low = piece < 32
    expected = (last - first) * len(lines.line_end) + np.count_nonzero(piece == TAB)
    if delimiter < 32 and delimiter != TAB:
        expected += np.count_nonzero(piece == delimiter)
    if np.count_nonzero(low) != expected:
        known = (piece == LF) | (piece == TAB) | (piece == delimiter)
        if len(lines.line_end) == 2:
            known |= piece == CR
        lines.suspect_at(begin + np.flatnonzero(low & ~known))


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


def _is_wholly_quoted(lines: Lines, first: int, last: int, delimiter: int) -> bool:
    """Whether each field of a range of lines is quoted and holds neither quote nor separator: the usual case, told by counting.

    Where as many quotes follow a separator as precede one and as there are separators, each separator stands between a
    closing and an opening quote; where that is all quotes there are and none does both, no field has another one.
    """
    begin, end = lines.span(first, last)
    piece = lines.bytes[begin:end]
    quote = piece == QUOTE
    separator = (piece == delimiter) | (piece == LF)
    separators = np.count_nonzero(separator)
    if np.count_nonzero(quote) != 2 * separators:
        return False
    opens = np.concatenate((quote[:1], quote[1:] & separator[:-1]))  # a range starts where a line starts
    if len(lines.line_end) == 2:
        separator |= piece == CR
    closes = quote[:-1] & separator[1:]
    if np.count_nonzero(opens) != separators or np.count_nonzero(closes) != separators:
        return False
    return not (opens[:-1] & closes).any()


def _quotes(lines: Lines, first: int, last: int, delimiter: int) -> None:
    """Quotes that do not strictly alternate between opening and closing a field within their line."""
    begin, end = lines.span(first, last)
    at = begin + np.flatnonzero(lines.bytes[begin:end] == QUOTE)
    before = lines.bytes[at - 1]  # for position 0 this is the block's last byte, an LF: right by construction
    after = lines.bytes[at + 1]
    opens = (before == delimiter) | (before == LF)
    closes = (after == delimiter) | (after == LF)
    if len(lines.line_end) == 2:
        closes |= after == CR
    starts = np.searchsorted(at, lines.starts[first:last])
    per_line = np.diff(starts, append=len(at))
    rank = np.arange(len(at))
    odd_lines = (per_line & 1).astype(np.bool_)
    if odd_lines.any():
        lines.suspicious[first:last] |= odd_lines
        rank -= np.repeat(starts, per_line)
    is_opening = (rank & 1) == 0
    lines.suspect_at(at[np.where(is_opening, ~opens, ~closes)])


def _copies(lines: Lines, line: bytes) -> None:
    """Lines that repeat a line (the header, a blank record) byte by byte."""
    found = lines.data.find(line + lines.line_end)
    while found >= 0:
        if found == 0 or lines.data[found - 1] == LF:
            lines.suspicious[np.searchsorted(lines.ends, found)] = True
        found = lines.data.find(line + lines.line_end, found + 1)


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
