"""What stands in each column of the registration file on a given day, with all that is odd about the real one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.synth import geography, homes, names
from groundgame.synth.block import Block
from groundgame.synth.geography import Geography
from groundgame.synth.layouts import SINCE_67
from groundgame.synth.lifecourse import ANCIENT, MASKED, SENTINEL
from groundgame.synth.lines import Built, Coded, Constant, Group, padded
from groundgame.synth.numbers import Numbers
from groundgame.synth.people import ETHNICITIES, PARTIES, RACES, SEXES, YEAR, day
from groundgame.synth.tables import Ints, table
from groundgame.synth.timeline import DU, FIRST_REMOVED, LAST_REMOVED, REASONS
from groundgame.synth.traits import SECOND_LINES, birth_states

BLANK_CHAR = " "  # fixed-width character columns are blank by a single space
EXTENSIONS = 10  # a ZIP, and nine ZIP+4 of it
FIRST_DAY = day(dt.date(1950, 1, 1))
MAIL_EXTENSION_EVERY = 5
IDENTIFICATION = (
    ("Y", "N", "N"),
    ("N", "N", "N"),
    ("N", "Y", "N"),
    ("N", "N", "Y"),
)  # ssn, no_dl_ssn_chkbx, hava_id_req


def groups(block: Block, numbers: Numbers, snapshot: dt.date, statewide: bool) -> list[Group]:
    """Every column of every vintage for all people of the block; the layout picks those it has."""
    on = day(snapshot)
    return [
        Coded(block.county_at(on), geography.county_labels(snapshot, statewide)),
        Coded(np.maximum(block.chronicle.reasons[snapshot], 0), _reason_labels()),
        Built("voter_reg_num", lambda rows: padded(county_numbers(block, numbers, on)[rows], 12)),
        Built("ncid", lambda rows: numbers.voter_id.take(pa.array(rows))),
        *_identity(block, snapshot),
        *_residence(block, snapshot),
        *_constants(),
        *_demographics(block, snapshot),
        _date(block, snapshot),
        *_flags(block, snapshot),
    ]


def county_numbers(block: Block, numbers: Numbers, on: int) -> Ints:
    """The county's own number on a day."""
    return np.where(on < block.electorate.lives.move_day, numbers.county_number_before, numbers.county_number)


def is_confidential(block: Block, on: int) -> Ints:
    """1 where the address is confidential on a day."""
    return (block.electorate.lives.confidential_day <= on).astype(np.int8)


def _is_removed(block: Block, snapshot: dt.date) -> Ints:
    reason = block.chronicle.reasons[snapshot]
    return ((reason >= FIRST_REMOVED) & (reason <= LAST_REMOVED)).astype(np.int8)


def _reason_labels() -> dict[str, list[str]]:
    columns = ("status_cd", "voter_status_desc", "reason_cd", "voter_status_reason_desc")
    return {column: [reason[at] for reason in REASONS] for at, column in enumerate(columns)}


def _identity(block: Block, snapshot: dt.date) -> list[Group]:
    named = block.names
    blank = BLANK_CHAR if snapshot < SINCE_67 else ""
    suffixes = [suffix or blank for suffix in names.SUFFIXES]
    middle, suffix = ("midl_name", "name_sufx_cd") if snapshot < SINCE_67 else ("middle_name", "name_suffix_lbl")
    return [
        Built("last_name", lambda rows: names.last_names(named, rows)),
        Built("first_name", lambda rows: names.first_names(named, rows)),
        Built(middle, lambda rows: names.middle_names(named, rows)),
        Coded(named.suffix, {suffix: suffixes}),
    ]


def _residence(block: Block, snapshot: dt.date) -> list[Group]:
    """Addresses, phone and districts; gone for the removed, hidden for the confidential, no district for the denied."""
    electorate, on = block.electorate, day(snapshot)
    at = electorate.home_at(on)
    removed, hidden = _is_removed(block, snapshot), is_confidential(block, on)
    closed = (removed | hidden) == 1
    precinct = electorate.homes.precinct[at]
    zip_index = electorate.places.zip_index[precinct]
    extension = electorate.homes.zip_extension[at]
    longer = np.where(electorate.homes.number[at] % MAIL_EXTENSION_EVERY == 0, 1 + at % (EXTENSIONS - 1), extension)
    nowhere = len(table("zip_codes")) * EXTENSIONS
    no_district = (removed == 1) | (block.chronicle.reasons[snapshot] == DU)
    streets = homes.street_names()
    traits = block.traits

    def lines(rows: Ints) -> pa.Array:
        return homes.street_lines(electorate.homes, at[rows], traits.spacing[rows], streets)

    def street(rows: Ints) -> pa.Array:
        written = pc.if_else(pa.array(removed[rows] == 1), b"REMOVED", lines(rows))
        return pc.if_else(pa.array(hidden[rows] == 1), b"CONFIDENTIAL", written)

    def mail(rows: Ints) -> pa.Array:
        tidy = homes.street_lines(electorate.homes, at[rows], np.ones(len(rows), np.int8), streets)
        return pc.if_else(pa.array(closed[rows]), b"", homes.mail_lines(electorate.homes, at[rows], tidy))

    def phone(rows: Ints) -> pa.Array:
        return _phones(np.where(hidden[rows] == 1, 0, traits.phone[rows]))

    second = np.where(closed, 0, traits.second_line)
    return [
        Built("res_street_address", street),
        Coded(
            np.where(closed, nowhere, zip_index * EXTENSIONS + extension),
            _places("res_city_desc", "state_cd", "zip_code"),
        ),
        Built("mail_addr1", mail),
        Coded(second, {"mail_addr2": SECOND_LINES, "mail_addr3": [""] * 5, "mail_addr4": [""] * 5}),
        Coded(
            np.where(closed, nowhere, zip_index * EXTENSIONS + longer),
            _places("mail_city", "mail_state", "mail_zipcode"),
        ),
        Built("full_phone_number", phone),
        _districts(electorate.places, snapshot, np.where(no_district, electorate.places.precincts, precinct)),
    ]


def _places(city: str, state: str, zip_code: str) -> dict[str, list[str]]:
    """City, state and ZIP by ZIP position and extension; the last entry is nowhere."""
    zips = table("zip_codes")
    cities = [name for name in zips["city"] for _ in range(EXTENSIONS)]
    codes = [
        code + (f"{(at * 1117 + extra * 733) % 9000 + 1000}" if extra else "")
        for at, code in enumerate(zips["zip_code"])
        for extra in range(EXTENSIONS)
    ]
    return {city: [*cities, ""], state: ["NC"] * len(cities) + [""], zip_code: [*codes, BLANK_CHAR]}


def _districts(places: Geography, snapshot: dt.date, codes: Ints) -> Coded:
    labels = geography.district_labels(places, snapshot)
    return Coded(codes, {column: [*texts, ""] for column, texts in labels.items()})


def _phones(numbers: Ints) -> pa.Array:
    text = pc.cast(pc.cast(pa.array(numbers), pa.string()), pa.binary())
    return pc.if_else(pa.array(numbers == 0), b"", text)


def _constants() -> list[Group]:
    return [
        Constant({"absent_ind": BLANK_CHAR, "name_prefx_cd": BLANK_CHAR}),
        Constant({"dist_2_abbrv": "", "dist_2_desc": ""}),
    ]


def _demographics(block: Block, snapshot: dt.date) -> list[Group]:
    persons, on = block.electorate.people, day(snapshot)
    party = block.electorate.party_at(on).astype(np.int64)
    combined = ((persons.race.astype(np.int64) * 3 + persons.ethnicity) * len(PARTIES) + party) * 3 + persons.sex
    keys = [(r, e, p, s) for r in RACES for e in ETHNICITIES for p in PARTIES for s in SEXES]
    columns = ("race_code", "ethnic_code", "party_cd", "gender_code")
    born = (persons.birth_day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970) - 1880
    years = range(1880, 1880 + 220)
    return [
        Coded(combined, {column: [key[at] for key in keys] for at, column in enumerate(columns)}),
        Coded(
            born,
            {
                "birth_year": [str(year) for year in years],
                "age_at_year_end": [str(max(0, snapshot.year - year)) for year in years],
            },
        ),
        Coded(
            np.maximum((on - persons.birth_day) // YEAR, 0).astype(np.int64),
            {"birth_age": [str(age) for age in range(150)]},
        ),
        Coded(block.traits.birth_state, {"birth_state": birth_states(), "birth_place": birth_states()}),
    ]


def _date(block: Block, snapshot: dt.date) -> Coded:
    """Registration date: a move to another county may renew it; some are masked, a few cannot be true."""
    lives, on = block.electorate.lives, day(snapshot)
    shown = np.where(lives.is_redated & (lives.move_day <= on), lives.move_day, lives.registered_day)
    days = np.arange(FIRST_DAY, on + 2).astype("datetime64[D]").astype(str)
    texts = [f"{text[5:7]}/{text[8:]}/{text[:4]}" for text in days.tolist()]
    special = {MASKED: mask(snapshot), SENTINEL: "01/01/1900", ANCIENT: "06/18/1812"}
    codes = np.clip(shown - FIRST_DAY, 0, len(texts) - 1)
    for position, (mark, text) in enumerate(special.items()):
        texts.append(text)
        codes = np.where(lives.date_mark == mark, len(days) + position, codes)
    return Coded(codes, {"registr_dt": texts})


def mask(snapshot: dt.date) -> str:
    """How a date under review is written; the board changed it twice."""
    if snapshot >= dt.date(2024, 9, 1):
        return "##/##/####"
    return "XX-XX-XXXX" if snapshot >= dt.date(2024, 3, 1) else "XX/XX/XXXX"


def _flags(block: Block, snapshot: dt.date) -> list[Group]:
    ids = ("ssn", "no_dl_ssn_chkbx", "hava_id_req")
    marks = ["N", "Y"]
    return [
        Coded(is_confidential(block, day(snapshot)), {"confidential_ind": marks, "Confidential_ind": marks}),
        Coded(block.traits.has_license, {"drivers_lic": marks}),
        Coded(block.traits.identification, {name: [row[at] for row in IDENTIFICATION] for at, name in enumerate(ids)}),
    ]
