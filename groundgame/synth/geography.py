"""Counties, ZIP codes and precincts of the synthetic state, and the districts that each precinct lies in.

Counties and ZIPs are the real ones; precincts, their size, place and character are drawn. How a file spells them is at the end.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from groundgame.synth.tables import Floats, GroupedWeights, Ints, draw, table

STATE_REGISTRANTS = 7_600_000
REGISTRANTS_PER_PRECINCT = 2_850
SMALLEST_SYNTHETIC_PRECINCT = 1_000  # voters; below that a precinct tells nothing
CODE_RECODED_SINCE = dt.date(2026, 1, 10)  # some counties renumbered their precincts; the descriptions stayed
RECODED_COUNTY = 7  # every seventh county did so
LABEL_SINCE = dt.date(2022, 2, 12)
CORNERS = ("NORTH", "SOUTH", "EAST", "WEST", "CENTRAL", "CREEK", "CHURCH", "SCHOOL", "LIBRARY", "FIRE STATION", "MILL")


@dataclass(frozen=True)
class Geography:
    """Arrays by county (100) and by precinct; ``county`` and ``zip_index`` are positions in ``counties`` and ``zips``."""

    county: Ints
    zip_index: Ints
    weight: Floats
    is_municipal: Ints
    ses: Floats  # what education and income do to turnout there
    turnout_effect: Floats
    lean: Floats  # logit of the Democratic share, relative to the county
    senate: Ints
    house: Ints
    number: Ints  # running number within the county
    by_county: GroupedWeights
    by_other_county: Floats  # weight of each county as a place to move from

    @property
    def precincts(self) -> int:
        """How many precincts there are."""
        return len(self.county)


def build(rng: np.random.Generator, voters: int) -> Geography:
    """Lay precincts over the counties: as many as the state has, fewer when ``voters`` would not fill them."""
    share = table("counties")["registered_share"].to_numpy()
    fair = share * STATE_REGISTRANTS / REGISTRANTS_PER_PRECINCT
    filled = share * voters / SMALLEST_SYNTHETIC_PRECINCT
    count = np.maximum(1, np.minimum(fair, filled).round()).astype(np.int64)
    county = np.repeat(np.arange(100), count)
    total = len(county)
    zip_index = _zips(rng, county)
    by_zip = rng.normal(0, 1, len(table("zip_codes")))
    ses = 0.6 * by_zip[zip_index] + 0.8 * rng.normal(0, 1, total)
    weight = rng.lognormal(0, 0.45, total)
    order = _west_to_east(zip_index)
    position = np.empty(total)
    size = share[county] * weight / np.bincount(county, weights=weight)[county]
    position[order] = np.cumsum(size[order])
    return Geography(
        county=county,
        zip_index=zip_index,
        weight=weight,
        is_municipal=(rng.random(total) < 0.48).astype(np.int64),
        ses=ses,
        turnout_effect=0.12 * ses + rng.normal(0, 0.14, total),
        lean=rng.normal(0, 0.55, total),
        senate=np.minimum(position * 50, 49).astype(np.int64) + 1,
        house=np.minimum(position * 120, 119).astype(np.int64) + 1,
        number=np.arange(total) - (np.cumsum(count) - count)[county] + 1,
        by_county=GroupedWeights(county, weight),
        by_other_county=share,
    )


def _zips(rng: np.random.Generator, county: Ints) -> Ints:
    """A delivery ZIP of its county for each precinct; a few ZIPs hold many precincts."""
    zips = table("zip_codes")
    found = np.empty(len(county), dtype=np.int64)
    for number in range(100):
        mine = np.flatnonzero((zips["county_id"].to_numpy() == number + 1) & (zips["is_po_box"].to_numpy() == 0))
        here = county == number
        found[here] = mine[draw(rng, rng.lognormal(0, 0.8, len(mine)), int(here.sum()))]
    return found


def _west_to_east(zip_index: Ints) -> Ints:
    longitude = table("zip_codes")["longitude"].to_numpy(dtype=float)[zip_index]
    return np.argsort(longitude, kind="stable")


def county_labels(snapshot: dt.date, statewide: bool) -> dict[str, list[str]]:
    """Columns of a county as a file of that date spells them; statewide files once numbered YANCEY 00."""
    names = table("counties")["county_name"].tolist()
    numbers = [str(number) for number in table("counties")["county_id"]]
    if statewide and snapshot < LABEL_SINCE:
        numbers[99] = "00"
        names = [name.replace("NEW HANOVER", "NEWHANOVER") for name in names]
    return {"county_id": numbers, "county_desc": names}


def precinct_codes(places: Geography, snapshot: dt.date) -> list[str]:
    """Code of each precinct: every county has its own style, and some changed it without moving a line."""
    recoded = snapshot >= CODE_RECODED_SINCE
    codes = []
    for county, number in zip(places.county.tolist(), places.number.tolist(), strict=True):
        if recoded and county % RECODED_COUNTY == 3:
            codes.append(f"{number:04d}")
        elif county % 3 == 0:
            codes.append(f"{1 + number % 20:02d}-{number:02d}" if number < 100 else f"{number:03d}")
        elif county % 3 == 1:
            codes.append(f"{number:02d}")
        else:
            codes.append(f"P{number}")
    return codes


def precinct_names(places: Geography) -> list[str]:
    """Description of each precinct: a place and a landmark."""
    cities = table("zip_codes")["city"].tolist()
    numbers = zip(places.zip_index.tolist(), places.number.tolist(), strict=True)
    return [f"{cities[at]} {CORNERS[number % len(CORNERS)]} #{number}" for at, number in numbers]


def district_labels(places: Geography, snapshot: dt.date) -> dict[str, list[str]]:
    """Every column that follows from a precinct; blank where most of the state has no such district."""
    zips = table("zip_codes")
    names = table("counties")["county_name"].to_numpy()[places.county].tolist()
    cities = zips["city"].to_numpy()[places.zip_index].tolist()
    town = [city if inside else "" for city, inside in zip(cities, places.is_municipal.tolist(), strict=True)]
    label_tail = " TOWN" if snapshot >= LABEL_SINCE else ""
    towns = [name and name + label_tail for name in town]
    county, number = places.county.tolist(), places.number.tolist()
    codes, described = precinct_codes(places, snapshot), precinct_names(places)
    blank = [""] * places.precincts
    judicial = [f"{1 + at * 3 // 7:02d}" for at in county]
    board = [f"{1 + at % 5}" for at in number]
    fire = [at % 3 == 0 and not inside for at, inside in zip(number, town, strict=True)]
    sanitary = [at % 89 == 0 for at in range(places.precincts)]
    return {
        "precinct_abbrv": codes,
        "precinct_desc": described,
        "municipality_abbrv": [name[:3] for name in town],
        "municipality_desc": towns,
        "ward_abbrv": [f"W{1 + at % 4}" if name and at % 3 else "" for name, at in zip(town, number, strict=True)],
        "ward_desc": [f"WARD {1 + at % 4}" if name and at % 3 else "" for name, at in zip(town, number, strict=True)],
        "cong_dist_abbrv": zips["congressional_district"].to_numpy()[places.zip_index].tolist(),
        "super_court_abbrv": [f"{code}{'ABC'[at % 3]}" for code, at in zip(judicial, number, strict=True)],
        "judic_dist_abbrv": judicial,
        "nc_senate_abbrv": [str(at) for at in places.senate.tolist()],
        "nc_house_abbrv": [str(at) for at in places.house.tolist()],
        "county_commiss_abbrv": board,
        "county_commiss_desc": [f"COMMISSIONER DISTRICT {at}" for at in board],
        "township_abbrv": blank,
        "township_desc": blank,
        "school_dist_abbrv": [f"S{at}" for at in board],
        "school_dist_desc": [f"{name} SCHOOL BOARD {at}" for name, at in zip(names, board, strict=True)],
        "fire_dist_abbrv": [f"F{1 + at % 9}" if has else "" for has, at in zip(fire, number, strict=True)],
        "fire_dist_desc": [f"FIRE DISTRICT {1 + at % 9}" if has else "" for has, at in zip(fire, number, strict=True)],
        "water_dist_abbrv": blank,
        "water_dist_desc": blank,
        "sewer_dist_abbrv": blank,
        "sewer_dist_desc": blank,
        "sanit_dist_abbrv": ["SAN" if has else "" for has in sanitary],
        "sanit_dist_desc": ["SANITARY DISTRICT" if has else "" for has in sanitary],
        "rescue_dist_abbrv": blank,
        "rescue_dist_desc": blank,
        "munic_dist_abbrv": [name[:3] for name in town],
        "munic_dist_desc": towns,
        "dist_1_abbrv": judicial,
        "dist_1_desc": [f"{code} PROSECUTORIAL DISTRICT" for code in judicial],
        "vtd_abbrv": codes,
        "vtd_desc": [f"VTD {code}" for code in codes],
    }
