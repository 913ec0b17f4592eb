"""Rules over the rows of field exports: keys, ids, codes, moments, goals; and the day and hour that the campaign's clock showed.

What cannot be true of a row refuses it, and the line is kept in the vault. Which report counts, and for whom, is decided in SQL.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow.compute as pc

from groundgame.ingest import moments
from groundgame.ingest.app_rows import FLOAT
from groundgame.ingest.columns import Columns
from groundgame.ingest.dates import DateReader
from groundgame.ingest.findings import shown_code
from groundgame.ingest.rows import IMPOSSIBLE, Refusals
from groundgame.sources.entities import CODE_COLUMNS, Entity
from groundgame.sources.spec import EntitySpec, SourceSpec

# Shifts are planned months ahead, not years.
PLANNED_AHEAD = dt.timedelta(days=366)
TARGET = r"^\d{1,9}$"
SHOWN_CODES = 20  # reasons of their own; a file with more unknown codes than that is another file


def field_rules(
    columns: Columns,
    source: SourceSpec,
    spec: EntitySpec,
    entity: Entity,
    dates: dict[str, DateReader],
    snapshot: dt.date,
) -> Refusals:
    """Refuse rows that cannot be (A13, E3, E6, E9), and write the local time of the moments that days are counted by (E12)."""
    refusals = Refusals(len(columns.lines))
    for name in sorted(entity.required):
        refusals.add(name, "KEY", f"{name} is blank", columns.blank(name))
    for name in sorted(entity.ids & columns.values.keys()):
        floats = pc.match_substring_regex(columns.values[name], FLOAT).to_numpy(zero_copy_only=False)
        refusals.add(name, "A13", "the id is a float: its last digits are lost", floats)
    for name in sorted(entity.times & columns.values.keys()):
        _moments(columns, name, spec, entity, snapshot, refusals)
    for name, local in entity.local_times.items():
        columns.values[local] = moments.local_text(columns.values[name], str(source.day_zone))
    for name, reader in dates.items():
        _dates(columns, name, reader, refusals)
    if entity.name == "field_goals":
        _goals(columns, refusals)
    for name, column in CODE_COLUMNS.items():
        _codes(columns, column, source.codes.get(name), refusals)
    for name, values in columns.values.items():
        columns.values[name] = pc.if_else(pc.equal(values, ""), None, values)
    return refusals


def _moments(
    columns: Columns, name: str, spec: EntitySpec, entity: Entity, snapshot: dt.date, refusals: Refusals
) -> None:
    ahead = PLANNED_AHEAD if name in entity.planned else moments.DAY
    found = moments.read(pc.fill_null(columns.values[name], ""), spec.times[name], snapshot, ahead)
    columns.values[name] = found.iso
    refusals.add(name, "A11", "no moment of the declared unit", found.unreadable)
    refusals.add(name, "E3", "before the campaign or after the file's date", found.impossible)


def _dates(columns: Columns, name: str, reader: DateReader, refusals: Refusals) -> None:
    texts = columns.text(name)
    if texts is None:
        return
    found = reader.column(pc.fill_null(texts, ""))
    columns.values[name] = found.iso
    for rule in sorted(found.rules.keys() & IMPOSSIBLE.keys()):
        refusals.add(name, rule, IMPOSSIBLE[rule], found.rules[rule])


def _goals(columns: Columns, refusals: Refusals) -> None:
    """A goal is a whole number of something in days that follow each other (E9)."""
    target = pc.fill_null(columns.values["target"], "")
    wrong = pc.invert(pc.match_substring_regex(target, TARGET)).to_numpy(zero_copy_only=False)
    refusals.add("target", "E9", "a goal is a whole number, none below zero", wrong)
    begin, end = (pc.fill_null(columns.values[f"period_{side}_date"], "") for side in ("start", "end"))
    backwards = pc.greater(begin, end).to_numpy(zero_copy_only=False)
    refusals.add("period_end_date", "E9", "the period ends before it begins", backwards)


def _codes(columns: Columns, name: str, codes: dict[str, str] | None, refusals: Refusals) -> None:
    """A result that nobody declared counts for nothing, and must not be counted as something else (E6)."""
    texts = columns.text(name)
    if texts is None:
        return
    encoded = pc.fill_null(texts, "").dictionary_encode()
    at, values = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    unknown = [number for number, value in enumerate(values) if value and value not in (codes or {})]
    for number in unknown[:SHOWN_CODES]:
        refusals.add(name, "E6", f"code {shown_code(values[number])} is not in the source's YAML", at == number)
    if rest := unknown[SHOWN_CODES:]:
        refusals.add(name, "E6", "a code that is not in the source's YAML", np.isin(at, rest))
