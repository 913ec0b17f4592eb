"""One shape for people and voters: the columns that every rule speaks of, cleaned the same way on both sides.

Only cleaning belongs here. A cleaned table lives in the scratch database of one run and is dropped with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from groundgame.errors import SpecError, WarehouseError
from groundgame.linkage.nicknames import nickname_pairs

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

SCRATCH = "linking"
SHARED = (
    "first_name",
    "last_name",
    "birth_year",
    "city",
    "state_abbr",
    "zip_code",
    "county_code",
    "phone",
    "email",
    "sex",
)
PEOPLE = ("person_key", *SHARED, "other_last_name", "birth_month", "birth_day", "content_hash")
VOTERS = ("voter_id", *SHARED, "middle_name", "name_suffix", "birth_date", "content_hash")
# Columns whose distinct values are numbered: to compare a number takes a quarter of the time that a text takes, and of the memory.
CODED = {
    "first": "spelling",
    "last": "spelling",
    "zip": "zip_code",
    "city": "city_name",
    "state": "state_name",
    "county": "county_name",
    "sex": "sex_letter",
}
# Too many values to number: what is compared is a hash of 64 bits, by which two of a billion never meet.
HASHED = ("phone", "email")
# What stands between the parts of a name; accents go too, since one side writes them and the other does not.
SEPARATORS = "' -.,''`'"
SUFFIX_TAIL = "[ ,]+(JR|SR|II|III|IV|2ND|3RD)[.]?$"
GENERATIONS = {"SR": 1, "I": 1, "JR": 2, "II": 2, "2ND": 2, "III": 3, "3RD": 3, "IV": 4, "V": 5}


@contextmanager
def scratch(warehouse: Warehouse) -> Iterator[None]:
    """An empty compressed database in memory, under the name ``linking``; the engine spills it above its memory limit.

    Raises:
        WarehouseError: the engine failed. Its text is not passed on: it may quote a record.
    """
    import duckdb

    warehouse.execute(f"attach ':memory:' as {SCRATCH}")
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise WarehouseError("link", str(error).splitlines()[0]) from None  # speaks of columns and tables only
    except duckdb.Error as error:
        raise WarehouseError("link", f"the engine failed: {type(error).__name__}") from None
    finally:
        warehouse.execute(f"detach {SCRATCH}")


def check_columns(warehouse: Warehouse, table: str, needed: tuple[str, ...]) -> None:
    """Refuse a table before any work.

    Raises:
        SpecError: a column is missing; names the table and the columns.
    """
    found = set(warehouse.fetch(f"select column_name from (describe {table})").column(0).to_pylist())
    missing = sorted(set(needed) - found)
    if missing:
        raise SpecError(
            table, "columns", f"missing {missing}", "see groundgame/linkage/README.md for what linkage reads"
        )


def clean_people(table: str) -> str:
    """Select of people as records, under the ``id`` that the table gives them."""
    return _clean(
        table,
        id="id",
        middle="null::varchar",
        suffix="null::varchar",
        other_last="other_last_name",
        month="birth_month",
        day="birth_day",
    )


def clean_voters(table: str, id: str = "voter_id::varchar") -> str:
    """Select of voters as records; ``id`` is the voter's id. A birth date, where the state gives one, wins over the year."""
    return _clean(
        table,
        id=id,
        middle="middle_name",
        suffix="name_suffix",
        other_last="null::varchar",
        year="coalesce(year(birth_date), birth_year)",
        month="month(birth_date)",
        day="day(birth_date)",
    )


def _clean(table: str, *, id: str, month: str, day: str, year: str = "birth_year", **columns: str) -> str:
    # A suffix written behind the last name is moved to where it belongs; only names with a space can have one.
    tail = (
        f"case when contains(trim(last_name), ' ') then regexp_extract(upper(trim(last_name)), '{SUFFIX_TAIL}', 1) end"
    )
    bare = f"case when contains(trim(last_name), ' ') then regexp_replace(trim(last_name), '{SUFFIX_TAIL}', '', 'i') else last_name end"
    generations = " ".join(f"when '{word}' then {number}" for word, number in GENERATIONS.items())
    suffix = f"coalesce(nullif(replace(upper(trim({columns['suffix']}::varchar)), '.', ''), ''), nullif({tail}, ''))"
    return f"""
        with named as (select *, {bare} as bare_last, {suffix} as suffix_word from {table})
        select
            {id} as id,
            {_plain("first_name")} as first,
            case when contains(trim(first_name), ' ') then {_plain("split_part(trim(first_name), ' ', 1)")} end as first_part,
            {_plain(columns["middle"])} as middle,
            {_plain("bare_last")} as last,
            case when contains(trim(bare_last), ' ') or contains(bare_last, '-')
                then translate(upper(strip_accents(trim(bare_last))), '-', ' ') end as last_words,
            {_plain(columns["other_last"])} as other_last,
            (case suffix_word {generations} end)::tinyint as suffix,
            ({year})::smallint as birth_year,
            ({month})::tinyint as birth_month,
            ({day})::tinyint as birth_day,
            nullif(left(trim(zip_code), 5), '') as zip,
            {_plain("city")} as city,
            nullif(upper(trim(state_abbr)), '') as state,
            nullif(trim(county_code::varchar), '') as county,
            nullif(trim(phone::varchar), '') as phone,
            nullif(lower(trim(email::varchar)), '') as email,
            case when left(upper(trim(sex)), 1) in ('F', 'M') then left(upper(trim(sex)), 1) end as sex
        from named"""


def _plain(text: str) -> str:
    """SQL of a name in capitals without accents and separators; blank is null. Most are so already: to see that is six times as fast."""
    cleaned = f"nullif(translate(upper(strip_accents({text}::varchar)), {SEPARATORS}, ''), '')"
    return f"case when regexp_full_match({text}::varchar, '[A-Z]+') then {text}::varchar else {cleaned} end"


def with_forms(cleaned: str) -> str:
    """Select of cleaned records with what the comparisons need besides: the date as text, and all forms of the names."""
    # Most names are one word: what the lists hold is then known without building them by functions.
    return f"""
        select
            c.*,
            case when birth_year is not null and birth_month is not null and birth_day is not null
                then (birth_year::int * 10000 + birth_month::int * 100 + birth_day::int)::varchar end as birth_text,
            case when c.first is not null and c.first_part is null then coalesce(n.forms, [c.first])
                else list_distinct(list_filter(
                    list_concat([c.first, c.first_part], coalesce(n.forms, []), coalesce(p.forms, [])), lambda x: x is not null
                )) end as first_forms,
            case when c.last is not null and c.other_last is null and c.last_words is null then [c.last]
                else list_distinct(list_filter(
                    list_concat([c.last, c.other_last],
                        list_filter(string_split(coalesce(c.last_words, ''), ' '), lambda x: length(x) >= 3)),
                    lambda x: x is not null
                )) end as last_forms
        from {cleaned} c
        left join {SCRATCH}.nicknames n on n.name = c.first
        left join {SCRATCH}.nicknames p on p.name = c.first_part"""


def store_codes(warehouse: Warehouse, *cleaned: str) -> None:
    """Number every name and place of some cleaned tables: a type for each kind in the scratch database, and a table of its codes.

    A code is still a text to every function; only where two are compared, or joined on, it is a number.
    """
    for kind in sorted(set(CODED.values())):
        columns = [column for column, of in CODED.items() if of == kind]
        words = " union ".join(
            f"select distinct {column} as word from {table}" for table in cleaned for column in columns
        )
        warehouse.execute(f"""
            create type {SCRATCH}.{kind} as enum (
                select word from (select '' as word union {words}) where word is not null order by word)""")
        warehouse.execute(f"""
            create table {SCRATCH}.{kind}_codes as
            select code::varchar as word, code from (select unnest(enum_range(null::{SCRATCH}.{kind})) as code)""")


def coded(cleaned: str, more: str) -> str:
    """Select of what the equalities of the rules speak of, narrow: codes for names and places, hashes for contacts, the birthday.

    Args:
        cleaned: a table that ``store_codes`` has seen, or a select in brackets.
        more: the id and whatever else the select is to have of the table ``c``.
    """
    codes = ", ".join(f"of_{column}.code as {column}" for column in CODED)
    hashes = ", ".join(f"case when c.{column} is not null then hash(c.{column}) end as {column}" for column in HASHED)
    # A join looks each text up once and takes half the time of a cast.
    joins = " ".join(
        f"left join {SCRATCH}.{kind}_codes of_{column} on of_{column}.word = c.{column}"
        for column, kind in CODED.items()
    )
    return (
        f"select {more}, {codes}, {hashes}, c.suffix, c.birth_year, c.birth_month, c.birth_day from {cleaned} c {joins}"
    )


def store_nicknames(warehouse: Warehouse) -> None:
    """Put the nickname lists into the scratch database, one row a name; a name is a form of itself."""
    table = f"{SCRATCH}.nickname_pairs"
    warehouse.replace(table, nickname_pairs())
    warehouse.execute(f"""
        create table {SCRATCH}.nicknames as
        select name, list_prepend(name, list(form order by form)) as forms from {table} group by name""")
