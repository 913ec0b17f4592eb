"""A field program in nine small marts: a state, two regions, two teams each, two organizers a team, one week of work."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pyarrow as pa

START, TODAY = dt.date(2026, 10, 19), dt.date(2026, 10, 23)
END = START + dt.timedelta(days=6)
SCRIPT = "<script>document.title='owned'</script>"


def nodes() -> list[dict[str, Any]]:
    """Every node; one organizer's name is a script."""
    found = [("NC", None, "state", "North Carolina", "/NC/")]
    for r, region in enumerate(("East", "West")):
        found.append((f"R{r}", "NC", "region", region, f"/NC/R{r}/"))
        for t in range(2):
            team = f"T{r}{t}"
            found.append((team, f"R{r}", "team", f"{region} team {t}", f"/NC/R{r}/{team}/"))
            for o in range(2):
                name = SCRIPT if (r, t, o) == (0, 0, 1) else f"Organizer {r}{t}{o}"
                found.append((f"O{r}{t}{o}", team, "organizer", name, f"/NC/R{r}/{team}/O{r}{t}{o}/"))
    names = ("node_id", "parent_id", "level", "node_name", "node_path")
    return [dict(zip(names, one, strict=True)) | {"is_placed": True, "volunteers_count": 3} for one in found]


def tables() -> dict[str, list[dict[str, Any]]]:
    """The rows of every mart that the pages read."""
    progress, hours, leaders, outcomes, notes = [], [], [], [], []
    for number, node in enumerate(nodes()):
        own = {key: node[key] for key in ("node_id", "node_path", "level")}
        size = {"state": 8, "region": 4, "team": 2, "organizer": 1}[node["level"]]
        for metric, target in (("doors", 200), ("calls", 300), ("support_ids", 40)):
            goal = own | {"metric": metric, "period_start_date": START, "period_end_date": END}
            goal |= {"target_count": target * size}
            done = 0
            for day in range((TODAY - START).days + 1):
                each = target * size * (5 + number % 5) // 50
                done += each
                expected = target * size * (day + 1) / 7
                progress.append(
                    goal
                    | {"progress_date": START + dt.timedelta(days=day), "is_latest": day == 4, "actual_count": each}
                    | {"correction_count": 0, "to_date_count": done, "expected_count": expected}
                    | {"pace_share": done / expected, "days_left": 6 - day}
                    | {"needed_per_day": max(target * size - done, 0) / (6 - day)}
                )
            rank = {"state_rank": number % 3 + 1, "parent_rank": number % 2 + 1, "peers_count": 8}
            leaders.append(
                goal
                | {"parent_id": node["parent_id"], "node_name": node["node_name"], "to_date_count": done, **rank}
                | {"goal_share": done / goal["target_count"]}
            )
        for hour in range(16, 20):
            when = {"local_date": TODAY, "local_hour": hour, "is_correction": False}
            hours.append(own | {"metric": "doors", **when, "actual_count": size * (hour - 12)})
        if node["level"] != "organizer":
            counts = (190, 60, 30, 8) if node["level"] == "team" else (1234, 410, 200, 130)
            names = ("tried_count", "reached_count", "identified_count", "supporters_count")
            known = {"tried_voted_count": None, "supporters_voted_count": None}
            counted = dict(zip(names, counts, strict=True))
            outcomes.append(own | {"contact_type": "door", "election_date": dt.date(2026, 11, 3), **counted, **known})
        else:
            note = {"note_key": f"p:{number}", "kind": "up" if number % 2 else "challenge", "is_withheld": False}
            when = {"written_at": dt.datetime(2026, 10, 23, 21, number), "local_date": TODAY}  # noqa: DTZ001
            notes.append(own | note | when | {"node_name": node["node_name"], "text": f"note of {node['node_id']}"})
    notes[0]["text"] = f"{SCRIPT} & 412 doors"
    access = [{"login": login, "node_id": node} for login, node in (("dana", "NC"), ("tess", "T00"), ("olga", "O110"))]
    flagged = [{"node_path": "/NC/R0/T00/O000/", "verdict": "waiting"}]
    return {
        "dim_field_nodes": nodes(),
        "field_access": access,
        "field_progress": progress,
        "field_hours": hours,
        "field_leaderboard": leaders,
        "field_outcomes": outcomes,
        "field_notes": notes,
        "field_flagged": flagged,
    }


def warehouse() -> duckdb.DuckDBPyConnection:
    """The marts in memory."""
    connection = duckdb.connect()
    for name, rows in tables().items():
        connection.register("incoming", pa.Table.from_pylist(rows))
        connection.execute(f"create table {name} as select * from incoming")
    connection.execute("alter table field_access add column node_path varchar")
    connection.execute(
        "update field_access set node_path = (select n.node_path from dim_field_nodes as n where n.node_id = field_access.node_id)"
    )
    connection.execute("alter table field_outcomes alter tried_voted_count type integer")
    connection.execute("alter table field_outcomes alter supporters_voted_count type integer")
    return connection
