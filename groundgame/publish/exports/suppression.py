"""Who is on no list, whatever it is for: decided last, on the finished list, from what is known today.

The campaign's own list of people who must not be contacted comes as ``do_not_contact_YYYY-MM-DD.csv`` in the folder ``suppression`` of the
inbox: columns kind (voter_id, person_key, phone, email), value, and optionally reason. The date says when it was complete; a list that is
missing, empty or stale refuses every export. Where nobody asked, one line of the kind ``none`` says that somebody looked.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from groundgame.config import Settings
from groundgame.errors import FileRefused
from groundgame.warehouse.base import Warehouse

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = "suppression"
SCHEMA = "exports"
TABLE = f"{SCHEMA}.suppressed"
KINDS = ("voter_id", "person_key", "phone", "email")
RULE = "F36"
BATCH = 50_000
_NAME = re.compile(r"do_not_contact_(\d{4}-\d{2}-\d{2})\.csv")


@dataclass(frozen=True)
class DoNotContact:
    """The list in force: its file, the day it was complete, the hash of its content."""

    path: Path
    day: dt.date
    sha256: str


def in_force(settings: Settings, as_of: dt.date) -> DoNotContact:
    """The newest list dated on or before a day.

    Raises:
        FileRefused: there is none, or it is older than the settings allow.
    """
    folder = settings.inbox_dir / FOLDER
    dated = {}
    for path in sorted(folder.glob("*.csv")):
        if found := _NAME.fullmatch(path.name):
            dated[dt.date.fromisoformat(found[1])] = path
    known = sorted(day for day in dated if day <= as_of)
    if not known:
        step = f"put do_not_contact_{as_of}.csv into {FOLDER}/ of the inbox"
        raise FileRefused(f"{FOLDER}/do_not_contact", RULE, "there is no suppression list", step)
    day = known[-1]
    if (as_of - day).days > settings.suppression_max_age_days:
        problem = (
            f"the suppression list is {(as_of - day).days} days old, {settings.suppression_max_age_days} are allowed"
        )
        raise FileRefused(dated[day].name, RULE, problem, "have it made anew, under today's date")
    return DoNotContact(dated[day], day, hashlib.sha256(dated[day].read_bytes()).hexdigest())


def load(warehouse: Warehouse, listed: DoNotContact, channel: str = "") -> None:
    """Make the table of all who are suppressed: the list's own rows, and what the warehouse knows (see ``RULES``).

    ``channel`` is how people are reached by the list, one of ``SAID_NO``: who said no to visits may still be called.

    Raises:
        FileRefused: a line of the list cannot be read; none of it is guessed at.
    """
    import pyarrow as pa

    warehouse.execute(f"drop table if exists {TABLE}")
    warehouse.execute(f"create table {TABLE} (kind varchar, value varchar, reason varchar)")
    count = 0
    for batch in _batches(listed.path):
        count += batch.num_rows
        warehouse.append(TABLE, batch.filter(pa.compute.not_equal(batch["kind"], "none")))
    if not count:
        raise FileRefused(
            listed.path.name, RULE, "the suppression list is empty", "where nobody asked, write the line none,,"
        )
    said_no = f"select voter_id from marts.contact_permissions where {SAID_NO[channel]}"
    for reason, sql in {**RULES, "said_no": said_no}.items():
        warehouse.execute(
            f"insert into {TABLE} (kind, value, reason) select 'voter_id', voter_id, '{reason}' from ({sql}) as known"
        )


# What voters told the field, by the way in which a list reaches them; the empty one is every other way.
SAID_NO = {
    "visit": "not may_be_visited",
    "call": "not may_be_called",
    "": "is_reported_deceased or not (may_be_visited or may_be_called)",
}
# Voters who are on no list, by what the build knows tonight; the served run may be older.
RULES = {
    "confidential": "select voter_id from vault.voter_identities where is_confidential",
    "not_on_the_roll": "select voter_id from marts.dim_voters where not is_registered",
    "minor": "select voter_id from marts.dim_voters where age is null or age < 18",
    # Said once of an app's account that is linked to her, it holds for the voter.
    "revoked": """
        select links.voter_id from linkage.person_links as links
        where exists (
            select 1 from staging.stg_app__consent_events as events
            where events.person_key = links.person_key and events.scope = 'contact' and events.consent_action = 'revoked'
        ) and not exists (
            select 1 from intermediate.int_consents__effective as granted
            where granted.person_key = links.person_key and granted.scope = 'contact'
        )""",
}


def apply(warehouse: Warehouse, table: str) -> int:
    """Take everybody who is suppressed off a list, by every column that the two share; returns how many rows went.

    Phones are compared by their last ten digits, e-mail addresses in lower case.
    """
    before = _count(warehouse, table)
    names = {name for name, _ in warehouse.columns(table)}
    for kind in (kind for kind in KINDS if kind in names):
        warehouse.execute(
            f"delete from {table} where {kind} in (select value from {TABLE} where kind = '{kind}' and value is not null)"
        )
    return before - _count(warehouse, table)


def phone_digits(text: str | None) -> str | None:
    """The ten digits of a US number, or None when it is none."""
    digits = re.sub(r"\D", "", text or "")
    digits = digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
    return digits if len(digits) == 10 and digits[0] not in "01" else None


def phone_sql(expression: str) -> str:
    """A phone number's last ten digits, as ``apply`` compares them."""
    return f"right(regexp_replace({expression}, '[^0-9]', '', 'g'), 10)"


def _batches(path: Path) -> Iterator[pa.Table]:

    rows: list[tuple[str, str | None, str]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = [name.strip().lower() for name in next(reader, [])]
        if header[:2] != ["kind", "value"] or header[2:] not in ([], ["reason"]):
            raise FileRefused(path.name, RULE, "the header is not kind,value,reason", "restore the header", line=1)
        for fields in reader:
            if fields:
                rows.append(_row(path, reader.line_num, fields, len(header)))
            if len(rows) == BATCH:
                yield _table(rows)
                rows = []
    if rows:
        yield _table(rows)


def _row(path: Path, line: int, fields: list[str], width: int) -> tuple[str, str | None, str]:
    kind, value = fields[0].strip(), fields[1].strip() if len(fields) > 1 else ""
    if len(fields) != width:
        raise FileRefused(path.name, RULE, f"{len(fields)} fields, not {width}", "mend the line", line=line)
    if kind == "none":
        return kind, None, "nobody asked"
    if kind not in KINDS:
        raise FileRefused(
            path.name, RULE, f"the kind is none of {', '.join(KINDS)}", "mend the line", line=line, column="kind"
        )
    clean = phone_digits(value) if kind == "phone" else value.lower() if kind == "email" else value
    if not clean or (kind == "email" and "@" not in clean):
        raise FileRefused(path.name, RULE, f"is no {kind}", "mend the line", line=line, column="value")
    return kind, clean, "do_not_contact"


def _table(rows: list[tuple[str, str | None, str]]) -> pa.Table:
    import pyarrow as pa

    names = ("kind", "value", "reason")
    return pa.table(
        {name: pa.array(list(values), pa.string()) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    )


def _count(warehouse: Warehouse, table: str) -> int:
    return int(warehouse.fetch(f"select count(*) from {table}").column(0)[0].as_py())
