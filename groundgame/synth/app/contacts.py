"""Address books that users let the later app read: which friends are in them, and how phones are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.calendar import DAY_MS, Exports
from groundgame.synth.app.graph import Edges
from groundgame.synth.app.text import coded, digits
from groundgame.synth.people import Records
from groundgame.synth.tables import Ints
from groundgame.synth.traits import AREA_CODES

PHONE_STYLES = ("({0}) 555-{1}", "{0}-555-{1}", "+1{0}555{1}", "{0}555{1}", "1-{0}-555-{1}", "555-{1}", "{0}.555.{1}")
PHONE_WEIGHTS = np.array([30, 25, 20, 15, 4, 3, 3.0])
FIRST_RESERVED, RESERVED = 100, 100  # 555-0100 to 555-0199 belong to nobody


@dataclass
class Contacts(Records):
    """One row per entry: cast rows of owner and friend, when it was made and last changed (ms), and its export."""

    owner: Ints
    friend: Ints
    created: Ints
    updated: Ints
    export: Ints

    def __len__(self) -> int:
        return len(self.owner)


def pick(
    rng: np.random.Generator, accounts: Accounts, edges: Edges, exports: Exports, users: float, friends: float
) -> Contacts:
    """Entries of a share of ``users``, each with a share of their friends, at least some days old and in time for an export."""
    syncs = rng.random(len(accounts)) < users
    owner = accounts.account_of[edges.user]
    edge = np.flatnonzero(syncs[owner] & (rng.random(len(edges)) < friends * edges.closeness))
    installed = accounts.installed_at[owner[edge]]
    created = installed + (rng.exponential(6 * DAY_MS, len(edge))).astype(np.int64)
    updated = created + (rng.exponential(2 * DAY_MS, len(edge))).astype(np.int64)
    found = Contacts(edges.user[edge], edges.friend[edge], created, updated, exports.first(updated))
    return found.take(np.flatnonzero(found.export < len(exports.dates)))


def phones(rng: np.random.Generator, size: int) -> pa.Array:
    """Numbers reserved for fiction, in as many spellings as an address book has."""
    labels = [
        style.format(area, f"{FIRST_RESERVED + last:04d}")
        for style in PHONE_STYLES
        for area in AREA_CODES
        for last in range(RESERVED)
    ]
    style = rng.choice(len(PHONE_STYLES), size, p=PHONE_WEIGHTS / PHONE_WEIGHTS.sum())
    return coded(labels, style * len(AREA_CODES) * RESERVED + rng.integers(0, len(AREA_CODES) * RESERVED, size))


def serial(first: int, size: int) -> pa.Array:
    """Running numbers as text."""
    return digits(np.arange(first, first + size, dtype=np.int64))
