"""Read suspicious lines one by one: join records over lines, normalise, or refuse with line, rule and reason.

The slow half of the reader. On lines that the fast half takes, both give the same fields (a property test holds them to it).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field

from groundgame.ingest import characters, fixed
from groundgame.ingest.blocks import LINE_LIMIT, RECORD_LINES, Block
from groundgame.ingest.findings import Findings, Normalised, Refused
from groundgame.ingest.scan import Lines
from groundgame.sources.text import Record, Text

KEPT_CHARACTERS = 4_000  # of a refused line's text; longer ones are cut in the vault too


@dataclass(frozen=True)
class Row:
    """A line that was read after all: its index in the block and its fields."""

    index: int
    fields: list[str]


@dataclass
class Careful:
    """Reads single lines of one block. ``width`` is the number of columns, ``header`` the header's fields.

    ``record`` says where the columns of a fixed-width line stand.
    """

    block: Block
    lines: Lines
    text: Text
    width: int
    header: list[str]
    record: Record | None = None
    findings: Findings = field(default_factory=Findings)

    def read(self, indices: list[int]) -> tuple[list[Row], set[int]]:
        """Judge the lines in order; returns the rows read and the indices of lines that a record took along."""
        rows: list[Row] = []
        taken: set[int] = set()
        for index in indices:
            if index in taken:
                continue
            extra = self._record_lines(index)
            judged = self._judge(index, extra)
            if isinstance(judged, Row):
                rows.append(judged)
                taken.update(range(index + 1, index + 1 + extra))
                self.findings.dropped["continuation"] += extra
            elif isinstance(judged, Refused):
                self.findings.refused.append(judged)
            else:
                self.findings.dropped[judged] += 1
        return rows, taken

    def _record_lines(self, index: int) -> int:
        """How many following lines belong to the record that starts here: 0 unless quotes join them into a whole row."""
        if self.text.quoting != "standard" or self.lines.raw(index).count(b'"') % 2 == 0:
            return 0
        quotes = 0
        for extra in range(min(RECORD_LINES, len(self.lines) - index)):
            quotes += self.lines.raw(index + extra).count(b'"')
            if extra and quotes % 2 == 0:
                whole = self._decoded(self._raw(index, extra))
                fields = None if isinstance(whole, Refused) else self._split(whole)
                if fields is not None and len(fields) == self.width:
                    return extra
        return 0

    def _raw(self, index: int, extra: int) -> bytes:
        raw = self.lines.data[self.lines.starts[index] : self.lines.ends[index + extra]]
        return raw.replace(b"\r\n", b"\n") if extra else raw

    def _judge(self, index: int, extra: int) -> Row | Refused | str:
        """The row that a record makes, its refusal, or the kind of line that is dropped."""
        raw = self._raw(index, extra)
        number = self.block.first_line + index
        if self.block.overlong or len(raw) > LINE_LIMIT:
            return self._refused(number, "S18", f"line is longer than {LINE_LIMIT} bytes", raw)
        text = self._decoded(raw)
        if isinstance(text, Refused):
            return self._refused(number, text.rule, text.reason, raw)
        if not text or (self.width > 1 and not text.strip(" ")):
            return "blank"
        if self._is_trailer(text):
            return "trailer"
        if characters.CONTROL.search(text.replace(self.text.delimiter, "")):
            return self._refused(number, "S6", "control character in the line", raw)
        if self.record is not None:
            if len(text) != self.record.width:
                return self._refused(number, "S11", f"{len(text)} characters, expected {self.record.width}", raw)
            # Before anything is normalised: a character more or less would move all columns after it.
            text = fixed.delimited_line(text, self.record, self.text.separator)
        text, rules = characters.normalise(text)
        fields = self._split(text)
        if fields is None:
            return self._refused(number, "S9", "quote is not closed, or text follows a closing quote", raw)
        if [value.strip().lower() for value in fields] == self.header:
            return "repeated header"
        if len(fields) != self.width:
            return self._refused(number, "S11", f"{len(fields)} columns, expected {self.width}", raw)
        for rule in rules:
            self.findings.normalised.append(Normalised(number, "", rule, self._kept(raw)))
        return Row(index, [value.replace("\n", " ") for value in fields] if extra else fields)

    def _decoded(self, raw: bytes) -> str | Refused:
        """The line as text. UTF-8 inside a Latin-1 file is decoded as what it is by ``characters.repair_mojibake``."""
        if self.block.encoding == "latin-1":
            text = raw.decode("latin-1")
            if characters.C1.search(characters.repair_mojibake(text)):
                return Refused(0, "", "S4", "bytes 80-9F are no Latin-1 text: another encoding in this line", "")
            return text
        try:
            return raw.decode(self.block.encoding)
        except UnicodeDecodeError as error:
            self._note_bad_byte(raw, error.start)
            return Refused(0, "", "S4", f"byte {error.start + 1} of the line is not {self.block.encoding}", "")

    def _note_bad_byte(self, raw: bytes, position: int) -> None:
        if self.findings.first_bad_byte is None:
            self.findings.first_bad_byte = self.block.offset + self.lines.data.find(raw) + position

    def _split(self, text: str) -> list[str] | None:
        quoted = self.text.quoting == "standard"
        if not quoted or '"' not in text:
            return text.split(self.text.separator)
        try:
            rows = list(csv.reader([text], delimiter=self.text.separator, strict=True))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def _is_trailer(self, text: str) -> bool:
        match = re.fullmatch(self.text.trailer, text.strip()) if self.text.trailer else None
        if match and "count" in match.groupdict() and match["count"]:
            self.findings.trailer_count = int(re.sub(r"\D", "", match["count"]))
        return match is not None

    def _kept(self, raw: bytes) -> str:
        return raw[:KEPT_CHARACTERS].decode(
            "utf-8" if self.block.encoding == "utf-8" else "latin-1", "backslashreplace"
        )

    def _refused(self, line: int, rule: str, reason: str, raw: bytes) -> Refused:
        return Refused(line, "", rule, reason, self._kept(raw))
