"""Cities as the app spells them: those of the state, some outside it, some abroad. One list that every city code points into."""

from __future__ import annotations

from functools import cache

import numpy as np

from groundgame.synth.tables import Ints, table

AWAY = (
    *("Atlanta, Georgia", "Richmond, Virginia", "Columbia, South Carolina", "Washington, District of Columbia"),
    *("New York, New York", "Charleston, South Carolina", "Virginia Beach, Virginia", "Knoxville, Tennessee"),
    *("Jacksonville, Florida", "Orlando, Florida", "Chicago, Illinois", "Austin, Texas", "Los Angeles, California"),
    *("Greenville, South Carolina", "Philadelphia, Pennsylvania", "Columbus, Ohio", "Raleigh, Mississippi"),
)
ABROAD = (
    ("London, United Kingdom", "GB", "en_GB"),
    ("Edinburgh, United Kingdom", "GB", "en_GB"),
    ("Dublin, Ireland", "IE", "en_GB"),
    ("Berlin, Germany", "DE", "de_DE"),
    ("München, Germany", "DE", "de_DE"),
    ("Paris, France", "FR", "fr_FR"),
    ("Madrid, Spain", "ES", "es_ES"),
)
COUNTRIES = ("US", "GB", "IE", "DE", "FR", "ES")
FIRST_PLACE_ID = 104_000_000_000_000  # pages of places have numbers of the same make as people


@cache
def _cities() -> tuple[list[str], Ints]:
    """City names of the state in order, and for each ZIP the position of its city."""
    found = table("zip_codes")["city"]
    names = sorted(set(found))
    return names, np.searchsorted(np.array(names), found.to_numpy(dtype=str))


def city_of_zip() -> Ints:
    """City code of each ZIP position."""
    return _cities()[1]


def away_codes() -> Ints:
    """City codes of places in other states."""
    return np.arange(len(AWAY)) + len(_cities()[0])


def abroad_codes() -> Ints:
    """City codes of places in other countries, in the order of ``ABROAD``."""
    return np.arange(len(ABROAD)) + len(_cities()[0]) + len(AWAY)


@cache
def labels() -> list[str]:
    """``Raleigh, North Carolina``, in the order of the city codes."""
    return [*(f"{name.title()}, North Carolina" for name in _cities()[0]), *AWAY, *(city for city, _, _ in ABROAD)]


@cache
def objects() -> list[str]:
    """The city as the graph gives it: an object with an id and a name."""
    return [f'{{"id":"{FIRST_PLACE_ID + at * 7919}","name":"{name}"}}' for at, name in enumerate(labels())]
