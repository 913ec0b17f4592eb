"""One synthetic state of 12,000 voters that the tests of this folder look at, and a reader that keeps every value as text."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pytest

from groundgame.synth.elections import default_snapshots
from groundgame.synth.state import AS_OF, write_state

VOTERS = 12_000
SNAPSHOTS = default_snapshots(AS_OF)


def read(path: Path) -> pd.DataFrame:
    """The one member of a zip, all text, blanks as they are."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode("latin-1")
    return pd.read_csv(io.StringIO(text), sep="\t", dtype=str, keep_default_na=False)


@dataclass(frozen=True)
class Written:
    """The files of a state."""

    folder: Path

    @cached_property
    def registrations(self) -> dict[dt.date, pd.DataFrame]:
        """Registration files by date, under the newest column names."""
        old = {"midl_name": "middle_name", "name_sufx_cd": "name_suffix_lbl", "birth_place": "birth_state"}
        old["Confidential_ind"] = "confidential_ind"
        paths = {date: self.folder / "nc" / f"ncvoter_Statewide_{date:%Y%m%d}.zip" for date in SNAPSHOTS}
        return {date: read(path).rename(columns=old) for date, path in paths.items()}

    @cached_property
    def latest(self) -> pd.DataFrame:
        """The newest registration file."""
        return self.registrations[SNAPSHOTS[-1]]

    @cached_property
    def history(self) -> pd.DataFrame:
        """The history file, with the day of each election as ``day``."""
        frame = read(self.folder / "nc" / f"ncvhis_Statewide_{SNAPSHOTS[-1]:%Y%m%d}.zip")
        return frame.assign(day=pd.to_datetime(frame["election_lbl"], format="%m/%d/%Y").dt.date)

    @cached_property
    def truth(self) -> pd.DataFrame:
        """What really is so."""
        return pd.read_parquet(self.folder / "truth" / "voters.parquet")


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Five snapshots and one history file."""
    folder = tmp_path_factory.mktemp("synthetic")
    write_state(folder, VOTERS, seed=11)
    return Written(folder)
