"""Look at a file from outside before one row of it is read: name, first bytes, archive directory, sidecar manifest.

Every refusal here happens before any warehouse write. What the text inside says is ``read``'s business.
"""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from groundgame.errors import FileRefused

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()+=@,-]{0,199}")
MAX_MEMBERS = 1_000
MAX_UNPACKED_BYTES = 64 << 30
# Voter files pack 8 to 15 times; nothing that is text for people packs 250 times once it is of some size.
MAX_RATIO = 250
RATIO_MATTERS_ABOVE = 16 << 20
ARCHIVES = (".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst")
RESEND = "ask the sender for the file again"


@dataclass(frozen=True)
class Manifest:
    """What the sender says about a file, from ``<file>.sha256`` and ``<file>.manifest``; None where nothing is said."""

    sha256: str | None = None
    size: int | None = None
    rows: int | None = None


def shown(name: str) -> str:
    """A file name that is safe to print: printable ASCII, no quotes, at most 80 characters."""
    plain = "".join(char if " " <= char <= "~" and char not in "\"'`\\" else "?" for char in name)
    return plain if len(plain) <= 80 else plain[:77] + "..."


def check_name(name: str) -> None:
    """Refuse names that could fool a shell, a terminal or a person (T15)."""
    if SAFE_NAME.fullmatch(name):
        return
    bad = next((char for char in name if not re.match(r"[A-Za-z0-9 ._()+=@,-]", char)), "")
    what = (
        f"character {unicodedata.name(bad, f'U+{ord(bad):04X}')}" if bad else f"length {len(name)} or first character"
    )
    raise FileRefused(
        shown(name), "T15", f"file name with {what}", "rename the file with letters, digits, dot and dash"
    )


def check_head(head: bytes, file: str) -> None:
    """Refuse what is no text by its first bytes: nothing, zeros, office documents, web pages (T1, T12, T16)."""
    if not head:
        raise FileRefused(file, "T1", "the file is empty (0 bytes)", RESEND)
    if len(head) >= 64 and not head.strip(b"\0"):
        raise FileRefused(file, "T16", f"the first {len(head)} bytes are NUL: a sparse or broken file", RESEND)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml")) or b"<html" in start:
        raise FileRefused(
            file, "T12", "this is an HTML file", "the download may be a login page: log in and download again"
        )
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise FileRefused(file, "T12", "this is an Excel file (xls)", "export it as text and send that")
    if head.startswith((b"%PDF", b"Rar!", b"7z\xbc\xaf", b"\x7fELF", b"PAR1")):
        raise FileRefused(file, "T12", "this is not a text file", RESEND)


def container_of(head: bytes) -> str:
    """``zip``, ``gzip`` or ``plain``, by the first bytes and never by the name."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "gzip" if head.startswith(b"\x1f\x8b") else "plain"


def check_archive(archive: zipfile.ZipFile, packed_bytes: int, file: str) -> list[zipfile.ZipInfo]:
    """Refuse dangerous archives (T10, T11) and office documents (T12); return the file members, in archive order."""
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if "[Content_Types].xml" in names:
        raise FileRefused(file, "T12", "this is an Excel file (xlsx)", "export it as text and send that")
    if len(infos) > MAX_MEMBERS:
        raise FileRefused(file, "T10", f"{len(infos)} members in the zip, at most {MAX_MEMBERS} are taken", RESEND)
    folded: set[str] = set()
    for info in infos:
        _check_member(info, file)
        name = info.filename.casefold()
        if name in folded:
            raise FileRefused(file, "T11", f"two members named {shown(info.filename)!r} (but for case)", RESEND)
        folded.add(name)
    unpacked = sum(info.file_size for info in infos)
    too_dense = unpacked > RATIO_MATTERS_ABOVE and unpacked > MAX_RATIO * max(1, packed_bytes)
    if unpacked > MAX_UNPACKED_BYTES or too_dense:
        raise FileRefused(file, "T10", f"{unpacked} bytes from {packed_bytes}: looks like a zip bomb", RESEND)
    return [info for info in infos if not info.is_dir()]


def _check_member(info: zipfile.ZipInfo, file: str) -> None:
    name = info.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
        raise FileRefused(file, "T11", f"member {shown(name)!r} points outside of the zip", RESEND)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileRefused(file, "T11", f"member {shown(name)!r} is a symbolic link", RESEND)
    if info.flag_bits & 0x1:
        raise FileRefused(file, "T10", f"member {shown(name)!r} is encrypted", "ask for it without a password")
    if path.suffix.lower() in ARCHIVES:
        raise FileRefused(file, "T10", f"member {shown(name)!r} is an archive in the archive", "unpack the outer zip")
    if not info.is_dir():
        check_name(path.name)


def read_manifest(path: Path, file: str) -> Manifest:
    """Read the sidecars of a file: ``<name>.sha256`` (as sha256sum writes it) and ``<name>.manifest`` (size, rows, sha256).

    Raises:
        FileRefused: a sidecar is there but cannot be understood (T5).
    """
    found = Manifest()
    sums, facts = path.with_name(path.name + ".sha256"), path.with_name(path.name + ".manifest")
    if sums.is_file():
        match = re.match(r"\s*\\?([0-9a-fA-F]{64})\b", sums.read_text(encoding="utf-8", errors="replace"))
        if match is None:
            raise FileRefused(file, "T5", "the .sha256 sidecar holds no SHA-256", "ask the sender for the checksum")
        found = Manifest(sha256=match[1].lower())
    if facts.is_file():
        try:
            # A manifest is JSON or "key: value" lines; YAML reads both, and all values are taken as text.
            said = yaml.load(facts.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 builds text only
            found = Manifest(
                sha256=str(said["sha256"]).lower() if "sha256" in said else found.sha256,
                size=int(said["size"]) if "size" in said else None,
                rows=int(said["rows"]) if "rows" in said else None,
            )
        except (yaml.YAMLError, ValueError, TypeError, UnicodeDecodeError) as error:
            raise FileRefused(
                file, "T5", "the .manifest sidecar cannot be read", "ask the sender for it again"
            ) from error
    return found


def check_manifest(manifest: Manifest, size: int, sha256: str, file: str) -> None:
    """Refuse a file that is not what its manifest says (T5); rows are checked after reading (T4)."""
    if manifest.size is not None and manifest.size != size:
        raise FileRefused(file, "T5", f"{size} bytes, the manifest says {manifest.size}", RESEND)
    if manifest.sha256 is not None and manifest.sha256 != sha256:
        raise FileRefused(file, "T5", f"SHA-256 {sha256[:12]}.. is not the manifest's {manifest.sha256[:12]}..", RESEND)
