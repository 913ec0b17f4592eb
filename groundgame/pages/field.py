"""Field: goals against what was done, for the state, each region, team and organizer. One page a node, and who may open which.

A page tells of a node and of all that is below it, and of nothing beside or above it but names. The numbers are people's work; voters are
counted in one place alone, what came of contacts, and only roundly.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.pages.site import Site
from groundgame.privacy.small_cells import THRESHOLD
from groundgame.publish.read import query
from groundgame.publish.switch import status
from groundgame.publish.visible import Visible, field_run

METRICS = {
    "doors": "Doors",
    "calls": "Calls",
    "texts": "Texts",
    "conversations": "Conversations",
    "support_ids": "Supporters found",
    "shifts": "Shifts",
}
LEVELS = {"state": "regions", "region": "teams", "team": "organizers", "organizer": ""}
ACCESS = "field-access.json"
NOTES, LEADERS = 20, 10
CLOSE_TO_PACE = 0.9
Row = dict[str, Any]


def write_latest(settings: Settings, site: Site) -> None:
    """Write the pages from what is published last: the field's own batches, or the night; outcomes are the night's alone."""
    newest = field_run(settings)
    if not status(newest) or not _has(newest, "dim_field_nodes"):
        write({name: [] for name in QUERIES}, site)
        return
    places = dict.fromkeys(QUERIES, newest) | {"outcomes": settings}
    missing = {"outcomes"} if not status(settings) or not _has(settings, "field_outcomes") else set()
    write(
        {name: [] if name in missing else query(places[name], sql).to_pylist() for name, sql in QUERIES.items()}, site
    )


def _has(settings: Settings, table: str) -> bool:
    found = query(settings, f"select 1 as one from information_schema.tables where table_name = '{table}'")
    return found.num_rows > 0


def write(rows: dict[str, list[Row]], site: Site) -> None:
    """Write ``field.html`` and a page for each node, and beside them the file that says who may open which.

    Args:
        rows: the answers to ``QUERIES``, by name.
        site: where the pages go.
    """
    nodes = {row["node_id"]: row for row in rows["nodes"]}
    by_node = {name: _by(rows[name], "node_id") for name in ("progress", "hours", "outcomes", "leaders")}
    children = _by(rows["nodes"], "parent_id")
    files = {node: page_file(node) for node in nodes}
    for node in nodes.values():
        facts = _node(node, by_node, rows)
        facts["children"] = [_child(child, by_node) for child in children.get(node["node_id"], [])]
        facts["children"].sort(key=lambda child: (child["best_rank"], child["name"], child["node_id"]))
        facts["above"] = [nodes[part] for part in node["node_path"].split("/") if part in nodes][:-1]
        for file in {files[node["node_id"]], *(["field.html"] if node["parent_id"] is None else [])}:
            site.page(file, "field.html.j2", section="field.html", files=files, metrics=METRICS, levels=LEVELS, **facts)
    if not nodes:
        site.page("field.html", "nothing.html.j2", section="field.html", title="Field")
    site.remove_others("field-*.html")
    logins = {login: [one["node_id"] for one in group] for login, group in _by(rows["access"], "login").items()}
    paths = {files[node["node_id"]]: node["node_path"] for node in nodes.values()}
    leads = {login: [[files[n], nodes[n]["node_path"]] for n in own if n in nodes] for login, own in logins.items()}
    site.keep(ACCESS, json.dumps({"leads": leads, "pages": paths}, sort_keys=True))


def page_file(node_id: str) -> str:
    """The file of a node's page: an id could hold anything, so its hash stands for it."""
    return f"field-{hashlib.sha256(node_id.encode()).hexdigest()[:12]}.html"


def openable(folder: Path, login: str, name: str) -> str | None:
    """The page that a person gets who asks for one of the field's; None for no page.

    It is the page itself, or her own in place of ``field.html`` and of a page above hers: each page links to those above it, and her
    way up ends with her. The server of pages has no warehouse to ask ``visible_to``: the file beside the pages says what the marts said.
    """
    file = folder / ACCESS
    if not file.is_file():
        return None
    access = json.loads(file.read_text(encoding="utf-8"))
    leads = access["leads"].get(login.strip().lower(), [])
    path = "" if name == "field.html" else access["pages"].get(name)  # the start is above everybody
    if path is None:
        return None
    if Visible(tuple(own for _, own in leads)).sees(path):
        return name
    return next((file for file, own in leads if own.startswith(path)), None)


# Of each goal the period that runs now, or ran last; of each node the last day that anything was told of.
QUERIES = {
    "nodes": "select * from dim_field_nodes where is_placed order by node_path",
    "access": "select login, node_id from field_access order by login, length(node_path), node_path",
    "progress": "select p.* from field_progress as p join (select node_id, metric, max(period_start_date) as newest"
    " from field_progress group by node_id, metric) as l"
    " on p.node_id = l.node_id and p.metric = l.metric and p.period_start_date = l.newest"
    " order by p.node_id, p.metric, p.progress_date",
    "hours": "select h.node_id, h.local_date, h.local_hour, cast(sum(h.actual_count) as bigint) as attempts from field_hours as h"
    " where h.metric in ('doors', 'calls', 'texts') and h.local_date = (select max(local_date) from field_hours)"
    " group by h.node_id, h.local_date, h.local_hour order by h.node_id, h.local_hour",
    "leaders": "select b.* from field_leaderboard as b join (select node_id, metric, max(period_start_date) as newest"
    " from field_leaderboard group by node_id, metric) as l"
    " on b.node_id = l.node_id and b.metric = l.metric and b.period_start_date = l.newest"
    " order by b.goal_share desc, b.node_name, b.node_id, b.metric",
    "outcomes": "select * from field_outcomes order by node_id, contact_type, election_date",
    "notes": "select * from field_notes where not is_withheld order by written_at desc, note_key",
    "flagged": "select node_path from field_flagged where verdict = 'waiting'",
}


def _by(rows: list[Row], column: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _node(node: Row, by_node: dict[str, dict[str, list[Row]]], rows: dict[str, list[Row]]) -> Row:
    """What one page tells of its node."""
    own, path = node["node_id"], node["node_path"]
    goals = [_goal(metric, points) for metric, points in _in_order(by_node["progress"].get(own, []))]
    ranks = {row["metric"]: row for row in by_node["leaders"].get(own, [])}
    below = [row for row in rows["leaders"] if row["level"] == "organizer" and row["node_path"].startswith(path)]
    leaders = {
        metric: [row for row in below if row["metric"] == metric and row["goal_share"] is not None][:LEADERS]
        for metric in METRICS
    }
    return {
        "node": node,
        "volunteers": sum(row["volunteers_count"] for row in rows["nodes"] if row["node_path"].startswith(path)),
        "goals": goals,
        "ranks": ranks,
        "leaders": {} if node["level"] == "organizer" else {m: found for m, found in leaders.items() if found},
        "hours": by_node["hours"].get(own, []),
        "outcomes": [_outcome(row) for row in by_node["outcomes"].get(own, [])],
        "notes": [row for row in rows["notes"] if row["node_path"].startswith(path)][:NOTES],
        "flagged": sum(row["node_path"].startswith(path) for row in rows["flagged"]),
    }


def _in_order(points: list[Row]) -> list[tuple[str, list[Row]]]:
    groups = _by(points, "metric")
    return [(metric, groups[metric]) for metric in METRICS if metric in groups]


def _goal(metric: str, points: list[Row]) -> Row:
    """A goal as it stands at its last point, and its points for the drawing."""
    last = points[-1]
    days = (last["period_end_date"] - last["period_start_date"]).days + 1
    top = max(last["target_count"], *(point["to_date_count"] for point in points), 1)
    return {
        **last,
        "points": points,
        "pace": pace_word(last["pace_share"]),
        # From nothing on the morning of the first day; a point is where a day ended.
        "line": [
            (0, 0),
            *(
                (_day(point, last["period_start_date"]) / days, max(point["to_date_count"], 0) / top)
                for point in points
            ),
        ],
        "goal_height": last["target_count"] / top,
    }


def _day(point: Row, start: dt.date) -> int:
    return (point["progress_date"] - start).days + 1


def pace_word(share: float | None) -> tuple[str, str]:
    """A verdict and its word."""
    if share is None:
        return "open", "no goal"
    if share >= 1:
        return "pass", "on pace"
    return ("hold", "close") if share >= CLOSE_TO_PACE else ("fail", "behind")


def _child(child: Row, by_node: dict[str, dict[str, list[Row]]]) -> Row:
    """A line of the table of those below."""
    own = child["node_id"]
    goals = {metric: points[-1] for metric, points in _in_order(by_node["progress"].get(own, []))}
    ranks = [row["parent_rank"] for row in by_node["leaders"].get(own, [])]
    return {
        "node_id": own,
        "name": child["node_name"],
        "volunteers": child["volunteers_count"],
        "goals": {metric: {**goal, "pace": pace_word(goal["pace_share"])} for metric, goal in goals.items()},
        "best_rank": min(ranks, default=10**9),
    }


def _outcome(row: Row) -> Row:
    """Counts of voters, round enough that no handful can be worked out of them: tens, and shares in whole hundredths."""
    return {
        "contact_type": row["contact_type"],
        "election_date": row["election_date"],
        "tried": round(row["tried_count"], -1) if row["tried_count"] >= THRESHOLD else None,
        "reached": _share(row["reached_count"], row["tried_count"]),
        "identified": _share(row["identified_count"], row["reached_count"]),
        "supporters": _share(row["supporters_count"], row["identified_count"]),
        "tried_voted": _share(row["tried_voted_count"], row["tried_count"]),
        "supporters_voted": _share(row["supporters_voted_count"], row["supporters_count"]),
    }


def _share(part: int | None, whole: int | None) -> float | None:
    """A share, unless either side of it is fewer than eleven people."""
    if part is None or not whole or min(part, whole - part) < THRESHOLD:
        return None
    return round(part / whole, 2)
