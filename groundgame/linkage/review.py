"""The page on which a person compares the two sides of each pair of ``review_sample``, and the file for the answers.

Both lie in the vault's side of the home folder, readable by its owner alone. The page holds names: every night and every ``forget``
removes it. Whose name has been purged is not on it.
"""

from __future__ import annotations

import csv
import html
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.linkage.labels import COLUMNS

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

SIDES = ("first_name", "last_name", "birth_year", "city", "zip_code", "phone", "email", "sex")
PAGE, ANSWERS = "linkage.html", "linkage.csv"
STYLE = (
    "body{font:15px sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:left}tr.pair td{border-top:1px solid #999}"
)
ABOUT = f"Write yes or no into the column is_match of {ANSWERS}, a line a pair. This page holds names: do not copy it."


def write(settings: Settings, warehouse: Warehouse, people: str, voters: str, schema: str = "linkage") -> Path:
    """Write page and answer file for the pairs of the newest night that have no answer yet; returns the page's path."""
    columns = ", ".join(f"{side}.{name} as {side}_{name}" for name in SIDES for side in ("p", "v"))
    pairs = warehouse.fetch(f"""
        select s.person_key, s.voter_id, s.agreement, {columns}
        from {schema}.review_sample s
        join {people} p on p.person_key = s.person_key
        join {voters} v on v.voter_id = s.voter_id
        left join {schema}.review_labels r on r.person_key = s.person_key and r.voter_id = s.voter_id
        where p.first_name is not null and r.is_match is null
            and s.as_of_date = (select max(as_of_date) from {schema}.review_sample)
        order by s.person_key, s.voter_id""").to_pylist()
    settings.review_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    answers = io.StringIO()
    lines = csv.writer(answers)
    lines.writerows([COLUMNS, *((pair["person_key"], pair["voter_id"], "") for pair in pairs)])
    _private(settings.review_dir / ANSWERS, answers.getvalue())
    head = "".join(f"<th>{name.replace('_', ' ')}</th>" for name in ("pair", "side", *SIDES, "agreement"))
    body = "".join(_rows(number, pair) for number, pair in enumerate(pairs, start=1))
    page = f"<!doctype html><meta charset='utf-8'><title>Pairs to review</title><style>{STYLE}</style>"
    _private(settings.review_dir / PAGE, f"{page}<p>{ABOUT}</p><table><tr>{head}</tr>{body}</table>")
    return settings.review_dir / PAGE


def remove(settings: Settings) -> None:
    """Take the page with the names away; the answers, which have none, stay."""
    (settings.review_dir / PAGE).unlink(missing_ok=True)


def _rows(number: int, pair: dict[str, object]) -> str:
    """Two lines of the table, one under the other so that a difference meets the eye."""

    def line(side: str, start: str, end: str) -> str:
        values = (pair[f"{side[0]}_{name}"] for name in SIDES)
        cells = "".join(f"<td>{html.escape('' if value is None else str(value))}</td>" for value in values)
        return f"{start}<td>{side}</td>{cells}<td>{end}</td></tr>"

    return line("person", f"<tr class='pair'><td>{number}</td>", html.escape(str(pair["agreement"]))) + line(
        "voter", "<tr><td></td>", ""
    )


def _private(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)  # an older one may have other rights
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
