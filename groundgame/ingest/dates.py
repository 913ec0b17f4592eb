"""Read a state's dates by its declared formats: a date, a date that means unknown, or an impossible one. Never a guess."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from groundgame.sources.spec import DateRule

MONTHS = {calendar.month_abbr[number].lower(): number for number in range(1, 13)}
TOKENS = {
    "%Y": r"(?P<Y>\d{4})",
    "%y": r"(?P<y>\d{2})",
    "%m": r"(?P<m>\d{1,2})",
    "%d": r"(?P<d>\d{1,2})",
    "%b": r"(?P<b>[A-Za-z]{3})",
    "%H": r"\d{1,2}",
    "%M": r"\d{2}",
    "%S": r"\d{2}",
}
UNKNOWN = 0  # ordinal of no date; real ordinals start at 1


class DateValue(NamedTuple):
    """What a text says. ``rule`` is set when it is not a plain date: V8, V11, V12, V13, masked or years."""

    iso: str | None
    ordinal: int
    year: int
    rule: str


class DateColumn(NamedTuple):
    """A column of dates: ISO text, ordinals and years (0 where unknown), and the rows that met a rule."""

    iso: pa.Array
    ordinals: npt.NDArray[np.int64]
    years: npt.NDArray[np.int64]
    rules: dict[str, npt.NDArray[np.bool_]]


NOTHING = DateValue(None, UNKNOWN, 0, "")


@dataclass(frozen=True)
class _Format:
    pattern: re.Pattern[str]
    pivot: int | None

    def read(self, text: str) -> DateValue | None:
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        parts = match.groupdict()
        year = int(parts["Y"]) if parts.get("Y") else self._century(int(parts["y"]))
        month = MONTHS.get(parts["b"].lower(), 0) if parts.get("b") else int(parts.get("m") or 0)
        if not parts.get("d"):
            impossible = (month == 0 and ("m" in parts or "b" in parts)) or month > 12
            return DateValue(None, UNKNOWN, 0, "V13") if impossible else DateValue(None, UNKNOWN, year, "V11")
        day = int(parts["d"])
        try:
            found = dt.date(year, month, day)
        except ValueError:
            return DateValue(None, UNKNOWN, 0, "V12" if (month, day) == (2, 29) and year else "V13")
        return DateValue(found.isoformat(), found.toordinal(), year, "")

    def _century(self, two_digits: int) -> int:
        return two_digits + (1900 if two_digits > (self.pivot or 0) else 2000)


class DateReader:
    """Reads one date field of one file. Values repeat, so each distinct text is read once."""

    def __init__(self, rule: DateRule) -> None:
        self.rule = rule
        self.formats = [_Format(re.compile(_pattern(form)), rule.two_digit_pivot) for form in rule.formats]
        self.known: dict[str, DateValue] = {"": NOTHING}

    def column(self, texts: pa.Array) -> DateColumn:
        """Read a column of trimmed texts."""
        encoded = texts.dictionary_encode()
        known = self.known
        values = [known.get(text) or self._remember(text) for text in encoded.dictionary.to_pylist()]
        at = encoded.indices
        iso = pa.array([value.iso for value in values], pa.string()).take(at)
        rows = at.to_numpy()
        met = sorted({value.rule for value in values} - {""})
        return DateColumn(
            iso,
            np.array([value.ordinal for value in values], np.int64)[rows],
            np.array([value.year for value in values], np.int64)[rows],
            {rule: np.array([value.rule == rule for value in values], np.bool_)[rows] for rule in met},
        )

    def _remember(self, text: str) -> DateValue:
        value = self.known[text] = self.read(text)
        return value

    def read(self, text: str) -> DateValue:
        """Read one text."""
        if not text:
            return NOTHING
        if text in self.rule.masks or not text.strip("*#Xx/- "):
            return DateValue(None, UNKNOWN, 0, "masked")
        if text in self.rule.sentinels:
            return DateValue(None, UNKNOWN, 0, "V8")
        found = [value for form in self.formats if (value := form.read(text)) is not None]
        value = next((value for value in found if value.rule in ("", "V11")), found[0] if found else None)
        if value is None:
            return DateValue(None, UNKNOWN, 0, "V13")
        if self.rule.years and value.year and not self.rule.years[0] <= value.year <= self.rule.years[1]:
            return DateValue(None, UNKNOWN, 0, "years")
        return value


def _pattern(form: str) -> str:
    parts = re.split(r"(%[A-Za-z])", form)
    pattern = "".join(TOKENS[part] if part in TOKENS else re.escape(part) for part in parts)
    # In MMDDYYYY only the full width of each number tells where the next begins: 1112020 could be two days.
    return pattern.replace("{1,2}", "{2}") if "" in parts[1:-1] else pattern
