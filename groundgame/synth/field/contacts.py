"""Attempts to reach voters: who is tried how and when, who answers, and what the answers say of what voters really think.

Answer rates follow what canvass and call experiments report: about one door in four, one call in ten; older people are at home and pick
up, younger ones read texts; evenings and weekends are better than working hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groundgame.synth.people import Records
from groundgame.synth.tables import Bools, Floats, Ints

DOOR, CALL, TEXT = range(3)
TYPE_WEIGHTS = np.array([0.38, 0.5, 0.12])
REACHED = np.array([0.26, 0.10, 0.12])  # at forty-five, on an average hour
OLDER = np.array([0.022, 0.030, -0.025])  # log-odds per year of age
HOURS = np.arange(10, 21)
HOUR_WEIGHTS = np.array([3, 4, 4, 4, 5, 6, 8, 12, 14, 12, 5.0])
EVENING, WEEKEND = 0.45, 0.3  # log-odds from five o'clock on, and on Saturday and Sunday
(
    NOT_HOME,
    REFUSED,
    DECEASED,
    MOVED,
    CANVASSED,
    LEFT_MESSAGE,
    BUSY,
    WRONG_NUMBER,
    INACCESSIBLE,
    LANGUAGE,
    COME_BACK,
    STOP,
) = range(12)
# What else comes of an attempt that reached nobody, by type.
OTHERWISE = {
    DOOR: {
        NOT_HOME: 0.74,
        REFUSED: 0.07,
        MOVED: 0.06,
        INACCESSIBLE: 0.08,
        COME_BACK: 0.035,
        LANGUAGE: 0.01,
        DECEASED: 0.005,
    },
    CALL: {
        NOT_HOME: 0.55,
        LEFT_MESSAGE: 0.22,
        BUSY: 0.06,
        WRONG_NUMBER: 0.09,
        REFUSED: 0.06,
        LANGUAGE: 0.01,
        STOP: 0.01,
    },
    TEXT: {NOT_HOME: 0.93, WRONG_NUMBER: 0.03, STOP: 0.04},
}
ANSWERS_SHARE = 0.82  # of those reached who say what they think
ANSWER_NOISE = 0.13  # people soften what they say; canvassers mishear
LEVELS = np.array([0.8, 0.6, 0.4, 0.2])  # of support as it is told: 1 is strong support, 5 strong opposition
# Log-odds of voting after a conversation: about two points at even chances, as field experiments of doors find; a call does half.
EFFECT = np.array([0.09, 0.045, 0.015])


@dataclass
class Attempts(Records):
    """One row per attempt: rows of the block and the type; days and seconds on the campaign's clock; level 0 is no answer."""

    record: Ints
    kind: Ints
    day: Ints
    second: Ints
    result: Ints
    level: Ints
    worker: Ints
    precinct: Ints

    def __len__(self) -> int:
        return len(self.record)


def draw(
    rng: np.random.Generator, rows: Ints, count: int, age: Floats, support: Floats, first_day: int, last_day: int
) -> Attempts:
    """``count`` attempts on some people; ``age`` and ``support`` are of ``rows``, days count from 1970."""
    at = rng.integers(0, len(rows), count)
    kind = rng.choice(3, count, p=TYPE_WEIGHTS)
    # The closer the election, the more is done.
    days = np.arange(first_day, last_day + 1)
    weights = np.linspace(0.5, 1.5, len(days)) * np.where(_is_weekend(days), 1.8, 1.0)
    on = rng.choice(days, count, p=weights / weights.sum())
    hour = rng.choice(HOURS, count, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    odds = np.log(REACHED[kind] / (1 - REACHED[kind])) + OLDER[kind] * (np.clip(age[at], 18, 85) - 45)
    odds += EVENING * (hour >= 17) + WEEKEND * _is_weekend(on)
    is_reached = rng.random(count) < 1 / (1 + np.exp(-odds))
    return Attempts(
        record=rows[at],
        kind=kind.astype(np.int8),
        day=on,
        second=hour * 3600 + rng.integers(0, 3600, count),
        result=np.where(is_reached, CANVASSED, _otherwise(rng, kind)).astype(np.int8),
        level=_levels(rng, support[at], is_reached),
        worker=np.zeros(count, np.int64),
        precinct=np.zeros(count, np.int64),
    )


def _is_weekend(day: Ints) -> Bools:
    found: Bools = (day + 3) % 7 >= 5  # the first of January 1970 was a Thursday
    return found


def _otherwise(rng: np.random.Generator, kind: Ints) -> Ints:
    found = np.zeros(len(kind), np.int64)
    for one, shares in OTHERWISE.items():
        here = np.flatnonzero(kind == one)
        weights = np.array(list(shares.values()))
        found[here] = np.array(list(shares))[rng.choice(len(weights), len(here), p=weights / weights.sum())]
    return found


def _levels(rng: np.random.Generator, support: Floats, is_reached: Bools) -> Ints:
    told = support + rng.normal(0, ANSWER_NOISE, len(support))
    level = 1 + (told[:, None] < LEVELS).sum(axis=1)
    says = is_reached & (rng.random(len(support)) < ANSWERS_SHARE)
    return np.where(says, level, 0).astype(np.int8)


def after_contact(propensity: Floats, strength: Floats) -> Floats:
    """Probability of voting of people who had conversations of some summed ``strength`` in log-odds; who cannot vote still cannot."""
    odds = np.clip(propensity.astype(np.float64), 1e-9, 1 - 1e-9)
    moved = np.log(odds / (1 - odds)) + strength
    return np.where(propensity > 0, 1 / (1 + np.exp(-moved)), 0.0).astype(np.float32)
