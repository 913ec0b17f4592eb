"""Landing against its floor: DuckDB loading the same columns of the same file, with declared types, into Parquet."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import time
import zipfile
from functools import partial
from pathlib import Path

import duckdb

from benchmarks.figures import Figure, paired
from groundgame import stages
from groundgame.config import Settings, load_settings
from groundgame.sources.catalog import load_catalog
from groundgame.sources.layouts import columns_of

# What the floor declares as more than text; masked dates keep registr_dt text for any reader.
TYPES = {"county_id": "INTEGER", "birth_year": "SMALLINT", "voted_county_id": "INTEGER"}


def run(inbox: Path, work: Path, as_of: dt.date) -> list[Figure]:
    """Land the newest registration and history file of an NC inbox, each as plain text, and the floor beside it."""
    figures = []
    for entity, stem in (("registrations", "ncvoter"), ("votes", "ncvhis")):
        text = _extracted(inbox, stem, work / entity / "inbox" / "nc")
        settings = load_settings(home=work / entity / "home", inbox=work / entity / "inbox")
        mine, least, ratio = paired(partial(_land, settings, as_of), partial(_floor, settings, text, entity))
        size = text.stat().st_size / 1e6
        note = f"{mine:.1f} s against {least:.1f} s, {size:,.0f} MB"
        figures.append(Figure(f"landing {entity} / DuckDB scan", ratio, "x", "<= 2", note))
    return figures


def _extracted(inbox: Path, stem: str, folder: Path) -> Path:
    newest = max((inbox / "nc").glob(f"{stem}*.zip"))
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(newest) as archive:
        target = folder / f"{newest.stem}.txt"
        with archive.open(archive.namelist()[0]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 24)
    # As a file that has lain there since yesterday: of one that is minutes old landing waits to see whether it grows.
    os.utime(target, (yesterday := time.time() - 86_400, yesterday))
    return target


def _land(settings: Settings, as_of: dt.date) -> None:
    shutil.rmtree(settings.home, ignore_errors=True)
    stages.land(settings, "nc", as_of)


def _floor(settings: Settings, text: Path, entity: str) -> None:
    with text.open("rb") as lines:
        header = [name.strip('"') for name in lines.readline().decode("latin-1").rstrip("\r\n").split("\t")]
    layout = load_catalog(settings)["nc"].entities()[entity].layouts[0]
    wanted = {name.lower() for column in layout.columns.values() for name in columns_of(column)}
    kept = ", ".join(f'"{name}"' for name in header if name.lower() in wanted)
    types = ", ".join(f"'{name}': '{TYPES.get(name.lower(), 'VARCHAR')}'" for name in header)
    connection = duckdb.connect(config={"threads": settings.threads, "memory_limit": settings.memory_limit})
    connection.execute(
        f"copy (select {kept} from read_csv('{text}', auto_detect=false, header=true, delim='\t', quote='\"', escape='\"', "
        f"encoding='latin-1', columns={{{types}}})) to '{text.with_suffix('.parquet')}' (format parquet, compression zstd)"
    )
    connection.close()
