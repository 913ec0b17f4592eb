"""Who is whose friend: lists with a heavy tail, of people alike in county, age and party; and the pages that list them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from groundgame.synth.app import cast as casts
from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.labels import Labels
from groundgame.synth.app.text import digits, grouped, joined
from groundgame.synth.people import DEM, REP, Records
from groundgame.synth.tables import Bools, Floats, Ints

SPREAD = 1.0  # of the logarithm of the list's length: the top percent knows ten times the median
# How friends are met: same county, age and party; same county and age; same age; anybody; moved away. Lists of
# friends agree in party about two times in three, and a tenth of the names live in another state.
LIKE_IN_ALL, LIKE_IN_COUNTY, LIKE_IN_AGE, ANYBODY, ELSEWHERE = range(5)
MEETING_SHARES = (0.46, 0.24, 0.11, 0.09, 0.10)
FAMILY_SHARE = (
    0.08  # of friends drawn, if they happen to live in the same household; most of a household ends up listed
)
NEAR_SHARE = 0.06  # how far from one's own age friends are, as a share of those alike
SELF_SHARE, REPEATED_SHARE = 0.0005, 0.002  # odd lines: oneself as a friend, a friend on two pages
LATER_SHARE = 0.03  # friendships that are younger than the first list
GONE_SHARE = 0.01  # friends of the first list who have left when it is read again
PAGE = 25
NEXT = "https://graph.example.com/v1/"


@dataclass
class Edges(Records):
    """Cast rows of the user and of the friend, sorted by user; ``closeness`` is 1 on average; ``is_later``: of LATER_SHARE."""

    user: Ints
    friend: Ints
    closeness: Floats
    is_later: Bools

    def __len__(self) -> int:
        return len(self.user)


def build(rng: np.random.Generator, cast: Cast, accounts: Accounts, on: int, mean: float, most: int) -> Edges:
    """Draw the lists of all accounts: ``mean`` friends on average, never many more than ``most``."""
    size = len(cast)
    wanted = (
        np.minimum(rng.lognormal(np.log(mean) - SPREAD**2 / 2, SPREAD, len(accounts)), most).round().astype(np.int64)
    )
    user = np.repeat(accounts.member, wanted)
    friend = _met(rng, cast, user, np.repeat(wanted, wanted), on)
    # A friendship of two users stands in both lists: half of those drawn, seen from both sides, keep the mean.
    mutual = accounts.is_user[friend]
    kept = (user != friend) & (~mutual | (rng.random(len(user)) < 0.5))
    both = kept & mutual
    user, friend = np.concatenate([user[kept], friend[both]]), np.concatenate([friend[kept], user[both]])
    shuffle = rng.permutation(size)  # within a list, friends stand in no order
    keys = np.sort(accounts.account_of[user] * size + shuffle[friend])
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    back = np.argsort(shuffle)
    user, friend = accounts.member[keys // size], back[keys % size]
    ages = cast.age(on)
    near = np.exp(-np.abs(ages[user] - ages[friend]) / 20) * np.where(
        cast.county[user] == cast.county[friend], 1.0, 0.6
    )
    closeness = near * rng.gamma(2.0, 0.5, len(user))
    return Edges(user, friend, closeness / max(float(closeness.mean()), 1e-9), rng.random(len(user)) < LATER_SHARE)


def _met(rng: np.random.Generator, cast: Cast, user: Ints, wanted: Ints, on: int) -> Ints:
    """One friend per entry; where too few are alike, the circle widens, since nobody has the same friend twice."""
    age = cast.age(on)
    side = np.select([cast.party == DEM, cast.party == REP], [0, 1], 2)
    county = cast.county.astype(np.int64)
    circles = (county * 3 + side, county, np.zeros(len(cast), np.int64))
    counts = [np.bincount(circle) for circle in circles]
    sizes = [count[circle[user]] for count, circle in zip(counts, circles, strict=True)]
    edges = np.cumsum(MEETING_SHARES)
    how = np.minimum(np.searchsorted(edges, rng.random(len(user)) * edges[-1], side="right"), ELSEWHERE)
    for level in (LIKE_IN_ALL, LIKE_IN_COUNTY):
        how = np.where((how == level) & (sizes[level] < 3 * wanted), level + 1, how)
    friend = rng.integers(0, len(cast), len(user))
    for level, circle in enumerate(circles):
        order = np.lexsort((age, circle))
        place = np.empty(len(cast), np.int64)
        place[order] = np.arange(len(cast))
        at = np.flatnonzero(how == level)
        start = (np.cumsum(counts[level]) - counts[level])[circle[user[at]]]
        size = sizes[level][at]
        reach = np.maximum(NEAR_SHARE * size, 1.5 * wanted[at])
        step = 1 + rng.exponential(reach).astype(np.int64)
        step = np.where(rng.random(len(at)) < 0.5, step, -step)
        friend[at] = order[start + _reflected(place[user[at]] - start + step, size)]
    gone = np.flatnonzero(cast.kind == casts.AWAY)
    at = np.flatnonzero(how == ELSEWHERE)
    friend[at] = gone[rng.integers(0, len(gone), len(at))]
    return _with_family(rng, cast, user, friend)


def _with_family(rng: np.random.Generator, cast: Cast, user: Ints, friend: Ints) -> Ints:
    """A few of the friends are of the user's own household, where there is anybody: households stand side by side."""
    beside = np.clip(user + np.array([-2, -1, 1, 2])[rng.integers(0, 4, len(user))], 0, len(cast) - 1)
    at_home = (cast.household[beside] == cast.household[user]) & (cast.kind[user] == casts.VOTER)
    return np.where(at_home & (rng.random(len(user)) < FAMILY_SHARE), beside, friend)


def _reflected(place: Ints, size: Ints) -> Ints:
    """Places beyond either end of a circle count back from it."""
    folded = np.mod(place, 2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)


class Pages:
    """The lines of ``friends.jsonl``: a user's list in pages, each with the address of the next."""

    def __init__(self, rng: np.random.Generator, accounts: Accounts, labels: Labels, edges: Edges) -> None:
        self._ids = digits(accounts.number_of)
        self._entries = joined('{"id":"', self._ids, '","name":"', labels.name, '"}')
        self._accounts, self._edges = accounts, edges
        self._first = np.searchsorted(accounts.account_of[edges.user], np.arange(len(accounts) + 1))
        self._repeats = rng.random(len(edges)) < REPEATED_SHARE
        self._gone = rng.random(len(edges)) < GONE_SHARE
        self._selves = rng.random(len(accounts)) < SELF_SHARE

    def of(self, picked: Ints, with_later: bool) -> pa.Array:
        """Pages of the picked accounts."""
        counts = self._first[picked + 1] - self._first[picked]
        rows = np.repeat(self._first[picked] - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        owner = np.repeat(picked, counts)
        kept = ~(self._gone if with_later else self._edges.is_later)[rows]
        rows, owner = rows[kept], owner[kept]
        repeated = np.flatnonzero(self._repeats[rows])
        selves = picked[self._selves[picked]]
        members = self._accounts.member
        owner = np.concatenate([owner, owner[repeated], selves])
        friend = np.concatenate([self._edges.friend[rows], self._edges.friend[rows[repeated]], members[selves]])
        order = np.argsort(owner, kind="stable")
        return self._paged(owner[order], friend[order])

    def _paged(self, owner: Ints, friend: Ints) -> pa.Array:
        if not len(owner):
            return pa.array([], pa.string())
        heads = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
        within = np.arange(len(owner)) - np.repeat(heads, np.diff(np.append(heads, len(owner))))
        starts = np.flatnonzero(within % PAGE == 0)
        bounds = np.append(starts, len(owner))
        ids = self._ids.take(pa.array(self._accounts.member[owner[starts]]))
        is_last = np.append(owner[starts][1:] != owner[starts][:-1], True)
        following = joined(
            '"next":"', NEXT, ids, "/friends?limit=", str(PAGE), "&offset=", digits(within[starts] + PAGE), '"'
        )
        none = pa.array([""]).take(pa.array(np.zeros(len(starts), np.int8)))
        paging = pa.concat_arrays([following, none]).take(pa.array(np.arange(len(starts)) + is_last * len(starts)))
        data = grouped(self._entries.take(pa.array(friend)), bounds)
        return joined('{"user_id":"', ids, '","data":[', data, '],"paging":{', paging, "}}\n")
