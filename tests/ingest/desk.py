"""A landing desk for tests: writes small files in the real North Carolina layouts, spoils them, lands them, looks."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from groundgame.config import ROOT, load_settings
from groundgame.errors import FileRefused
from groundgame.ingest.run import run
from groundgame.result import Result
from groundgame.warehouse.base import open_warehouse

SNAPSHOT = dt.date(2024, 11, 9)
AS_OF = dt.date(2024, 12, 1)
FILE = "ncvoter_20241109.txt"
HISTORY_FILE = "ncvhis_20241109.txt"
NC = ROOT / "groundgame" / "sources" / "voter_files" / "nc.yml"

# The 67 columns of 2022 and the 15 of the history, in the board's order.
_REGISTRATION = """
county_id county_desc voter_reg_num ncid last_name first_name middle_name name_suffix_lbl status_cd voter_status_desc reason_cd
voter_status_reason_desc res_street_address res_city_desc state_cd zip_code mail_addr1 mail_addr2 mail_addr3 mail_addr4 mail_city
mail_state mail_zipcode full_phone_number confidential_ind registr_dt race_code ethnic_code party_cd gender_code birth_year
age_at_year_end birth_state drivers_lic precinct_abbrv precinct_desc municipality_abbrv municipality_desc ward_abbrv ward_desc
cong_dist_abbrv super_court_abbrv judic_dist_abbrv nc_senate_abbrv nc_house_abbrv county_commiss_abbrv county_commiss_desc
township_abbrv township_desc school_dist_abbrv school_dist_desc fire_dist_abbrv fire_dist_desc water_dist_abbrv water_dist_desc
sewer_dist_abbrv sewer_dist_desc sanit_dist_abbrv sanit_dist_desc rescue_dist_abbrv rescue_dist_desc munic_dist_abbrv
munic_dist_desc dist_1_abbrv dist_1_desc vtd_abbrv vtd_desc
"""
_HISTORY = """
county_id county_desc voter_reg_num election_lbl election_desc voting_method voted_party_cd voted_party_desc pct_label
pct_description ncid voted_county_id voted_county_desc vtd_label vtd_description
"""
COLUMNS, HISTORY_COLUMNS = _REGISTRATION.split(), _HISTORY.split()
# Michigan's old file, by position; what stands between is not read.
WIDTH = 463
SPANS = {
    "last_name": (0, 35),
    "first_name": (35, 55),
    "middle_name": (55, 75),
    "name_suffix_lbl": (75, 78),
    "birth_year": (78, 82),
    "gender_code": (82, 83),
    "registr_dt": (83, 91),
    "ncid": (448, 461),
    "county_id": (461, 463),
}
SURNAMES = ("AVERY", "BOONE", "CALDWELL", "DARE", "EDGECOMBE", "FORSYTH", "GATES")

Row = dict[str, str]


def voter(number: int, **changes: str) -> Row:
    """One registered voter; ``changes`` are columns as the file names them."""
    year = 1940 + number % 60
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "county_id": "41",
        "county_desc": "GUILFORD",
        "voter_reg_num": f"{number:012d}",
        "ncid": f"EH{100_000 + number}",
        "last_name": SURNAMES[number % len(SURNAMES)],
        "first_name": "PAT",
        "status_cd": "A",
        "voter_status_desc": "ACTIVE",
        "reason_cd": "AV",
        "res_street_address": f"{number} ELM  ST   ",
        "res_city_desc": "GREENSBORO",
        "state_cd": "NC",
        "zip_code": "27401",
        "confidential_ind": "N",
        "registr_dt": f"03/{1 + number % 28:02d}/{year + 20}",
        "race_code": "W",
        "ethnic_code": "NL",
        "party_cd": ("DEM", "REP", "UNA")[number % 3],
        "gender_code": "F",
        "birth_year": str(year),
        "birth_state": "NC",
        "drivers_lic": "Y",
        "precinct_abbrv": "G01",
        "cong_dist_abbrv": "6",
    }
    return row | changes


def voters(count: int = 20, **changed: Row) -> list[Row]:
    """Voters 0, 1, ...; ``v3={...}`` changes voter 3, which stands on line 5 of the file."""
    rows = [voter(number) for number in range(count)]
    for name, changes in changed.items():
        rows[int(name[1:])] |= changes
    return rows


def vote(number: int, **changes: str) -> Row:
    """One line of vote history."""
    row = dict.fromkeys(HISTORY_COLUMNS, "")
    row |= {
        "county_id": "41",
        "voter_reg_num": f"{number:012d}",
        "election_lbl": "11/03/2020",
        "election_desc": "11/03/2020 GENERAL",
        "voting_method": "ABSENTEE ONESTOP",
        "voted_party_cd": "UNA",
        "ncid": f"EH{100_000 + number}",
        "voted_county_id": "41",
    }
    return row | changes


def lines(rows: list[Row], columns: list[str] = COLUMNS, delimiter: str = "\t", quoted: bool = False) -> list[str]:
    """Header and rows as lines without ends."""
    table = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    edge = '"' if quoted else ""
    return [edge + (edge + delimiter + edge).join(fields) + edge for fields in table]


def text(rows: list[Row], encoding: str = "latin-1", end: str = "\n", **options: Any) -> bytes:
    """A whole file."""
    return "".join(line + end for line in lines(rows, **options)).encode(encoding)


def fixed_width(spec: dict[str, Any]) -> None:
    """Declare the registrations as lines of Michigan's old layout; both patterns are as narrow as the values."""
    entity = spec["registrations"]
    fields = {column: field for field, column in entity["layouts"][1]["columns"].items() if isinstance(column, str)}
    fields |= {"middle_name": "middle_name", "name_suffix_lbl": "name_suffix", "gender_code": "sex_code"}
    entity["text"] = {"format": "fixed_width", "encodings": ["latin-1", "utf-16"]}
    entity["layouts"] = [
        {
            "since": "2005-01-01",
            "columns": {fields[name]: name for name in SPANS},
            "record": {"width": WIDTH, "spans": SPANS},
        }
    ]
    entity["dates"]["registered_date"] = {"formats": ["%m%d%Y"]}
    entity["expect"]["patterns"] = {"voter_id": r"[A-Z]{2}\d{6}", "county_code": r"\d{2}"}


def records(rows: list[Row], spans: dict[str, tuple[int, int]] = SPANS, width: int = WIDTH) -> list[str]:
    """Rows as fixed-width lines without ends: values to the left of their span, dates as MMDDYYYY."""
    found = []
    for row in rows:
        line = " " * width
        for name, (start, end) in spans.items():
            value = row[name].replace("/", "") if name == "registr_dt" else row[name]
            line = line[:start] + value.ljust(end - start)[: end - start] + line[end:]
        found.append(line)
    return found


def zipped(members: dict[str, bytes], day: dt.date = SNAPSHOT) -> bytes:
    """A zip of members, all of one date."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (day.year, day.month, day.day, 3, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def aged(path: Path, data: bytes, day: dt.date = SNAPSHOT) -> Path:
    """Write a file that was last changed on a day long past, so that no second look at it is needed."""
    path.write_bytes(data)
    stamp = dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC).timestamp()
    os.utime(path, (stamp, stamp))
    return path


class Desk:
    """One installation with an inbox. ``source`` is nc, as shipped or changed by ``change_spec``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inbox, self.home = folder, folder / "inbox" / "nc", folder / "home"
        self.inbox.mkdir(parents=True)
        self.settings = load_settings(home=self.home, inbox=self.inbox.parent, threads=2)

    def change_spec(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Use a changed copy of the shipped spec."""
        spec = yaml.safe_load(NC.read_text(encoding="utf-8"))
        change(spec)
        folder = self.folder / "sources"
        folder.mkdir(exist_ok=True)
        (folder / "nc.yml").write_text(json.dumps(spec, default=str), encoding="utf-8")
        self.settings = self.settings.model_copy(update={"sources_dir": folder})

    def put(self, data: bytes | list[Row], name: str = FILE, day: dt.date = SNAPSHOT) -> Path:
        """Write a file into the inbox, as if it had arrived on ``day``."""
        return aged(self.inbox / name, data if isinstance(data, bytes) else text(data), day)

    def land(self, as_of: dt.date = AS_OF) -> Result:
        return run(self.settings, "nc", as_of)

    def refusal(self) -> FileRefused:
        """Land, expecting a refusal."""
        with pytest.raises(FileRefused) as caught:
            self.land()
        return caught.value

    def query(self, sql: str) -> list[dict[str, Any]]:
        with open_warehouse(self.settings) as warehouse:
            return warehouse.fetch(sql).to_pylist()

    def registrations(self) -> list[dict[str, Any]]:
        return self.query("select * from raw.voter_file_registrations order by _line")

    def voter(self, number: int) -> dict[str, Any]:
        """The landed row of one voter."""
        return self.query(f"select * from raw.voter_file_registrations where voter_id = 'EH{100_000 + number}'")[0]

    def votes(self) -> list[dict[str, Any]]:
        return self.query("select * from raw.voter_file_votes order by _line, election_date")

    def loaded(self) -> list[dict[str, Any]]:
        """The ledger's rows; each reconciles."""
        rows = self.query("select * from ops.loaded_files order by loaded_at")
        for row in rows:
            assert row["lines_in"] == row["rows_landed"] + row["rows_quarantined"] + row["lines_dropped"]
        return rows

    def only(self) -> dict[str, Any]:
        """The ledger's one row."""
        (row,) = self.loaded()
        return row

    def holds(self) -> str:
        return self.only()["hold_reasons"] or ""

    def quarantined(self) -> list[tuple[int, str, str]]:
        rows = self.query("select line, rule, column_name from ops.quarantined_lines order by line, rule")
        return [(row["line"], row["rule"], row["column_name"]) for row in rows]

    def kept(self) -> list[dict[str, Any]]:
        """The kept text of refused and normalised lines."""
        return [
            row for path in sorted(self.home.glob("kept_lines/**/*.parquet")) for row in pq.read_table(path).to_pylist()
        ]

    def landed_nothing(self) -> bool:
        """No row, no ledger entry, no Parquet file of a source file."""
        return not self.loaded() and not self.registrations() and not list(self.home.glob("raw/**/part-0.parquet"))
