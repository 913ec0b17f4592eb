"""People by ZIP code, age band and sex, for advertising by place: nobody's row, no count from 1 to 10, none that can be worked out.

It is the one cut that Google takes for election advertising (postal code, age, gender), and Meta's targeting by ZIP code needs no more.
One cut, because two tables over the same people that are cut differently tell together what each hides.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from groundgame.config import Settings
from groundgame.privacy.small_cells import THRESHOLD, hide_small_cells
from groundgame.publish.exports.served import Served
from groundgame.warehouse.base import Warehouse

ROUNDING = 5
# The bands of age that Google's targeting knows.
BANDS = ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, None))
SEXES = ("female", "male")


def people(served: Served) -> str:
    """One row per voter: ZIP code and group; the table never leaves the warehouse."""
    bands = " ".join(
        f"when v.age >= {low}{f' and v.age <= {high}' if high else ''} then '{label(low, high)}'" for low, high in BANDS
    )
    sexes = ", ".join(f"'{sex}'" for sex in SEXES)
    return (
        f"select v.voter_id, v.zip_code, case {bands} end || ' ' || case when v.sex in ({sexes}) then v.sex else 'unknown' end as age_sex"
        f" from exports.chosen as c inner join {served.table('dim_voters')} as v on c.voter_id = v.voter_id"
        " where v.zip_code is not null and v.age >= 18"
    )


def label(low: int, high: int | None) -> str:
    """``18-24`` or ``65+``."""
    return f"{low}-{high}" if high else f"{low}+"


def write(_: Settings, warehouse: Warehouse, table: str, folder: Path) -> dict[str, Any]:
    """``zip_aggregates.csv``: a count is empty where it is hidden; an empty dimension is the total over it.

    What is shown is rounded up: two lists whose conditions differ by a few voters would tell by their difference who those are.
    """
    counts = warehouse.fetch(
        f"select zip_code, age_sex, count(*) as voters from {table} group by zip_code, age_sex order by zip_code, age_sex"
    )
    shown = hide_small_cells(counts, "zip_code", "age_sex", "voters").to_pylist()
    with (folder / "zip_aggregates.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("country_zip", "age", "sex", "voters"))
        for row in shown:
            age, _space, sex = (row["age_sex"] or "").partition(" ")
            # Meta's key for a ZIP code, which no spreadsheet takes for a number.
            writer.writerow((f"US:{row['zip_code']}" if row["zip_code"] else "", age, sex, rounded(row["voters"])))
    hidden = sum(row["voters"] is None for row in shown)
    return {"cells": len(shown), "hidden_cells": hidden, "smallest_count_shown": THRESHOLD, "rounded_up_to": ROUNDING}


def rounded(count: int | None) -> int | None:
    """The next multiple of five from a count upwards; nobody stays nobody."""
    return None if count is None else -(-count // ROUNDING) * ROUNDING
