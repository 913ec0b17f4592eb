"""Where exported files lie: a folder for each export, readable by its owner alone, that appears whole or not at all.

The files hold personal data. They go when a later night is published (a consent that was revoked since must not live on in them), and
when anybody is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.durable import sync

MANIFEST = "manifest.json"


@contextmanager
def draft(settings: Settings, export_id: str) -> Iterator[Path]:
    """A folder to write into; it gets its name at the end, and is gone if anything fails."""
    target = settings.exports_dir / export_id
    part = target.with_name(f"{export_id}.tmp")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        yield part
        for file in part.iterdir():
            file.chmod(0o600)
            sync(file)
        sync(part)
        part.rename(target)
        sync(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def describe(files: list[Path]) -> list[dict[str, Any]]:
    """Name, size and SHA-256 of each file."""
    return [
        {"name": file.name, "bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in sorted(files)
    ]


def write_manifest(folder: Path, values: dict[str, Any]) -> None:
    """What the files are, beside them."""
    (folder / MANIFEST).write_text(json.dumps(values, indent=2, sort_keys=True, default=str) + "\n", encoding="utf-8")


def sweep(settings: Settings) -> int:
    """Remove the files of all exports; returns how many exports had any. The ledger keeps what was let out, to whom and why."""
    found = [path for path in settings.exports_dir.glob("*") if path.is_dir()]
    for path in found:
        shutil.rmtree(path)
    return len(found)
