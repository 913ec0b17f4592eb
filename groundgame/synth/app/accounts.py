"""Who signs up, when, and how often: accounts are chosen from the cast and get numbers like the graph's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groundgame.synth.app import cast as casts
from groundgame.synth.app.calendar import Exports
from groundgame.synth.app.cast import Cast
from groundgame.synth.people import DEM, REP
from groundgame.synth.tables import Bools, Floats, Ints

# Shares of accounts. About one in eight sign-ups is not on the rolls; the rest are rare, and each is one that a
# match must get right: students away, citizens abroad, high-school volunteers, children who lied about their age.
SHARES = {
    casts.UNREGISTERED: 0.10,
    casts.AWAY: 0.02,
    casts.ABROAD: 0.004,
    casts.TEEN: 0.015,
    casts.CHILD: 0.0015,
    casts.MATE: 0.004,
    casts.NAMESAKE: 0.006,
}
DUPLICATE_ACCOUNT_SHARE = 0.012  # forgotten passwords and second profiles
# The app is a Democratic campaign's: sign-ups per registrant by party, and falling with age as app use did in 2012.
PARTY_APPEAL = {DEM: 3.0, REP: 0.25}
OTHER_APPEAL, AGE_SCALE, ENGAGEMENT_APPEAL = 1.0, 24.0, 0.6
GROWTH = 0.65  # sign-ups speed up towards the election: a power of the uniform draw
FIRST_ID, ID_BITS, SCATTER = 100_000_000_000_000, 44, 6_364_136_223_846_793
PER_BLOCK = 1 << 21  # numbers kept for one block's cast, more than it can hold


@dataclass(frozen=True)
class Accounts:
    """``member``: cast row of each account, in the order of ``installed_at`` (ms); ``export``: the first to hold it.

    ``number_of`` has the graph's id of every cast row, account or not; ``account_of`` the account's place, -1 without one.
    """

    member: Ints
    installed_at: Ints
    export: Ints
    number_of: Ints
    account_of: Ints

    def __len__(self) -> int:
        return len(self.member)

    @property
    def is_user(self) -> Bools:
        """Whether each cast row has an account."""
        return self.account_of >= 0


def build(
    rng: np.random.Generator, cast: Cast, quota: int, exports: Exports, on: int, at: int, seed: int
) -> tuple[Cast, Accounts]:
    """Choose ``quota`` accounts; second accounts become entries of their own at the end of the cast."""
    doubles = round(DUPLICATE_ACCOUNT_SHARE * quota)
    members = _choose(rng, cast, quota - doubles, on)
    again = cast.take(rng.choice(members, doubles, replace=False))
    again.is_duplicate = np.ones(doubles, dtype=bool)
    members = np.concatenate([members, len(cast) + np.arange(doubles)])
    cast = casts.join([cast, again])
    installed = exports.opened + ((exports.cuts[-1] - 1 - exports.opened) * rng.random(quota) ** GROWTH).astype(
        np.int64
    )
    order = np.argsort(installed, kind="stable")
    account_of = np.full(len(cast), -1, np.int64)
    account_of[members[order]] = np.arange(quota)
    return cast, Accounts(
        member=members[order],
        installed_at=installed[order],
        export=exports.first(installed[order]),
        number_of=_numbers(len(cast), at, seed),
        account_of=account_of,
    )


def _choose(rng: np.random.Generator, cast: Cast, quota: int, on: int) -> Ints:
    """Rows without repetition: the fixed shares first, voters for the rest."""
    chosen = []
    for kind, share in SHARES.items():
        rows = np.flatnonzero(cast.kind == kind)
        size = min(round(share * quota), len(rows))
        chosen.append(_weighted(rng, rows, _appeal(cast, rows, on), size))
    rows = np.flatnonzero(cast.kind == casts.VOTER)
    chosen.append(_weighted(rng, rows, _appeal(cast, rows, on), quota - sum(map(len, chosen))))
    return np.concatenate(chosen)


def _appeal(cast: Cast, rows: Ints, on: int) -> Floats:
    party = cast.party[rows]
    by_party = np.select([party == key for key in PARTY_APPEAL], list(PARTY_APPEAL.values()), OTHER_APPEAL)
    age = np.maximum(cast.age(on)[rows] - 18, 0)
    return by_party * np.exp(-age / AGE_SCALE + ENGAGEMENT_APPEAL * cast.engagement[rows])


def _weighted(rng: np.random.Generator, rows: Ints, weights: Floats, size: int) -> Ints:
    """``size`` different rows, likelier by weight (the smallest of exponential waiting times)."""
    if size == 0:
        return rows[:0]
    waits = rng.exponential(1.0, len(rows)) / weights
    # A partition's own order is another one on processors with other vector instructions.
    return rows[np.sort(np.argpartition(waits, size - 1)[:size])]


def foreign(numbers: Ints, factor: int) -> Ints:
    """The same people's ids in another tool: as unique, and not to be joined with these."""
    return (numbers.astype(np.uint64) * np.uint64(factor) & np.uint64((1 << ID_BITS) - 1)).astype(np.int64)


def _numbers(size: int, at: int, seed: int) -> Ints:
    """Ids that tell nothing and never repeat: an odd factor scatters consecutive numbers over the whole range."""
    running = np.arange(size, dtype=np.uint64) + np.uint64(at * PER_BLOCK + seed % 1009 * 7_777_777)
    scattered = running * np.uint64(SCATTER) & np.uint64((1 << ID_BITS) - 1)
    return scattered.astype(np.int64) + FIRST_ID
