"""Zip files with one text member, the same bytes for the same lines: fixed time stamps, low compression, written in pieces."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

COMPRESSION_LEVEL = 1
_HOUR_OF_RELEASE = (6, 0, 0)


class TextZip:
    """A zip being written: ``name.part`` until it is closed, then ``name``. Nobody sees half a file."""

    def __init__(self, path: Path, member: str, date: dt.date) -> None:
        self.path = path
        self._part = path.with_name(path.name + ".part")
        self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION_LEVEL)
        info = zipfile.ZipInfo(member, (date.year, date.month, date.day, *_HOUR_OF_RELEASE))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.create_system = 3  # the same bytes on every operating system
        setattr(info, "_compresslevel", COMPRESSION_LEVEL)  # noqa: B010 - public only since Python 3.13
        self._member: IO[bytes] = self._zip.open(info, "w", force_zip64=True)
        self.rows = 0

    def write(self, pieces: Iterable[Any], rows: int) -> None:
        """Append pieces of text that hold ``rows`` lines."""
        for piece in pieces:
            self._member.write(memoryview(piece))
        self.rows += rows

    def close(self) -> None:
        """Finish the zip and give it its name."""
        self._member.close()
        self._zip.close()
        self._part.replace(self.path)
