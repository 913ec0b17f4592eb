"""An uplift score goes out only where an experiment shows that it is worth more than sorting by turnout, and says so otherwise."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from groundgame.config import Settings
from groundgame.experiments.impact import outcomes
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from models_py import registry
from models_py.arms import read_arms, read_experiment
from models_py.predict import score
from models_py.spec import load_spec
from models_py.train_uplift import latest_finished, train_uplift
from models_py.uplift_spec import UpliftSpec, load_uplifts
from tests.models_py.world import AS_OF, World, build

NAME = "gotv_letter"
LAST = dt.date(2024, 11, 5)
ANSWERED = dt.date(2026, 10, 20)
TWO_ARMS = (
    "insert into ops.experiment_assignments select * replace ('letter' as arm)"
    " from ops.experiment_assignments where arm = 'control' limit 1"
)


def small(spec: UpliftSpec) -> UpliftSpec:
    return spec.model_copy(
        update={
            "boosting": spec.boosting.model_copy(update={"trees": 15, "learning_rate": 0.2, "depth": 2, "leaves": 4})
        }
    )


def experiment(settings: Settings, world: World, effect: float, verdict: str = "pass") -> None:
    """A letter by household before November 2024 that moves people over 50 and nobody else."""
    build(settings, world)
    rng = np.random.default_rng(7)
    treated = (rng.random(world.household.max() + 1) < 0.5)[world.household]
    voted = world.votes[:, -1] == 1
    moved = (
        treated
        & (2024 - world.birth_year > 50)
        & ~voted
        & (world.votes[:, -1] >= 0)
        & (rng.random(world.voters) < effect)
    )
    ids = world.voter_ids()
    at = np.flatnonzero(moved)
    rows = {"voter_id": ids.take(pa.array(at)), "election_id": ["nc-2024-11-05-general"] * len(at)}
    more = pa.table(
        {**rows, "election_date": pa.array([LAST] * len(at), pa.date32()), "voting_method": ["early"] * len(at)}
    )
    home = pa.array([f"h{number}" for number in world.household])
    everyone = np.flatnonzero(world.votes[:, -1] >= 0)
    assigned = pa.table(
        {
            "experiment_id": [NAME] * len(everyone),
            "spec_sha256": ["x"] * len(everyone),
            "voter_id": ids.take(pa.array(everyone)),
            "unit_key": home.take(pa.array(everyone)),
            "cluster_key": home.take(pa.array(everyone)),
            "stratum": [""] * len(everyone),
            "arm": pa.array(np.where(treated[everyone], "letter", "control")),
            "assigned_as_of_date": pa.array([dt.date(2024, 10, 1)] * len(everyone), pa.date32()),
        }
    )
    with open_warehouse(settings) as warehouse:
        warehouse.append("marts.fct_votes", more)
        warehouse.execute(
            "create or replace table marts.dim_elections as select 'nc-2024-11-05-general' as election_id,"
            " date '2024-11-05' as election_date, 'general' as election_type, true as is_history_complete"
        )
        warehouse.execute("create or replace table intermediate.int_voters__hidden (voter_id varchar)")
        declared: dict[str, Any] = {"spec": json.dumps({"arms": {"control": {}, "letter": {}}}), "spec_sha256": "x"}
        dates = {
            "start_date": dt.date(2024, 10, 2),
            "analysis_date": dt.date(2025, 1, 1),
            "registered_as_of_date": dt.date(2024, 10, 1),
        }
        ops.record(
            warehouse,
            "experiments",
            experiment_id=NAME,
            hypothesis="It helps",
            level="household",
            control_arm="control",
            election_date=LAST,
            election_type="general",
            **declared,
            **dates,
        )
        ops.record(
            warehouse, "experiment_checks", experiment_id=NAME, check_name="sample_ratio_p", arm="", verdict=verdict
        )
        warehouse.append("ops.experiment_assignments", assigned)


def test_an_uplift_that_beats_sorting_by_turnout_is_scored_and_the_same_again(untrained: Settings) -> None:
    experiment(untrained, World(10_000), effect=0.8)
    spec = small(load_uplifts(untrained)["gotv_uplift"])
    first = train_uplift(untrained, spec, AS_OF)
    assert first.details.get("is_promoted"), first.details
    folder = untrained.models_dir / "gotv_uplift" / first.details["version"]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert train_uplift(untrained, spec, AS_OF).details["version"] == first.details["version"]
    with open_warehouse(untrained) as warehouse:
        warehouse.execute("delete from ops.model_versions")
    for path in folder.iterdir():
        path.unlink()
    train_uplift(untrained, spec, AS_OF)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, "two trainings give the same bytes"
    assert score(untrained, "gotv_uplift", AS_OF).rows_out
    with open_warehouse(untrained) as warehouse:
        rows = warehouse.fetch(
            "select age > 53 as is_old, avg(score_raw) as effect, avg(score) as score, max(reason_1) as reason"
            " from scores.predictions p join marts.feat_voters f using (voter_id) where f.as_of_role = 'tonight'"
            " group by 1 order by 1"
        ).to_pylist()
    assert rows[1]["effect"] > rows[0]["effect"] + 0.05 and rows[1]["score"] > rows[0]["score"] + 30
    assert [row["reason"] for row in rows] == [None, None]
    break_later(untrained)


def break_later(untrained: Settings) -> None:
    """E13 after the training: the night's score is held all the same, and what the night had written before goes."""
    with open_warehouse(untrained) as warehouse:
        warehouse.execute(TWO_ARMS)
    assert "some voter is in two arms" in score(untrained, "gotv_uplift", AS_OF).details["unpublished"]
    with open_warehouse(untrained) as warehouse:
        left = warehouse.fetch("select 1 as one from scores.predictions where score_name = 'gotv_uplift'")
    assert left.num_rows == 0


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("select 1", "experiment gotv_letter: sample_ratio_p is held"),
        (
            "delete from ops.experiment_checks; update ops.experiment_assignments set arm = 'control'",
            "arm letter has no voter",
        ),
        (f"delete from ops.experiment_checks; {TWO_ARMS}", "some voter is in two arms"),
        ("delete from ops.experiments", "no experiment of its names has finished"),
    ],
    ids=["E14 sample ratio", "E13 arm missing", "E13 two arms", "no experiment"],
)
def test_e13_e14_a_broken_experiment_holds_its_uplift_and_nothing_else(
    untrained: Settings, damage: str, reason: str
) -> None:
    experiment(untrained, World(1_000), effect=0.5, verdict="hold")
    with open_warehouse(untrained) as warehouse:
        for statement in damage.split("; "):
            warehouse.execute(statement)
    spec = load_uplifts(untrained)["gotv_uplift"]
    (untrained.models_dir / "gotv_uplift").mkdir(parents=True)
    (untrained.models_dir / "gotv_uplift" / "champion.json").write_text("{}", encoding="utf-8")
    result = train_uplift(untrained, spec, AS_OF)
    assert reason in result.details["unpublished"]
    assert registry.champion(untrained, "gotv_uplift") is None, "what was learned before is taken out of use"
    assert "unpublished" in score(untrained, "gotv_uplift", AS_OF).details


def test_where_nobody_is_moved_no_score_is_published_and_the_refusal_is_on_record(untrained: Settings) -> None:
    experiment(untrained, World(4_000), effect=0.0)
    spec = small(load_uplifts(untrained)["gotv_uplift"])
    results = [train_uplift(untrained, spec, AS_OF) for _ in range(2)]
    assert "turnout" in results[0].details["unpublished"] or "random" in results[0].details["unpublished"]
    assert results[0].details == results[1].details
    with open_warehouse(untrained) as warehouse:
        rows = warehouse.fetch(
            "select is_promoted from ops.model_versions where score_name = 'gotv_uplift'"
        ).to_pylist()
    assert rows == [{"is_promoted": False}]


def test_whom_a_conversation_persuaded_is_learned_before_the_election_from_what_they_said(untrained: Settings) -> None:
    """The letter moves those without a party; what was said before or after the days that count, or at the door, says the opposite."""
    world = World(10_000)
    experiment(untrained, world, effect=0.0)
    with open_warehouse(untrained) as warehouse:
        of_answers(warehouse)
        answer(warehouse, dict(zip(world.voter_ids().to_pylist(), world.party.tolist(), strict=True)))
    spec = small(load_uplifts(untrained)["persuasion_uplift"])
    assert "no experiment" in train_uplift(untrained, spec, ANSWERED + dt.timedelta(days=1)).details["unpublished"]
    result = train_uplift(untrained, spec, AS_OF)
    assert result.details.get("is_promoted"), result.details
    assert result.rows_in and result.rows_out and 0.8 * result.rows_in < result.rows_out < 0.92 * result.rows_in
    assert score(untrained, "persuasion_uplift", AS_OF).rows_out
    with open_warehouse(untrained) as warehouse:
        rows = warehouse.fetch(
            "select party, avg(score_raw) as effect from scores.predictions p join marts.feat_voters f using (voter_id)"
            " where f.as_of_role = 'tonight' and p.score_name = 'persuasion_uplift' group by 1"
        ).to_pylist()
        effect = {row["party"]: row["effect"] for row in rows}
        assert effect["unaffiliated"] > 0.15 + max(effect["democratic"], effect["republican"])
        told = {"experiment_id": "persuasion_letter", "arm": "letter", "has_uneven_answers": True}
        ops.record(warehouse, "experiment_effects", as_of_date=AS_OF, **told)
    late = score(untrained, "persuasion_uplift", AS_OF).details["unpublished"]
    assert "differ in who answered" in late, "some answers came after the training"
    with open_warehouse(untrained) as warehouse:
        # One in ten of those who got the letter is told to be silent from now on.
        warehouse.execute(
            "delete from intermediate.int_support__answered where voter_id like '%7' and voter_id in"
            " (select voter_id from ops.experiment_assignments where arm = 'letter')"
        )
    assert "differ in who answered" in train_uplift(untrained, spec, AS_OF).details["unpublished"]
    assert registry.champion(untrained, "persuasion_uplift") is None


def test_answers_are_looked_at_with_features_from_before_the_next_election_and_by_their_own_score(
    untrained: Settings,
) -> None:
    world = World(1_000)
    experiment(untrained, world, effect=0.0)
    spec, oldest = load_spec(untrained, "support"), {}
    with open_warehouse(untrained) as warehouse:
        of_answers(warehouse)
        answer(warehouse, dict(zip(world.voter_ids().to_pylist(), world.party.tolist(), strict=True)))
        everything = load_uplifts(untrained)["gotv_uplift"].model_copy(update={"experiments": ["*"]})
        assert latest_finished(warehouse, everything, AS_OF) is None, "votes are not learned from answers"
        for start in (dt.date(2026, 10, 2), dt.date(2024, 10, 2)):
            warehouse.execute("update ops.experiments set start_date = ?", [start])
            one = read_experiment(warehouse, "persuasion_letter")
            people = outcomes(warehouse, one)
            arms = read_arms(warehouse, spec, one, "letter", people)
            assert len(arms.outcome) <= people["outcome"].notna().sum()
            oldest[start.year] = arms.x[:, arms.encoding.features.index("age")].max()
    assert oldest == {2026: 2026 - 1936, 2024: 2024 - 1936}


def of_answers(warehouse: Warehouse) -> None:
    """Turn the experiment into one that compares answers given in the weeks before tonight."""
    for table in ("experiments", "experiment_checks", "experiment_assignments"):
        warehouse.execute(f"update ops.{table} set experiment_id = 'persuasion_letter'")
    worth = {1: 0.98, 2: 0.8, 3: 0.5, 4: 0.2, 5: 0.02}
    days = {"from_date": "2026-10-03", "until_date": str(ANSWERED)}
    declared = {"kind": "answers", **days, "contact_types": ["call"], "supports": worth, "answered_share": 0.9}
    warehouse.execute(
        "update ops.experiments set outcome_kind = 'answers', election_date = null, election_type = null,"
        " start_date = date '2026-10-02', analysis_date = ?, spec = ?",
        [AS_OF, json.dumps({"arms": {"control": {}, "letter": {}}, "outcome": declared})],
    )


def answer(warehouse: Warehouse, party: dict[str, int]) -> None:
    """Nine in ten answer, whatever their arm."""
    rng = np.random.default_rng(3)
    said: list[tuple[str, dt.date, int, str]] = []
    for one in warehouse.fetch("select voter_id, arm from ops.experiment_assignments order by voter_id").to_pylist():
        if rng.random() < 0.1:
            continue
        chance = [0.9, 0.1, 0.4][party[one["voter_id"]]]
        if one["arm"] == "letter" and party[one["voter_id"]] == 2:
            chance += 0.35
        is_ours = bool(rng.random() < chance)
        said.append((one["voter_id"], ANSWERED, 1 if is_ours else 5, "call"))
        opposite = [(dt.date(2026, 10, 1), "call"), (ANSWERED + dt.timedelta(days=1), "call"), (ANSWERED, "door")]
        said += [(one["voter_id"], day, 5 if is_ours else 1, way) for day, way in opposite]
    ids, days, levels, ways = zip(*said, strict=True)
    table = {"voter_id": list(ids), "answered_on": pa.array(days, pa.date32())}
    table |= {"support_level": pa.array(levels, pa.int16()), "contact_type": list(ways)}
    warehouse.replace("intermediate.int_support__answered", pa.table(table))


def test_uplift_looks_at_the_columns_of_a_declared_score(untrained: Settings) -> None:
    for spec in load_uplifts(untrained).values():
        assert load_spec(untrained, spec.features_of).features
