"""Tonight: is the run out, what was gated, what changed, are the scores good. From the ledger, and of scores from what is published."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import Any

from groundgame.config import Settings
from groundgame.gates import ledger as gates
from groundgame.gates.spec import NIGHT_STAGES
from groundgame.privacy.small_cells import THRESHOLD
from groundgame.publish import ledger as publications
from groundgame.publish.read import query
from groundgame.publish.switch import status
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse

NIGHTS = 14
UNDER = f"under {THRESHOLD}"
WORST = ("fail", "hold", "pass", "skip")
STATES = {
    "fail": "stopped",
    "hold": "waits for a person",
    "pass": "out",
    "open": "not finished",
}


def facts(settings: Settings, as_of: dt.date) -> dict[str, Any]:
    """All that the page shows, from one look at the ledger."""
    served = status(settings)
    with open_warehouse(settings, read_only=True) as warehouse:
        run_id = ops.run_id(warehouse, as_of)
        rows = [row for row in gates.latest(warehouse, run_id) if row["stage"] in NIGHT_STAGES]
        holds = publications.holds(warehouse, run_id)
        found = {
            "as_of": as_of,
            "run_id": run_id,
            "served": served,
            "urgent": [row for row in rows if row["verdict"] in ("fail", "hold")],
            "open_holds": holds,
            "passed": sum(row["verdict"] == "pass" for row in rows),
            "approvals": _approvals(warehouse, run_id),
            "stages": [_stage(name, [row for row in rows if row["stage"] == name]) for name in NIGHT_STAGES],
            "changes": _changes(warehouse, run_id, rows),
            "files": _files(warehouse, as_of),
            "refused": _refused(warehouse),
            "nights": _nights(warehouse, as_of),
            "models": _models(warehouse, settings, rows, served),
        }
    return found | _state(found)


def _state(found: dict[str, Any]) -> dict[str, Any]:
    """The page's first sentence: a verdict, and the stage that a night without one waits for."""
    failed = [row for row in found["urgent"] if row["verdict"] == "fail"]
    waiting = next((stage["name"] for stage in found["stages"] if stage["verdict"] == "open"), None)
    is_out = bool(found["served"]) and found["served"]["run_id"] == found["run_id"]
    was_out = any(night["run_id"] == found["run_id"] and night["is_published"] for night in found["nights"])
    if is_out:
        verdict = "pass"
    elif failed:
        verdict = "fail"
    else:
        verdict = "hold" if found["open_holds"] else "open"
    return {
        "verdict": verdict,
        "state": "rolled back" if was_out and not is_out else STATES[verdict],
        "waiting": waiting,
        "failed_stages": sorted({row["stage"] for row in failed}, key=NIGHT_STAGES.index),
    }


def _stage(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in WORST}
    worst = next((verdict for verdict in WORST if counts[verdict]), "open")
    return {"name": name, "verdict": worst, "counts": counts}


def _approvals(warehouse: Warehouse, run_id: str) -> list[dict[str, Any]]:
    return warehouse.fetch(
        "select approved_by, reason from ops.approvals where run_id = ? order by approved_at", [run_id]
    ).to_pylist()


def _changes(warehouse: Warehouse, run_id: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of each mart, now and in the run that readers had before."""
    before: dict[tuple[str, str], float] = {}
    for stage in NIGHT_STAGES:
        before |= gates.published_readings(warehouse, run_id, stage)
    changes = []
    for row in rows:
        rule, _, part = row["rule"].partition("[")
        if rule == "rows" and row["table_name"].startswith("marts.") and row["observed"] is not None:
            then = before.get((row["table_name"], row["rule"]))
            name = row["table_name"].removeprefix("marts.") + (f" · {part.rstrip(']')}" if part else "")
            changes.append({"name": name, **_change(int(row["observed"]), then)})
    return changes


def _change(now: int, before: float | None) -> dict[str, Any]:
    """Now, before, and the difference as they may be shown: a table that holds a handful of people tells only that."""
    few = [count is not None and 0 < count < THRESHOLD for count in (now, before)]
    shown = [UNDER if is_few else count for is_few, count in zip(few, (now, before), strict=True)]
    difference = None if before is None or any(few) else now - int(before)
    return {"now": shown[0], "before": shown[1], "difference": difference, "is_first": before is None}


def _files(warehouse: Warehouse, as_of: dt.date) -> list[dict[str, Any]]:
    """The newest files of every source."""
    return warehouse.fetch(
        "select f.source, f.entity, max(f.snapshot_date) as snapshot_date, count(distinct f.file_id) as files,"
        " cast(sum(f.rows_landed) as bigint) as rows_landed, cast(sum(f.rows_quarantined) as bigint) as rows_quarantined,"
        " max(case when f.verdict = 'hold' then 1 else 0 end) as is_held"
        " from (select distinct source, entity, file_id, snapshot_date, rows_landed, rows_quarantined, verdict"
        "       from ops.loaded_files where snapshot_date <= ?) as f"
        " join (select source, entity, max(snapshot_date) as newest from ops.loaded_files"
        "       where snapshot_date <= ? group by source, entity) as l"
        " on f.source = l.source and f.entity = l.entity and f.snapshot_date = l.newest"
        " group by f.source, f.entity order by f.source, f.entity",
        [as_of, as_of],
    ).to_pylist()


def _refused(warehouse: Warehouse) -> list[dict[str, Any]]:
    """Files that were refused whole and never came right."""
    return warehouse.fetch(
        "select distinct r.source, r.file_name, r.rule, r.problem from ops.refused_files as r"
        " where not exists (select 1 from ops.loaded_files as l where l.source = r.source and l.file_name = r.file_name)"
        " order by r.source, r.file_name, r.rule limit 20"
    ).to_pylist()


def _nights(warehouse: Warehouse, as_of: dt.date) -> list[dict[str, Any]]:
    """The last nights, oldest first: the worst verdict of each, and whether it was published."""
    rows = warehouse.fetch(
        "select r.as_of_date, r.run_id, r.verdict, r.stage, max(case when p.run_id is null then 0 else 1 end) as is_published"
        " from ops.gate_results as r join (select run_id, stage, max(attempt) as attempt from ops.gate_results"
        " where as_of_date <= ? group by run_id, stage) as l"
        " on r.run_id = l.run_id and r.stage = l.stage and r.attempt = l.attempt"
        " left join (select distinct run_id from ops.publications where state = 'done') as p on r.run_id = p.run_id"
        " group by r.as_of_date, r.run_id, r.verdict, r.stage order by r.as_of_date, r.run_id",
        [as_of],
    ).to_pylist()
    nights = []
    for (day, run_id), members in groupby(rows, key=lambda row: (row["as_of_date"], row["run_id"])):
        group = list(members)
        worst = min((row["verdict"] for row in group), key=WORST.index)
        is_published = bool(max(row["is_published"] for row in group))
        nights.append({"as_of": day, "run_id": run_id, "verdict": worst, "is_published": is_published})
    return nights[-NIGHTS:]


def _models(
    warehouse: Warehouse, settings: Settings, rows: list[dict[str, Any]], served: dict[str, Any]
) -> list[dict[str, Any]]:
    """Each published score: the model that made it, how it was judged, how far it moved, for whom it is least right."""
    if not served:
        return []
    spread = _spread(settings)
    readings = {row["rule"]: row for row in rows if row["table_name"] == "marts.voter_score_history"}
    models = []
    for score, (version, bands) in spread.items():
        judged = warehouse.fetch(
            "select auc, ece, judged_election from ops.model_versions where model_version = ? order by trained_at desc limit 1",
            [version],
        ).to_pylist()
        slices = warehouse.fetch(
            "select slice_kind, slice_value, voters_count, gap_share, margin_share from ("
            "select distinct slice_kind, slice_value, voters_count, gap_share, margin_share from ops.score_slices"
            " where model_version = ? and slice_kind <> 'county') as s"
            " order by abs(gap_share) desc, slice_kind, slice_value limit 5",
            [version],
        ).to_pylist()
        moved = {name: readings.get(f"{name}[{score}]") for name in ("distribution_shift", "moved_far", "mean_change")}
        models.append(
            {"score": score, "version": version, "bands": bands, "slices": slices, "moved": moved}
            | (judged[0] if judged else {"auc": None, "ece": None, "judged_election": None})
        )
    return models


def _spread(settings: Settings) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Of each published score: its model, and the share of voters in bands of ten points, now and in the night before.

    Whole hundredths: no band tells of a handful of voters.
    """
    rows = query(
        settings,
        "select h.score_name, h.as_of_date, max(h.model_version) as model_version,"
        " cast(floor(least(h.score, 99) / 10.0) as integer) as band, count(*) as voters"
        " from voter_score_history as h where h.as_of_date in (select distinct as_of_date from voter_score_history"
        " order by as_of_date desc limit 2)"
        " group by h.score_name, h.as_of_date, cast(floor(least(h.score, 99) / 10.0) as integer)"
        " order by h.score_name, h.as_of_date, band",
    ).to_pylist()
    out = {}
    for score, members in groupby(rows, key=lambda row: row["score_name"]):
        group = list(members)
        nights = sorted({row["as_of_date"] for row in group})
        now = {row["band"]: row["voters"] for row in group if row["as_of_date"] == nights[-1]}
        before = {row["band"]: row["voters"] for row in group if row["as_of_date"] != nights[-1]}
        bands = [
            {"name": f"{10 * band}+", "now_share": _share(now, band), "before_share": _share(before, band)}
            for band in range(10)
        ]
        version = next(row["model_version"] for row in group if row["as_of_date"] == nights[-1])
        out[score] = (version, bands)
    return out


def _share(voters: dict[int, int], band: int) -> float:
    total = sum(voters.values())
    return round(voters.get(band, 0) / total, 2) if total else 0.0
