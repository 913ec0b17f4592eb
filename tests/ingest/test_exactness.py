"""No line is ever lost or changed in silence, whatever the bytes are and wherever blocks are cut: properties of the reader."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundgame.errors import FileRefused
from groundgame.ingest import blocks as cutting
from groundgame.ingest import scan as scanning
from groundgame.ingest.blocks import Block, TextFacts, blocks
from groundgame.ingest.findings import Findings
from groundgame.ingest.read import Shape, read_block
from groundgame.sources.text import Record, Text
from tests.ingest.desk import COLUMNS, FILE, lines, voters


def test_a_block_boundary_inside_a_record_changes_nothing() -> None:
    rows = [
        row.replace("GREENSBORO", "GREENS\nBORO") if n % 7 == 3 else row
        for n, row in enumerate(lines(voters(60), quoted=True))
    ]
    data = "\n".join([*rows, ""]).encode()
    table, found = read_all(data, Text(delimiter="\t", encodings=("latin-1",)), len(COLUMNS), 1 << 20)
    again, found_again = read_all(data, Text(delimiter="\t", encodings=("latin-1",)), len(COLUMNS), 300)
    assert sorted(table) == sorted(again)
    assert found.dropped == found_again.dropped


def read_all(
    data: bytes, form: Text, width: int, size: int, careful: bool = False, record: Record | None = None
) -> tuple[list[tuple[Any, ...]], Findings]:
    """All rows of a headerless text as (line, fields...), read in blocks of a size."""
    shape = Shape(form, width, tuple(range(width)), record=record)
    rows: list[tuple[Any, ...]] = []
    facts, findings = TextFacts(), Findings()
    for block in blocks(io.BytesIO(data), form, FILE, facts, size):
        read = read_block(block, shape, careful_only=careful)
        columns = [column.to_pylist() for column in read.table.columns]
        rows += zip(read.lines.tolist(), *columns, strict=True)
        findings.add(read.findings)
    assert facts.lines == len(rows) + len(findings.refused) + findings.dropped.total(), "every line is accounted for"
    return rows, findings


ALPHABET = st.sampled_from(
    ['"', '"', ",", ",", "\n", "\n", "\r", "a", "b", " ", "é", "\u00a0", "\0", "Ã±", '""', ',"', '",', '"\n"', "\t"]
)
# Mostly whole quoted rows: what the reader tells by counting quotes, with now and then one too many.
QUOTED = st.sampled_from(['"a","b","c"\n', '"","é",""\n', '"a","b",', '"c"\n', '"', ",", '"\n', '","', "\r"])


@settings(max_examples=600, deadline=None)
@given(
    pieces=st.lists(ALPHABET, max_size=60) | st.lists(QUOTED, max_size=20),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from(["standard", "none"]),
    encoding=st.sampled_from(["utf-8", "latin-1"]),
    size=st.sampled_from([1, 7, 64, 1 << 20]),
    piece_bytes=st.sampled_from([3, 16, 1 << 20]),
)
def test_fast_and_careful_reading_agree_on_any_text(
    pieces: list[str], line_end: str, quoting: Any, encoding: Any, size: int, piece_bytes: int
) -> None:
    """Whatever the bytes and wherever the blocks are cut: same rows, same refusals, and every line accounted for."""
    data = "".join(pieces).replace("\n", line_end).encode(encoding, "replace")
    form = Text(encodings=(encoding,), quoting=quoting)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(cutting, "PIECE_BYTES", piece_bytes)
        small.setattr(scanning, "PIECE_BYTES", piece_bytes)
        fast, by_fast = read_all(data, form, 3, size)
    slow, by_slow = read_all(data, form, 3, 1 << 20, careful=True)
    assert sorted(fast) == sorted(slow)
    assert sorted(by_fast.refused) == sorted(by_slow.refused)
    assert by_fast.dropped == by_slow.dropped
    assert sorted(by_fast.normalised) == sorted(by_slow.normalised)


RECORD_PIECES = st.sampled_from(
    [*'aé\u00a0€\x1f\t," \n\r\0', "bcde", "Ã±", "n\u0303", "    ", "TT", "TTTT"],
)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.lists(RECORD_PIECES, max_size=5), max_size=12),
    encoding=st.sampled_from(["utf-8", "latin-1", "cp1252"]),
    size=st.sampled_from([1, 7, 1 << 20]),
)
def test_fast_and_careful_reading_agree_on_fixed_width_lines(rows: list[list[str]], encoding: Any, size: int) -> None:
    """Lines of any characters about as wide as the record, among them blank ones and trailers of its width."""
    data = "".join("".join(row) + "\n" for row in rows).encode(encoding, "replace")
    form = Text(format="fixed_width", encodings=(encoding,), trailer="T+")
    record = Record(width=4, spans={"last": (2, 4), "first": (0, 1)})
    fast, by_fast = read_all(data, form, 2, size, record=record)
    slow, by_slow = read_all(data, form, 2, 1 << 20, careful=True, record=record)
    assert sorted(fast) == sorted(slow)
    assert sorted(by_fast.refused) == sorted(by_slow.refused)
    assert by_fast.dropped == by_slow.dropped
    assert sorted(by_fast.normalised) == sorted(by_slow.normalised)


@settings(max_examples=100, deadline=None)
@given(
    fields=st.lists(
        st.tuples(*[st.text(st.characters(codec="latin-1", min_codepoint=32, max_codepoint=126), max_size=6)] * 3),
        max_size=8,
    )
)
def test_what_a_csv_writer_wrote_is_read_back(fields: list[tuple[str, str, str]]) -> None:
    quoted = [",".join('"' + value.replace('"', '""') + '"' for value in row) for row in fields]
    rows, findings = read_all("".join(line + "\n" for line in quoted).encode(), Text(), 3, 50)
    assert [row[1:] for row in sorted(rows)] == fields
    assert not findings.refused


def test_a_text_whose_quotes_never_close_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """S9: memory stays bounded."""
    monkeypatch.setattr(cutting, "UNSAFE_LIMIT", 1000)
    with pytest.raises(FileRefused, match="S9"):
        list(blocks(io.BytesIO(b'a,"b,c\n' * 500), Text(), FILE, TextFacts(), 100))


def test_a_block_without_a_clean_line_is_read() -> None:
    block = Block(1, 0, b'"a\n', "utf-8")
    read = read_block(block, Shape(Text(), 2, (0, 1)))
    assert read.table.num_rows == 0
    assert np.array_equal(read.lines, [])
    assert read.findings.refused[0].rule == "S9"
