"""Small marks of a record that nothing depends on: phone, birth state, licence, identification flags, spacing of its address."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from groundgame.synth.people import Records
from groundgame.synth.tables import Ints, draw, shapes

AREA_CODES = (252, 336, 704, 743, 828, 910, 919, 980, 984)
PHONE_SHARE, SEVEN_DIGITS_SHARE = 0.42, 0.16
SECOND_LINES = ("", "APT B", "LOT 12", "C/O FAMILY", "UNIT 4")
# More people were born in the state than in the county whose file gave the shares of birth states.
NATIVE_WEIGHT = 1.8
BLANK_STATE = ""


@dataclass
class Traits(Records):
    """``phone`` is 0 where there is none, below ten million where the area code is missing; the rest are codes."""

    phone: Ints
    birth_state: Ints
    has_license: Ints
    second_line: Ints
    identification: Ints
    spacing: Ints


def birth_states() -> list[str]:
    """Birth states in the order of their code; the last is the blank."""
    return [*shapes()["birth_state"], BLANK_STATE]


def build(rng: np.random.Generator, size: int) -> Traits:
    """Draw the marks of ``size`` records."""
    facts = shapes()
    local = rng.integers(2_000_000, 9_999_999, size)
    area = np.array(AREA_CODES)[rng.integers(0, len(AREA_CODES), size)]
    full = np.where(rng.random(size) < SEVEN_DIGITS_SHARE, local, area * 10_000_000 + local)
    weights = np.array(
        [share * (NATIVE_WEIGHT if state == "NC" else 1) for state, share in facts["birth_state"].items()]
    )
    filled = rng.random(size) < facts["filled"]["birth_place"]
    second = draw(rng, np.array([1.0, 0.0012, 0.0009, 0.0006, 0.0004]), size)
    spacing = np.searchsorted([0.55, 0.85], rng.random(size))
    return Traits(
        phone=np.where(rng.random(size) < PHONE_SHARE, full, 0).astype(np.int64),
        birth_state=np.where(filled, draw(rng, weights, size), len(weights)).astype(np.int8),
        has_license=(rng.random(size) < facts["filled"]["drivers_lic_yes"]).astype(np.int8),
        second_line=second.astype(np.int8),
        identification=draw(rng, np.array([0.78, 0.17, 0.03, 0.02]), size).astype(np.int8),
        spacing=spacing.astype(np.int8),
    )
