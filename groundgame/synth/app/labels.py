"""How people are called on the app: nicknames, maiden names, slips of the finger, accents and emoji."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa

from groundgame.synth import names
from groundgame.synth.app.cast import Cast
from groundgame.synth.app.text import joined
from groundgame.synth.tables import FOLDER, Bools, Ints

NICKNAME_SHARE = 0.24  # of those whose name has a short form; about one account in ten
# Women with another last name on the app than on the file: maiden name only, or maiden name in the middle.
MAIDEN_SHARE, MAIDEN_MIDDLE_SHARE, MAIDEN_AGE = 0.035, 0.06, 24
TYPO_SHARE = 0.012  # a letter dropped, doubled or swapped with the next
ACCENT_SHARE = 0.5  # of those whose name has an accented form that the file cannot show
EMOJI_SHARE, LOWER_SHARE, UPPER_SHARE = 0.006, 0.02, 0.006
EMOJI = ("🌟", "💙", "🇺🇸", "❤️", "🔥", "🦋", "✨", "☮")
ACCENTS = {"Jose": "José", "Maria": "María", "Jesus": "Jesús", "Sofia": "Sofía", "Andre": "André", "Renee": "Renée"}
ACCENTS |= {"Zoe": "Zoë", "Chloe": "Chloé", "Angel": "Ángel", "Ruben": "Rubén", "Monica": "Mónica", "Hector": "Héctor"}
LAST_ACCENTS = {"Garcia": "García", "Martinez": "Martínez", "Hernandez": "Hernández", "Lopez": "López"}
LAST_ACCENTS |= {"Gonzalez": "González", "Rodriguez": "Rodríguez", "Perez": "Pérez", "Sanchez": "Sánchez"}


@dataclass(frozen=True)
class Labels:
    """Texts safe inside JSON, one per cast row, and what was done to them."""

    first: pa.Array
    last: pa.Array
    name: pa.Array
    is_nickname: Bools
    is_maiden: Bools
    is_typo: Bools


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Short forms by given name, in title case."""
    frame = pd.read_csv(FOLDER / "nicknames.csv")
    return {name: tuple(short.split("|")) for name, short in zip(frame["name"], frame["nicknames"], strict=True)}


def build(rng: np.random.Generator, cast: Cast, on: int) -> Labels:
    """Draw what everybody is called; a person with two accounts may be called two ways."""
    size, rows = len(cast), np.arange(len(cast))
    first, is_nickname = _first(rng, names.first_names(cast, rows))
    last = _titled(names.last_names(cast, rows), rng.random(size) < ACCENT_SHARE, LAST_ACCENTS)
    kept, middle, is_maiden = _maiden(rng, cast, on)
    other = pa.array(rng.permutation(rows))
    last = last if not kept.any() else _replaced(last, kept, last.take(other))
    shown = joined(first, _between(last.take(other), middle), last)
    typos = np.flatnonzero(rng.random(size) < TYPO_SHARE)
    first, last, shown = _slips(rng, typos, first, last, shown)
    decorated = np.flatnonzero(rng.random(size) < EMOJI_SHARE)
    signs = pa.array([f" {sign}" for sign in EMOJI]).take(pa.array(rng.integers(0, len(EMOJI), len(decorated))))
    shown = _put(shown, decorated, joined(shown.take(pa.array(decorated)), signs))
    style = rng.random(size)
    for cased, change in ((style < LOWER_SHARE, str.lower), (style > 1 - UPPER_SHARE, str.upper)):
        at = np.flatnonzero(cased)
        first, last, shown = (
            _put(each, at, pa.array([change(text) for text in each.take(pa.array(at)).to_pylist()], pa.string()))
            for each in (first, last, shown)
        )
    is_typo = np.zeros(size, dtype=bool)
    is_typo[typos] = True
    return Labels(first, last, shown, is_nickname, is_maiden, is_typo)


def title(text: str) -> str:
    """Capitals as a person writes them: McDonald, O'Brien, De la Cruz."""
    found = text.title().replace("De La ", "De la ").replace("Mc ", "Mc")
    return f"Mc{found[2:].title()}" if found.startswith("Mc") and len(found) > 4 else found


def _first(rng: np.random.Generator, given: pa.Array) -> tuple[pa.Array, Bools]:
    """First names, some shortened, some with their accent."""
    coded = given.dictionary_encode()
    plain = [title(name.decode("latin-1")) for name in coded.dictionary.to_pylist()]
    at = coded.indices.to_numpy()
    short = [nicknames().get(name, ()) for name in plain]
    counts = np.array([len(each) for each in short])
    starts = len(plain) + np.cumsum(counts) - counts
    table = [*plain, *(name for each in short for name in each)]
    accented = np.array([name in ACCENTS for name in plain])
    table += [ACCENTS.get(name, name) for name in plain]
    size = len(at)
    is_nickname = (counts[at] > 0) & (rng.random(size) < NICKNAME_SHARE)
    which = (rng.random(size) ** 1.5 * counts[at]).astype(np.int64)  # the first short form is the usual one
    is_accented = ~is_nickname & accented[at] & (rng.random(size) < ACCENT_SHARE)
    chosen = np.where(is_nickname, starts[at] + which, np.where(is_accented, len(table) - len(plain) + at, at))
    return pa.array(table, pa.string()).take(pa.array(chosen)), is_nickname


def _titled(texts: pa.Array, accented: Bools, accents: dict[str, str]) -> pa.Array:
    coded = texts.dictionary_encode()
    plain = [title(name.decode("latin-1")) for name in coded.dictionary.to_pylist()]
    table = [*plain, *(accents.get(name, name) for name in plain)]
    return pa.array(table, pa.string()).take(pa.array(coded.indices.to_numpy() + accented * len(plain)))


def _maiden(rng: np.random.Generator, cast: Cast, on: int) -> tuple[Bools, Bools, Bools]:
    chance = rng.random(len(cast))
    woman = (cast.sex == 0) & (cast.age(on) > MAIDEN_AGE)
    kept = woman & (chance < MAIDEN_SHARE)
    middle = woman & (chance >= MAIDEN_SHARE) & (chance < MAIDEN_SHARE + MAIDEN_MIDDLE_SHARE)
    return kept, middle, kept | middle


def _between(maiden: pa.Array, middle: Bools) -> pa.Array:
    """What stands between first and last name: a space, or the maiden name in spaces."""
    spaced = joined(" ", maiden, " ")
    return _replaced(pa.array([" "]).take(pa.array(np.zeros(len(middle), np.int8))), middle, spaced)


def _replaced(texts: pa.Array, where: Bools, others: pa.Array) -> pa.Array:
    at = np.arange(len(where)) + where * len(where)
    return pa.concat_arrays([texts, others]).take(pa.array(at))


def _put(texts: pa.Array, rows: Ints, others: pa.Array) -> pa.Array:
    at = np.arange(len(texts))
    at[rows] = len(texts) + np.arange(len(rows))
    return pa.concat_arrays([texts, others]).take(pa.array(at))


def _slips(
    rng: np.random.Generator, rows: Ints, first: pa.Array, last: pa.Array, shown: pa.Array
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Slips in first or last name; the name that is shown has the same slip."""
    chances = rng.random((len(rows), 3))
    at = pa.array(rows)
    firsts, lasts, whole = [], [], []
    texts = zip(first.take(at).to_pylist(), last.take(at).to_pylist(), shown.take(at).to_pylist(), strict=True)
    for (part, where, how), (given, family, full) in zip(chances.tolist(), texts, strict=True):
        between = full[len(given) : len(full) - len(family)]
        new_given, new_family = (slip(given, where, how), family) if part < 0.4 else (given, slip(family, where, how))
        firsts.append(new_given)
        lasts.append(new_family)
        whole.append(new_given + between + new_family)
    pieces = ((first, firsts), (last, lasts), (shown, whole))
    return tuple(_put(old, rows, pa.array(new, pa.string())) for old, new in pieces)


def slip(text: str, where: float, how: float) -> str:
    """One letter after the first dropped, doubled or swapped; ``where`` and ``how`` are between 0 and 1."""
    if len(text) < 4:
        return text + text[-1]
    at = 1 + int(where * (len(text) - 2))
    if how < 0.35:
        return text[:at] + text[at + 1 :]
    if how < 0.6 or text[at] == text[at + 1]:
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
