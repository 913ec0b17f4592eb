"""Turn the columns of one block, as the file names them, into rows of a canonical entity. Pure: values in, values out.

Rows that cannot be true are refused with line, column and rule; values that mean "unknown" become null; the rest stays text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest import columns as steps
from groundgame.ingest import rows
from groundgame.ingest.app_rows import app_rules
from groundgame.ingest.columns import Columns
from groundgame.ingest.contacts import BirthdayReader
from groundgame.ingest.dates import DateReader
from groundgame.ingest.field_rows import field_rules
from groundgame.ingest.findings import Refused
from groundgame.ingest.layout import Plan
from groundgame.ingest.read import ReadBlock
from groundgame.ingest.unpivot import unpivot
from groundgame.sources.entities import ENTITIES
from groundgame.sources.spec import EntitySpec, SourceSpec


@dataclass
class Job:
    """All that is the same for every block of a file."""

    source: SourceSpec
    entity_name: str
    entity: EntitySpec
    plan: Plan
    snapshot: dt.date
    county: str | None = None
    dates: dict[str, DateReader] = field(default_factory=dict)
    election_types: dict[str, str] = field(default_factory=dict)
    birthdays: BirthdayReader | None = None

    def __post_init__(self) -> None:
        if "birthday" in self.entity.dates:
            self.birthdays = BirthdayReader(self.entity.dates["birthday"], self.snapshot)
        self.dates = {name: DateReader(rule) for name, rule in self.entity.dates.items()}

    @property
    def names(self) -> list[str]:
        """The text columns of the landed table: all canonical fields, then what the file has besides."""
        return [*ENTITIES[self.entity_name].fields, *self.plan.extra]

    def schema(self) -> pa.Schema:
        """The landed table's schema, without the columns that are the same in every row."""
        return pa.schema([(name, pa.string()) for name in self.names] + [("_line", pa.int64())])


def conform(block: ReadBlock, job: Job) -> pa.Table:
    """The block's rows in the landed schema; ``block.findings`` takes what was refused, changed and counted."""
    columns = steps.canonical(block.table, block.lines, job.plan, block.findings)
    if job.entity.voter_id == "line":
        columns.values["voter_id"] = pc.cast(pa.array(columns.lines), pa.string())
    steps.apply_null_values(columns, job.entity)
    steps.check_patterns(columns, job.entity)
    steps.check_county(columns, job.county)
    if job.source.kind == "app":
        entity = ENTITIES[job.entity_name]
        refusals = app_rules(columns, job.source, job.entity, entity, job.snapshot, job.birthdays)
    elif job.source.kind == "field":
        refusals = field_rules(columns, job.source, job.entity, ENTITIES[job.entity_name], job.dates, job.snapshot)
    elif job.entity_name == "registrations":
        refusals = _registrations(columns, job)
    elif job.entity.history is not None and job.entity.history.shape != "long":
        columns = unpivot(block, columns, job.plan, job.entity.history)
        refusals = rows.Refusals(len(columns.lines))
    else:
        refusals = rows.vote_rules(columns, job.entity, job.dates, job.election_types, job.snapshot)
    if job.source.kind != "field":  # there an unknown code refuses its row
        steps.count_unknown_codes(columns, job.source)
    kept = _refuse(block, columns, refusals)
    return _landed(columns, job).filter(pa.array(kept)) if not kept.all() else _landed(columns, job)


def _registrations(columns: Columns, job: Job) -> rows.Refusals:
    steps.mark_confidential(columns, job.source)
    steps.split_suffixes(columns)
    steps.normalise_zips(columns, job.source)
    return rows.registration_rules(columns, job.dates, job.snapshot)


def _refuse(block: ReadBlock, columns: Columns, refusals: rows.Refusals) -> npt.NDArray[np.bool_]:
    """Record the refused rows, each once under its first rule; returns the mask of rows kept."""
    kept = refusals.dropped.copy()
    np.logical_not(kept, out=kept)
    for column, rule, reason, mask in refusals.found:
        for row in np.flatnonzero(mask & kept).tolist():
            line = int(columns.lines[row])
            text = "" if refusals.withheld[row] else block.line_text(line)
            block.findings.refused.append(Refused(line, column, rule, reason, text))
        kept &= ~mask
    return kept


def _landed(columns: Columns, job: Job) -> pa.Table:
    count = len(columns.lines)
    arrays = [columns.values.get(name, pa.nulls(0)) for name in job.names]
    arrays = [pa.nulls(count, pa.string()) if isinstance(array, pa.NullArray) else array for array in arrays]
    return pa.Table.from_arrays([*arrays, pa.array(columns.lines, pa.int64())], schema=job.schema())
