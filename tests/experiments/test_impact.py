"""From assigned to measured: the effect that was planted is found, and what is not there is told too."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from groundgame.config import Settings
from groundgame.experiments.assign import assign
from groundgame.experiments.impact import measure
from groundgame.warehouse.base import open_warehouse
from tests.experiments.village import ANALYSIS, ANSWERS, AS_OF, LATER, ballots, declare, ledger

ENDED = dt.date(2026, 10, 20)
ON = dt.date(2026, 10, 15)


def answers(settings: Settings, chance: dict[str, float], ours: dict[str, float]) -> None:
    """By arm, how many are asked successfully in time and how many of them are ours; all else that is said says the opposite."""
    rng = np.random.default_rng(4)
    said: list[tuple[str, dt.date, int, str]] = []
    for row in ledger(settings):
        if rng.random() < chance[row["arm"]]:
            ours_or_not = (1, 5) if rng.random() < ours[row["arm"]] else (5, 1)
            said.append((row["voter_id"], ON, ours_or_not[0], "call"))
            for day in (9, 12, 19):  # before the start, in time but not the last word, and too late
                said.append((row["voter_id"], dt.date(2026, 10, day), ours_or_not[1], "call"))
            said.append((row["voter_id"], dt.date(2026, 10, 16), ours_or_not[1], "door"))
    ids, days, levels, ways = zip(*said, strict=True)
    with open_warehouse(settings) as warehouse:
        table = {"voter_id": list(ids), "answered_on": pa.array(days, pa.date32())}
        table |= {"support_level": pa.array(levels, pa.int16()), "contact_type": list(ways)}
        warehouse.replace("intermediate.int_support__answered", pa.table(table))
        warehouse.execute("create table intermediate.int_voters__hidden as select 'NC-00000' as voter_id")
        warehouse.execute(
            "create table marts.dim_elections as select date '2026-11-03' as election_date, 'general' as election_type,"
            " false as is_history_complete"
        )


def told(settings: Settings) -> dict[str, dict[str, Any]]:
    with open_warehouse(settings) as warehouse:
        rows = warehouse.fetch("select * from ops.experiment_effects").to_pylist()
    return {row["arm"]: row for row in rows}


@pytest.mark.parametrize("settings", ["duckdb", "postgres"], indirect=True)
def test_the_effect_that_was_planted_is_found_and_the_arm_that_does_nothing_is_told(settings: Settings) -> None:
    assign(settings, "letter", AS_OF)
    rng = np.random.default_rng(9)
    rows = ledger(settings)
    voted = {row["voter_id"]: bool(rng.random() < 0.4 + 0.1 * (row["arm"] == "letter")) for row in rows}
    ballots(settings, voted)
    assert measure(settings, LATER) == {}
    (effects,) = measure(settings, ANALYSIS).values()
    call, letter = effects
    assert letter.low < 0.1 < letter.high and letter.low > 0
    assert call.low < 0 < call.high
    assert letter.voters + letter.control_voters + call.voters == 4_499  # one of them is confidential now
    assert measure(settings, ANALYSIS) == {"letter": effects}
    with open_warehouse(settings) as warehouse:
        assert warehouse.fetch("select count(*) from ops.experiment_effects").column(0).to_pylist() == [2]


@pytest.mark.parametrize("settings", ["duckdb", "postgres"], indirect=True)
def test_answers_are_compared_before_the_election_and_who_answers_because_of_the_arm_is_told(
    settings: Settings,
) -> None:
    """The letter moves 15 of a hundred minds and nobody's will to answer; the call does the reverse."""
    declare(settings, ANSWERS)
    assign(settings, "letter", AS_OF)
    answers(settings, {"control": 0.4, "letter": 0.4, "call": 0.5}, {"control": 0.4, "letter": 0.55, "call": 0.4})
    assert measure(settings, dt.date(2026, 10, 19)) == {}
    call, letter = measure(settings, ENDED)["letter"]
    assert letter.low < 0.15 * 0.96 < letter.high and letter.low > 0
    assert call.low < 0 < call.high
    assert letter.control_share == pytest.approx(0.4 * 0.98 + 0.6 * 0.02, abs=0.03)
    rows = told(settings)
    assert (rows["letter"]["has_uneven_answers"], rows["call"]["has_uneven_answers"]) == (False, True)
    assert rows["letter"]["answered_share"] == pytest.approx(0.4, abs=0.03)
    assert rows["letter"]["answered_count"] == letter.voters < 0.5 * rows["letter"]["voters_count"]
    assigned = [rows["letter"]["voters_count"], rows["call"]["voters_count"], rows["call"]["control_voters_count"]]
    assert sum(assigned) == 4_499  # one of them is confidential now


def test_what_a_few_think_is_not_told_and_how_few_they_are_is(settings: Settings) -> None:
    declare(settings, ANSWERS)
    assign(settings, "letter", AS_OF)
    answers(settings, {"control": 0.4, "letter": 0.4, "call": 0.03}, {"control": 0.4, "letter": 0.4, "call": 0.9})
    measure(settings, ENDED)
    few = told(settings)["call"]
    assert 0 < few["answered_count"] < 50 and few["has_uneven_answers"]
    assert {few[name] for name in ("outcome_share", "control_outcome_share", "effect_share", "effect_low_share")} == {
        None
    }
    assert told(settings)["letter"]["effect_low_share"] < 0 < told(settings)["letter"]["effect_high_share"]
