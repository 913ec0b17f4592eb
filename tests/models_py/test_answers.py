"""A score of what voters said: who answered is not who there is, and nobody needs to have answered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from groundgame.config import Settings
from groundgame.warehouse.base import open_warehouse
from models_py import registry
from models_py.answers import read_answered_rows
from models_py.design import deployed_rotation
from models_py.matrix import read_scored_rows
from models_py.predict import score
from models_py.recipe import deploy
from models_py.spec import load_spec
from models_py.train import train
from models_py.weigh import effective_rows, rake
from tests.models_py.world import AS_OF, World


@dataclass
class Asked:
    """Who of a state said what, and how likely each really supports us."""

    truth: NDArray[np.float64]
    table: pa.Table


def ask(world: World, share: float = 0.7, seed: int = 5) -> Asked:
    """Three of four Democrats who are asked answer, one of four others does; answers are strong and now and then wrong."""
    rng = np.random.default_rng(seed)
    lean = np.array([1.8, -1.9, 0.0])[world.party] + np.array([0.0, 1.5, 0.3, 0.2])[world.race]
    truth = 1 / (1 + np.exp(-lean))
    answers = rng.random(world.voters) < share * np.where(world.party == 0, 0.75, 0.25)
    # A strong answer is worth 98 of a hundred votes: drawn so that answers as the YAML counts them have the truth for their mean.
    level = np.where(rng.random(world.voters) < (truth - 0.02) / 0.96, 1, 5)
    at = np.flatnonzero(answers)
    ids = world.voter_ids().take(pa.array(at))
    days = [AS_OF - dt.timedelta(days=int(day)) for day in rng.integers(1, 60, len(at))]
    kinds = pa.array(np.where(rng.random(len(at)) < 0.5, "door", "app"))
    columns = {"voter_id": ids, "answered_on": pa.array(days, pa.date32())}
    return Asked(truth, pa.table({**columns, "support_level": pa.array(level[at], pa.int16()), "contact_type": kinds}))


def tell(settings: Settings, answers: pa.Table) -> None:
    with open_warehouse(settings) as warehouse:
        warehouse.replace("intermediate.int_support__answered", answers)


def test_of_100_voters_scored_75_about_75_support_us_though_mostly_one_party_answered(
    untrained: Settings, world: World
) -> None:
    asked = ask(world)
    tell(untrained, asked.table)
    result = train(untrained, "support", AS_OF)
    assert result.details["is_promoted"] is True, result.details["reason"]
    score(untrained, "support", AS_OF)
    with open_warehouse(untrained) as warehouse:
        rows = warehouse.fetch("select voter_id, score_raw, reason_1 from scores.predictions").to_pylist()
    of = dict(zip(world.voter_ids().to_pylist(), asked.truth.tolist(), strict=True))
    score_raw = np.array([row["score_raw"] for row in rows])
    truth = np.array([of[row["voter_id"]] for row in rows])
    order = np.argsort(score_raw)
    for part in np.array_split(order, 5):
        assert score_raw[part].mean() == pytest.approx(
            truth[part].mean(), abs=0.07
        )  # a line in log-odds through four clumps of voters
    assert 0.9 <= np.polyfit(score_raw, truth, 1)[0] <= 1.1
    assert {row["reason_1"] for row in rows} >= {"party record of our side", "party record of others"}
    pointer = registry.champion(untrained, "support")
    assert pointer is not None
    facts = registry.load(untrained, "support", pointer.version).card
    democratic = next(one for one in facts["data"]["balance"] if one["value"] == "democratic")
    assert democratic["answered"] > democratic["universe"] + 0.2
    assert democratic["weighed"] == pytest.approx(democratic["universe"], abs=0.01)
    assert facts["data"]["effective_rows"] < facts["data"]["rows"]
    with open_warehouse(untrained) as warehouse:
        kinds = warehouse.fetch("select distinct slice_kind from ops.score_slices order by 1").column(0).to_pylist()
    assert {"age", "county", "party", "race", "sex"} <= set(kinds)
    page = (untrained.models_dir / "support" / pointer.version / registry.PAGE).read_text(encoding="utf-8")
    assert "share that chose our side" in page and "voted" not in page.split("<h2>Data</h2>")[0]


def test_all_who_answered_calibrate_and_all_are_learned_from_but_none_calibrates_what_she_taught(
    untrained: Settings, world: World
) -> None:
    """Answers by lot teach nothing: a curve on people whom the trees had seen would take what they learned by heart for knowledge."""
    columns = ask(world).table.to_pydict()
    columns["support_level"] = (
        np.random.default_rng(9).permutation(np.resize([1, 5], len(columns["voter_id"]))).tolist()
    )
    tell(untrained, pa.table(columns, schema=ask(world).table.schema))
    spec = load_spec(untrained, "support")
    wild = {"trees": 10, "leaves": 63, "depth": 8, "learning_rate": 0.25, "l2": 0.0, "min_leaf_share": 0.001}
    spec = spec.model_copy(update={"boosting": spec.boosting.model_copy(update=wild)})
    with open_warehouse(untrained) as warehouse:
        rows = read_answered_rows(warehouse, spec, AS_OF, None, 1)
        tonight = read_scored_rows(warehouse, spec, AS_OF, None, 1, rows.encoding)
    model = deploy(rows, spec, tonight, 1, 2)
    validating = np.mean(deployed_rotation(rows, spec.folds).validate)
    (curve,) = model.calibrator.curves.values()
    assert curve.rows == round(len(rows.label) * (1 - validating))
    used = [rows.encoding.features.index(name) for name in model.encoding.features]
    shares = model.calibrator.apply(model.trees.predict(tonight.x[:, used], 2), tonight.kind)
    assert shares.std() < 0.045  # .027; .068 with a curve on the trees' own people
    assert shares.mean() == pytest.approx(0.5, abs=0.02)


def test_without_answers_the_night_goes_on_and_says_so_in_one_line(trained: Settings) -> None:
    result = train(trained, "support", AS_OF)
    assert result.details == {"unpublished": "nobody is in intermediate.int_support__answered yet"}
    scored = score(trained, "support", AS_OF)
    assert scored.rows_out == 0
    assert "unpublished no model of it has been promoted" in scored.summary()


def test_the_latest_answer_counts_and_an_undecided_one_stands_for_both_sides(trained: Settings) -> None:
    with open_warehouse(trained) as warehouse:
        ids = (
            warehouse.fetch(
                "select voter_id from marts.feat_voters where as_of_role = 'tonight' and is_scorable"
                " and status = 'active' order by 1 limit 4"
            )
            .column(0)
            .to_pylist()
        )
    told = [(ids[0], 9, 1, "door"), (ids[0], 2, 5, "call"), (ids[1], 2, 1, "door"), (ids[1], 1, 3, "door")]
    told += [
        (ids[2], 600, 1, "door"),
        (ids[3], 2, 2, "carrier pigeon"),
        ("NC-NOBODY", 2, 1, "door"),
        (ids[3], 0, 1, "door"),
    ]
    days = pa.array([AS_OF - dt.timedelta(days=days) for _, days, _, _ in told], pa.date32())
    names = {"voter_id": [one[0] for one in told], "answered_on": days, "support_level": [one[2] for one in told]}
    tell(trained, pa.table({**names, "contact_type": [one[3] for one in told]}))
    with open_warehouse(trained) as warehouse:
        rows = read_answered_rows(warehouse, load_spec(trained, "support"), AS_OF, None, 1)
    assert rows.label.tolist() == [0, 1, 0, 1]
    assert rows.weight is not None and rows.household[0] == rows.household[1]
    assert rows.weight[0] / rows.weight[1] == pytest.approx(49)
    assert rows.weight[2] == pytest.approx(rows.weight[3])


def test_weights_meet_every_margin_and_count_for_less_than_they_are() -> None:
    rng = np.random.default_rng(1)
    codes = [rng.choice(3, 4_000, p=[0.7, 0.2, 0.1]), rng.choice(2, 4_000, p=[0.8, 0.2])]
    shares = [np.array([0.4, 0.4, 0.2]), np.array([0.5, 0.5])]
    weight = rake(codes, shares, 4_000, 10.0)
    for code, wanted in zip(codes, shares, strict=True):
        assert np.bincount(code, weights=weight) / weight.sum() == pytest.approx(wanted, abs=0.001)
    assert weight.mean() == pytest.approx(1.0) and effective_rows(weight) < 3_000
    assert rake(codes, shares, 4_000, 2.0).max() <= 2.5
