"""A look at the installation's health: what is served, from when, and what an interrupted run left behind."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from groundgame.config import Settings

# A night needs about three times the landed files: warehouse, publication and spill.
FREE_SPACE_FACTOR = 3


@dataclass(frozen=True)
class Finding:
    """One checked fact."""

    check: str
    ok: bool
    text: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return asdict(self)


def examine(settings: Settings, clean: bool = False) -> list[Finding]:
    """Check disk, litter, sources, models and publication; ``clean`` removes the litter.

    Litter is what an interrupted run leaves in temporary names; nothing that a reader or a rerun needs is named like it.
    """
    return [
        _disk(settings),
        _litter(settings, clean),
        *_sources(settings),
        _served(settings),
        _forgotten(settings),
        _exports(settings),
    ]


def _disk(settings: Settings) -> Finding:
    settings.home.mkdir(parents=True, exist_ok=True)
    landed = sum(file.stat().st_size for file in settings.raw_dir.rglob("*.parquet"))
    free = shutil.disk_usage(settings.home).free
    needed = landed * FREE_SPACE_FACTOR
    return Finding("disk", free > needed, f"{free / 1e9:.1f} GB free, a night needs about {needed / 1e9:.1f} GB")


def _litter(settings: Settings, clean: bool) -> Finding:
    found = [path for path in settings.home.rglob("*.tmp") if _is_litter(path)]
    if clean:
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return Finding("litter", True, f"{len(found)} left-overs removed")
    return Finding(
        "litter",
        not found,
        f"{len(found)} left-overs of interrupted runs" + (" · doctor --clean removes them" if found else ""),
    )


def _is_litter(path: Path) -> bool:
    return not any(parent.suffix == ".tmp" for parent in path.parents)


def _sources(settings: Settings) -> list[Finding]:
    from groundgame.ingest.run import due_sources

    due = due_sources(settings)
    return [
        Finding(
            "sources",
            bool(due),
            f"{', '.join(due)} have files" if due else f"no source has files under {settings.inbox_dir.name}/",
        )
    ]


def _served(settings: Settings) -> Finding:
    from groundgame.publish.switch import status

    served = status(settings)
    return Finding("published", bool(served.get("run_id")), f"{served.get('run_id') or 'nothing yet'} is served")


def _forgotten(settings: Settings) -> Finding:
    from groundgame.privacy import ledger

    if ledger.is_key_lost(settings):
        return Finding(
            "forgotten", False, "the key of the tombstones is gone: restore forget.key before anything lands"
        )
    open_requests = ledger.unfinished(settings)
    what = f"{', '.join(open_requests)} was begun and not finished · run groundgame forget again for the same person, or forget-deleted"
    return Finding("forgotten", not open_requests, what if open_requests else "no request is unfinished")


def _exports(settings: Settings) -> Finding:
    from groundgame.publish.exports import ledger
    from groundgame.warehouse.base import is_there, open_warehouse

    if not is_there(settings):
        return Finding("exports", True, "nothing has left the house")
    with open_warehouse(settings) as warehouse:
        broken, unfinished = ledger.broken_at(warehouse), ledger.unfinished(warehouse)
    if broken is not None:
        return Finding("exports", False, f"entry {broken} of the ledger of exports is not what was written")
    if unfinished:
        return Finding(
            "exports", False, f"{', '.join(unfinished)} was begun and not finished: what it wrote is no list"
        )
    return Finding("exports", True, "the ledger's chain is whole")
