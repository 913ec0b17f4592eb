"""The files that the tools and the campaign would send: first reports, late ones, corrected ones and those that a tablet sent twice."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from groundgame.synth.app.text import coded, digits, joined
from groundgame.synth.field import contacts
from groundgame.synth.field.contacts import CANVASSED, DOOR, Attempts
from groundgame.synth.field.program import FIRST_ACCOUNT, VOLUNTEERS, Program
from groundgame.synth.tables import Bools, Ints

ZONE = "America/New_York"
DAY_SECONDS = 86_400
LATE_SHARE, CORRECTED_SHARE, REPEATED_SHARE, UNKNOWN_SHARE, NOTE_SHARE = 0.01, 0.01, 0.003, 0.002, 0.03
OPENFIELD_SHARE = 0.5  # of the doors: some counties use it, most use VAN
FIRST_ID = {"van": 700_000_001, "openfield": 90_001}
# VAN's number of the n-th voter, and OpenField's: a crosswalk says which voter it is.
FIRST_VENDOR, VENDOR_STEP = {"van": 1_000_003, "openfield": 50_001}, 3
VAN_RESULTS = ("1", "2", "4", "5", "14", "18", "19", "20", "21", "25", "26", "130")
OPENFIELD_RESULTS = ("2", "3", "5", "4", "1", "2", "2", "6", "6", "8", "7", "3")
VAN_TYPES, OPENFIELD_TYPES = ("2", "1", "37"), ("1", "2", "2")
VAN_LEVELS = ("", "2001", "2002", "2003", "2004", "2005")
NOTES = (
    "dog in the yard",
    "asked about schools",
    "call back after six",
    "knee surgery next week, wants a ride",
    "cell is 919-555-0142",
)
UPS = (
    "{0} team knocked {1} doors before lunch",
    "Best phone bank so far: {1} people reached",
    "{1} new volunteers came back a second time",
)
CHALLENGES = (
    "Printer at the {0} office is out again",
    "{1} shifts unfilled on Sunday",
    "Two packets came back unfinished, {1} doors left",
)
# Somebody writes a number into the stream of notes, as somebody always does.
CARELESS = "Please ring the lady on Elm Street, 919-555-0123"
SHIFT_STATUS = ("ATTENDED", "NO_SHOW", "CANCELLED", "CONFIRMED")
SHIFT_WEIGHTS = np.array([0.62, 0.16, 0.12, 0.1])
SHIFT_STARTS = np.array([9, 12, 15, 18, 22]) * 3600  # the last one runs over midnight
SHIFT_START_WEIGHTS = np.array([0.25, 0.25, 0.25, 0.23, 0.02])
GOAL_METRICS = ("doors", "calls", "conversations", "support_ids", "shifts")


@dataclass(frozen=True)
class Arrivals:
    """Attempts with the export each one is first in (``first``), and again in (``again``, -1 for never) with what is different then."""

    attempts: Attempts
    is_openfield: Bools
    number: Ints  # running number within its tool
    first: Ints
    again: Ints
    is_late: Bools
    is_corrected: Bools
    is_repeated: Bools
    is_unknown: Bools
    has_note: Bools

    def keys(self) -> pa.Array:
        """The contacts as staging names them."""
        tool = pa.array(["van:", "openfield:"]).take(pa.array(self.is_openfield.astype(np.int8)))
        base = np.where(self.is_openfield, FIRST_ID["openfield"], FIRST_ID["van"])
        return joined(tool, digits(base + self.number))


def arrive(rng: np.random.Generator, attempts: Attempts, exports: Sequence[int]) -> Arrivals:
    """When each attempt is reported: in the first export after its day, unless a tablet stayed in somebody's car."""
    size, last = len(attempts), len(exports) - 1
    due = np.searchsorted(np.array(exports), attempts.day, side="right")
    is_late = (rng.random(size) < LATE_SHARE) & (due < last)
    first = np.minimum(due + is_late, last)
    is_corrected = (rng.random(size) < CORRECTED_SHARE) & (first < last)
    is_openfield = (attempts.kind == DOOR) & (rng.random(size) < OPENFIELD_SHARE)
    number = np.where(is_openfield, np.cumsum(is_openfield), np.cumsum(~is_openfield)) - 1
    return Arrivals(
        attempts=attempts,
        is_openfield=is_openfield,
        number=number,
        first=first,
        again=np.where(is_corrected, first + 1, -1),
        is_late=is_late,
        is_corrected=is_corrected,
        is_repeated=rng.random(size) < REPEATED_SHARE,
        is_unknown=rng.random(size) < UNKNOWN_SHARE,
        has_note=rng.random(size) < NOTE_SHARE,
    )


def write_tools(inbox: Path, dates: Sequence[dt.date], arrivals: Arrivals, voters: pa.Array) -> dict[str, int]:
    """Contacts, answers and crosswalks of both tools, a file a date; returns rows by file kind."""
    rows: dict[str, int] = {}
    for tool in ("van", "openfield"):
        mine = arrivals.is_openfield == (tool == "openfield")
        for at, date in enumerate(dates):
            new, corrected = (
                np.flatnonzero(mine & (arrivals.first == at)),
                np.flatnonzero(mine & (arrivals.again == at)),
            )
            lines, answers = _tool_lines(tool, arrivals, new, corrected)
            known = np.unique(arrivals.attempts.record[new[~arrivals.is_unknown[new]]])
            for kind, table in (
                ("contacts" if tool == "van" else "conversations", lines),
                ("responses" if tool == "van" else "answers", answers),
                ("voters" if tool == "van" else "people", _crosswalk(tool, known, voters)),
            ):
                _write(inbox / f"{tool}_{kind}_{date:%Y%m%d}.csv", table)
                rows[f"{tool}_{kind}"] = rows.get(f"{tool}_{kind}", 0) + table.num_rows
    return rows


def _tool_lines(tool: str, arrivals: Arrivals, new: Ints, corrected: Ints) -> tuple[pa.Table, pa.Table]:
    """The contacts of one export, the corrected and the doubled ones behind the new ones, and their answers."""
    doubled = new[arrivals.is_repeated[new]]
    at = np.concatenate([new, doubled, corrected])
    is_again = np.arange(len(at)) >= len(new) + len(doubled)
    is_double = (np.arange(len(at)) >= len(new)) & ~is_again
    attempts = arrivals.attempts.take(at)
    # A correction: it was the neighbour who opened, so nobody was reached after all; or somebody had been.
    result = np.where(is_again, np.where(attempts.result == CANVASSED, contacts.NOT_HOME, CANVASSED), attempts.result)
    level = np.where(is_again, np.where(result == CANVASSED, 3, 0), attempts.level)
    number = FIRST_ID[tool] + arrivals.number[at] + is_double * 500_000_000
    vendor = FIRST_VENDOR[tool] + VENDOR_STEP * attempts.record + arrivals.is_unknown[at]
    second = attempts.day * DAY_SECONDS + attempts.second
    changed = second + 120 + is_again * 7 * DAY_SECONDS
    worker = FIRST_ACCOUNT[tool] + attempts.worker
    note = coded([*NOTES, ""], np.where(arrivals.has_note[at], arrivals.number[at] % len(NOTES), len(NOTES)))
    says = np.flatnonzero(level > 0)
    if tool == "van":
        table = {
            "contactscontactid": digits(number),
            "vanid": digits(vendor),
            "canvassedby": digits(worker),
            "contacttypeid": coded(list(VAN_TYPES), attempts.kind),
            "resultid": coded(list(VAN_RESULTS), result),
            "datecanvassed": _local(second),
            "datemodified": _local(changed),
            "contentid": digits(attempts.precinct + 1),
            "note": note,
        }
        answers = {
            "contactscontactid": digits(number[says]),
            "surveyquestionid": coded(["501"], np.zeros(len(says), np.int8)),
            "surveyresponseid": coded(list(VAN_LEVELS), level[says]),
            "datemodified": _local(changed[says]),
        }
        return pa.table(table), pa.table(answers)
    table = {
        "id": digits(number),
        "contacted_id_id": digits(vendor),
        "canvasser_id": digits(worker),
        "contact_type": coded(list(OPENFIELD_TYPES), attempts.kind),
        "conversation_outcome_type": coded(list(OPENFIELD_RESULTS), result),
        "conversation_time": _utc(second),
        "updated_at": _utc(changed),
        "turf_id": digits(attempts.precinct + 1),
        "notes": note,
    }
    answers = {
        "conversation_id": digits(number[says]),
        "question": coded(["support"], np.zeros(len(says), np.int8)),
        "answer": digits(level[says].astype(np.int64)),
        "updated_at": _utc(changed[says]),
    }
    return pa.table(table), pa.table(answers)


def _crosswalk(tool: str, records: Ints, voters: pa.Array) -> pa.Table:
    names = ("vanid", "statefileid") if tool == "van" else ("id", "state_file_id")
    values = [digits(FIRST_VENDOR[tool] + VENDOR_STEP * records), voters.take(pa.array(records))]
    return pa.table(values, names=list(names))


def write_turf(
    inbox: Path, date: dt.date, workers: Program, county: Ints, county_ids: list[str], codes: list[str], tried: Ints
) -> dict[str, int]:
    """One turf a precinct, with the organizer whose it is."""
    status = np.where(tried == 0, 0, np.where(tried < np.median(tried), 1, 2))
    table = {
        "id": digits(np.arange(1, len(codes) + 1)),
        "canvasser_id": digits(FIRST_ACCOUNT["openfield"] + workers.organizer_of),
        "county": coded(county_ids, county),
        "precinct": pa.array(codes),
        "count_of_targets": digits(tried.astype(np.int64)),
        "status": coded(["not_started", "in_progress", "completed"], status),
        "checkout_time": coded([""], np.zeros(len(codes), np.int8)),
        "completion_time": coded([""], np.zeros(len(codes), np.int8)),
    }
    _write(inbox / f"openfield_turf_{date:%Y%m%d}.csv", pa.table(table))
    return {"turf": len(codes)}


def write_program(
    rng: np.random.Generator,
    inbox: Path,
    dates: Sequence[dt.date],
    workers: Program,
    attempts: Attempts,
    first_day: int,
    last_day: int,
) -> dict[str, int]:
    """The campaign's own files: the hierarchy, weekly goals of every node, shifts, and the notes of the day."""
    tree = {"version": "1", "nodes": workers.nodes(), "accounts": workers.accounts()}
    (inbox / f"hierarchy_{dates[0]:%Y%m%d}.json").write_text(json.dumps(tree, ensure_ascii=False) + "\n", "utf-8")
    goals = _goals(rng, workers, attempts, first_day, last_day)
    _write(inbox / f"goals_{dates[0]:%Y%m%d}.csv", goals)
    rows = {"nodes": len(tree["nodes"]), "goals": goals.num_rows, "shifts": 0, "notes": 0}
    starts = [first_day, *(int((date - dt.date(1970, 1, 1)).days) for date in dates[:-1])]
    for date, since in zip(dates, starts, strict=True):
        until = int((date - dt.date(1970, 1, 1)).days) - 1
        shifts = _shifts(rng, workers, since, until)
        _write(inbox / f"mobilize_participations_{date:%Y%m%d}.csv", shifts)
        notes = _notes(rng, workers, since, until)
        _write(inbox / f"notes_{date:%Y%m%d}.csv", notes)
        rows["shifts"] += shifts.num_rows
        rows["notes"] += notes.num_rows
    return rows


def _goals(rng: np.random.Generator, workers: Program, attempts: Attempts, first_day: int, last_day: int) -> pa.Table:
    """A goal for every organizer, week and metric, about what gets done; teams, regions and the state are the sums."""
    team, region = workers.team_of, workers.region_of_team[workers.team_of]
    monday = first_day - (first_day + 3) % 7
    weeks = range(monday, last_day + 1, 7)
    mine = len(attempts) / workers.organizers / len(weeks)
    expected = {"doors": 0.38, "calls": 0.5, "conversations": 0.17, "support_ids": 0.14}
    lines: list[tuple[str, str, int, int]] = []
    for week in weeks:
        for metric in GOAL_METRICS:
            usual = expected[metric] * mine if metric in expected else VOLUNTEERS * 0.62
            target = np.maximum(1, np.round(usual * rng.uniform(0.8, 1.3, workers.organizers))).astype(np.int64)
            lines += [(metric, f"O{at + 1}", week, goal) for at, goal in enumerate(target.tolist())]
            for letter, group in (("T", team), ("R", region)):
                sums = np.bincount(group, target).astype(np.int64)
                lines += [(metric, f"{letter}{at + 1}", week, goal) for at, goal in enumerate(sums.tolist())]
            lines.append((metric, "NC", week, int(target.sum())))
    metrics, nodes, starts, targets = zip(*lines, strict=True)
    begin = np.array(starts)
    return pa.table(
        {
            "metric": list(metrics),
            "scope_id": list(nodes),
            "period_start": _day(begin),
            "period_end": _day(begin + 6),
            "target": digits(np.array(targets, np.int64)),
            "set_by": ["state.director"] * len(lines),
            "set_at": joined(_day(np.full(len(lines), first_day)), "T09:00:00"),
        }
    )


def _shifts(rng: np.random.Generator, workers: Program, since: int, until: int) -> pa.Table:
    """Every volunteer signs up about once a week, in the tool's seconds since 1970."""
    volunteers = workers.workers - workers.organizers
    size = max(1, round(volunteers * (until - since + 1) / 7))
    at = np.sort(rng.integers(0, volunteers, size))
    local = rng.integers(since, until + 1, size) * DAY_SECONDS + rng.choice(SHIFT_STARTS, size, p=SHIFT_START_WEIGHTS)
    start = pc.cast(_zoned(local), pa.int64())
    status = rng.choice(len(SHIFT_STATUS), size, p=SHIFT_WEIGHTS)
    return pa.table(
        {
            "id": digits(since * 100_000 + np.arange(size)),
            "user_id": digits(FIRST_ACCOUNT["mobilize"] + workers.organizers + at),
            "event_id": digits(5_000 + local // 3600 % 97),
            "event_type": coded(["CANVASS", "PHONE_BANK"], (at % 2).astype(np.int8)),
            "status": coded(list(SHIFT_STATUS), status),
            "timeslot_start_date": start.cast(pa.string()),
            "timeslot_end_date": pc.add(start, 3 * 3600).cast(pa.string()),
            "modified_date": pc.add(start, 4 * 3600).cast(pa.string()),
        }
    )


def _notes(rng: np.random.Generator, workers: Program, since: int, until: int) -> pa.Table:
    """Ups and challenges: a few a day from organizers, one of which should not have been written."""
    size = max(3, min(200, workers.organizers * (until - since + 1) // 6))
    at = rng.integers(0, workers.organizers, size)
    is_up = rng.random(size) < 0.6
    texts = []
    for number, (organizer, up) in enumerate(zip(at.tolist(), is_up.tolist(), strict=True)):
        choices = UPS if up else CHALLENGES
        place = f"Team {int(workers.team_of[organizer]) + 1}"
        texts.append(choices[number % len(choices)].format(place, 3 + number * 7 % 90))
    texts[-1] = CARELESS
    return pa.table(
        {
            "id": digits(since * 1000 + np.arange(size)),
            "node_id": joined("O", digits(at + 1)),
            "kind": coded(["challenge", "up"], is_up.astype(np.int8)),
            "written_at": _local(
                rng.integers(since, until + 1, size) * DAY_SECONDS + rng.integers(17, 22, size) * 3600
            ),
            "text": texts,
        }
    )


def _local(seconds: Ints) -> pa.Array:
    return pc.strftime(pa.array(seconds, pa.timestamp("s")), "%Y-%m-%dT%H:%M:%S")


def _zoned(seconds: Ints) -> pa.Array:
    local = pa.array(seconds, pa.timestamp("s"))
    return pc.assume_timezone(local, ZONE, ambiguous="earliest", nonexistent="latest")


def _utc(seconds: Ints) -> pa.Array:
    return pc.strftime(pc.cast(_zoned(seconds), pa.timestamp("s", "UTC")), "%Y-%m-%dT%H:%M:%SZ")


def _day(days: Ints) -> pa.Array:
    return pc.strftime(pa.array(days.astype(np.int32), pa.date32()), "%Y-%m-%d")


def _write(path: Path, table: pa.Table) -> None:
    pcsv.write_csv(table, path, pcsv.WriteOptions(quoting_style="needed"))
