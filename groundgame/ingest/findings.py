"""What landing has to say about a file: refused and normalised lines, dropped lines, counted values.

Findings carry the text of a line for the vault; everything else about them is safe to log.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import NamedTuple

SAFE_CODE = re.compile(r"[A-Za-z0-9 ./_-]{1,12}")


def shown_code(value: str) -> str:
    """Short codes only: after a shift of columns a "code" may be a name."""
    return repr(value) if SAFE_CODE.fullmatch(value) else f"(a text of {len(value)} characters)"


class Refused(NamedTuple):
    """A line that does not land. ``reason`` holds no personal value, ``text`` does."""

    line: int
    column: str
    rule: str
    reason: str
    text: str


class Normalised(NamedTuple):
    """A line that landed changed; ``text`` is what stood there before."""

    line: int
    column: str
    rule: str
    text: str


@dataclass
class Findings:
    """All findings of a block or of a file. Adding is associative, so blocks may be read in any order."""

    refused: list[Refused] = field(default_factory=list)
    normalised: list[Normalised] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)  # header, trailer, blank, continuation, ...
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (rule, column, value or "") -> rows
    # Evidence that tells a file in the wrong encoding from a few bad lines: the first undecodable byte.
    first_bad_byte: int | None = None
    non_ascii_lines: int = 0
    trailer_count: int | None = None
    versions: set[str] = field(default_factory=set)  # schema versions that trailers name
    items: int = 0  # rows beyond one per line, where a line holds a list of them

    def count(self, rule: str, column: str = "", value: str = "", rows: int = 1) -> None:
        """Count rows that a rule touched without refusing them."""
        if rows:
            self.counts[(rule, column, value)] += rows

    def add(self, other: Findings) -> None:
        """Take over the findings of a later block."""
        self.refused += other.refused
        self.normalised += other.normalised
        self.dropped += other.dropped
        self.counts += other.counts
        self.non_ascii_lines += other.non_ascii_lines
        self.versions |= other.versions
        self.items += other.items
        if self.first_bad_byte is None:
            self.first_bad_byte = other.first_bad_byte
        if other.trailer_count is not None:
            self.trailer_count = other.trailer_count

    def without_texts(self) -> Findings:
        """The same findings without what stood in the lines: those that speak of others are not kept, not even in the vault."""
        refused = [item._replace(text="") for item in self.refused]
        return replace(self, refused=refused, normalised=[item._replace(text="") for item in self.normalised])

    def rows(self, rule: str) -> int:
        """Rows counted, refused or normalised under a rule."""
        return self.by_rule().get(rule, 0)

    def by_rule(self) -> dict[str, int]:
        """Rows per rule, for logs and results."""
        total = Counter(item.rule for item in self.refused)
        total.update(item.rule for item in self.normalised)
        for (rule, _, _), rows in self.counts.items():
            total[rule] += rows
        return dict(sorted(total.items()))
