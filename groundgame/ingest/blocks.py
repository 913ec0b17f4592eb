"""Cut a byte stream into blocks of whole lines, at places where no quoted field can be open.

UTF-16 becomes UTF-8, a lone CR a line end, a byte order mark is taken off; nothing else is changed here.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import numpy as np

from groundgame.errors import FileRefused
from groundgame.sources.text import Text

BLOCK_BYTES = 8 << 20
LF, CR = 10, 13
# Comparing bytes makes a temporary as large as what is compared; of this size it stays in the processor's cache.
PIECE_BYTES = 512 << 10
LINE_LIMIT = 131_072  # bytes of one line or field; the longest real layout needs about 3,000
HEAD_BYTES = 64  # enough to see a byte order mark, or that one is missing
RECORD_LINES = 20  # how many lines one quoted record may span
# A file whose quotes leave no safe place to cut for this long is not a text with a few stray quotes.
UNSAFE_LIMIT = 64 << 20
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Block:
    """Whole lines, ended by LF or CRLF; the last one always. ``overlong`` marks one line of which only the beginning is kept."""

    first_line: int
    offset: int  # of its first byte in the text as received
    data: bytes
    encoding: str
    overlong: bool = False


@dataclass
class TextFacts:
    """What reading a text showed about it as a whole; complete once the blocks are used up."""

    encoding: str = "utf-8"
    has_bom: bool = False
    ends_in_newline: bool = True
    line_ends: dict[str, int] = field(default_factory=lambda: {"crlf": 0, "cr": 0, "lf": 0})
    lines: int = 0


def blocks(
    stream: IO[bytes], text: Text, file: str, facts: TextFacts, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """Yield the text in blocks of about ``block_bytes``; fills ``facts`` on the way.

    Raises:
        FileRefused: the byte order mark is not declared (S2), UTF-16 is broken (S3), quotes never close (S9).
    """
    cutter = _Cutter(text, file, facts)
    pending = b""
    for chunk in _without_lone_cr(_decoded(stream, text, file, facts, block_bytes), facts):
        pending = pending + chunk if pending else chunk
        if len(pending) < block_bytes:
            continue
        ready, pending = cutter.cut(pending)
        if ready is not None:
            yield ready
    if pending and not pending.endswith(b"\n"):
        facts.ends_in_newline = False
        pending += b"\n"
    if pending and (last := cutter.rest(pending)) is not None:
        yield last
    facts.lines = cutter.line - 1


class _Cutter:
    """Keeps the line number and the offset, and knows where a cut is safe."""

    def __init__(self, text: Text, file: str, facts: TextFacts) -> None:
        self.quoted, self.file, self.facts = text.quoting == "standard", file, facts
        self.line, self.offset, self.in_overlong = 1, len(codecs.BOM_UTF8) if facts.has_bom else 0, False

    def cut(self, pending: bytes) -> tuple[Block | None, bytes]:
        if self.in_overlong:
            return None, self._skip(pending)
        end = pending.rfind(b"\n") + 1
        if end == 0:
            if len(pending) <= LINE_LIMIT:
                return None, pending
            self.in_overlong = True
            return self._block(pending[:LINE_LIMIT] + b"\n", len(pending), overlong=True), b""
        if self.quoted and b'"' in pending:
            end = safe_cut(pending, end)
        if end == 0:
            if len(pending) > UNSAFE_LIMIT:
                problem = f"quotes leave no whole record in {len(pending)} bytes"
                raise FileRefused(
                    self.file, "S9", problem, "declare quoting: none, or ask for the file again", self.line
                )
            return None, pending
        return self._block(pending[:end], end), pending[end:]

    def rest(self, pending: bytes) -> Block | None:
        if self.in_overlong:
            pending = self._skip(pending)
        return self._block(pending, len(pending)) if pending else None

    def _skip(self, pending: bytes) -> bytes:
        end = pending.find(b"\n") + 1
        self.offset += end or len(pending)
        if end == 0:
            return b""
        self.in_overlong = False
        return pending[end:]

    def _block(self, data: bytes, raw_bytes: int, overlong: bool = False) -> Block:
        block = Block(self.line, self.offset, data, self.facts.encoding, overlong)
        lines = data.count(b"\n")
        self.line += lines
        self.offset += raw_bytes
        return block


def safe_cut(data: bytes, end: int) -> int:
    """The last line boundary at or before ``end`` that no quoted record can span; 0 when there is none.

    A record starts at a line with an odd number of quotes and spans at most ``RECORD_LINES`` lines, so a boundary
    with that many even lines before it lies between records, wherever the stray quotes of the text are.
    """
    cut, even, position = end, 0, end
    while position > 0 and even < RECORD_LINES:
        start = data.rfind(b"\n", 0, position - 1) + 1
        if data.count(b'"', start, position) % 2:
            cut, even = start, 0
        else:
            even += 1
        position = start
    return cut


def _decoded(stream: IO[bytes], text: Text, file: str, facts: TextFacts, size: int) -> Iterator[bytes]:
    head = stream.read(size)
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    facts.encoding = text.encodings[0]
    mark = next(((bom, name) for bom, name in BOMS if head.startswith(bom)), None)
    # ASCII names in UTF-16 have a NUL at every other place.
    looks_utf16 = len(head) >= HEAD_BYTES and {0} in (set(head[0:HEAD_BYTES:2]), set(head[1:HEAD_BYTES:2]))
    if looks_utf16 or (mark and mark[1] not in text.encodings):
        found = mark[1] if mark else "utf-16 without a byte order mark"
        problem = f"the text is {found}, the spec declares {', '.join(text.encodings)}"
        raise FileRefused(file, "S2", problem, "declare the encoding in the source's YAML", 1)
    if mark:
        facts.encoding, facts.has_bom = mark[1], True
    if facts.encoding != "utf-16":
        yield head.removeprefix(codecs.BOM_UTF8 if mark else b"")
        yield from iter(lambda: stream.read(size), b"")
        return
    facts.encoding = "utf-8"
    decoder = codecs.getincrementaldecoder("utf-16")()
    done = 0
    try:
        while head:
            yield decoder.decode(head).encode("utf-8")
            done += len(head)
            head = stream.read(size)
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError as error:
        raise FileRefused(
            file, "S3", f"not UTF-16 near byte {done}: {error.__class__.__name__}", "ask for the file again"
        ) from error


def _without_lone_cr(chunks: Iterator[bytes], facts: TextFacts) -> Iterator[bytes]:
    """CRLF and LF stay, a CR alone becomes LF; a CR at the end of a chunk waits for what follows it."""
    held = b""
    for chunk in chunks:
        data = held + chunk if held else chunk
        held = b"\r" if data.endswith(b"\r") else b""
        yield _counted(data.removesuffix(b"\r") if held else data, facts)
    if held:
        yield _counted(held, facts)


def _counted(data: bytes, facts: TextFacts) -> bytes:
    lf, cr, crlf = data.count(b"\n"), 0, 0
    if b"\r" in data:
        symbols = np.frombuffer(data, np.uint8)
        for begin in range(0, len(symbols), PIECE_BYTES):
            piece = symbols[begin : begin + PIECE_BYTES + 1]
            returns = piece[:PIECE_BYTES] == CR
            cr += int(np.count_nonzero(returns))
            crlf += int(np.count_nonzero(returns[: len(piece) - 1] & (piece[1:] == LF)))
    facts.line_ends["crlf"] += crlf
    facts.line_ends["lf"] += lf - crlf
    facts.line_ends["cr"] += cr - crlf
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if cr > crlf else data
