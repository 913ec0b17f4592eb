"""Rules over whole rows: what cannot be true of a voter or of a vote is refused, with the column and the rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest.columns import Columns
from groundgame.ingest.dates import UNKNOWN, DateColumn, DateReader
from groundgame.sources.spec import EntitySpec

YOUNGEST = 16  # states pre-register from 16
OLDEST = 115
IMPOSSIBLE = {"V12": "29 February of a year without one", "V13": "no date in a declared format"}
Mask = npt.NDArray[np.bool_]
Years = npt.NDArray[np.int64]


@dataclass
class Refusals:
    """Masks over the rows of a block: (column, rule, reason, rows), in the order in which they count."""

    rows: int
    found: list[tuple[str, str, str, Mask]] = field(default_factory=list)
    dropped: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))
    withheld: Mask = field(default_factory=lambda: np.zeros(0, np.bool_))  # rows whose text must not be kept

    def __post_init__(self) -> None:
        self.dropped = np.zeros(self.rows, np.bool_)
        self.withheld = np.zeros(self.rows, np.bool_)

    def add(self, column: str, rule: str, reason: str, mask: Mask) -> None:
        """Refuse the rows of a mask."""
        if mask.any():
            self.found.append((column, rule, reason, mask))


def registration_rules(columns: Columns, dates: dict[str, DateReader], snapshot: dt.date) -> Refusals:
    """Refuse registrations that cannot be (V7, V9, V12, V13, V15, V27); null ages beyond belief (V10)."""
    refusals = Refusals(len(columns.lines))
    refusals.add("voter_id", "KEY", "voter id is blank", columns.blank("voter_id"))
    born = _dates(columns, "birth_date", dates, refusals)
    registered = _dates(columns, "registered_date", dates, refusals)
    birth_years = _birth_years(columns, born, refusals)
    known = birth_years > 0
    future = (birth_years > snapshot.year) | (born.ordinals > snapshot.toordinal())
    refusals.add("birth_date", "V7", "birth after the file's date", future)
    age = _age(born, birth_years, snapshot)
    refusals.add("birth_date", "V9", f"younger than {YOUNGEST} at the file's date", known & (age < YOUNGEST))
    _drop_ages_beyond_belief(columns, known & (age > OLDEST))
    has_date = registered.ordinals != UNKNOWN
    refusals.add(
        "registered_date", "V15", "registered after the file's date", registered.ordinals > snapshot.toordinal()
    )
    before = has_date & known & (age <= OLDEST) & (registered.years < birth_years)
    before |= has_date & (born.ordinals != UNKNOWN) & (registered.ordinals < born.ordinals)
    refusals.add("registered_date", "V15", "registered before birth", before)
    if columns.text("last_name") is not None and columns.text("first_name") is not None:
        nameless = columns.blank("last_name") & columns.blank("first_name") & ~known
        hidden = pc.equal(columns.values["is_confidential"], "Y").to_numpy(zero_copy_only=False)
        refusals.add("last_name", "V27", "neither a name nor a birth date", nameless & ~hidden)
    return refusals


def vote_rules(
    columns: Columns, entity: EntitySpec, dates: dict[str, DateReader], types: dict[str, str], snapshot: dt.date
) -> Refusals:
    """Refuse votes without voter or election date (V12, V13), drop methods that are no votes, decode election types.

    Elections after the file's date are counted (V17). ``types`` remembers the type of each election name.
    """
    refusals = Refusals(len(columns.lines))
    history = entity.history
    refusals.add("voter_id", "KEY", "voter id is blank", columns.blank("voter_id"))
    held = _dates(columns, "election_date", dates, refusals)
    refusals.add("election_date", "V13", "election date is blank or unknown", held.ordinals == UNKNOWN)
    columns.findings.count("V17", "election_date", rows=int((held.ordinals > snapshot.toordinal()).sum()))
    method = columns.text("voting_method_code")
    if history is not None and history.not_votes and method is not None:
        refusals.dropped = pc.is_in(method, value_set=pa.array(history.not_votes)).to_numpy(zero_copy_only=False)
        columns.findings.dropped["not a vote"] += int(refusals.dropped.sum())
    names = columns.text("election_name")
    if history is not None and names is not None:
        encoded = names.dictionary_encode()
        for name in encoded.dictionary.to_pylist():
            types.setdefault(name or "", history.type_of(name or ""))
        decoded = pa.array([types[name or ""] for name in encoded.dictionary.to_pylist()], pa.string()).take(
            encoded.indices
        )
        columns.values["election_type"] = pc.fill_null(decoded, "unknown")
        unknown = pc.sum(pc.equal(columns.values["election_type"], "unknown")).as_py() or 0
        columns.findings.count("V21", "election_type", "unknown", unknown)
    return refusals


def _dates(columns: Columns, name: str, dates: dict[str, DateReader], refusals: Refusals) -> DateColumn:
    """Read a date column in place; without one, all its dates are unknown."""
    texts = columns.text(name)
    if texts is None:
        none = np.zeros(len(columns.lines), np.int64)
        return DateColumn(pa.nulls(len(none), pa.string()), none, none, {})
    found = dates[name].column(pc.fill_null(texts, ""))
    columns.values[name] = found.iso
    for rule, mask in found.rules.items():
        if rule in IMPOSSIBLE:
            refusals.add(name, rule, IMPOSSIBLE[rule], mask)
        else:
            columns.findings.count(rule, name, rows=int(mask.sum()))
    return found


def _birth_years(columns: Columns, born: DateColumn, refusals: Refusals) -> Years:
    """Birth years from the birth date, else from their own column; ``birth_year`` is filled where only a date is given (V11)."""
    texts = columns.text("birth_year")
    if texts is None:
        texts = pa.repeat(pa.scalar(""), len(columns.lines))
    encoded = pc.fill_null(texts, "").dictionary_encode()
    values = encoded.dictionary.to_pylist()
    bad = np.array([bool(value) and not _is_year(value) for value in values], np.bool_)
    numbers = np.array([int(value) if _is_year(value) else 0 for value in values], np.int64)
    at = encoded.indices.to_numpy()
    if bad.any():
        refusals.add("birth_year", "V13", "birth year is no four-digit year", bad[at])
    years = np.where(born.years > 0, born.years, numbers[at] if len(values) else 0)
    fill = columns.blank("birth_year") & (years > 0)
    if fill.any():
        columns.values["birth_year"] = pc.if_else(pa.array(fill), pc.cast(pa.array(years), pa.string()), texts)
    return years


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit()


def _age(born: DateColumn, years: Years, snapshot: dt.date) -> Years:
    """Age at the snapshot: exact where the birth date is known, else what the person turns in that year."""
    age = snapshot.year - years
    exact = born.ordinals != UNKNOWN
    if exact.any():
        this_day = snapshot.month * 100 + snapshot.day
        days = [dt.date.fromordinal(int(day)) for day in np.unique(born.ordinals[exact])]
        month_day = {day.toordinal(): day.month * 100 + day.day for day in days}
        later = np.array([month_day.get(int(day), 0) > this_day for day in born.ordinals], np.bool_)
        age = age - (exact & later)
    return age


def _drop_ages_beyond_belief(columns: Columns, mask: Mask) -> None:
    columns.findings.count("V10", "birth_year", rows=int(mask.sum()))
    for name in ("birth_year", "birth_date"):
        columns.null_where(name, mask)
