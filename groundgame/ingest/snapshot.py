"""What a file's name and date say: the snapshot date by the source's ordered rules, the county in the name."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from groundgame.errors import FileRefused
from groundgame.ingest.container import TextFile
from groundgame.sources.spec import Files, SnapshotRule


def snapshot_date(text: TextFile, files: Files) -> dt.date:
    """The day that a file shows.

    Raises:
        FileRefused: no rule of the source dates it (T8).
    """
    for rule in files.snapshot_date:
        day = _by_rule(text, rule)
        if day is not None:
            return day
    raise FileRefused(
        text.name, "T8", "no rule of the source dates the file", "add a snapshot_date rule to the source's YAML"
    )


def county_in_name(name: str, pattern: str | None) -> str | None:
    """The county that a file name (or ``zip/member``) speaks of."""
    for part in name.split("/") if pattern else ():
        match = re.search(str(pattern), part)
        if match:
            return match["county"]
    return None


def _by_rule(text: TextFile, rule: SnapshotRule) -> dt.date | None:
    if rule.constant is not None:
        return rule.constant
    if rule.member_date:
        return text.member_date
    if rule.modified_date:
        return dt.datetime.fromtimestamp(text.path.stat().st_mtime, dt.UTC).date()
    folder = text.name.rpartition("/")[0] if text.member is None else ""
    for name in (text.path.name, Path(text.member or "").name, folder):
        match = re.search(str(rule.file_name), name)
        if match:
            return _day(match)
    return None


def _day(match: re.Match[str]) -> dt.date | None:
    parts = match.groupdict()
    text = parts.get("date") or f"{parts.get('year')}{parts.get('month')}{parts.get('day')}"
    try:
        return dt.datetime.strptime(re.sub(r"\D", "", text), "%Y%m%d").date()  # noqa: DTZ007 a calendar day has no zone
    except ValueError:
        return None
