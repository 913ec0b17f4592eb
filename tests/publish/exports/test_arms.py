"""Lists of an experiment: one arm treated, all arms asked, control left alone."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.publish.exports.request import make_request
from groundgame.publish.read import query
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from tests.conftest import AS_OF
from tests.publish.exports.asked import entries, export, rows_of, suppress


def test_a_list_for_one_arm_holds_that_arm_alone(home: Settings) -> None:
    suppress(home)
    ids = query(home, "select voter_id from dim_voters where is_registered and age > 30 order by 1 limit 40")[
        "voter_id"
    ]
    with open_warehouse(home) as warehouse:
        ops.record(warehouse, "experiments", experiment_id="mail", control_arm="none", election_date=AS_OF)
        for at, voter in enumerate(ids.to_pylist()):
            ops.record(
                warehouse,
                "experiment_assignments",
                experiment_id="mail",
                voter_id=voter,
                arm=("none", "letter")[at % 2],
            )
    listed = {row["voter_id"] for row in rows_of(export(home, "walk_list", arm="mail:letter"), "walk_list.csv")}
    assert listed and listed <= set(ids.to_pylist()[1::2])
    with pytest.raises(SpecError, match="control arm"):
        export(home, "walk_list", arm="mail:none")


def test_a_survey_asks_both_arms_in_the_declared_way_and_days_and_all_other_lists_leave_control_alone(
    home: Settings,
) -> None:
    suppress(home)
    people = query(home, "select voter_id from dim_voters where is_registered and age > 30 order by 1 limit 40")[
        "voter_id"
    ].to_pylist()
    spec = json.dumps({"outcome": {"contact_types": ["door"]}})
    with open_warehouse(home) as warehouse:
        ops.record(warehouse, "experiments", experiment_id="mail", control_arm="none", election_date=AS_OF)
        ops.record(warehouse, "experiment_assignments", experiment_id="mail", voter_id=people[0], arm="none")
        for name, days in (("talk", (0, 1)), ("later", (1, 2)), ("over", (-2, -1))):
            declared = {"outcome_kind": "answers", "control_arm": "none", "spec": spec}
            first, last = (AS_OF + dt.timedelta(days=number) for number in days)
            dates = {"answers_from_date": first, "answers_until_date": last}
            ops.record(warehouse, "experiments", experiment_id=name, **declared, **dates)
        for at, voter in enumerate(people):
            arm = ("none", "talk")[at % 2]
            ops.record(warehouse, "experiment_assignments", experiment_id="talk", voter_id=voter, arm=arm)
    everybody = {row["voter_id"] for row in rows_of(export(home, "walk_list"), "walk_list.csv")}
    assert everybody.isdisjoint(people[::2])
    survey = export(home, "walk_list", purpose="survey", experiment="talk")
    rows = rows_of(survey, "walk_list.csv")
    listed = {row["voter_id"] for row in rows}
    assert listed <= set(people[1:]) and listed & set(people[::2]) and listed & everybody
    assert listed & everybody == everybody & set(people) and survey["held_out"] <= 1
    assert "none" not in {value for row in rows for value in row.values()}
    assert entries(home)[-1]["criteria"] == "experiment=talk"
    for recipient, name, problem in (
        ("call_list", "talk", "does not count answers by call"),
        ("walk_list", "later", "counts no answer of"),
        ("walk_list", "over", "counts no answer of"),
        ("walk_list", "mail", "compares votes"),
        ("walk_list", "nothing", "was assigned"),
    ):
        with pytest.raises(SpecError, match=problem):
            export(home, recipient, purpose="survey", experiment=name)
    for wrong in (
        {"purpose": "survey"},
        {"experiment": "talk"},
        {"purpose": "survey", "experiment": "talk", "arm": "talk:talk"},
    ):
        with pytest.raises(SpecError):
            make_request("walk_list", wrong.pop("purpose", "turnout"), "Ann Lee", **wrong)
