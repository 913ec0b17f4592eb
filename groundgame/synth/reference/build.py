"""Rebuild the reduced reference tables from the full public ones: ``python -m groundgame.synth.reference.build --data DIR``.

Every table is a count or share of a public source (README.md names them); cells of fewer than 11 people are dropped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).resolve().parent
SMALL_CELL = 11
SURNAMES = 40_000
NAMES_PER_COHORT = 700
RACE_SHARES = ["pctwhite", "pctblack", "pctapi", "pctaian", "pcthispanic"]
AGE_BANDS = {"Age 18 - 25": 18, "Age 26 - 40": 26, "Age 41 - 65": 41, "Age Over 66": 66}


def county_names(data: Path) -> list[str]:
    """The hundred counties in the order of the board's county numbers 1 to 100, which is alphabetical."""
    frame = pd.read_csv(data / "marginals/nc_county_registration_turnout_2025.csv.gz", keep_default_na=False)
    return sorted(frame["county_desc"].unique())


def cells(data: Path) -> pd.DataFrame:
    """Share of the state's registrants by county, party, race, ethnicity, sex and age band (2025)."""
    frame = pd.read_csv(data / "marginals/nc_county_registration_turnout_2025.csv.gz", keep_default_na=False)
    frame = frame[(frame["registered_count"] >= SMALL_CELL) & frame["age_group"].isin(list(AGE_BANDS))]
    numbers = {name: index + 1 for index, name in enumerate(county_names(data))}
    table = pd.DataFrame(
        {
            "county_id": frame["county_desc"].map(numbers).astype("int16"),
            "party": frame["party_cd"],
            "race": frame["race_code"],
            "ethnicity": frame["ethnic_code"],
            "sex": frame["sex_code"],
            "age_from": frame["age_group"].map(AGE_BANDS).astype("int16"),
            "share": (frame["registered_count"] / frame["registered_count"].sum()).astype("float32"),
        }
    )
    return table.sort_values(list(table.columns[:-1]), ignore_index=True)


def counties(data: Path) -> pd.DataFrame:
    """Each county's size, municipal turnout of 2025 and two-party Democratic share of three presidential elections."""
    frame = pd.read_csv(data / "marginals/nc_county_registration_turnout_2025.csv.gz", keep_default_na=False)
    sums = frame.groupby("county_desc")[["registered_count", "voted_count"]].sum()
    table = pd.DataFrame({"county_id": range(1, 101), "county_name": county_names(data)})
    table["registered_share"] = (sums["registered_count"] / sums["registered_count"].sum()).round(6).to_numpy()
    table["municipal_turnout_2025"] = (sums["voted_count"] / sums["registered_count"]).round(4).to_numpy()
    for year in (2016, 2020, 2024):
        votes = pd.read_csv(data / f"marginals/county_president_{year}.csv.gz")
        state = votes["state_abbr"].eq("NC") if year == 2016 else votes["state_name"].eq("North Carolina")
        votes = votes[state].assign(name=votes["county_name"].str.upper().str.removesuffix(" COUNTY"))
        share = (votes["votes_dem"] / (votes["votes_dem"] + votes["votes_gop"])).round(4)
        table[f"dem_share_{year}"] = table["county_name"].map(dict(zip(votes["name"], share, strict=True)))
    if table.isna().any().any():
        raise ValueError(f"no presidential result: {table[table.isna().any(axis=1)]['county_name'].tolist()}")
    return table


def zip_codes(data: Path) -> pd.DataFrame:
    """North Carolina's ZIP codes with city, county number and congressional district (the 119th Congress)."""
    frame = pd.read_csv(data / "reference/us_zipcodes.csv.gz", dtype=str)
    frame = frame[frame["state"].eq("NC") & frame["active"].eq("True") & frame["zip_code_type"].ne("UNIQUE")]
    numbers = {name: index + 1 for index, name in enumerate(county_names(data))}
    district = pd.read_csv(data / "reference/zcta_congressional_district_119.csv.gz", dtype=str)
    district = district[district["state_abbr"].eq("NC")].drop_duplicates("zcta").set_index("zcta")["cd"]
    county = frame["county"].str.upper().str.removesuffix(" COUNTY").map(numbers)
    table = pd.DataFrame(
        {
            "zip_code": frame["zip_code"],
            "is_po_box": frame["zip_code_type"].eq("PO BOX").astype("int8"),
            "city": frame["city"].str.upper(),
            "county_id": county.astype("int16"),
            "latitude": frame["lat"],
            "longitude": frame["long"],
            "congressional_district": frame["zip_code"].map(district),
        }
    )
    # A few ZIPs have no census area: they take the district of the nearest number in the same county.
    table = table.sort_values("zip_code", ignore_index=True)
    filled = table.groupby("county_id")["congressional_district"].transform(lambda part: part.ffill().bfill())
    return table.assign(congressional_district=filled.fillna("1"))


def surnames(data: Path) -> pd.DataFrame:
    """The most frequent surnames with their race shares (Census 2020)."""
    frame = pq.read_table(data / "reference/census_surnames_2020.parquet").to_pandas()
    frame = frame[frame["name"].str.fullmatch(r"[A-Z]{2,20}")].nlargest(SURNAMES, "count").sort_values("name")
    shares = frame[RACE_SHARES].fillna(0).round(0).astype("int8")
    return pd.concat([frame[["name"]], frame["count"].astype("int32"), shares], axis=1).reset_index(drop=True)


def first_names(data: Path) -> pd.DataFrame:
    """Counts of first names by sex and five-year birth cohort (Social Security)."""
    frame = pq.read_table(data / "reference/ssa_babynames_1915_2017.parquet").to_pandas()
    frame["cohort"] = (frame["year"] // 5 * 5).clip(1915, 2010).astype("int16")
    sums = frame.groupby(["cohort", "sex", "name"], as_index=False)["n"].sum()
    sums["name"] = sums["name"].str.upper()
    top = sums.sort_values(["cohort", "sex", "n", "name"], ascending=[True, True, False, True])
    top = top.groupby(["cohort", "sex"]).head(NAMES_PER_COHORT)
    return top.sort_values(["cohort", "sex", "name"], ignore_index=True).astype({"n": "int32"})


def name_races(data: Path) -> pd.DataFrame:
    """Race shares of the first names that are used (Census 2020)."""
    frame = pq.read_table(data / "reference/census_first_names_2020.parquet").to_pandas()
    used = frame[frame["name"].isin(set(first_names(data)["name"]))].sort_values("name")
    shares = used[RACE_SHARES].fillna(0).round(0).astype("int8")
    return pd.concat([used[["name"]], shares], axis=1).reset_index(drop=True)


def death_rates(data: Path) -> pd.DataFrame:
    """Probability of death within a year by age and sex (SSA period table of 2010)."""
    frame = pd.read_csv(data / "reference/ssa_lifetables.csv.gz")
    frame = frame[frame["year"].eq(2010)].sort_values(["sex", "x"])
    return pd.DataFrame({"sex": frame["sex"], "age": frame["x"].astype("int16"), "q": frame["qx"].astype("float32")})


def shapes(data: Path) -> dict[str, dict[str, float]]:
    """Shares read off one real county file's aggregates: household sizes, birth states, reasons, registration years."""
    facts = json.loads((data / "marginals/nc_voterfile_chatham_2018_aggregates.json").read_text())

    def shares(counts: dict[str, int]) -> dict[str, float]:
        kept = {key: count for key, count in counts.items() if count >= SMALL_CELL and key != "(blank)"}
        return {key: round(count / sum(kept.values()), 5) for key, count in kept.items()}

    years = {str(2018 - int(year)): count for year, count in facts["registration_year"].items() if int(year) > 1900}
    suffixes = {key: round(count / facts["rows"], 5) for key, count in facts["values_name_sufx_cd"].items()}
    fill = {key: facts["fill_rate"][key] for key in ("midl_name", "birth_place", "mail_addr2", "mail_addr3")}
    return {
        "household_size": shares(facts["registrants_per_address"]),
        "birth_state": shares(facts["values_birth_place"]),
        "registered_years_ago": shares(years),
        "name_suffix": {key: share for key, share in suffixes.items() if key != "(blank)"},
        "filled": fill | {"drivers_lic_yes": round(facts["values_drivers_lic"]["Y"] / facts["rows"], 4)},
        "names": {
            "single_letter_middle": facts["middle_name_len1_share"],
            "hyphen_last": facts["hyphen_last_share"],
            "space_last": facts["space_last_share"],
            "apostrophe_last": facts["apostrophe_last_share"],
        },
        "address": {"mail_differs": facts["mail_differs_from_res_share"], "apartment": facts["apt_share"]},
    }


TABLES: dict[str, Callable[[Path], pd.DataFrame]] = {
    "cells": cells,
    "counties": counties,
    "zip_codes": zip_codes,
    "surnames": surnames,
    "first_names": first_names,
    "name_races": name_races,
    "death_rates": death_rates,
}


def build(data: Path, folder: Path = FOLDER) -> dict[str, int]:
    """Write all tables into ``folder``; returns bytes by file name."""
    for name, make in TABLES.items():
        table = pa.Table.from_pandas(make(data), preserve_index=False).replace_schema_metadata(None)
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=19)
    (folder / "shapes.json").write_text(json.dumps(shapes(data), indent=1, sort_keys=True) + "\n")
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.suffix in {".parquet", ".json"}}


def main() -> None:
    """Build from the folder that ``--data`` names and say how large each table is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    for name, size in build(parser.parse_args().data).items():
        print(f"{name} {size:,} bytes")  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
