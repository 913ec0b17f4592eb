"""The real DAG, run in process: a green night publishes, a red gate stops it, a hold waits for a person."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from groundgame.config import Settings, load_settings
from groundgame.publish.read import query
from tests.conftest import AS_OF, ROOT
from tests.dags.person import answering

DAG_FILES = sorted((ROOT / "dags").glob("*.py"))


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.name)
def test_a_dag_is_a_sentence(file: Path) -> None:
    """At most 80 lines, order only: no branch, no loop, no pandas."""
    text = file.read_text()
    assert len(text.splitlines()) <= 80
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.If | ast.For | ast.While | ast.Try)]


def test_parsing_the_dags_and_their_plugin_imports_nothing_heavy() -> None:
    program = (
        "import sys, dags.exports, dags.field, dags.forget, dags.nightly, dags.plugins.pages, dags.train\n"
        "heavy = {'pandas', 'lightgbm', 'splink', 'great_expectations', 'duckdb', 'dbt', 'sklearn', 'pyarrow', 'fastapi'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


def test_a_form_can_be_sent_as_it_opens() -> None:
    """Airflow's form is blocked by a field that is empty and may not be null; only what somebody has to say may block it."""
    from dags import exports, field, forget, nightly, train

    blocked = set()
    for dag in (exports.exports_dag, field.field_dag, forget.forget_dag, nightly.nightly_dag, train.train_dag):
        for name in dag.params:
            param = dag.params.get_param(name)
            is_filled = param.has_value and param.value not in (None, "", [])
            if not is_filled and "null" not in param.schema["type"]:
                blocked.add(name)
    assert blocked == {"subject"}


def states(run: object) -> dict[str, str]:
    """Task id to state, mapped tasks merged."""
    return {ti.task_id: str(ti.state) for ti in run.get_task_instances()}  # type: ignore[attr-defined]


def test_a_green_night_publishes_scores(run_nightly, small_state: Path, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home", inbox=small_state)
    run = run_nightly(settings, AS_OF.isoformat())
    assert str(run.state) == "success", states(run)
    scored = query(
        settings, "select count(*) as n, min(turnout_score) as low, max(turnout_score) as high from marts.voter_scores"
    )
    row = scored.to_pylist()[0]
    assert row["n"] > 2_500 and 0 <= row["low"] < row["high"] <= 100
    assert "The run is out" in (settings.pages_dir / "index.html").read_text()


def test_a_refused_file_stops_the_night_is_told_in_one_line_and_the_last_scores_stay(
    run_nightly, home: Settings, hashes, airflow: Path
) -> None:
    before = hashes(home)
    (home.inbox_dir / "nc" / "ncvoter_Statewide_20261031.zip").write_bytes(b"")
    run = run_nightly(home, "2026-11-01")
    assert str(run.state) == "failed"
    assert states(run)["publish"] == "upstream_failed"
    assert hashes(home) == before
    shown = (home.pages_dir / "index.html").read_text()
    assert "The run is not out" in shown and "ncvoter_Statewide_20261031.zip" in shown and "2026-10-25, whole" in shown
    alerts = (airflow / "airflow" / "logs" / "alerts.log").read_text().splitlines()
    told = [line for line in alerts if " FAILED nightly." in line]
    assert len(told) == 1 and " FAILED nightly.landing.land in " in told[0] and "FileRefused" in told[0]


def test_a_hold_waits_for_a_person_and_names_her(run_nightly, home: Settings) -> None:
    """V34: a registration file 30% shorter than the last one is staged, and published only when somebody approves."""
    shorten_registrations(home)
    with answering("nightly", "approval.ask"):
        # A day of its own: Airflow would delete the run of another test's same day first, with all that hangs on it.
        run = run_nightly(home, "2026-11-02")
    assert str(run.state) == "success", states(run)
    from groundgame.warehouse.base import open_warehouse

    with open_warehouse(home, read_only=True) as warehouse:
        people = warehouse.fetch("select distinct approved_by from ops.approvals").column(0).to_pylist()
    assert people == ["ada"]


def shorten_registrations(settings: Settings) -> None:
    """Write next week's registration file with its last 30% of lines missing."""
    import zipfile

    folder = settings.inbox_dir / "nc"
    newest = max(folder.glob("ncvoter_Statewide_*.zip"))
    with zipfile.ZipFile(newest) as archive:
        name = archive.namelist()[0]
        lines = archive.read(name).splitlines(keepends=True)
    with zipfile.ZipFile(folder / "ncvoter_Statewide_20261031.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name.replace("20261024", "20261031"), b"".join(lines[: int(len(lines) * 0.7)]))
