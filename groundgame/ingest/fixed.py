"""Rewrite fixed-width lines as delimited ones, so that there is one way to parse a line. Only spans of the record survive.

The separator is a control character: a line that holds one of itself is refused (S6) before it is rewritten.
"""

from __future__ import annotations

import numpy as np

from groundgame.sources.text import Record

LF = 10


def delimited_line(line: str, record: Record, separator: str) -> str:
    """One line of the record's width, for the careful reader."""
    return separator.join(line[start:end] for start, end in record.spans.values())


def delimited(data: bytes, record: Record, encoding: str, separator: str) -> bytes:
    """Many lines at once, each of the record's width and an LF, in the encoding in which they came.

    Equal lines are rows of a matrix and a span is a range of its columns. Where a character may be several bytes the
    matrix is one of code points: four times the memory of the block, for this block only.
    """
    several_bytes = encoding == "utf-8" and not data.isascii()
    units = np.frombuffer(
        data.decode("utf-8").encode("utf-32-le") if several_bytes else data, "<u4" if several_bytes else np.uint8
    )
    lines = units.reshape(-1, record.width + 1)
    spans = list(record.spans.values())
    cut = np.full((len(lines), sum(end - start + 1 for start, end in spans)), ord(separator), units.dtype)
    at = 0
    for start, end in spans:
        cut[:, at : at + end - start] = lines[:, start:end]
        at += end - start + 1
    cut[:, -1] = LF
    return cut.tobytes().decode("utf-32-le").encode("utf-8") if several_bytes else cut.tobytes()
