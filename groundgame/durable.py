"""Files that survive a power cut: synced before they get their name, and the name synced too. What is in them is no concern here."""

from __future__ import annotations

import os
from pathlib import Path


def into_place(part: Path, target: Path) -> None:
    """Give a finished file its name: a reader sees the old file or the new one, whole, also after a power cut."""
    sync(part)
    part.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
