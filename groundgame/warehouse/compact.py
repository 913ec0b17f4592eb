"""Write a DuckDB file anew: what was deleted from it is still in its free blocks until then.

Nothing here decides what is deleted.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from groundgame.durable import into_place
from groundgame.errors import WarehouseError

ALIAS = "copied"


def compact(
    path: Path, name: str, memory_limit: str, threads: int, target: Path | None = None, storage: str = "latest"
) -> None:
    """Replace a file (or write ``target``) by a copy of its tables, views and comments, synced and renamed.

    The file stays open for writing until the copy has its place, so that no other process can write to it in between.

    Args:
        path: the file; nobody else may have it open.
        name: the database's name when it is opened by its usual path: views in it call it so.
        memory_limit: as in settings.
        threads: as in settings.
        target: where the copy goes; default: in the place of the file.
        storage: format of the copy: the newest, as the build file has, or one that older readers know.

    Raises:
        WarehouseError: the file is locked, or could not be copied; it is as it was.
    """
    draft = path.with_name(path.name + ".compact.tmp")
    draft.unlink(missing_ok=True)
    try:
        with duckdb.connect(config={"memory_limit": memory_limit, "threads": threads}) as engine:
            engine.execute(f"attach '{_escaped(path)}' as \"{name}\"")
            engine.execute(f'checkpoint "{name}"')
            engine.execute(f"attach '{_escaped(draft)}' as {ALIAS} (storage_version '{storage}')")
            engine.execute(f'copy from database "{name}" to {ALIAS}')
            engine.execute(f"checkpoint {ALIAS}")
            engine.execute(f"detach {ALIAS}")
            into_place(draft, target or path)
    except duckdb.Error as error:
        draft.unlink(missing_ok=True)
        raise WarehouseError("write a file anew", f"{path.name}: {type(error).__name__}") from error


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")
