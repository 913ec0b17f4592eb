"""Who is drawn, and who may not be."""

from __future__ import annotations

import datetime as dt

import pytest

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.experiments.assign import assign
from groundgame.warehouse.base import open_warehouse
from tests.experiments.village import ANSWERS, AS_OF, LATER, SPEC, declare, ledger, village


def test_homes_are_drawn_whole_and_what_can_be_found_is_noted(settings: Settings) -> None:
    result = assign(settings, "letter", AS_OF)
    rows = ledger(settings)
    arms: dict[str, set[str]] = {}
    for row in rows:
        arms.setdefault(row["unit_key"], set()).add(row["arm"])
    assert result.verdict == "pass" and len(rows) == result.rows_out == 4_500
    assert all(len(found) == 1 for found in arms.values())
    assert abs(sum(row["arm"] == "letter" for row in rows) / 4_500 - 0.3) < 0.03
    assert 0.02 < result.details["minimum_detectable_effect letter"] < 0.09
    assert 0.05 < result.details["icc"] < 0.6
    with open_warehouse(settings) as warehouse:
        noted = (
            warehouse.fetch("select distinct check_name from ops.experiment_checks order by 1").column(0).to_pylist()
        )
    assert noted == ["balance", "baseline_share", "icc", "minimum_detectable_effect", "sample_ratio_p"]


def test_e14_an_arm_that_lost_homes_is_held_and_what_was_drawn_stays(settings: Settings) -> None:
    """E14: the arms come with a file, and three tenths of one arm's homes fell out of it."""
    arms = "arms: {control: {share: 0.5, code: C}, letter: {share: 0.5, code: L}}\nassigned_by: file"
    declare(settings, SPEC.replace("arms: {control: {share: 0.5}, letter: {share: 0.3}, call: {share: 0.2}}", arms))
    home = "cast(substr(household_id, 4) as integer)"
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            f"update marts.feat_voters set experiment_arm = case when {home} % 4 = 0 then 'C' when {home} % 40 > 10 then 'L' end"
        )
    result = assign(settings, "letter", AS_OF)
    assert result.verdict == "hold" and "sample_ratio_p" in result.details["held"]
    with open_warehouse(settings) as warehouse:
        held = warehouse.fetch("select check_name from ops.experiment_checks where verdict = 'hold'")
    assert "sample_ratio_p" in held.column(0).to_pylist() and len(ledger(settings)) == result.rows_out


def test_where_few_will_answer_only_a_larger_effect_can_be_found(settings: Settings) -> None:
    """Of 1,350 and 2,250 voters two in five are expected to answer: 2.8 standard errors of .027, and a little more for homes."""
    declare(settings, ANSWERS)
    assert 0.07 < assign(settings, "letter", AS_OF).details["minimum_detectable_effect letter"] < 0.085


def test_assigning_again_adds_who_is_new_and_moves_nobody_even_when_homes_are_called_otherwise(
    settings: Settings,
) -> None:
    assign(settings, "letter", AS_OF)
    before = ledger(settings)
    assert assign(settings, "letter", AS_OF).rows_out == 0
    village(settings, LATER, renamed=True)
    with open_warehouse(settings) as warehouse:  # somebody moves in with the first home
        warehouse.execute("update marts.feat_voters set household_id = 'NC-00001' where voter_id = 'NC-05500'")
    assert assign(settings, "letter", LATER).rows_out == 900
    after = {row["voter_id"]: row for row in ledger(settings)}
    assert [after[row["voter_id"]] for row in before] == before
    assert after["NC-05500"]["unit_key"] == after["NC-00000"]["unit_key"]
    assert after["NC-05500"]["arm"] == after["NC-00000"]["arm"]


def test_a_changed_spec_a_lost_key_and_a_late_draw_are_refused(settings: Settings) -> None:
    assign(settings, "letter", AS_OF)
    declare(settings, SPEC.replace("share: 0.5", "share: 0.4").replace("share: 0.2", "share: 0.3"))
    with pytest.raises(SpecError, match="was changed after its voters were assigned"):
        assign(settings, "letter", AS_OF)
    declare(settings, f"# a comment may change\n{SPEC}")
    assert assign(settings, "letter", AS_OF).rows_out == 0
    (settings.home / "experiments.key").unlink()
    with pytest.raises(SpecError, match="key is gone"):
        assign(settings, "letter", AS_OF)
    village(settings, dt.date(2026, 10, 10))
    with pytest.raises(SpecError, match="nobody joins it"):
        assign(settings, "letter", dt.date(2026, 10, 10))


@pytest.mark.parametrize(
    ("line", "changed", "field"),
    [
        ("letter: {share: 0.3}", "letter: {share: 0.4}", "sum to 1"),
        ("start_date: 2026-10-10", "start_date: 2026-11-10", "follow each other"),
        ("strata: [party]", "strata: [starsign]", "starsign: is no column"),
        ('values: ["active"]', 'values: ["removed"]', "50 are the least"),
    ],
)
def test_a_spec_that_cannot_be_is_refused_by_name(settings: Settings, line: str, changed: str, field: str) -> None:
    declare(settings, SPEC.replace(line, changed))
    with pytest.raises(SpecError, match=field):
        assign(settings, "letter", AS_OF)
