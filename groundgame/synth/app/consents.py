"""The ledger of consent: what each user allowed at sign-up or later, and what some took back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from groundgame.synth.app import cast as casts
from groundgame.synth.app import places
from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.calendar import DAY_MS, Exports, Lines
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.text import coded, digits, joined, plain, quoted
from groundgame.synth.people import Records
from groundgame.synth.tables import Ints

# How many tick each box of the sign-up form; abroad, where nothing may be ticked beforehand, fewer do.
SCOPES = {"contact": 0.88, "modeling": 0.72, "matching": 0.81, "friends": 0.63}
ABROAD_FACTOR = 0.5
NO_CONSENT_SHARE = 0.004  # accounts of which no event ever arrives
LATER_SHARE, LATER_DAYS = 0.04, 20.0
# Of scopes granted: taken back alone; of users: everything at once, as when the app is deleted; and granted again.
REVOKED_SHARE, LEFT_SHARE, AGAIN_SHARE = 0.02, 0.015, 0.12
REVOKED_AFTER_DAYS = 25.0
ACTIONS = ("granted", "revoked")
GRANTED, REVOKED = range(2)


@dataclass
class Consents(Records):
    """Events, one row each: cast row, scope, granted or revoked, when (ms)."""

    user: Ints
    scope: Ints
    action: Ints
    occurred: Ints


def build(rng: np.random.Generator, cast: Cast, accounts: Accounts, exports: Exports) -> Consents:
    """Draw the consent of all accounts; every revocation comes after the grant of the same scope."""
    size, scopes = len(accounts), len(SCOPES)
    odds = np.array(list(SCOPES.values()))[:, None]
    odds = odds * np.where(cast.kind[accounts.member] == casts.ABROAD, ABROAD_FACTOR, 1.0)
    speaks = rng.random(size) >= NO_CONSENT_SHARE
    granted = (rng.random((scopes, size)) < odds) & speaks
    later = rng.random((scopes, size)) < LATER_SHARE
    wait = np.where(
        later, rng.exponential(LATER_DAYS * DAY_MS, (scopes, size)), rng.uniform(2_000, 60_000, (scopes, size))
    )
    at = accounts.installed_at + wait.astype(np.int64)
    leaves = rng.random(size) < LEFT_SHARE
    left_at = at.max(axis=0) + 1000 + _days(rng, REVOKED_AFTER_DAYS, (size,))
    revoked = granted & (leaves | (rng.random((scopes, size)) < REVOKED_SHARE))
    revoked_at = np.where(leaves, left_at, at + 1000 + _days(rng, REVOKED_AFTER_DAYS, (scopes, size)))
    again = revoked & ~leaves & (rng.random((scopes, size)) < AGAIN_SHARE)
    again_at = revoked_at + 1000 + _days(rng, REVOKED_AFTER_DAYS / 2, (scopes, size))
    user, scope, action, occurred = [], [], [], []
    for events, times, kind in ((granted, at, GRANTED), (revoked, revoked_at, REVOKED), (again, again_at, GRANTED)):
        which, whose = np.nonzero(events)
        user.append(accounts.member[whose])
        scope.append(which)
        action.append(np.full(len(which), kind))
        occurred.append(times[which, whose])
    found = Consents(*(np.concatenate(column) for column in (user, scope, action, occurred)))
    return found.take(np.flatnonzero(found.occurred < exports.cuts[-1]))


def _days(rng: np.random.Generator, mean: float, shape: tuple[int, ...]) -> Ints:
    return rng.exponential(mean * DAY_MS, shape).astype(np.int64)


def countries(cast: Cast) -> Ints:
    """The country of each cast row, as a position in ``places.COUNTRIES``."""
    by_city = np.array([places.COUNTRIES.index(code) for _, code, _ in places.ABROAD])
    abroad = cast.kind == casts.ABROAD
    return np.where(abroad, by_city[np.maximum(cast.city - places.abroad_codes()[0], 0) % len(by_city)], 0)


def consent_lines(consents: Consents, lines: Lines, cast: Cast, accounts: Accounts) -> pa.Array:
    """The lines of ``consent.jsonl``."""
    one = consents.take(lines.event)
    return joined(
        plain("event_id", digits(lines.number), "{"),
        quoted("user_id", digits(accounts.number_of[one.user])),
        quoted("scope", coded(list(SCOPES), one.scope)),
        quoted("action", coded(list(ACTIONS), one.action)),
        plain("occurred_at", digits(one.occurred)),
        quoted("country", coded(list(places.COUNTRIES), countries(cast)[one.user])),
        "}\n",
    )
