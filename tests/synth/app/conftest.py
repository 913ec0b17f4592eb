"""One synthetic app of 4,000 accounts beside its state, and readers of what it exported."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from groundgame.synth.app.write import write_app
from groundgame.synth.elections import default_snapshots
from groundgame.synth.state import AS_OF, write_state
from tests.synth.conftest import read

VOTERS, USERS, SEED = 12_000, 4_000, 21
DATES = [AS_OF - dt.timedelta(back) for back in (16, 9, 2)]


def objects(path: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The objects of a JSON lines file, and its trailer."""
    *lines, trailer = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return lines, trailer


@dataclass(frozen=True)
class App:
    """The exports of an app, and the truth about it."""

    folder: Path

    def lines(self, name: str) -> pd.DataFrame:
        """All lines of one graph file over all exports, with the number of the export as ``export``."""
        found = []
        for number, date in enumerate(DATES):
            path = self.folder / "app" / f"graph_{date:%Y%m%d}" / f"{name}.jsonl"
            found += [{**line, "export": number} for line in objects(path)[0]]
        return pd.DataFrame(found)

    @cached_property
    def users(self) -> pd.DataFrame:
        """Lines of ``users.jsonl``."""
        return self.lines("users")

    @cached_property
    def actions(self) -> pd.DataFrame:
        """Lines of ``actions.jsonl``."""
        return self.lines("actions")

    @cached_property
    def consent(self) -> pd.DataFrame:
        """Lines of ``consent.jsonl``."""
        return self.lines("consent")

    @cached_property
    def listed_friends(self) -> pd.DataFrame:
        """One row per entry of a page: user, friend, name, export."""
        pages = self.lines("friends").explode("data", ignore_index=True)
        entries = pd.DataFrame(pages["data"].tolist()).rename(columns={"id": "friend_id"})
        return pd.concat([pages[["user_id", "export"]], entries], axis=1)

    @cached_property
    def who(self) -> pd.DataFrame:
        """The truth about users, by user id."""
        return pd.read_parquet(self.folder / "truth" / "app_users.parquet").set_index("user_id")

    @cached_property
    def friends(self) -> pd.DataFrame:
        """The truth about friendships."""
        return pd.read_parquet(self.folder / "truth" / "app_friends.parquet")

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """The truth about contacts of the later tools."""
        return pd.read_parquet(self.folder / "truth" / "app_contacts.parquet")

    @cached_property
    def propensity(self) -> pd.Series:
        """True probability of voting, by voter id."""
        frame = pd.read_parquet(self.folder / "truth" / "voters.parquet").set_index("voter_id")
        return frame["true_turnout_propensity"]

    @cached_property
    def registered(self) -> pd.DataFrame:
        """The latest registration file, by voter id."""
        date = default_snapshots(AS_OF)[-1]
        return read(self.folder / "nc" / f"ncvoter_Statewide_{date:%Y%m%d}.zip").set_index("ncid")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    """Three exports of one app."""
    folder = tmp_path_factory.mktemp("app")
    write_state(folder, VOTERS, seed=SEED)
    write_app(folder, SEED, USERS, voters=VOTERS)
    return App(folder)
