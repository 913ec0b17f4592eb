"""Which lines go into which zip: one file for the state, or one for each county. Blocks are appended in their order."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from groundgame.synth import history_file, registration_file
from groundgame.synth.archive import TextZip
from groundgame.synth.block import Block
from groundgame.synth.layouts import HISTORY_COLUMNS, registration_columns
from groundgame.synth.lines import LinePlan, Style
from groundgame.synth.numbers import Numbers
from groundgame.synth.people import day
from groundgame.synth.tables import Ints

STATEWIDE, COUNTY = "statewide", "county"


class FileSet:
    """All zips of one kind and date; ``kind`` is ncvoter or ncvhis."""

    def __init__(self, folder: Path, kind: str, snapshot: dt.date, packaging: str, quoted: bool) -> None:
        self.folder, self.kind, self.snapshot = folder, kind, snapshot
        self.is_statewide = packaging == STATEWIDE
        # Statewide files end their lines as Windows does, county files as Unix does.
        self.style = Style(quoted, b"\r\n" if self.is_statewide else b"\n")
        self.columns = HISTORY_COLUMNS if kind == "ncvhis" else registration_columns(snapshot)
        self.rows = 0
        self._zips: dict[str, TextZip] = {}

    def append(self, block: Block, numbers: Numbers, seed: list[int]) -> None:
        """Write the block's lines of this kind and date, in the order of counties."""
        if self.kind == "ncvhis":
            found = history_file.lines(block, self.snapshot, seed)
            county = block.county_at(day(self.snapshot))[found.voter]
            groups = history_file.groups(block, numbers, found, self.snapshot, self.is_statewide)
            rows = np.arange(len(found.voter))
        else:
            county = block.county_at(day(self.snapshot))
            groups = registration_file.groups(block, numbers, self.snapshot, self.is_statewide)
            rows = np.flatnonzero(block.chronicle.reasons[self.snapshot] >= 0)
        plan = LinePlan(self.columns, groups, self.style)
        rows = rows[np.argsort(county[rows].astype(np.int16), kind="stable")]
        for name, part in self._parts(rows, county):
            self._zip(name).write(plan.chunks(part), len(part))
            self.rows += len(part)

    def _parts(self, rows: Ints, county: Ints) -> list[tuple[str, Ints]]:
        if self.is_statewide:
            return [("_Statewide", rows)]
        edges = np.searchsorted(county[rows], np.arange(101))
        return [(str(at + 1), rows[edges[at] : edges[at + 1]]) for at in range(100)]

    def _zip(self, name: str) -> TextZip:
        if name not in self._zips:
            path = self.folder / f"{self.kind}{name}_{self.snapshot:%Y%m%d}.zip"
            self._zips[name] = TextZip(path, f"{self.kind}{name}.txt", self.snapshot)
            self._zips[name].write([self.style.header(self.columns)], 0)
        return self._zips[name]

    def close(self) -> int:
        """Finish all zips; returns how many there are."""
        for one in self._zips.values():
            one.close()
        return len(self._zips)
