"""Open the text inside a file: plain, gzip or the wanted members of a zip, as streams that refuse broken packing.

Nothing is unpacked to disk: members are read as streams, so no member name ever becomes a path.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from groundgame.errors import FileRefused
from groundgame.ingest import inspect
from groundgame.sources.spec import Files

HEAD_BYTES = 4096


@dataclass(frozen=True)
class TextFile:
    """One text in a landed file: itself, or a member of a zip. ``name`` is printable and unique within a source."""

    path: Path
    name: str
    container: str
    member: str | None = None
    member_date: dt.date | None = None


def text_files(path: Path, files: Files, name: str = "") -> list[TextFile]:
    """The texts in a file, after its first bytes and its archive directory were checked.

    Args:
        path: where the file is.
        files: how the source describes it.
        name: how it is called in the ledger, if not by its file name alone.

    Raises:
        FileRefused: T1, T9-T12, T16, or the file holds no wanted text.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    inspect.check_head(head, path.name)
    container = inspect.container_of(head)
    if container == "zip":
        return _members(path, files)
    if container not in files.containers:
        problem = f"the file is {container}, the spec takes {', '.join(files.containers)}"
        raise FileRefused(path.name, "T12", problem, "add the container to the source's YAML if that is right")
    return [TextFile(path, name or path.name, container)]


def _members(path: Path, files: Files) -> list[TextFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = inspect.check_archive(archive, path.stat().st_size, path.name)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileRefused(path.name, "T9", f"the zip is damaged: {error}", inspect.RESEND) from error
    if "zip" not in files.containers:
        raise FileRefused(path.name, "T12", "the file is a zip, the spec does not take zips", "add zip to containers")
    wanted = [info for info in infos if re.fullmatch(files.members, Path(info.filename).name)]
    if not wanted:
        problem = f"none of its {len(infos)} members fits {files.members!r}"
        raise FileRefused(path.name, "T2", problem, "correct files.members in the source's YAML or ask the sender")
    return [
        TextFile(
            path,
            path.name if len(wanted) == 1 else f"{path.name}/{Path(info.filename).name}",
            "zip",
            info.filename,
            _member_date(info),
        )
        for info in wanted
    ]


def _member_date(info: zipfile.ZipInfo) -> dt.date | None:
    try:
        day = dt.date(*info.date_time[:3])
    except ValueError:
        return None
    return day if day > dt.date(1980, 1, 1) else None  # what tools write when they know no date


class _Guarded(io.RawIOBase):
    """Counts what comes out of a packed stream against what went in, and turns its errors into refusals."""

    def __init__(self, inner: IO[bytes], packed_bytes: int, file: str) -> None:
        self.inner, self.packed_bytes, self.file, self.seen = inner, packed_bytes, file, 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            data = self.inner.read(size)
        except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            problem = f"the packed data is damaged after {self.seen} bytes: {error}"
            raise FileRefused(self.file, "T9", problem, inspect.RESEND) from error
        self.seen += len(data)
        dense = self.seen > inspect.RATIO_MATTERS_ABOVE and self.seen > inspect.MAX_RATIO * max(1, self.packed_bytes)
        if dense or self.seen > inspect.MAX_UNPACKED_BYTES:
            problem = f"{self.seen} bytes out of {self.packed_bytes}: looks like a zip bomb"
            raise FileRefused(self.file, "T10", problem, inspect.RESEND)
        return data


@contextmanager
def open_text(file: TextFile) -> Iterator[IO[bytes]]:
    """Open a text for reading; its first bytes are checked as those of the file itself were.

    Raises:
        FileRefused: while reading, when the packing is damaged (T9) or bursts (T10).
    """
    packed_bytes = file.path.stat().st_size
    if file.container == "zip":
        with zipfile.ZipFile(file.path) as archive, archive.open(str(file.member)) as inner:
            yield _checked(_Guarded(inner, packed_bytes, file.name), file)
    elif file.container == "gzip":
        with gzip.open(file.path, "rb") as inner:
            yield _checked(_Guarded(inner, packed_bytes, file.name), file)  # type: ignore[arg-type]
    else:
        with file.path.open("rb") as inner:
            yield inner


def _checked(stream: _Guarded, file: TextFile) -> IO[bytes]:
    head = stream.read(HEAD_BYTES)
    inspect.check_head(head, file.name)
    if inspect.container_of(head) != "plain":
        raise FileRefused(file.name, "T10", "an archive in the archive", "unpack the outer one")
    return _Replayed(head, stream)  # type: ignore[return-value]


class _Replayed(io.RawIOBase):
    """A stream whose first bytes were already read."""

    def __init__(self, head: bytes, rest: _Guarded) -> None:
        self.head, self.rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if not self.head:
            return self.rest.read(size)
        head, self.head = (self.head, b"") if size < 0 else (self.head[:size], self.head[size:])
        return head + self.rest.read() if size < 0 else head
