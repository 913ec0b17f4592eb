"""Addresses: where households live, where they lived before, and dormitories and care homes. How an address is written is here too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth.geography import Geography
from groundgame.synth.tables import Ints, draw, shapes

WORDS = (
    *(
        "OAK",
        "PINE",
        "MAPLE",
        "CEDAR",
        "DOGWOOD",
        "MAGNOLIA",
        "HICKORY",
        "POPLAR",
        "WALNUT",
        "BIRCH",
        "SYCAMORE",
        "HOLLY",
    ),
    *("MAIN", "CHURCH", "SCHOOL", "MILL", "RIVER", "CREEK", "LAKE", "SPRING", "FOREST", "MEADOW", "VALLEY", "RIDGE"),
    *(
        "WASHINGTON",
        "JEFFERSON",
        "MADISON",
        "MONROE",
        "JACKSON",
        "LINCOLN",
        "FRANKLIN",
        "HAMILTON",
        "COLUMBIA",
        "LIBERTY",
    ),
    *(
        "PARK",
        "HILL",
        "SUNSET",
        "HIGHLAND",
        "FAIRVIEW",
        "PLEASANT",
        "COUNTRY",
        "COLONY",
        "HERITAGE",
        "CHESTNUT",
        "LAUREL",
    ),
    *("CARDINAL", "ROBIN", "QUAIL", "FOX", "DEER", "EAGLE", "FALCON", "PHEASANT", "TURKEY", "BEAVER", "OTTER", "HERON"),
    *(
        "STONE",
        "BRICK",
        "CANAL",
        "BRIDGE",
        "STATION",
        "MARKET",
        "FARM",
        "ORCHARD",
        "COTTON",
        "TOBACCO",
        "INDIGO",
        "HARBOR",
    ),
)
SECOND = ("", "", "", " HILL", " RIDGE", " GROVE", " RUN", " HOLLOW", " POINT", " CROSSING")
KINDS = ("RD", "DR", "ST", "LN", "CT", "AVE", "CIR", "PL", "TRL", "WAY", "BLVD", "HWY")
KIND_WEIGHTS = np.array([24, 22, 16, 12, 8, 7, 4, 3, 2, 2, 1, 1.0])
RURAL_ROUTE, PO_BOX_SHARE = 0.004, 0.55


@dataclass
class Homes:
    """One entry per address; ``unit`` 0 means a house, ``box`` 0 means that mail comes to the house."""

    precinct: Ints
    number: Ints
    street: Ints
    unit: Ints
    box: Ints
    zip_extension: Ints


def build(rng: np.random.Generator, precinct: Ints) -> Homes:
    """Draw an address in each of the given precincts."""
    size = len(precinct)
    facts = shapes()["address"]
    streets = len(WORDS) * len(SECOND)
    kind = draw(rng, KIND_WEIGHTS, size)
    number = np.minimum(np.exp(rng.normal(6.4, 1.4, size)), 99_000).astype(np.int32) + 1
    flat = rng.random(size) < facts["apartment"] * 2.2
    boxed = rng.random(size) < facts["mail_differs"] * PO_BOX_SHARE
    extension = np.where(rng.random(size) < 0.05, rng.integers(1, 10, size), 0)
    return Homes(
        precinct=precinct.astype(np.int32),
        number=np.where(rng.random(size) < RURAL_ROUTE, -number, number),
        street=(rng.integers(0, streets, size) * len(KINDS) + kind).astype(np.int32),
        unit=np.where(flat, rng.integers(1, 400, size), 0).astype(np.int16),
        box=np.where(boxed, rng.integers(1, 9000, size), 0).astype(np.int16),
        zip_extension=extension.astype(np.int8),
    )


def move_from(rng: np.random.Generator, places: Geography, precinct: Ints) -> Ints:
    """Where people lived before: often the same county, sometimes the same precinct."""
    county = places.county[precinct].astype(np.int64)
    elsewhere = rng.random(len(precinct)) < 0.42
    county = np.where(elsewhere, draw(rng, places.by_other_county, len(precinct)), county)
    found = places.by_county.draw(rng, county)
    return np.where(~elsewhere & (rng.random(len(precinct)) < 0.2), precinct, found)


def street_names() -> pa.Array:
    """All street names, in the order of ``Homes.street``."""
    return pa.array([f"{word}{second} {kind}" for word in WORDS for second in SECOND for kind in KINDS], pa.binary())


def street_lines(homes: Homes, at: Ints, spacing: Ints, names: pa.Array) -> pa.Array:
    """House number and street as the file writes them; ``spacing`` 1 doubles the space, 2 pads the end as well."""
    number = pc.cast(pc.cast(pa.array(np.abs(homes.number[at])), pa.string()), pa.binary())
    between = pa.array([b" ", b"  ", b"  "]).take(pa.array(spacing))
    unit = homes.unit[at]
    units = pa.array([b"", *(f"  #{number}".encode() for number in range(1, 400))]).take(pa.array(unit))
    street = names.take(pa.array(homes.street[at]))
    end = pa.array([b"", b"", b"   "]).take(pa.array(spacing))
    line = pc.binary_join_element_wise(number, between, street, units, end, b"")
    rural = np.flatnonzero(homes.number[at] < 0)
    if len(rural):
        routes = [f"RR {1 + value % 9} BOX {value}".encode() for value in np.abs(homes.number[at][rural]).tolist()]
        mask = np.zeros(len(at), dtype=bool)
        mask[rural] = True
        line = pc.replace_with_mask(line, pa.array(mask), pa.array(routes, pa.binary()))
    return line


def mail_lines(homes: Homes, at: Ints, lines: pa.Array) -> pa.Array:
    """The mailing address: a box where the home has one, else the street line."""
    box = homes.box[at]
    boxes = pc.binary_join_element_wise(b"PO BOX", pc.cast(pc.cast(pa.array(box), pa.string()), pa.binary()), b" ")
    return pc.if_else(pa.array(box > 0), boxes, lines)
