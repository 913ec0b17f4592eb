"""Scores for VAN's score slots: one zipped file for each score, and the loading job that names it.

The job follows VAN's ``POST /fileLoadingJobs``. Its approval average is that of the night before the served one, not of the file itself: a
check against the file's own mean could only find a broken transfer, never a score that has gone wrong.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.errors import SpecError
from groundgame.publish.exports.served import Served
from groundgame.warehouse.base import Warehouse

# VAN refuses a tolerance of a tenth of the slot's range or more; a night that moves a mean by five points wants a person's look.
TOLERANCE = 5
COLUMNS = ("VANID", "score")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same list gives the same bytes


def people(served: Served) -> str:
    """One row per VAN id and score, with the mean of that score on the night before."""
    history = served.table("voter_score_history")
    return (
        "with known as (select split_part(vendor_key, ':', 2) as van_id, voter_id, row_number() over (partition by vendor_key"
        " order by snapshot_date desc, file_id desc, line desc) as recency from staging.stg_field__crosswalk where source = 'van'),"
        f" nights as (select score_name, as_of_date, avg(score) as mean_score from {history} group by score_name, as_of_date),"
        " ranked as (select score_name, as_of_date, mean_score,"
        " row_number() over (partition by score_name order by as_of_date desc) as recency from nights)"
        " select h.voter_id, k.van_id, h.score_name, h.score, h.model_version, before.mean_score as mean_before"
        f" from {history} as h inner join ranked as r on h.score_name = r.score_name and h.as_of_date = r.as_of_date and r.recency = 1"
        " inner join exports.chosen as c on h.voter_id = c.voter_id"
        " inner join known as k on h.voter_id = k.voter_id and k.recency = 1"
        " left join ranked as before on h.score_name = before.score_name and before.recency = 2"
    )


def write(settings: Settings, warehouse: Warehouse, table: str, folder: Path) -> dict[str, Any]:
    """``van_score_<score>.zip`` for each score; the manifest holds the loading job without the address that the upload gets.

    Raises:
        SpecError: a score has no slot in the settings.
    """
    sql = (
        "select score_name, count(*) as n, min(model_version) as version, max(mean_before) as before, avg(score) as mean"
        f" from {table} group by score_name order by score_name"
    )
    jobs = []
    for row in warehouse.fetch(sql).to_pylist():
        slot = settings.van_score_ids.get(row["score_name"])
        if slot is None:
            hint = f"van_score_ids = {{{row['score_name']} = <the slot's scoreId in VAN>}}"
            raise SpecError("export", "van_score_ids", f"{row['score_name']} has no score slot", hint)
        name = f"van_score_{row['score_name']}"
        _zip(folder / f"{name}.zip", f"{name}.csv", _lines(warehouse, table, row["score_name"]))
        expected = row["mean"] if row["before"] is None else row["before"]
        jobs.append(
            {
                "description": f"{row['score_name']} by {row['version']}",
                "file": {
                    "columnDelimiter": "Csv",
                    "columns": [{"name": column} for column in COLUMNS],
                    "fileName": f"{name}.csv",
                    "hasHeader": True,
                    "hasQuotes": False,
                },
                "actions": [
                    {
                        "actionType": "score",
                        "personIdColumn": COLUMNS[0],
                        "personIdType": "VANID",
                        "scoreColumn": COLUMNS[1],
                        "scoreId": slot,
                        "approvalCriteria": {"average": round(float(expected), 2), "tolerance": TOLERANCE},
                    }
                ],
                "rows": row["n"],
                "average_is_of": "this file, the first one" if row["before"] is None else "the night before",
            }
        )
    return {"jobs": jobs}


def _lines(warehouse: Warehouse, table: str, score: str) -> Iterator[tuple[str, int]]:
    # The name comes from the warehouse's own table of scores, whose names are identifiers.
    sql = f"select van_id, score from {table} where score_name = '{score}' order by van_id"
    for batch in warehouse.stream(sql):
        yield from zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)


def _zip(path: Path, name: str, lines: Iterator[tuple[str, int]]) -> None:
    info = zipfile.ZipInfo(name, LONG_AGO)
    info.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive, archive.open(info, "w") as member:
        text = io.TextIOWrapper(member, encoding="ascii", newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_NONE)
        writer.writerow(COLUMNS)
        writer.writerows(lines)
        text.flush()
        text.detach()
