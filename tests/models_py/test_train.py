"""Training, end to end: honest figures in a known world, equal bits, and a champion that only a better model replaces."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import ModelRejected
from groundgame.warehouse.base import open_warehouse
from models_py import recipe, registry
from models_py import train as training
from models_py.calibrate import Curve
from models_py.predict import score
from models_py.train import train
from tests.models_py.world import AS_OF, Day, World, build, write


def files(settings: Settings) -> dict[str, bytes]:
    folder = settings.models_dir / "turnout"
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def ledger(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch(
            "select model_version, is_promoted, reason, judged_election, auc, sha256 from ops.model_versions order by trained_at"
        ).to_pylist()


def champion(settings: Settings) -> str:
    pointer = registry.champion(settings, "turnout")
    assert pointer is not None
    return pointer.version


def card(settings: Settings) -> dict[str, Any]:
    stored = registry.load(settings, "turnout", champion(settings))
    return stored.card


def test_next_election_is_predicted_better_than_by_the_plain_rules_and_at_the_right_level(trained: Settings) -> None:
    judged = card(trained)["judged"]
    model, plain = judged["metrics"]["model"], judged["metrics"]
    assert judged["design"] == "next_election"
    assert judged["election"] == "nc-2024-11-05-general"
    assert model["ece"] <= 0.02
    assert model["worst_decile_gap"] <= 0.03
    assert model["auc"] > plain["logistic"]["auc"] > plain["count_of_votes"]["auc"]
    assert model["log_loss"] < plain["logistic"]["log_loss"] < plain["count_of_votes"]["log_loss"]


def test_two_trainings_from_the_same_inputs_give_the_same_bytes(
    trained: Settings, untrained_home: Path, tmp_path: Path
) -> None:
    shutil.copytree(untrained_home, tmp_path / "again")
    again = load_settings(home=tmp_path / "again", threads=2)
    train(again, "turnout", AS_OF)
    assert files(again) == files(trained)


def test_training_again_changes_nothing(trained: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before, rows = files(trained), ledger(trained)
    monkeypatch.setattr(training, "judge", None)  # a fit would fail
    result = train(trained, "turnout", AS_OF)
    assert result.details["is_new"] is False and result.details["is_promoted"] is True
    assert files(trained) == before and ledger(trained) == rows


def test_a_run_that_ended_before_the_pointer_was_set_is_completed(trained: Settings) -> None:
    before = files(trained)
    (trained.models_dir / "turnout" / "champion.json").unlink()
    result = train(trained, "turnout", AS_OF)
    assert result.details["is_new"] is False
    assert files(trained) == before and len(ledger(trained)) == 1


def test_a_damaged_version_is_written_again(trained: Settings) -> None:
    before = files(trained)
    model = trained.models_dir / "turnout" / champion(trained) / registry.MODEL
    model.write_bytes(b"tree")
    assert train(trained, "turnout", AS_OF).details["is_new"] is True
    assert files(trained) == before and len(ledger(trained)) == 1


def test_a_challenger_judged_on_the_same_election_must_beat_the_recorded_figure(
    trained: Settings, scores_dir: Path
) -> None:
    path = scores_dir / "turnout.yml"
    weaker = path.read_text(encoding="utf-8").replace("trees: 300", "trees: 60")
    path.write_text(weaker.replace('beats: ["count_of_votes", "logistic"]', "beats: []"), encoding="utf-8")
    settings = load_settings(home=trained.home, scores_dir=scores_dir, threads=1)
    before = champion(trained)
    result = train(settings, "turnout", AS_OF)
    assert result.details["is_new"] is True and result.details["is_promoted"] is False
    assert "as judged on nc-2024-11-05-general" in result.details["reason"]
    assert champion(settings) == before
    assert [row["is_promoted"] for row in ledger(settings)] == [True, False]


def test_on_a_new_election_the_champion_is_scored_on_the_same_rows(untrained: Settings) -> None:
    """The champion of 2023 has not seen November 2024: it is predicted anew, in the child process, on those very voters."""
    world = World(12_000)
    early, target = dt.date(2023, 10, 1), Day(dt.date(2024, 11, 5), "general", "presidential")
    build(untrained, world, as_of=early, target=target)
    first = train(untrained, "turnout", early).details["version"]
    build(untrained, world)
    result = train(untrained, "turnout", AS_OF)
    assert f"of {first} (on the same rows of nc-2024-11-05-general, which it had not seen)" in result.details["reason"]
    ours = result.details["metrics"]["log_loss"]
    theirs = float(result.details["reason"].split(" ")[4])
    assert theirs == pytest.approx(ours, abs=0.01)
    assert result.details["is_promoted"] is (ours < theirs)


def test_an_unusable_champion_is_replaced(trained: Settings) -> None:
    before = champion(trained)
    (trained.models_dir / "turnout" / before / registry.MODEL).unlink()
    later = AS_OF + dt.timedelta(days=1)
    with open_warehouse(trained) as warehouse:
        warehouse.execute("update marts.feat_voters set as_of_date = ? where as_of_role = 'tonight'", [later])
    result = train(trained, "turnout", later)
    assert "unusable: model.txt is missing" in result.details["reason"]
    assert champion(trained) == result.details["version"] != before


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        # The outcome slips into a feature.
        (
            """update marts.feat_voters f set age = (select count(*) from marts.fct_votes v
            where v.voter_id = f.voter_id and v.election_id = f.target_election_id)""",
            r"^.*age tells the outcome by itself \(AUC 1\.000\): it exists only after the outcome",
        ),
        # A column that is filled when the votes are in.
        (
            """update marts.feat_voters set zip_vote_share = case when as_of_role = 'tonight' then null else 0.5 end""",
            "zip_vote_share is known of 100% of past outcomes and of nobody before the next one",
        ),
        # Votes that belong to other people.
        (
            """create or replace table marts.fct_votes as select voter_id, target_election_id as election_id,
            target_election_date as election_date, 'early' as voting_method from marts.feat_voters
            where md5(voter_id || target_election_id) < '8'""",
            "under the floor",
        ),
    ],
)
def test_leaks_and_noise_leave_no_champion(untrained: Settings, sql: str, reason: str) -> None:
    """F28."""
    build(untrained, World(6_000))
    with open_warehouse(untrained) as warehouse:
        warehouse.execute(sql)
    with pytest.raises(ModelRejected, match=reason):
        train(untrained, "turnout", AS_OF)
    assert registry.champion(untrained, "turnout") is None
    assert [row["is_promoted"] for row in ledger(untrained)] == [False]


def test_an_election_without_votes_is_named(trained: Settings) -> None:
    before = champion(trained)
    with open_warehouse(trained) as warehouse:
        warehouse.execute("delete from marts.fct_votes where election_id = 'nc-2024-11-05-general'")
    with pytest.raises(ModelRejected, match=r"nc-2024-11-05-general: 0 of [0-9]+ voters have the outcome"):
        train(trained, "turnout", AS_OF)
    assert champion(trained) == before


def test_a_leak_leaves_the_champion_in_use(trained: Settings) -> None:
    before = champion(trained)
    with open_warehouse(trained) as warehouse:
        warehouse.execute(
            """update marts.feat_voters f set age = (select count(*) from marts.fct_votes v
            where v.voter_id = f.voter_id and v.election_id = f.target_election_id)"""
        )
    result = train(trained, "turnout", AS_OF)
    assert result.details["is_promoted"] is False and "outcome is among the features" in result.details["reason"]
    assert champion(trained) == before


def test_a_new_level_that_nobody_could_know_is_shown_and_no_reason_to_refuse(untrained: Settings) -> None:
    build(untrained, World(15_000, shift={"nc-2024-11-05-general": -0.6}))
    train(untrained, "turnout", AS_OF)
    figures = card(untrained)["judged"]["metrics"]
    assert figures["model"]["ece"] > 0.08
    assert figures["model_level_known"]["ece"] < 0.02


def test_a_model_that_tells_voters_apart_wrongly_is_refused(
    untrained: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        recipe, "fit_curve", lambda raw, label, spec, weight: Curve("none", len(raw), (0.0, 1.0), (0.35, 0.85))
    )
    with pytest.raises(ModelRejected, match="calibration error"):
        train(untrained, "turnout", AS_OF)


def test_a_score_is_added_by_one_file(untrained: Settings, scores_dir: Path) -> None:
    text = (scores_dir / "turnout.yml").read_text(encoding="utf-8").replace("score: turnout", "score: early_voting")
    text = text.replace("any vote in the target election\n", 'an early vote\n  votes: {voting_method: ["early"]}\n')
    (scores_dir / "early_voting.yml").write_text(text, encoding="utf-8")
    settings = load_settings(home=untrained.home, scores_dir=scores_dir, threads=1)
    build(settings, World(10_000))
    for name in ("early_voting", "turnout"):
        train(settings, name, AS_OF)
    for name in ("early_voting", "turnout"):
        score(settings, name, AS_OF)
    with open_warehouse(settings) as warehouse:
        means = warehouse.fetch(
            "select score_name, avg(score) as mean from scores.predictions group by 1 order by 1"
        ).to_pylist()
    assert [row["score_name"] for row in means] == ["early_voting", "turnout"]
    assert means[0]["mean"] < means[1]["mean"]


def test_a_study_trains_on_its_own_arm_and_election(untrained: Settings, world: World) -> None:
    day = world.days[-1]
    rows = pa.concat_tables([world.features(day.date, "training", day), world.features(AS_OF, "tonight", day)])
    arms = np.where(np.arange(rows.num_rows) % 3 == 0, "Control", "Mail")
    rows = rows.set_column(rows.schema.get_field_index("experiment_arm"), "experiment_arm", pa.array(arms))
    kind = pa.array(["primary"] * rows.num_rows)
    rows = rows.set_column(rows.schema.get_field_index("target_election_kind"), "target_election_kind", kind)
    write(untrained, rows, world.vote_rows(), AS_OF, study=(day.date, "primary"))
    result = train(untrained, "turnout", AS_OF, universe={"experiment_arm": ["Control"]})
    assert result.details["design"] == "held_out_households"
    facts = card(untrained)
    assert facts["universe"]["experiment_arm"] == ["Control"]
    assert facts["data"]["elections"][0]["voters"] < rows.num_rows / 4
    assert len(facts["judged"]["model_sha256"]) == 5


def test_the_card_says_what_the_ledger_says(trained: Settings) -> None:
    (row,) = ledger(trained)
    pointer = registry.champion(trained, "turnout")
    assert pointer is not None
    assert (row["model_version"], row["sha256"]) == (pointer.version, pointer.manifest_sha256)
    facts = json.loads((trained.models_dir / "turnout" / pointer.version / "card.json").read_text(encoding="utf-8"))
    assert row["auc"] == facts["judged"]["metrics"]["model"]["auc"]
    assert facts["deployed"]["sha256"] not in facts["judged"]["model_sha256"]
