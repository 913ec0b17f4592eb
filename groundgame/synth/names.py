"""Names of people who do not exist: each part is drawn alone, from public counts by birth year, sex and race."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth.people import RACES, YEAR, People, Records
from groundgame.synth.tables import Bools, Floats, GroupedWeights, Ints, draw, shapes, table

GROUPS = ("pctwhite", "pctblack", "pctapi", "pctaian", "pcthispanic")
WHITE, BLACK, API, AIAN, HISPANIC = range(5)
GROUP_OF_RACE = {"A": API, "B": BLACK, "I": AIAN, "P": API, "W": WHITE}
UNKNOWN_GROUP = np.array([0.6, 0.17, 0.07, 0.01, 0.15])  # of those who leave race open
SUFFIXES = ("", "JR", "III", "SR", "II", "IV")
NO_MIDDLE = -1
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# How the plain capitals of the census are written where the voter writes them otherwise.
ACCENTED = {"PENA": "PEÑA", "MUNOZ": "MUÑOZ", "NUNEZ": "NUÑEZ", "IBANEZ": "IBAÑEZ", "CASTANEDA": "CASTAÑEDA"}
APOSTROPHES = ("OBRIEN", "OCONNOR", "ONEAL", "ONEILL", "ODONNELL", "OHARA", "OKEEFE", "OLEARY", "OREILLY", "OSULLIVAN")
PARTICLES = {"DELACRUZ": "DE LA CRUZ", "DELAROSA": "DE LA ROSA", "STJOHN": "ST JOHN", "STCLAIR": "ST CLAIR"}


@dataclass
class Names(Records):
    """Positions in the name tables. ``second_last`` is -1 unless the last name is double; ``joint`` is what joins the two."""

    last: Ints
    second_last: Ints
    joint: Ints
    first: Ints
    middle: Ints
    suffix: Ints
    is_spelled_out: Bools


@cache
def _first_table() -> tuple[GroupedWeights, Ints, pa.Array]:
    """Draws a first name by cohort, sex and race group; the place of each row's name; all names."""
    frame = table("first_names")
    names = pd.Index(sorted(frame["name"].unique()))
    shares = table("name_races").set_index("name").reindex(frame["name"])[list(GROUPS)]
    shares = shares.fillna(shares.mean()).to_numpy(dtype=float) + 1.0
    cohort = ((frame["cohort"].to_numpy() - 1915) // 5) * 2 + (frame["sex"].to_numpy() == "M")
    groups = (cohort[:, None] * len(GROUPS) + np.arange(len(GROUPS))).ravel()
    weights = (frame["n"].to_numpy()[:, None] * shares).ravel()
    order = np.argsort(groups, kind="stable")
    positions = np.repeat(names.get_indexer(frame["name"]), len(GROUPS))[order]
    return GroupedWeights(groups[order], weights[order]), positions, pa.array(names.tolist(), pa.string())


@cache
def _last_weights() -> list[Floats]:
    """Weight of each surname in each race group."""
    frame = table("surnames")
    return [frame["count"].to_numpy() * (frame[group].to_numpy(dtype=float) + 0.2) for group in GROUPS]


def build(rng: np.random.Generator, people: People) -> Names:
    """Draw the names of all people; households share a last name more often than not."""
    size = len(people)
    group = _groups(rng, people)
    last = _last_names(rng, people, group)
    sex = np.where(people.sex == 2, rng.integers(0, 2, size), people.sex)
    cohort = np.clip((people.birth_day / YEAR + 1970 - 1915) // 5, 0, 19).astype(np.int64)
    grouped, positions, _ = _first_table()
    key = (cohort * 2 + sex) * len(GROUPS) + group
    first, middle = (positions[grouped.draw(rng, key)].astype(np.int32) for _ in range(2))
    filled = rng.random(size) < shapes()["filled"]["midl_name"]
    letter = rng.random(size) < shapes()["names"]["single_letter_middle"]
    initials = -2 - rng.integers(0, 26, size)
    middle = np.where(filled, np.where(letter, initials, middle), NO_MIDDLE)
    suffix_share = np.array([shapes()["name_suffix"].get(suffix, 0.0) for suffix in SUFFIXES])
    suffix_share[0] = 0.5 - suffix_share.sum()
    suffix = np.where(sex == 1, draw(rng, suffix_share, size), 0)
    double, joint = _double(rng, people, group)
    found = Names(
        last=last.astype(np.int32),
        second_last=double.astype(np.int32),
        joint=joint,
        first=first,
        middle=middle.astype(np.int32),
        suffix=suffix.astype(np.int8),
        is_spelled_out=rng.random(size) < 0.6,
    )
    return _twinned(found, people)


def _twinned(names: Names, people: People) -> Names:
    """The second record of the same human being bears the same name."""
    source = np.where(people.twin_of >= 0, people.twin_of, np.arange(len(people)))
    return names.take(source)


def _groups(rng: np.random.Generator, people: People) -> Ints:
    """The race group whose names a person draws from."""
    by_race = np.array([GROUP_OF_RACE.get(race, -1) for race in RACES])[people.race]
    unknown = by_race < 0
    by_race[unknown] = draw(rng, UNKNOWN_GROUP, int(unknown.sum()))
    return np.where(people.ethnicity == 0, HISPANIC, by_race)


def _last_names(rng: np.random.Generator, people: People, group: Ints) -> Ints:
    own = np.empty(len(people), np.int64)
    for number, weights in enumerate(_last_weights()):
        mine = group == number
        own[mine] = draw(rng, weights, int(mine.sum()))
    head = np.searchsorted(people.household, people.household)  # households are sorted: the first of each
    shares = (group[head] == group) & (rng.random(len(people)) < 0.78)
    return np.where(shares, own[head], own)


def _double(rng: np.random.Generator, people: People, group: Ints) -> tuple[Ints, Ints]:
    """Second last names, joined by a hyphen (more often women) or a space (more often Hispanic)."""
    facts = shapes()["names"]
    hyphen = rng.random(len(people)) < facts["hyphen_last"] * np.where(people.sex == 0, 1.7, 0.4)
    space = rng.random(len(people)) < np.where(group == HISPANIC, 0.12, facts["space_last"] * 0.4)
    double = np.full(len(people), -1, np.int64)
    for number, weights in enumerate(_last_weights()):
        mine = (hyphen | space) & (group == number)
        double[mine] = draw(rng, weights, int(mine.sum()))
    return double, np.where(hyphen, 0, 1).astype(np.int8)


@cache
def _spellings() -> tuple[pa.Array, pa.Array]:
    """All surnames in capitals, and the same as their bearers spell them; both in latin-1."""
    plain = table("surnames")["name"].tolist()
    spelled = [ACCENTED.get(name) or PARTICLES.get(name) or name for name in plain]
    spelled = [f"O'{name[1:]}" if name in APOSTROPHES else name for name in spelled]
    spelled = ["MC " + name[2:] if name.startswith("MC") and len(name) > 9 else name for name in spelled]
    return tuple(pa.array([name.encode("latin-1") for name in each], pa.binary()) for each in (plain, spelled))


def last_names(names: Names, rows: Ints) -> pa.Array:
    """Last names of the rows, as latin-1 bytes of at most 25 characters."""
    plain, spelled = _spellings()
    both = pa.concat_arrays([plain, spelled])
    at = names.last[rows] + names.is_spelled_out[rows] * len(plain)
    found = both.take(pa.array(at))
    double = np.flatnonzero(names.second_last[rows] >= 0)
    if len(double):
        joint = pa.array([b"-", b" "]).take(pa.array(names.joint[rows][double]))
        second = plain.take(pa.array(names.second_last[rows][double]))
        joined = pc.binary_join_element_wise(found.take(pa.array(double)), joint, second, b"")
        mask = np.zeros(len(rows), dtype=bool)
        mask[double] = True
        found = pc.replace_with_mask(found, pa.array(mask), pc.binary_slice(joined, 0, 25))
    return found


@cache
def _given() -> pa.Array:
    """First names, then the 26 letters, then the blank: one list that first and middle names point into."""
    names = _first_table()[2].to_pylist()
    return pa.array([name.encode("latin-1") for name in [*names, *LETTERS, ""]], pa.binary())


def first_names(names: Names, rows: Ints) -> pa.Array:
    """First names of the rows."""
    return _given().take(pa.array(names.first[rows]))


def middle_names(names: Names, rows: Ints) -> pa.Array:
    """Middle names of the rows: a name, a letter or nothing."""
    middle = names.middle[rows]
    count = len(_first_table()[2])
    at = np.where(middle >= 0, middle, np.where(middle == NO_MIDDLE, count + 26, count - 2 - middle))
    return _given().take(pa.array(at))
