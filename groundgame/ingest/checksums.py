"""Checksums of files that have not changed since they were last read: an inbox keeps its files, and every landing looks at all of them.

A file is the same while the file system says so: name, size, node, and the time of the last change of content or of anything about it,
which nobody can set. Losing the notes costs one more reading.
"""

from __future__ import annotations

import json
from pathlib import Path

from groundgame.config import Settings
from groundgame.durable import into_place
from groundgame.ingest import fetch


class Checksums:
    """What is known of one source's files; ``save`` keeps what was asked for since it was made."""

    def __init__(self, settings: Settings, source: str) -> None:
        self._path = settings.home / "checksums" / f"{settings.place}_{source}.json"
        self._known: dict[str, list[int | str]] = self._read()
        self._asked: dict[str, list[int | str]] = {}

    def of(self, path: Path) -> str:
        """SHA-256 of a file."""
        facts = path.stat()
        same: list[int | str] = [facts.st_size, facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns]
        known = self._known.get(str(path), [])
        sha256 = str(known[-1]) if known[:-1] == same else fetch.checksum(path)
        self._asked[str(path)] = [*same, sha256]
        return sha256

    def save(self) -> None:
        """Write the notes, if they have changed."""
        if self._asked == self._known:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.tmp")
        draft.write_text(json.dumps(self._asked), encoding="utf-8")
        into_place(draft, self._path)

    def _read(self) -> dict[str, list[int | str]]:
        """Notes that cannot be read are none."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
