"""Texts that a spreadsheet opens as the texts that they are: no formula runs, no ZIP code loses its zero."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

# What starts a formula in Excel, LibreOffice or Google Sheets; the wide forms are read as their narrow ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> str:
    """A cell's text; one that would start a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = "" if value is None else str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA_STARTS) else text


def place(city: str | None, state: str | None, zip_code: str | None) -> str:
    """City, state and ZIP code in one cell: a ZIP code alone would be read as a number, and 02134 would become 2134."""
    return " ".join(part for part in (city, state or "US", zip_code) if part)


def phone(digits: str) -> str:
    """Ten digits as people write them, which no spreadsheet takes for a number."""
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Write a list that opens in a spreadsheet: UTF-8 with its mark, every cell quoted and safe; returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        for row in rows:
            writer.writerow([safe_cell(value) for value in row])
            count += 1
    return count
