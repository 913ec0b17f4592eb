"""From declared to measured, on hand-made marts: a village whose voters' both outcomes are known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from groundgame.config import Settings, load_settings
from groundgame.errors import SpecError
from groundgame.experiments.assign import assign
from groundgame.experiments.impact import measure
from groundgame.experiments.spec import load_experiment
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse

AS_OF, LATER, ANALYSIS = dt.date(2026, 10, 1), dt.date(2026, 10, 2), dt.date(2027, 1, 20)
ELECTION = dt.date(2026, 11, 3)
SPEC = """
experiment: letter
hypothesis: A letter brings voters of middle age to the polls.
level: household
arms: {control: {share: 0.5}, letter: {share: 0.3}, call: {share: 0.2}}
strata: [party]
universe: [{column: status, values: ["active"]}, {column: age, at_least: 18}]
outcome: {election_date: 2026-11-03, election_type: general}
baseline: {column: midterm_1}
start_date: 2026-10-10
analysis_date: 2027-01-15
"""
VOTERS = 6_000


def village(settings: Settings, as_of: dt.date, voters: int = VOTERS, renamed: bool = False) -> None:
    """Marts of one night. Homes hold two; ``renamed``: every home goes by its second member's id."""
    rng = np.random.default_rng(5)
    number = np.arange(voters)
    home = number // 2 * 2 + (1 if renamed else 0)
    habit = rng.normal(0, 1, VOTERS)[number // 2]
    ids = [f"NC-{one:05d}" for one in number]
    features = {
        "voter_id": ids,
        "household_id": [f"NC-{one:05d}" for one in home],
        "as_of_role": ["tonight"] * voters,
        "as_of_date": pa.array([as_of] * voters, pa.date32()),
        "is_scorable": [True] * voters,
        "status": np.where(number % 10 == 9, "inactive", "active").tolist(),
        "party": np.array(["democratic", "republican"])[number // 2 % 2].tolist(),
        "experiment_arm": pa.nulls(voters, pa.string()),
        "age": (20 + number * 7 % 60),
        "midterm_1": (habit + rng.normal(0, 1, VOTERS)[:voters] > 0).astype(np.int16),
        **{name: (number * 31 % 97).astype(float) for name in ("votes_count", "general_vote_share", "vote_share")},
        **{name: (number * 17 % 89).astype(float) for name in ("household_size", "years_registered")},
    }
    with open_warehouse(settings) as warehouse:
        for schema in ("marts", "intermediate"):
            warehouse.execute(f"create schema if not exists {schema}")
        warehouse.replace("marts.feat_voters", pa.table(features))
        warehouse.replace(
            "marts.dim_voters", pa.table({"voter_id": ids, "precinct_id": [f"P{n % 40}" for n in number]})
        )
        ops.set_run_parameters(warehouse, as_of, False)


def ballots(settings: Settings, voted: dict[str, bool]) -> None:
    """The election with its complete history."""
    came = [voter for voter, did in voted.items() if did]
    with open_warehouse(settings) as warehouse:
        warehouse.execute(
            "create table marts.dim_elections as select 'nc' as election_id, date '2026-11-03' as election_date,"
            " 'general' as election_type, true as is_history_complete"
        )
        warehouse.replace("marts.fct_votes", pa.table({"voter_id": came, "election_id": ["nc"] * len(came)}))
        warehouse.execute("create table intermediate.int_votes__left as select * from marts.fct_votes limit 0")
        warehouse.execute("create table intermediate.int_voters__hidden as select 'NC-00000' as voter_id")


def ledger(settings: Settings) -> list[dict[str, Any]]:
    with open_warehouse(settings) as warehouse:
        return warehouse.fetch("select * from ops.experiment_assignments order by voter_id").to_pylist()


def declare(settings: Settings, text: str = SPEC) -> None:
    settings.experiments_folder.mkdir(parents=True, exist_ok=True)
    (settings.experiments_folder / "letter.yml").write_text(text, encoding="utf-8")


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    engine = getattr(request, "param", "duckdb")
    uri = request.getfixturevalue("postgres_uri") if engine == "postgres" else None
    settings = load_settings(home=tmp_path / "home", threads=1, engine=engine, warehouse_uri=uri)
    settings.home.mkdir()
    # Under a key of its own each run would draw other arms, and one in twenty intervals misses.
    (settings.home / "experiments.key").write_bytes(bytes(range(32)))
    village(settings, AS_OF, voters=5_000)
    declare(settings)
    return settings


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


def test_the_hash_of_a_spec_is_of_what_it_says(settings: Settings) -> None:
    before = load_experiment(settings, "letter").sha256
    declare(settings, SPEC + "\n# a comment\n")
    assert load_experiment(settings, "letter").sha256 == before
