"""What a gate judges and writes down; whatever goes wrong in it is a red gate (F24, F25)."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import pytest

from groundgame.config import Settings
from groundgame.errors import GateFailed, SpecError
from groundgame.gates import gate, judge, spec
from groundgame.gates.judge import Judge
from groundgame.gates.spec import Limits
from groundgame.warehouse import ops
from groundgame.warehouse.base import open_warehouse
from tests.gates.landed import AS_OF, CANARY, change, results

SUITE = """
stage: landing
table: {table}
about: "a suite that only this test knows"
{extra}
rules:
  rows: {{metric: "count(*)", fail: {{at_least: 1}}, why: "an empty table proves nothing"}}
  probe: {{metric: "{metric}", {limits}, why: "the reason that the test gives"}}
"""


@pytest.fixture
def add_suite(tmp_path: Path):
    """Drop one more suite into a folder of the installation; returns that folder."""

    def add(metric: str, limits: str = "fail: {at_most: 0}", table: str = "raw.sources", extra: str = "") -> Path:
        folder = tmp_path / "suites"
        folder.mkdir(exist_ok=True)
        text = SUITE.format(table=table, metric=metric, limits=limits, extra=extra)
        (folder / f"landing__{table.split('.')[1]}.yml").write_text(text, encoding="utf-8")
        return folder

    return add


def test_a_healthy_landing_passes_and_every_rule_is_a_row_and_a_line(settings: Settings) -> None:
    result = gate.run(settings, "landing", AS_OF)
    rows = results(settings)
    assert result.verdict == "pass" and result.rows_out == len(rows) > 40
    assert {row["verdict"] for row in rows} == {"pass", "skip"}
    page = Path(result.details["report"]).read_text(encoding="utf-8")
    assert all(row["rule"] in page for row in rows)


def test_a_suite_dropped_into_a_folder_adds_a_gate(settings: Settings, add_suite) -> None:
    folder = add_suite("count(case when state_abbr is null then 1 end)")
    gate.run(settings, "landing", AS_OF, suites_dir=folder)
    assert [row["verdict"] for row in results(settings, "probe")] == ["pass"]


def test_a_red_gate_says_rule_table_and_numbers_in_one_line(settings: Settings, add_suite) -> None:
    with pytest.raises(GateFailed) as caught:
        gate.run(settings, "landing", AS_OF, suites_dir=add_suite("count(*) + 1.5"))
    assert "raw.sources probe: observed 2.5, expected at most 0, else fail" in str(caught.value)
    assert "the reason that the test gives" in str(caught.value) and "\n" not in str(caught.value)
    assert Path(caught.value.report).is_file()


def test_both_levels_fail_wins_over_hold(settings: Settings, add_suite) -> None:
    folder = add_suite("count(*) * 5", "hold: {at_most: 2}, fail: {at_most: 9}")
    assert gate.run(settings, "landing", AS_OF, suites_dir=folder).verdict == "hold"
    folder = add_suite("count(*) * 50", "hold: {at_most: 2}, fail: {at_most: 9}")
    with pytest.raises(GateFailed):
        gate.run(settings, "landing", AS_OF, suites_dir=folder)
    assert [row["verdict"] for row in results(settings, "probe")] == ["hold", "fail"]


def test_a_rerun_appends_and_the_latest_evaluation_counts(settings: Settings, add_suite) -> None:
    folder = add_suite("count(*)")
    with pytest.raises(GateFailed):
        gate.run(settings, "landing", AS_OF, suites_dir=folder)
    change(settings, "update raw.sources set state_abbr = 'NC'")
    add_suite("count(*) - 1")
    result = gate.run(settings, "landing", AS_OF, suites_dir=folder)
    assert [(row["attempt"], row["verdict"]) for row in results(settings, "probe")] == [(1, "fail"), (2, "pass")]
    assert "verdict fail" not in Path(result.details["report"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("max(state_abbr)", "ConversionException"),
        ("nonsense(", "ParserException"),
        ("sum(no_such_column)", "no_such_column"),
        ("sum(null)", "no value"),
        ("1.0 / sum(0)", "ConversionException"),
    ],
)
def test_a_metric_that_is_no_number_is_a_failure(settings: Settings, add_suite, metric: str, said: str) -> None:
    with pytest.raises(GateFailed, match=said.replace("(", r"\(")):
        gate.run(settings, "landing", AS_OF, suites_dir=add_suite(metric))


def test_a_missing_table_and_an_empty_profile_are_failures(settings: Settings, add_suite) -> None:
    with pytest.raises(GateFailed, match="no_such_table"):
        gate.run(settings, "landing", AS_OF, suites_dir=add_suite("count(*)", table="raw.no_such_table"))
    with pytest.raises(GateFailed, match=r"raw\.voter_file_votes rows: the profile is empty") as caught:
        gate.run(settings, "landing", dt.date(2025, 12, 31))
    assert len(caught.value.rules) == 3, "of an empty table only the row count fails"


def test_a_stage_without_suites_and_a_table_without_a_suite_are_failures(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    change(settings, "create table marts.dim_surprise as select 1 as a")
    with pytest.raises(GateFailed):
        gate.run(settings, "marts", AS_OF)
    assert [row["reason"] for row in results(settings) if row["table_name"] == "marts.dim_surprise"] == [
        "no suite judges this table; add suites/marts__dim_surprise.yml"
    ]
    monkeypatch.setattr(spec, "SUITES_DIR", tmp_path)
    with pytest.raises(GateFailed, match="no suite judges this stage"):
        gate.run(settings, "staging", AS_OF)


def test_great_expectations_raising_is_a_failure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(*_: object) -> None:
        raise RuntimeError(f"about {CANARY}")

    monkeypatch.setattr(judge.Judge, "broken", raising)
    with pytest.raises(GateFailed, match="could not be judged: RuntimeError"):
        gate.run(settings, "landing", AS_OF)
    # What has nothing to judge is skipped; nothing passes.
    assert {row["verdict"] for row in results(settings)} == {"fail", "skip"}


def test_an_expectation_that_raised_or_saw_null_is_broken() -> None:
    limits = [(column, "hold", Limits(at_least=0, at_most=9)) for column in ("low", "high", "null", "infinite", "gone")]
    values = {"low": 0.0, "high": 9.1, "null": None, "infinite": float("inf")}
    broken = Judge().broken("profile", values, limits)
    assert {column for column, _ in broken} == {"high", "null", "infinite", "gone"}
    with pytest.raises(ValueError, match="empty profile"):
        Judge().broken("profile", {}, limits)


def test_a_wrong_suite_file_is_named_and_leaves_no_old_pass_behind(settings: Settings, add_suite) -> None:
    folder = add_suite("count(*) - 1")
    gate.run(settings, "landing", AS_OF, suites_dir=folder)
    add_suite("count(*)", limits="fial: {at_most: 0}")
    with pytest.raises(SpecError, match=r"landing__sources\.yml: rules\.probe"):
        gate.run(settings, "landing", AS_OF, suites_dir=folder)
    assert [row["verdict"] for row in results(settings) if row["attempt"] == 2] == ["fail"]
    with pytest.raises(SpecError, match="no stage 'lending'"):
        gate.run(settings, "lending", AS_OF)


def test_no_personal_value_reaches_ledger_report_log_or_error(
    settings: Settings, add_suite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = add_suite("max(last_name)", table="raw.voter_file_registrations")
    add_suite("max(cast(street_address as integer))", table="raw.voter_file_votes", extra="")
    with pytest.raises(GateFailed) as caught:
        gate.run(settings, "landing", AS_OF, suites_dir=folder)
    report = Path(caught.value.report).read_text(encoding="utf-8")
    for text in (str(caught.value), report, str(results(settings)), caplog.text):
        assert CANARY not in text


def test_previous_published_means_the_run_that_readers_have(settings: Settings, add_suite) -> None:
    rule = "versus: previous_published, compare: difference, hold: {at_least: -1, at_most: 1}"
    folder = add_suite("sum(history_lag_days)", rule)
    published = gate.run(settings, "landing", AS_OF, suites_dir=folder)
    with open_warehouse(settings) as warehouse:
        ops.record(warehouse, "publications", seq=1, run_id=published.details["run_id"], as_of_date=AS_OF, state="done")
    change(settings, "update raw.sources set history_lag_days = 65")
    later = AS_OF + dt.timedelta(days=1)
    result = gate.run(settings, "landing", later, suites_dir=folder)
    assert result.verdict == "hold"
    assert "difference of -1 to 1, else hold (previous published: 60)" in result.details["holds"][0]
    rerun = gate.run(settings, "landing", AS_OF, suites_dir=folder)
    assert rerun.verdict == "pass", "a rerun of the published run must not be compared with itself"
    assert [row["verdict"] for row in results(settings, "probe")] == ["skip", "hold", "skip"]
