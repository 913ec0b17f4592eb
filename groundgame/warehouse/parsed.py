"""The dbt project as dbt has parsed it, kept in memory for as long as a process lives.

A night calls dbt five times on one project; what the calls share is read once. Between processes dbt keeps its own note of what it has
parsed in the target folder, which holds for one warehouse alone; this one holds for every warehouse of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

PARTS = ("models", "macros", "seeds", "tests", "dbt_project.yml", "profiles.yml")
_PARSED: dict[tuple[object, ...], Manifest] = {}


def manifest(project: Path, target: str, database: str, parse: Callable[[], Manifest]) -> Manifest:
    """The parsed project, from ``parse`` unless this process has it already.

    Args:
        project: folder of the dbt project; any file of it that is changed, added or removed has it parsed again.
        target: engine, which decides the macros that apply.
        database: name of the database, which is part of every relation's name.
        parse: asks dbt.
    """
    key = (project, target, database, _stamp(project))
    if key not in _PARSED:
        for old in [other for other in _PARSED if other[:-1] == key[:-1]]:
            del _PARSED[old]
        _PARSED[key] = parse()
    return _PARSED[key]


def _stamp(project: Path) -> tuple[tuple[str, int, int], ...]:
    """Path, size and time of change of every file of the project, in order."""
    files = sorted(
        file for part in PARTS for file in ([project / part] if "." in part else (project / part).rglob("*"))
    )
    found = ((file, file.stat()) for file in files if file.is_file())
    return tuple((str(file), about.st_size, about.st_mtime_ns) for file, about in found)
