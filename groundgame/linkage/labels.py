"""What people say of a sample of links: how many links are right, with the interval that so few answers allow.

Links near the threshold are rare and often wrong, the others many and mostly right, so ``review_sample`` draws from both, each is
estimated apart and weighs as many links as it has. The interval of a part is Wilson's (1927); a part without an answer may be anything.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from groundgame.errors import SpecError

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

COLUMNS = ("person_key", "voter_id", "is_match")
ANSWERS = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}
SURE = 0.9  # above it a link is of the sure part
CONFIDENCE_Z = 1.96  # 95 percent, both sides


@dataclass(frozen=True)
class Precision:
    """Share of right links, 0-1, with its interval; ``share`` is null where a part with links has no answer."""

    labelled_count: int
    share: float | None
    low_share: float
    high_share: float


def load(warehouse: Warehouse, file: Path, schema: str = "linkage") -> int:
    """Add a filled-in CSV (person_key, voter_id, is_match) to ``review_labels``; a later answer on a pair replaces the earlier.

    Lines whose ``is_match`` is empty are not yet answered and are skipped.

    Returns:
        Number of answers read.

    Raises:
        SpecError: a column is missing, or an answer is neither yes nor no; names file and line, never what stands there.
    """
    import csv

    import pyarrow as pa

    answers: dict[tuple[str, str], bool] = {}
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        if missing := sorted(set(COLUMNS) - set(reader.fieldnames or ())):
            raise SpecError(file.name, "columns", f"missing {missing}", "keep the header of the file as it was written")
        for row in reader:
            said = (row["is_match"] or "").strip().lower()
            if not said:
                continue
            if said not in ANSWERS:
                raise SpecError(file.name, f"line {reader.line_num}, is_match", "is neither yes nor no")
            answers[row["person_key"], row["voter_id"]] = ANSWERS[said]
    keys = sorted(answers)
    table = pa.table(
        {
            "person_key": pa.array([person for person, _ in keys], pa.string()),
            "voter_id": pa.array([voter for _, voter in keys], pa.string()),
            "is_match": pa.array([answers[key] for key in keys], pa.bool_()),
        }
    )
    labels = f"{schema}.review_labels"
    with warehouse.transaction():
        for person, voter in keys:
            warehouse.execute(f"delete from {labels} where person_key = ? and voter_id = ?", [person, voter])
        warehouse.append(labels, table)
    return len(answers)


def precision(warehouse: Warehouse, schema: str = "linkage") -> Precision:
    """Estimate how many of tonight's links are right, from all answers that are about one of them."""
    parts = warehouse.fetch(f"""
        select
            l.probability >= {SURE} as is_sure,
            count(*) as links,
            count(r.is_match) as said,
            count(*) filter (where r.is_match) as good
        from {schema}.person_links l left join {schema}.review_labels r using (person_key, voter_id)
        group by 1 order by 1""").to_pylist()
    links = sum(part["links"] for part in parts)
    low = sum(part["links"] * wilson(part["good"], part["said"])[0] for part in parts)
    high = sum(part["links"] * wilson(part["good"], part["said"])[1] for part in parts)
    known = bool(parts) and all(part["said"] for part in parts)
    share = sum(part["links"] * part["good"] / part["said"] for part in parts) / links if known else None
    return Precision(sum(part["said"] for part in parts), share, low / max(links, 1), high / links if links else 1.0)


def wilson(good: int, said: int) -> tuple[float, float]:
    """Interval of a share of which ``good`` in ``said`` were seen."""
    if not said:
        return 0.0, 1.0
    z, share = CONFIDENCE_Z, good / said
    middle = share + z * z / (2 * said)
    spread = z * sqrt(share * (1 - share) / said + z * z / (4 * said * said))
    whole = 1 + z * z / said
    return max((middle - spread) / whole, 0.0), min((middle + spread) / whole, 1.0)


def store(warehouse: Warehouse, as_of: dt.date, schema: str = "linkage") -> Precision:
    """Write the estimate into tonight's row of ``nights``, where a gate can judge it."""
    found = precision(warehouse, schema)
    warehouse.execute(
        f"""update {schema}.nights
        set labelled_count = ?, precision_share = ?, precision_low_share = ?, precision_high_share = ? where as_of_date = ?""",
        [found.labelled_count, found.share, found.low_share, found.high_share, as_of],
    )
    return found
