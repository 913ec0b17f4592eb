"""Find a source's files and bring them within reach: local files are read in place, remote ones are downloaded whole first.

A download goes to a temporary name, resumes after a break and is renamed when its size is right.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import fnmatch
import functools
import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from groundgame.config import Settings
from groundgame.errors import FetchError
from groundgame.ingest.inspect import check_name, shown
from groundgame.ingest.transport import Connections, open_filesystem
from groundgame.sources.spec import Files

CHUNK = 4 << 20
ATTEMPTS = 5
GROWING = (".part", ".partial", ".filepart", ".crdownload", ".tmp", ".download")
SIDECARS = (".sha256", ".manifest")
# A file untouched for this long is not being written; no second look is needed.
QUIET_SECONDS = 120.0


@dataclass(frozen=True)
class Remote:
    """A file as it was listed: where it is, its size and a mark that changes when it changes.

    Its name has the folder before it where the URI leaves the folder open.
    """

    source: str
    uri: str
    name: str
    path: str
    filesystem: Any
    size: int | None
    version: str
    modified: float | None
    sidecars: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        return "file" in _protocols(self.filesystem)


def list_files(source: str, files: Files, settings: Settings, connections: Connections | None = None) -> list[Remote]:
    """All files of a source's URIs, sorted by name, each once; sidecars and unfinished names are not files of their own.

    Raises:
        FetchError: a place cannot be listed. A missing inbox folder or file is not an error: nothing has come yet.
    """
    found: dict[str, Remote] = {}
    for template in files.uri:
        uri = template.replace("{inbox}", str(settings.inbox_dir))
        filesystem, path = open_filesystem(source, uri, files.connection, connections)
        for item in _look(source, uri, filesystem, path):
            found.setdefault(item.path, item)
    return sorted(found.values(), key=lambda item: (item.name, item.path))


def _look(source: str, uri: str, filesystem: Any, path: str) -> list[Remote]:
    folder, _, pattern = path.rpartition("/")
    if set("*?[") & set(folder):
        above, _, folders = folder.rpartition("/")
        return [
            dataclasses.replace(item, name=f"{inside.rpartition('/')[2]}/{item.name}")
            for inside in _folders(source, uri, filesystem, above, folders)
            for item in _look(source, uri, filesystem, f"{inside}/{pattern}")
        ]

    def infos() -> list[dict[str, Any]]:
        filesystem.invalidate_cache()
        if not set("*?[") & set(pattern):
            return [filesystem.info(path)]
        return [info for info in filesystem.ls(folder, detail=True) if info["type"] == "file"]

    listed = _listed(source, uri, infos)
    names = {str(info["name"]).rpartition("/")[2]: info for info in listed}
    wanted = [name for name in names if fnmatch.fnmatchcase(name, pattern) and not name.endswith(SIDECARS + GROWING)]
    growing = {name.removesuffix(end) for name in names for end in GROWING if name.endswith(end)}
    items = []
    for name in sorted(set(wanted) - growing):
        info = names[name]
        if info.get("size") is None:
            info = {**info, **_patiently(functools.partial(filesystem.info, info["name"]))}
        beside = tuple(end for end in SIDECARS if name + end in names or _alone_has(filesystem, path, pattern, end))
        items.append(_remote(source, uri, filesystem, name, info, beside))
    return items


def _folders(source: str, uri: str, filesystem: Any, above: str, pattern: str) -> list[str]:
    """The folders that a wildcard means: exports often come as a folder a day."""

    def infos() -> list[dict[str, Any]]:
        filesystem.invalidate_cache()
        return [info for info in filesystem.ls(above, detail=True) if info["type"] == "directory"]

    paths = sorted(str(info["name"]).rstrip("/") for info in _listed(source, uri, infos))
    return [path for path in paths if fnmatch.fnmatchcase(path.rpartition("/")[2], pattern)]


def _listed(source: str, uri: str, infos: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    try:
        listed: list[dict[str, Any]] = _patiently(infos)
    except Exception as error:
        if isinstance(error, FileNotFoundError) and _is_missing(error):
            return []
        cause = error.__cause__ or error
        raise FetchError(source, uri, f"cannot list ({type(cause).__name__})") from error
    return listed


def _alone_has(filesystem: Any, path: str, pattern: str, end: str) -> bool:
    """Sidecars of a URI without wildcards are not in a listing: ask for them."""
    return not set("*?[") & set(pattern) and bool(filesystem.exists(path + end))


def _remote(
    source: str, uri: str, filesystem: Any, name: str, info: dict[str, Any], sidecars: tuple[str, ...]
) -> Remote:
    stamp = next((info[key] for key in ("mtime", "LastModified", "modified", "created") if info.get(key)), None)
    modified = stamp.timestamp() if isinstance(stamp, dt.datetime) else stamp
    version = f"{info.get('size')}|{info.get('ETag') or stamp or ''}"
    return Remote(source, uri, name, str(info["name"]), filesystem, info.get("size"), version, modified, sidecars)


def is_quiet(items: list[Remote]) -> bool:
    """Whether nobody has written to any of the files for two minutes, so that no second look is needed."""
    now = time.time()
    return all(item.modified is not None and now - item.modified > QUIET_SECONDS for item in items)


def still_growing(first: list[Remote], second: list[Remote]) -> set[str]:
    """Paths of files that changed or went between two looks (T3)."""
    again = {item.path: item.version for item in second}
    return {item.path for item in first if again.get(item.path) != item.version}


def bring(item: Remote, settings: Settings) -> Path:
    """The file's path on this machine; a remote file is downloaded unless this version already was.

    Raises:
        FileRefused: its name is not safe (T15).
        FetchError: it could not be read after several attempts; what was read so far stays for the next run.
    """
    for part in item.name.split("/"):
        check_name(part)
    if item.is_local:
        return Path(item.path)
    folder = settings.home / "incoming" / item.source
    target = folder / item.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for end in item.sidecars:
        _download(item, item.path + end, target.with_name(item.name + end), None, "")
    _download(item, item.path, target, item.size, item.version)
    return target


def _download(item: Remote, path: str, target: Path, size: int | None, version: str) -> None:
    part, note = target.with_name(target.name + ".part"), target.with_name(target.name + ".version")
    key = json.dumps({"path": path, "version": version})
    same = note.is_file() and note.read_text(encoding="utf-8") == key and bool(version)
    if same and target.is_file() and target.stat().st_size == size:
        return
    if not same:
        part.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        note.write_text(key, encoding="utf-8")
    try:
        _patiently(lambda: _copy(item.filesystem, path, part, size))
    except Exception as error:
        raise FetchError(item.source, item.uri, f"{shown(item.name)}: {type(error).__name__}") from error
    if item.modified is not None:
        os.utime(part, (item.modified, item.modified))
    part.replace(target)


def _copy(filesystem: Any, path: str, part: Path, size: int | None) -> None:
    """Append to what is there already; start anew where the server cannot seek."""
    done = part.stat().st_size if part.exists() else 0
    with filesystem.open(path, "rb", block_size=CHUNK) as stream, part.open("ab") as out:
        if done:
            try:
                stream.seek(done)
            except (ValueError, OSError, NotImplementedError):
                out.truncate(0)
        while chunk := stream.read(CHUNK):
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    got = part.stat().st_size
    if size is not None and got != size:
        if got > size:
            part.unlink()
        raise OSError(f"{got} of {size} bytes arrived")


def checksum(path: Path) -> str:
    """SHA-256 of a file, streamed."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _patiently(action: Callable[[], Any]) -> Any:
    """Retry what a network may do wrong for a moment; what is final, or was tried often enough, is raised."""
    waits = wait_random_exponential(multiplier=0.2, max=10)
    passing = retry_if_exception(lambda error: not _is_final(error))
    return Retrying(stop=stop_after_attempt(ATTEMPTS), wait=waits, retry=passing, reraise=True)(action)


def _is_final(error: BaseException) -> bool:
    """A missing file, a refused login or a foreign host key stays so; drivers have no common base class for it."""
    if isinstance(error, FileNotFoundError):
        return _is_missing(error)
    refused = type(error).__name__ in ("AuthenticationException", "BadHostKeyException", "NoCredentialsError")
    return refused or isinstance(error, PermissionError) or getattr(error, "status", None) in (401, 403)


def _is_missing(error: FileNotFoundError) -> bool:
    """Whether the file is missing indeed: fsspec says so too when an HTTP server cannot be reached."""
    cause = error.__cause__
    return cause is None or isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) == 404


def _protocols(filesystem: Any) -> tuple[str, ...]:
    protocol = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
