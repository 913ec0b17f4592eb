"""Turn one column per election into one row per vote. Only actual votes become rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest.columns import Columns
from groundgame.ingest.findings import Refused
from groundgame.ingest.layout import Plan
from groundgame.ingest.read import ReadBlock
from groundgame.sources.history import History


def unpivot(block: ReadBlock, columns: Columns, plan: Plan, history: History) -> Columns:
    """The votes of a block, by election in the file's order, then by line.

    A cell that is neither voted nor not voted is refused alone (V21), the line's other cells land. Counting is in
    cells: lines x elections = votes + refused cells + ``not a vote`` cells.
    """
    parts: list[dict[str, pa.Array]] = []
    lines = []
    blank_ids = columns.blank("voter_id")
    for position, election in plan.elections.items():
        cells = pc.ascii_trim_whitespace(block.table.combine_chunks().column(str(position)).combine_chunks())
        is_not = pc.is_in(cells, value_set=pa.array(history.not_voted)).to_numpy(zero_copy_only=False)
        voted = ~is_not
        if history.voted is not None:
            voted = pc.is_in(cells, value_set=pa.array(history.voted)).to_numpy(zero_copy_only=False)
        for row in np.flatnonzero((~voted & ~is_not) | (voted & blank_ids)).tolist():
            line = int(columns.lines[row])
            rule, reason = ("KEY", "voter id is blank") if voted[row] else ("V21", "neither voted nor not voted")
            block.findings.refused.append(
                Refused(line, f"election {election.date}", rule, reason, block.line_text(line))
            )
        voted &= ~blank_ids
        block.findings.dropped["not a vote"] += int(is_not.sum())
        at = pa.array(np.flatnonzero(voted))
        count = len(at)
        part = {name: array.take(at) for name, array in columns.values.items()}
        part["election_date"] = pa.repeat(pa.scalar(election.date.isoformat()), count)
        part["election_type"] = pa.repeat(pa.scalar(str(election.type)), count)
        part["election_name"] = pa.repeat(pa.scalar(election.name or f"{election.date} {election.type}"), count)
        if history.cell is not None:
            part[history.cell] = cells.take(at)
        parts.append(part)
        lines.append(columns.lines[voted])
    values = (
        {name: pa.chunked_array([part[name] for part in parts]).combine_chunks() for name in parts[0]} if parts else {}
    )
    merged = np.concatenate(lines) if lines else np.zeros(0, np.int64)
    return Columns(values, merged, block.findings)
