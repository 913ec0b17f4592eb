"""What really is so: propensities, support, who is the same human being. For judging models and linkage; the pipeline never reads it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.synth.block import Block
from groundgame.synth.elections import Election
from groundgame.synth.numbers import Numbers
from groundgame.synth.people import YEAR, day
from groundgame.synth.tables import Ints
from groundgame.synth.treatment import lifted, voted_if_sent

SCHEMA = pa.schema(
    [
        ("voter_id", pa.string()),
        ("person_id", pa.string()),
        ("true_household_id", pa.string()),
        ("next_general_date", pa.date32()),
        ("true_turnout_propensity", pa.float32()),
        ("voted_next_general", pa.bool_()),
        ("true_turnout_propensity_last_general", pa.float32()),
        ("true_support", pa.float32()),
        ("true_effect_of_letter", pa.float32()),
        ("voted_next_general_if_sent_letter", pa.bool_()),
        ("is_gone", pa.bool_()),
    ]
)


class TruthFile:
    """``voters.parquet``: one row per voter who is in any of the files, block by block."""

    def __init__(self, folder: Path, coming: Election) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.coming = coming
        self._writer = pq.ParquetWriter(folder / "voters.parquet", SCHEMA, compression="zstd")
        self._people = self._households = 0

    def write(self, block: Block, numbers: Numbers) -> None:
        """Append the truth about one block."""
        electorate, chronicle = block.electorate, block.chronicle
        people = electorate.people
        rows = listed_rows(block)
        person = np.where(people.twin_of >= 0, people.twin_of, np.arange(block.size)) + self._people
        nobody = np.zeros(block.size, np.float32)
        propensity, voted = chronicle.propensity["next"], chronicle.voted["next"]
        after = lifted(propensity, (day(self.coming.date) - people.birth_day) / YEAR)
        table = {
            "voter_id": voter_ids(numbers, rows),
            "person_id": _ids("P", person[rows]),
            "true_household_id": _ids("H", people.household[rows] + self._households),
            "next_general_date": pa.array([self.coming.date], pa.date32()).take(pa.array(np.zeros(len(rows), np.int8))),
            "true_turnout_propensity": propensity[rows],
            "voted_next_general": voted[rows],
            "true_turnout_propensity_last_general": chronicle.propensity.get("last", nobody)[rows],
            "true_support": electorate.minds.support[rows],
            "true_effect_of_letter": (after - propensity)[rows],
            "voted_next_general_if_sent_letter": voted_if_sent(self._people, propensity, after, voted)[rows],
            "is_gone": electorate.lives.gone_day[rows]
            <= self.coming.date.toordinal() - dt.date(1970, 1, 1).toordinal(),
        }
        self._writer.write_table(pa.table(table, schema=SCHEMA))
        self._people += block.size
        self._households += int(people.household[-1]) + 1

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def listed_rows(block: Block) -> Ints:
    """Records of a block that are in any of the files."""
    return np.flatnonzero(np.any([reason >= 0 for reason in block.chronicle.reasons.values()], axis=0))


def voter_ids(numbers: Numbers, rows: Ints) -> pa.Array:
    """The state's ids of the rows, as text."""
    return numbers.voter_id.take(pa.array(rows)).cast(pa.string())


def _ids(letter: str, numbers: np.ndarray) -> pa.Array:
    return pa.array([f"{letter}{number}" for number in numbers.tolist()], pa.string())
