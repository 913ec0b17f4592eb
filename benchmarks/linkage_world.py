"""People and voters who do not exist, with the truth of who is who: input of ``benchmarks.linkage``.

Names are drawn from the public counts that ``groundgame.synth`` ships; homes share a last name, a phone and a place, and some sons
bear their father's name. The people are voters as an app knows them (nicknames, typos, moves, partial birthdays), and strangers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from nicknames import name_triplets

from groundgame.config import ROOT

REFERENCE = ROOT / "groundgame" / "synth" / "reference"
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
REGISTERED = 0.7


def write(folder: Path, people_count: int, voters_count: int, seed: int) -> None:
    """Write ``people.parquet``, ``voters.parquet`` and ``truth.parquet`` (person_key, voter_id; only the registered)."""
    rng = np.random.default_rng(seed)
    voters = _voters(rng, voters_count)
    pq.write_table(
        pa.Table.from_pandas(voters.drop(columns=["zip_row"]), preserve_index=False), folder / "voters.parquet"
    )
    registered = int(people_count * REGISTERED)
    chosen = voters.iloc[rng.choice(voters_count, registered, replace=False)].reset_index(drop=True)
    strangers = _voters(rng, people_count - registered)
    people = pd.concat([chosen, strangers], ignore_index=True)
    people["person_key"] = [f"P{number:09d}" for number in rng.permutation(people_count)]
    truth = people.loc[: registered - 1, ["person_key", "voter_id"]]
    pq.write_table(pa.Table.from_pandas(truth, preserve_index=False), folder / "truth.parquet")
    people = _as_the_app_knows_them(rng, people)
    pq.write_table(pa.Table.from_pandas(people, preserve_index=False), folder / "people.parquet")


def _reference(name: str) -> pd.DataFrame:
    return duckdb.sql(f"from '{REFERENCE / name}.parquet'").df()


def _known(is_known: Any, values: Any) -> Any:
    """Values where they are known, and nothing elsewhere."""
    return np.where(is_known, np.asarray(values, dtype=object), np.asarray(None, dtype=object))


def _draw(rng: np.random.Generator, weights: np.ndarray, size: int) -> np.ndarray:
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(size))


def _voters(rng: np.random.Generator, size: int) -> pd.DataFrame:
    """Voters in homes of one to four; members follow each other."""
    home = np.repeat(np.arange(size), rng.choice([1, 2, 3, 4], size, p=[0.35, 0.4, 0.15, 0.1]))[:size]
    head = np.searchsorted(home, home)
    first_names, surnames, zips = _reference("first_names"), _reference("surnames"), _reference("zip_codes")
    zips = zips[zips["is_po_box"] == 0].reset_index(drop=True)
    born = (2008 - 18 - np.clip(rng.gamma(4, 9, size), 0, 80)).astype(int) + 15
    sex = rng.random(size) < 0.52
    last = _draw(rng, surnames["count"].to_numpy(float), size)
    last = np.where(rng.random(size) < 0.78, last[head], last)
    zip_row = _draw(rng, rng.gamma(0.8, 1.0, len(zips)), size)[head]
    phone = rng.integers(2_000_000_000, 9_999_999_999, size)
    phone = np.where(rng.random(size) < 0.4, phone[head], phone)
    first = _first_names(rng, first_names, born, sex)
    # One man in forty is named after the head of his home, a generation older; half of those say so.
    junior = (rng.random(size) < 0.025) & ~sex & ~sex[head] & (head != np.arange(size))
    first, last, born = (np.where(junior, given[head], given) for given in (first, last, born))
    born = np.where(junior, np.minimum(born + 28, 2008), born)
    suffix = _known(junior & (rng.random(size) < 0.5), "JR")
    frame = pd.DataFrame(
        {
            "voter_id": np.char.add("V", np.arange(size).astype(str)),
            "first_name": first,
            "middle_name": _known(rng.random(size) < 0.9, _first_names(rng, first_names, born, sex)),
            "last_name": surnames["name"].to_numpy()[last],
            "name_suffix": suffix,
            "birth_date": pd.array([None] * size, dtype="object"),
            "birth_year": born.astype(np.int32),
            "city": zips["city"].to_numpy()[zip_row],
            "state_abbr": "NC",
            "zip_code": zips["zip_code"].to_numpy()[zip_row],
            "county_code": zips["county_id"].to_numpy()[zip_row].astype(str),
            "phone": _known(rng.random(size) < 0.55, phone.astype(str)),
            "email": np.full(size, None),
            "sex": np.where(sex, "F", "M"),
            "household_id": home.astype(str),
            "content_hash": np.arange(size).astype(str),
            "zip_row": zip_row,
        }
    )
    frame["birth_date"] = frame["birth_date"].astype("datetime64[s]")
    return frame


def _first_names(rng: np.random.Generator, table: pd.DataFrame, born: np.ndarray, sex: np.ndarray) -> np.ndarray:
    cohort = np.clip((born - 1915) // 5 * 5 + 1915, table["cohort"].min(), table["cohort"].max())
    names = np.empty(len(born), dtype=object)
    for (start, letter), group in table.groupby(["cohort", "sex"]):
        mine = np.flatnonzero((cohort == start) & (sex == (letter == "F")))
        names[mine] = group["name"].to_numpy()[_draw(rng, group["n"].to_numpy(float), len(mine))]
    return names


def _as_the_app_knows_them(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    """What people type into an app, against what they once wrote on a form."""
    size = len(people)
    share = lambda part: rng.random(size) < part  # noqa: E731
    first, last = people["first_name"].to_numpy(object), people["last_name"].to_numpy(object)
    first = np.where(share(0.15), _short(rng, first), first)
    first = np.where(share(0.03), _typo(rng, first), first)
    married = share(0.08) & (people["sex"] == "F").to_numpy()
    new_last = _reference("surnames")["name"].to_numpy()[:5000][rng.integers(0, 5000, size)]
    former = np.where(married & share(0.6), last, None)
    last = np.where(married, new_last, np.where(share(0.04), _typo(rng, last), last))
    moved = share(0.15)
    zips = _reference("zip_codes")
    row = rng.integers(0, len(zips), size)
    kind = rng.choice(4, size, p=[0.6, 0.1, 0.1, 0.2])  # full birthday, month and day, year, none
    year = people["birth_year"].to_numpy() + np.where(share(0.01), rng.choice([-10, -1, 1, 10], size), 0)
    blank = lambda keep, values: pd.array(np.where(keep, values, -1), dtype="Int32").copy()  # noqa: E731
    columns = {"birth_year": blank((kind == 0) | (kind == 2), year)}
    columns |= {
        name: blank(kind <= 1, rng.integers(1, top, size)) for name, top in (("birth_month", 13), ("birth_day", 29))
    }
    for values in columns.values():
        values[values == -1] = pd.NA
    return pd.DataFrame(
        {
            "person_key": people["person_key"],
            "first_name": first,
            "last_name": last,
            "other_last_name": former,
            **columns,
            "city": np.where(moved, zips["city"].to_numpy()[row], people["city"]),
            "state_abbr": "NC",
            "zip_code": np.where(
                share(0.9), np.where(moved, zips["zip_code"].to_numpy()[row], people["zip_code"]), None
            ),
            "county_code": None,
            "phone": np.where(
                share(0.7),
                people["phone"],
                _known(share(0.5), rng.integers(2_000_000_000, 9_999_999_999, size).astype(str)),
            ),
            "email": np.char.add(np.char.add("u", rng.integers(0, 10**9, size).astype(str)), "@example.org"),
            "sex": np.where(share(0.5), people["sex"], None),
            "content_hash": "1",
        }
    ).astype({"county_code": "string"})


def _short(rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
    """A nickname of each name that has one."""
    forms: dict[str, list[str]] = {}
    for triplet in name_triplets():
        forms.setdefault(triplet.name1.upper(), []).append(triplet.name2.upper())
    pick = rng.random(len(names))
    distinct, place = np.unique(names.astype(str), return_inverse=True)
    known = [forms.get(name, [name]) for name in distinct]
    return np.array([known[at][int(part * len(known[at]))] for at, part in zip(place, pick, strict=True)], dtype=object)


def _typo(rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
    """One letter replaced, dropped or swapped with the next."""
    typed = []
    for name, where, kind, letter in zip(
        names, rng.random(len(names)), rng.integers(0, 3, len(names)), rng.integers(0, 26, len(names)), strict=True
    ):
        at = int(where * max(len(name) - 1, 1))
        middle = (LETTERS[letter], "", name[at + 1 : at + 2] + name[at])[kind]
        typed.append(name[:at] + middle + name[at + (2 if kind == 2 else 1) :])
    return np.array(typed, dtype=object)
