"""A field program that could be one: who answers, what the answers are worth, and which mistakes the tools make."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from groundgame.synth.field.contacts import CALL, CANVASSED, DOOR, TEXT, draw
from groundgame.synth.field.write import write_field

VOTERS, CONTACTS = 1_500, 3_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("field")
    write_field(found, 7, CONTACTS, voters=VOTERS)
    return found


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_field(tmp_path, 7, CONTACTS, voters=VOTERS)
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((place / "field").iterdir())}
        for place in (folder, tmp_path)
    ]
    assert digests[0] == digests[1]


def test_older_people_open_the_door_younger_ones_read_texts_and_answers_follow_what_is_thought() -> None:
    size = 200_000
    rng = np.random.default_rng(1)
    age, support = rng.uniform(20, 80, size), rng.random(size)
    found = draw(rng, np.arange(size), size, age, support, 20_000, 20_060)
    reached = found.result == CANVASSED
    old = age[found.record] > 60

    def rate(kind: int, here: np.ndarray) -> float:
        return float(reached[(found.kind == kind) & here].mean())

    assert 0.25 < rate(DOOR, np.ones(size, bool)) < 0.38
    assert 0.08 < rate(CALL, np.ones(size, bool)) < 0.18
    assert rate(DOOR, old) > rate(DOOR, ~old) + 0.05 and rate(TEXT, old) < rate(TEXT, ~old)
    assert rate(DOOR, found.second >= 17 * 3600) > rate(DOOR, found.second < 17 * 3600) + 0.04
    told = found.level > 0
    assert not told[~reached].any()
    assert np.corrcoef(found.level[told], support[found.record][told])[0, 1] < -0.85


def test_a_share_of_the_reports_is_late_corrected_doubled_or_about_nobody(folder: Path) -> None:
    truth = pq.read_table(folder / "truth" / "field_contacts.parquet")
    assert truth.num_rows == CONTACTS
    for flag, share in (("is_late", 0.008), ("is_corrected", 0.008), ("is_repeated", 0.003), ("is_unknown", 0.002)):
        assert 0.2 * share < pc.mean(pc.cast(truth[flag], "double")).as_py() < 3 * share, flag
    voters = pq.read_table(folder / "truth" / "field_voters.parquet")
    effect = voters["true_effect_of_contact"].to_numpy()
    talked = voters["conversations_count"].to_numpy() > 0
    assert effect[~talked].max() == 0 and 0.002 < effect[talked].mean() < 0.05


def test_every_account_is_somebodys_and_goals_of_a_team_are_the_sum_of_its_organizers(folder: Path) -> None:
    goals = pcsv.read_csv(folder / "field" / "goals_20261009.csv").to_pandas()
    week = goals[(goals["metric"] == "doors") & (goals["period_start"] == goals["period_start"].max())]
    by_level = week.groupby(week["scope_id"].str[0])["target"].sum()
    assert by_level["O"] == by_level["T"] == by_level["R"] == by_level["N"]
