"""What is really so of the app's people: who they are on the voter file, what was done to their names, what an ask would gain.

For judging matches and models; the pipeline never reads it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.asks import ASKS
from groundgame.synth.app.cast import VOTER, Cast
from groundgame.synth.app.graph import Edges
from groundgame.synth.app.labels import Labels
from groundgame.synth.app.profiles import HIDDEN, PARTIAL, Profiles
from groundgame.synth.app.text import digits, joined
from groundgame.synth.numbers import Numbers
from groundgame.synth.tables import Floats, Ints

KINDS = ("voter", "unregistered", "away", "abroad", "teen", "child", "household_mate", "namesake")
FLAGS = (
    *("nickname", "moved", "household_mate", "partial_birthday", "no_birthday", "maiden", "typo", "duplicate_account"),
)
USERS = pa.schema(
    [
        ("user_id", pa.string()),
        ("person_id", pa.string()),
        ("voter_id", pa.string()),
        ("kind", pa.string()),
        *((f"is_{flag}", pa.bool_()) for flag in FLAGS),
    ]
)
FRIENDS = pa.schema(
    [
        ("user_id", pa.string()),
        ("friend_id", pa.string()),
        ("friend_voter_id", pa.string()),
        *((f"true_gain_{ask}", pa.float32()) for ask in ASKS),
    ]
)
CONTACTS = pa.schema(
    [("source", pa.string()), ("contact_id", pa.string()), ("person_id", pa.string()), ("voter_id", pa.string())]
)
GAIN_DIGITS = 4  # finer than any estimate of a gain, and far smaller on disk


class TruthFiles:
    """``app_users``, ``app_friends`` and ``app_contacts``, block by block."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        schemas = {"app_users": USERS, "app_friends": FRIENDS, "app_contacts": CONTACTS}
        self._writers = {
            # The schema of Arrow would say that ids are dictionaries; readers should see plain text.
            name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd", store_schema=False)
            for name, schema in schemas.items()
        }

    def users(self, who: Identity, cast: Cast, accounts: Accounts, labels: Labels, profiles: Profiles) -> None:
        """Append a block's accounts."""
        rows = accounts.member
        at, style = pa.array(rows), profiles.birthday[rows]
        values = [
            *(
                who.number.take(at),
                who.person.take(at),
                who.voter.take(at),
                pa.array(KINDS).take(pa.array(cast.kind[rows])),
            ),
            *(labels.is_nickname[rows], profiles.is_moved[rows], cast.is_namesake_at_home()[rows]),
            *(style == PARTIAL, style == HIDDEN, labels.is_maiden[rows], labels.is_typo[rows], cast.is_duplicate[rows]),
        ]
        self._write("app_users", USERS, values)

    def friends(self, who: Identity, edges: Edges, gains: Floats) -> None:
        """Append a block's lists of friends; ``gains`` has one row per kind of ask."""
        user, friend = (pa.array(rows.astype(np.int32)) for rows in (edges.user, edges.friend))
        values = [
            pa.DictionaryArray.from_arrays(user, who.number).cast(pa.string()),
            pa.DictionaryArray.from_arrays(friend, who.number).cast(pa.string()),
            who.voter.take(friend),
            *(np.round(gain, GAIN_DIGITS).astype(np.float32) for gain in gains),
        ]
        self._write("app_friends", FRIENDS, values)

    def contacts(self, who: Identity, source: str, ids: pa.Array, rows: Ints) -> None:
        """Append the real identity of a tool's contacts."""
        at = pa.array(rows)
        sources = pa.array([source]).take(pa.array(np.zeros(len(rows), np.int8)))
        self._write("app_contacts", CONTACTS, [sources, ids, who.person.take(at), who.voter.take(at)])

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()

    def _write(self, name: str, schema: pa.Schema, values: list) -> None:
        self._writers[name].write_table(pa.table(dict(zip(schema.names, values, strict=True)), schema=schema))


class Identity:
    """The ids of all cast rows of a block as text: on the app, as a person, on the voter file (null where not on it)."""

    def __init__(self, cast: Cast, accounts: Accounts, numbers: Numbers, people_before: int) -> None:
        known = cast.kind == VOTER
        self.number = digits(accounts.number_of)
        letter = pa.array(["N", "P"]).take(pa.array(known.astype(np.int8)))
        self.person = joined(letter, digits(cast.person + np.where(known, people_before, 0)))
        listed = pa.array(cast.record, mask=~cast.is_listed)
        self.voter = numbers.voter_id.take(listed).cast(pa.string())
