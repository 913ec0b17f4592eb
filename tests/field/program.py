"""What tests of batches share: exports put into an inbox, and what of a publication does not depend on its run."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from groundgame.config import Settings

AS_OF = dt.date(2026, 10, 25)
FIRST = "20261009"


def place(exports: Path, settings: Settings, later: bool) -> None:
    """Put the first exports into the inbox, or the later ones."""
    inbox = settings.inbox_dir / "field"
    inbox.mkdir(parents=True, exist_ok=True)
    for path in exports.iterdir():
        if (FIRST not in path.name) == later:
            os.link(path, inbox / path.name)


def without_run(hashes: dict[str, str]) -> dict[str, str]:
    """The hashes of the marts, whatever files and days a run was made of."""
    return {name: found for name, found in hashes.items() if name.startswith("marts.") and "run_status" not in name}
