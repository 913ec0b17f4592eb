"""Read blocks of lines into Arrow text columns: clean lines through pyarrow, suspicious ones through ``careful``.

Knows lines and columns, not voters. Every physical line is a row, a refused line or a dropped line: ``ReadBlock.check``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from groundgame.ingest import fixed
from groundgame.ingest.blocks import Block
from groundgame.ingest.careful import Careful, Row
from groundgame.ingest.findings import Findings
from groundgame.ingest.scan import Lines, scan
from groundgame.sources.text import Record, Text

# Fewer bytes between two accents than this, and recoding everything is as fast as copying what lies between.
BYTES_PER_PIECE = 200


@dataclass(frozen=True)
class Shape:
    """What the reader must know of a file: how lines split, how many columns, which of them (by position) to keep."""

    text: Text
    width: int
    keep: tuple[int, ...]
    header: tuple[str, ...] = ()  # lower case
    header_line: bytes = b""
    record: Record | None = None  # of fixed-width lines


@dataclass(frozen=True)
class ReadBlock:
    """The rows of a block: text columns named by position (``"0"``, ``"3"``, ...), and the line number of each row."""

    table: pa.Table
    lines: npt.NDArray[np.int64]
    findings: Findings
    source: Lines
    block: Block

    def line_text(self, line: int) -> str:
        """A line as received, for the vault."""
        raw = self.source.raw(line - self.block.first_line)
        return raw.decode("utf-8" if self.block.encoding == "utf-8" else "latin-1", "backslashreplace")


def read_block(block: Block, shape: Shape, careful_only: bool = False) -> ReadBlock:
    """Read one block. ``careful_only`` takes every line through the slow reader (tests compare the two)."""
    lines = scan(block.data, shape.text, block.encoding, shape.header_line, shape.record)
    careful = Careful(block, lines, shape.text, shape.width, list(shape.header), shape.record)
    careful.findings.non_ascii_lines = lines.non_ascii
    if careful_only or block.overlong:
        lines.suspicious[:] = True
    rows, taken = careful.read(np.flatnonzero(lines.suspicious).tolist())
    if taken:
        lines.suspicious[list(taken)] = True
    clean = np.flatnonzero(~lines.suspicious)
    table, bad = _parse(lines, clean, shape, block.encoding)
    again = clean[bad]
    clean = np.delete(clean, bad)
    copies = _header_copies(table, shape)
    if copies.any():
        table = table.filter(pa.array(~copies))
        again, clean = np.union1d(again, clean[copies]), clean[~copies]
    more, _ = careful.read(again.tolist())
    rows += more
    if rows:
        rows.sort(key=lambda row: row.index)
        table = pa.concat_tables([table, _table(rows, shape)])
        clean = np.concatenate((clean, [row.index for row in rows]))
    return ReadBlock(table, clean + block.first_line, careful.findings, lines, block)


def _table(rows: list[Row], shape: Shape) -> pa.Table:
    names = [str(position) for position in shape.keep]
    arrays = [pa.array([row.fields[position] for row in rows], pa.string()) for position in shape.keep]
    return pa.table(arrays, names=names)


def _parse(lines: Lines, clean: npt.NDArray[np.int64], shape: Shape, encoding: str) -> tuple[pa.Table, list[int]]:
    """Parse the clean lines; returns the table and the positions (in ``clean``) of rows of another width."""
    names = [str(position) for position in range(shape.width)]
    keep = [str(position) for position in shape.keep]
    if len(clean) == 0:
        return pa.table([pa.array([], pa.string()) for _ in keep], names=keep), []
    data = _without(lines) if len(clean) < len(lines) else lines.data
    if shape.record is not None:
        whole = data.replace(lines.line_end, b"\n")
        data = fixed.delimited(whole, shape.record, encoding, shape.text.separator)
    if encoding != "utf-8" and not data.isascii():
        data = _utf8(data, encoding)
    bad: list[int] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        bad.append(row.number - 1)
        return "skip"

    quoted = shape.text.quoting == "standard" and b'"' in data
    table = arrow_csv.read_csv(
        pa.py_buffer(data),
        read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(data) + 1),
        parse_options=arrow_csv.ParseOptions(
            delimiter=shape.text.separator, quote_char='"' if quoted else False, invalid_row_handler=note
        ),
        convert_options=arrow_csv.ConvertOptions(
            include_columns=keep, column_types=dict.fromkeys(keep, pa.string()), check_utf8=False
        ),
    )
    return table, bad


def _utf8(data: bytes, encoding: str) -> bytes:
    """Text of a single-byte encoding as UTF-8. A name with an accent in a thousand lines must not cost the recoding of all."""
    high = np.flatnonzero(np.frombuffer(data, np.uint8) >= 0x80).tolist()
    if len(high) * BYTES_PER_PIECE > len(data):
        return data.decode(encoding).encode("utf-8")
    view, begin = memoryview(data), 0
    pieces: list[bytes | memoryview] = []
    for at in high:
        pieces += (view[begin:at], data[at : at + 1].decode(encoding).encode("utf-8"))
        begin = at + 1
    return b"".join([*pieces, view[begin:]])


def _header_copies(table: pa.Table, shape: Shape) -> npt.NDArray[np.bool_]:
    """Rows that may repeat the header in another spelling: judged by one column, decided by the careful reader."""
    if not shape.header or not shape.keep or table.num_rows == 0:
        return np.zeros(table.num_rows, np.bool_)
    names = pc.ascii_lower(pc.ascii_trim_whitespace(table.column(0)))
    return pc.equal(names, shape.header[shape.keep[0]]).to_numpy()


def _without(lines: Lines) -> bytes:
    """The block's bytes without its suspicious lines, copied in as few pieces as there are gaps."""
    edges = np.flatnonzero(np.diff(lines.suspicious, prepend=True, append=True))
    begins, ends = lines.starts[edges[::2]], lines.ends[edges[1::2] - 1] + len(lines.line_end)
    view = memoryview(lines.data)
    return b"".join(view[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True))
