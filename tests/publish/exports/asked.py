"""A list as somebody asks for it, and what came of it."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

from groundgame import stages
from groundgame.config import Settings
from groundgame.publish.exports.request import make_request
from groundgame.warehouse.base import open_warehouse
from tests.conftest import AS_OF

LIST = f"do_not_contact_{AS_OF - dt.timedelta(days=1)}.csv"


def suppress(settings: Settings, *lines: str, name: str = LIST) -> None:
    folder = settings.inbox_dir / "suppression"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(("kind,value,reason", *(lines or ("none,,",)))) + "\n", encoding="utf-8")


def export(settings: Settings, recipient: str, *only: str, purpose: str = "turnout", **drawn: str) -> dict[str, Any]:
    return stages.export(settings, make_request(recipient, purpose, "Ann Lee", only, **drawn), AS_OF).details


def rows_of(details: dict[str, Any], name: str) -> list[dict[str, str]]:
    with (Path(details["folder"]) / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def entries(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings, read_only=True) as warehouse:
        return warehouse.fetch("select * from ops.exports order by seq").to_pylist()
