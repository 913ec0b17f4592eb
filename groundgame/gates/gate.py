"""Judge one stage of a night: profile every table, let Great Expectations judge, write the ledger and the report page.

Whatever goes wrong in here (no suite, no table, no row, an exception) is a failed gate, never a passed one.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from groundgame.config import Settings
from groundgame.errors import GateFailed, SpecError, WarehouseError
from groundgame.gates import ledger, report
from groundgame.gates.judge import Judge
from groundgame.gates.profile import fill, profile
from groundgame.gates.spec import STAGES, Suite, load_all, load_suites
from groundgame.gates.verdict import Finding, judge_readings
from groundgame.result import Result
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

log = logging.getLogger(__name__)
# Stages whose schema (of the same name) is published: each table in it needs a suite somewhere.
GUARDED_SCHEMAS = ("marts",)
# Broken rules named in the error's one line; the report page has all.
TOLD_RULES = 3


def run(
    settings: Settings,
    stage: str,
    as_of: dt.date,
    suites_dir: Path | None = None,
    tables: Collection[str] | None = None,
) -> Result:
    """Judge ``stage`` of the night ``as_of``; ``suites_dir`` adds an installation's own suites, ``tables`` are all that is there.

    Returns:
        Verdict ``pass`` or ``hold``, with the number of rules judged and the lines of the holds.

    Raises:
        GateFailed: a rule is broken at level fail, or the gate could not be judged.
        SpecError: a suite file is wrong.
    """
    if stage not in STAGES:
        raise SpecError("gate", "stage", f"no stage {stage!r}", f"one of {', '.join(STAGES)}")
    wrong: SpecError | None = None
    suites: list[Suite] = []
    try:
        suites = [suite for suite in load_suites(stage, suites_dir) if tables is None or suite.table in tables]
        load_all(suites_dir)
    except SpecError as error:
        wrong = error
    idle = _idle(settings, suites, as_of)
    # Before the warehouse is opened: this import takes seconds, and others may want the file.
    judge = Judge() if len(idle) < len(suites) else None
    with open_warehouse(settings) as warehouse:
        run_id = ops.run_id(warehouse, as_of)
        if wrong is not None:
            findings = [Finding("suites", "suite", "fail", str(wrong))]
        else:
            findings = _judge_stage(warehouse, judge, suites, idle, stage, run_id, as_of, suites_dir)
        ledger.record(warehouse, run_id, as_of, stage, findings)
        page = report.write(settings, warehouse, run_id, as_of)
    for finding in findings:
        if finding.verdict in ("hold", "fail"):
            log.warning("gate %s: %s: %s", stage, finding.verdict, finding)
    if wrong is not None:
        raise wrong
    failed = [str(finding) for finding in findings if finding.verdict == "fail"]
    if failed:
        more = [f"and {len(failed) - TOLD_RULES} more"] if len(failed) > TOLD_RULES else []
        raise GateFailed(stage, failed[:TOLD_RULES] + more, str(page))
    return _result(stage, run_id, findings, page)


def _result(stage: str, run_id: str, findings: list[Finding], page: Path) -> Result:
    counts = Counter(finding.verdict for finding in findings)
    holds = [str(finding) for finding in findings if finding.verdict == "hold"]
    details = {"rules": len(findings), "skipped": counts["skip"], "run_id": run_id, "holds": holds, "report": str(page)}
    return Result("gate", stage, rows_out=len(findings), verdict="hold" if holds else "pass", details=details)


def _idle(settings: Settings, suites: list[Suite], as_of: dt.date) -> set[str]:
    """Tables that have nothing to judge tonight by their suites' own word; what cannot be told is judged."""
    conditional = [suite for suite in suites if suite.only_if is not None]
    if not conditional:
        return set()
    idle = set()
    with open_warehouse(settings) as warehouse:
        for suite in conditional:
            try:
                rows = warehouse.fetch(fill(suite.only_if or "", suite, as_of)).column(0).to_pylist()
            except Exception as error:
                # The suite is judged then, and its own queries say in the ledger what is wrong.
                log.info("gate %s: only_if of %s: %s", suite.stage, suite.table, type(error).__name__)
                continue
            if rows == [False]:
                idle.add(suite.table)
    return idle


def _judge_stage(
    warehouse: Warehouse,
    judge: Judge | None,
    suites: list[Suite],
    idle: set[str],
    stage: str,
    run_id: str,
    as_of: dt.date,
    suites_dir: Path | None,
) -> list[Finding]:
    findings = [] if suites else [Finding(stage, "suite", "fail", "no suite judges this stage")]
    findings += _unguarded(warehouse, stage, suites_dir)
    published = ledger.published_readings(warehouse, run_id, stage)
    for suite in suites:
        if judge is None or suite.table in idle:
            findings.append(Finding(suite.table, "suite", "skip", "there is nothing of this to judge here"))
        else:
            findings += _judge_suite(warehouse, judge, suite, published, as_of)
    return findings


def _unguarded(warehouse: Warehouse, stage: str, suites_dir: Path | None) -> list[Finding]:
    """A table that nobody judges could carry anything to the readers."""
    if stage not in GUARDED_SCHEMAS:
        return []
    judged = {suite.table for suite in load_all(suites_dir)}
    return [
        Finding(f"{stage}.{table}", "suite", "fail", f"no suite judges this table; add suites/{stage}__{table}.yml")
        for table in warehouse.tables(stage)
        if f"{stage}.{table}" not in judged
    ]


def _judge_suite(
    warehouse: Warehouse, judge: Judge, suite: Suite, published: dict[tuple[str, str], float], as_of: dt.date
) -> list[Finding]:
    try:
        readings = profile(warehouse, suite, as_of)
        if not readings:
            return [
                Finding(
                    suite.table, "rows", "fail", "the profile is empty: no rows dated on or before the night", "rows"
                )
            ]
        return judge_readings(judge, suite, readings, published)
    except Exception as error:
        # Any exception here means that the table was not judged, which must read as a red gate, not as a crash that a retry skips.
        return [Finding(suite.table, "profile", "fail", f"could not be judged: {_tell(error)}")]


def _tell(error: Exception) -> str:
    """The warehouse's own errors quote no cell; of all others, only the type is told."""
    return f"{error}"[:300] if isinstance(error, WarehouseError) else type(error).__name__
