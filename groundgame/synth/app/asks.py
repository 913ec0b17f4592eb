"""What asking a friend does, and what users did: shares, pledges, donations, shifts, and asks with their outcome.

Whether an asked friend acts depends on the truth: the probability without the ask, plus the gain of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from groundgame.synth.app import cast as casts
from groundgame.synth.app.accounts import Accounts
from groundgame.synth.app.calendar import DAY_MS, Exports, Lines
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.graph import Edges
from groundgame.synth.app.text import coded, digits, joined, plain, quoted
from groundgame.synth.people import Records
from groundgame.synth.tables import Floats, Ints, draw

ASKS = ("register", "vote_early", "vote", "persuade")
REGISTER, VOTE_EARLY, VOTE, PERSUADE = range(4)
# Logits that an ask adds for a friend of average closeness. A close friend's message moved validated turnout by
# well under a point when everybody got it; a personal ask by a friend moves more, and most where little was certain.
EFFECTS = {REGISTER: 1.0, VOTE_EARLY: 0.55, VOTE: 0.40, PERSUADE: 0.22}
REGISTERS_UNASKED, EARLY_LEVEL = 0.05, 0.3
BACKLASH_BELOW, BACKLASH = 0.12, -0.6  # firm opponents like the candidate less when asked
CLOSEST = 2.5

TYPES = ("shared", "pledged", "donated", "volunteered", "asked")
SHARED, PLEDGED, DONATED, VOLUNTEERED, ASKED = range(5)
# Events per account of each kind; one sign-up in three asks anybody, seven friends on average.
EVENTS = {SHARED: 0.5, PLEDGED: 0.28, DONATED: 0.045, VOLUNTEERED: 0.06}
ASKER_SHARE, ASKS_PER_ASKER = 0.33, 7.0
ASK_WEIGHTS, ASK_WEIGHTS_UNREGISTERED = np.array([0.08, 0.30, 0.45, 0.17]), np.array([0.6, 0.12, 0.2, 0.08])
OUTCOMES = ("done", "declined", "no_answer")
REPORTED_SHARE, DECLINED_SHARE = 0.7, 0.3  # no outcome is known of the others, whatever they did
SOON_DAYS = 9.0  # most of what a user does, is done soon after signing up
AMOUNTS = np.array([3, 5, 10, 15, 25, 35, 50, 100, 250])
AMOUNT_WEIGHTS = np.array([14, 22, 18, 10, 18, 6, 7, 4, 1.0])


def chances(cast: Cast, friend: Ints, closeness: Floats) -> tuple[Floats, Floats]:
    """Probabilities of acting without and with each ask: two arrays, one row per kind of ask, one column per edge."""
    turnout = np.clip(cast.propensity, 0, 0.999).astype(np.float32)
    support = np.clip(cast.support, 0.001, 0.999).astype(np.float32)
    early = turnout / (1 + np.exp(-(EARLY_LEVEL + cast.early_taste)))
    outside = ~cast.is_listed & np.isin(cast.kind, (casts.UNREGISTERED, casts.MATE, casts.NAMESAKE))
    unasked = np.stack([np.where(outside, REGISTERS_UNASKED, 0.0), early, turnout, support]).astype(np.float32)
    effect = np.repeat(np.array(list(EFFECTS.values()), np.float32)[:, None], len(cast), axis=1)
    effect[PERSUADE] *= np.where(support < BACKLASH_BELOW, BACKLASH, 1.0)
    without = unasked[:, friend]
    # Who is not able to act gains nothing: in logits, a probability of zero stays zero.
    odds = without / (1 - without) * np.exp(effect[:, friend] * np.minimum(closeness, CLOSEST).astype(np.float32))
    return without, odds / (1 + odds)


@dataclass
class Actions(Records):
    """Events, one row each; ``friend`` and ``edge`` are -1 unless a friend was asked; ``outcome`` -1 while none is known."""

    user: Ints
    friend: Ints
    edge: Ints
    type: Ints
    ask: Ints
    occurred: Ints
    outcome: Ints
    outcome_before: Ints
    amount: Ints


def build(
    rng: np.random.Generator, accounts: Accounts, edges: Edges, listed: np.ndarray, after: Floats, exports: Exports
) -> Actions:
    """Draw the actions of all accounts.

    Args:
        rng: the stream of the actions.
        accounts: who acts.
        edges: whom they can ask.
        listed: whether each friend is registered; users guess it well enough to ask the others to register.
        after: probabilities of acting when asked, as ``chances`` gives them.
        exports: nothing happens after the last of them.
    """
    parts = [_own(rng, accounts, kind, per_account) for kind, per_account in EVENTS.items()]
    asker = rng.random(len(accounts)) < ASKER_SHARE
    per_asker = np.where(asker, rng.exponential(ASKS_PER_ASKER, len(accounts)), 0.0)
    owner = accounts.account_of[edges.user]
    degree = np.bincount(owner, minlength=len(accounts))
    odds = (per_asker / np.maximum(degree, 1))[owner] * edges.closeness
    edge = np.flatnonzero((rng.random(len(edges)) < odds) & ~edges.is_later)
    registered = listed[edges.friend[edge]]
    size = len(edge)
    ask = np.where(registered, draw(rng, ASK_WEIGHTS, size), draw(rng, ASK_WEIGHTS_UNREGISTERED, size))
    acts = rng.random(size) < after[ask, edge]
    silent = np.where(rng.random(size) < DECLINED_SHARE, 1, 2)
    outcome = np.where(rng.random(size) < REPORTED_SHARE, np.where(acts, 0, silent), -1)
    parts.append((edges.user[edge], edge, np.full(size, ASKED), ask, outcome))
    user, edge, kind, ask, outcome = (np.concatenate(column) for column in zip(*parts, strict=True))
    installed = accounts.installed_at[accounts.account_of[user]]
    wait = 30_000 + (rng.exponential(SOON_DAYS, len(user)) * DAY_MS).astype(np.int64)
    happened = np.flatnonzero(installed + wait < exports.cuts[-1])
    return Actions(
        user=user,
        friend=np.where(edge >= 0, edges.friend[edge], -1),
        edge=edge,
        type=kind,
        ask=ask,
        occurred=installed + wait,
        outcome=outcome,
        outcome_before=np.where(rng.random(len(user)) < 0.7, -1, np.where(outcome >= 0, 2, -1)),
        amount=np.where(kind == DONATED, AMOUNTS[draw(rng, AMOUNT_WEIGHTS, len(user))], -1),
    ).take(happened)


def _own(rng: np.random.Generator, accounts: Accounts, kind: int, per_account: float) -> tuple[Ints, ...]:
    """What users do themselves: user, no edge, kind, no ask, no outcome."""
    user = np.repeat(accounts.member, rng.poisson(per_account, len(accounts)))
    none = np.full(len(user), -1)
    return user, none, np.full(len(user), kind), none, none


def action_lines(actions: Actions, lines: Lines, revised: np.ndarray, accounts: Accounts) -> pa.Array:
    """The lines of ``actions.jsonl``; the first version of an event that was ``revised`` says less or another amount."""
    one = actions.take(lines.event)
    early = revised[lines.event] & (lines.revision == 1)
    outcome = np.where(early, one.outcome_before, one.outcome)
    amount = np.where(early & (one.amount > 0), one.amount * 10, one.amount)  # a slip in the form, corrected later
    friend = pa.array(accounts.number_of[np.maximum(one.friend, 0)], mask=one.friend < 0).cast(pa.string())
    return joined(
        plain("event_id", digits(lines.number), "{"),
        quoted("user_id", digits(accounts.number_of[one.user])),
        quoted("friend_id", friend),
        quoted("type", coded(list(TYPES), one.type)),
        quoted("ask", coded(list(ASKS), one.ask)),
        plain("occurred_at", digits(one.occurred)),
        quoted("outcome", coded(list(OUTCOMES), outcome)),
        plain("amount", pa.array(amount, mask=amount < 0).cast(pa.string())),
        plain("revision", digits(lines.revision)),
        "}\n",
    )
