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
IDENTIFYING = (*SHARED, "middle_name", "name_suffix", "birth_date")
VOTERS = ("voter_id", *IDENTIFYING, "content_hash")
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
PLACE = ("zip", "city", "state", "county")
# Too many values to number: what is compared is a hash of 64 bits, by which two of a billion never meet.
HASHED = ("phone", "email")
# What two records are asked to agree on.
UNHASHED = (*CODED, "suffix", "birth_year", "birth_month", "birth_day")
EQUAL = (*UNHASHED, *HASHED)
# What stands between the parts of a name; accents go too, since one side writes them and the other does not.
SEPARATORS = "' -.,''`'"
SUFFIX_TAIL = "[ ,]+(JR|SR|II|III|IV|2ND|3RD)[.]?$"
GENERATIONS = {"SR": 1, "I": 1, "JR": 2, "II": 2, "2ND": 2, "III": 3, "3RD": 3, "IV": 4, "V": 5}


def plain(text: str) -> str:
    """SQL of a name in capitals without accents and separators; blank is null. Most are so already: to see that is six times as fast."""
    cleaned = f"nullif(translate(upper(strip_accents({text}::varchar)), {SEPARATORS}, ''), '')"
    return f"case when regexp_full_match({text}::varchar, '[A-Z]+') then {text}::varchar else {cleaned} end"


def written_suffix(column: str) -> str:
    """SQL of a suffix as it was written in its own column, in capitals; blank is null."""
    return f"nullif(replace(upper(trim({column}::varchar)), '.', ''), '')"


def generation(word: str) -> str:
    """SQL of the number of a suffix: 1 for the first of a name, 2 for the son; null where it is none."""
    cases = " ".join(f"when '{name}' then {number}" for name, number in GENERATIONS.items())
    return f"(case {word} {cases} end)::tinyint"


# A suffix written behind the last name is moved to where it belongs; only names with a space can have one.
SUFFIX_BEHIND = (
    f"case when contains(last_name, ' ') then regexp_extract(upper(trim(last_name)), '{SUFFIX_TAIL}', 1) end"
)
BARE_LAST = f"case when contains(last_name, ' ') then regexp_replace(trim(last_name), '{SUFFIX_TAIL}', '', 'i') else last_name end"
# The parts of a last name that has several; DE and LA are nobody's name.
WORDS = "list_filter(string_split(coalesce(c.last_words, ''), ' '), x -> length(x) >= 3)"
# Compared as numbers: eight million short texts would cost more. Letters of rare scripts may share one: letters only say what to compare.
LETTER = "(unicode({0}) & 65535)::usmallint"
# What is made of a column that has few distinct values, so that it may be made once a value.
CLEANED = {
    "first": plain("first_name"),
    "last": plain("bare_last"),
    "zip": "nullif(left(trim(zip_code), 5), '')",
    "city": plain("city"),
    "state": "nullif(upper(trim(state_abbr)), '')",
    "county": "nullif(trim(county_code::varchar), '')",
    "sex": "case when left(upper(trim(sex)), 1) in ('F', 'M') then left(upper(trim(sex)), 1) end",
}
# A birth date, where the state gives one, wins over the year.
VOTER_BORN = {"year": "coalesce(year(birth_date), birth_year)", "month": "month(birth_date)", "day": "day(birth_date)"}
# To trim eight million texts that need none takes half a second; to see that they have no space does not.
PHONE = "nullif(case when contains(phone::varchar, ' ') then trim(phone::varchar) else phone::varchar end, '')"
EMAIL = "nullif(lower(trim(email::varchar)), '')"
# What has no code, and is asked for of those alone who are compared.
PARTS = {
    "first_part": f"""case when contains(first_name, ' ') then {plain("split_part(trim(first_name), ' ', 1)")} end""",
    "last_words": """case when contains({bare_last}, ' ') or contains({bare_last}, '-')
        then translate(upper(strip_accents(trim({bare_last}))), '-', ' ') end""",
    "phone": PHONE,
    "email": EMAIL,
}


@contextmanager
def scratch(warehouse: Warehouse) -> Iterator[None]:
    """An empty database in memory, under the name ``linking``; the engine spills it above its memory limit.

    Raises:
        WarehouseError: the engine failed. Its text is not passed on: it may quote a record.
    """
    import duckdb

    warehouse.execute(f"attach ':memory:' as {SCRATCH}")
    # A checkpoint of what is in memory alone would rewrite it, and save nothing.
    warehouse.execute("set checkpoint_threshold = '1TB'")
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise WarehouseError("link", str(error).splitlines()[0]) from None  # speaks of columns and tables only
    except duckdb.Error as error:
        raise WarehouseError("link", f"the engine failed: {type(error).__name__}") from None
    finally:
        warehouse.execute("reset checkpoint_threshold")
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


def clean_voters(table: str) -> str:
    """Select of voters as records; ``id`` is the voter's id."""
    return _clean(
        table,
        id="voter_id::varchar",
        middle="middle_name",
        suffix="name_suffix",
        other_last="null::varchar",
        **VOTER_BORN,
    )


def _clean(table: str, *, id: str, month: str, day: str, year: str = "birth_year", **columns: str) -> str:
    suffix = f"coalesce({written_suffix(columns['suffix'])}, nullif({SUFFIX_BEHIND}, ''))"
    cleaned = ", ".join(f"{value} as {column}" for column, value in CLEANED.items())
    parts = ", ".join(f"{value.format(bare_last='bare_last')} as {column}" for column, value in PARTS.items())
    return f"""
        with named as (select *, {BARE_LAST} as bare_last, {suffix} as suffix_word from {table})
        select
            {id} as id,
            {cleaned},
            {parts},
            {plain(columns["middle"])} as middle,
            {plain(columns["other_last"])} as other_last,
            {generation("suffix_word")} as suffix,
            ({year})::smallint as birth_year,
            ({month})::tinyint as birth_month,
            ({day})::tinyint as birth_day
        from named"""


def with_forms(cleaned: str, is_asking: bool = True) -> str:
    """Select of cleaned records with what the rules need besides: first letters, the date as text, all forms of the names.

    Forms of the first name are asked of one side alone: not where ``is_asking`` is false.
    """
    listed, nicknames = forms(WORDS), joined_nicknames("nicknames")
    if not is_asking:
        listed, nicknames = f"null::varchar[] as first_forms, {_last_forms(WORDS)}", ""
    return f"""
        select
            c.*,
            case when birth_year is not null and birth_month is not null and birth_day is not null
                then (birth_year::int * 10000 + birth_month::int * 100 + birth_day::int)::varchar end as birth_text,
            {LETTER.format("c.first")} as first_letter,
            {LETTER.format("c.last")} as last_letter,
            {listed}
        from {cleaned} c {nicknames}"""


def forms(words: str) -> str:
    """SQL of ``first_forms`` and ``last_forms``, of texts or of codes; ``words``: the parts of a last name that has several."""
    # Most names are one word: what the lists hold is then known without building them by functions.
    return f"""
        case when c.first is not null and c.first_part is null then coalesce(n.forms, [c.first])
            else list_distinct(list_filter(
                list_concat([c.first, c.first_part], coalesce(n.forms, []), coalesce(p.forms, [])), x -> x is not null
            )) end as first_forms,
        {_last_forms(words)}"""


def _last_forms(words: str) -> str:
    return f"""
        case when c.last is not null and c.other_last is null and c.last_words is null then [c.last]
            else list_distinct(list_filter(list_concat([c.last, c.other_last], {words}), x -> x is not null)) end as last_forms"""


def joined_nicknames(table: str) -> str:
    """Joins of ``c`` with the forms of its first name, and of its first part, as ``forms`` reads them."""
    return f"left join {SCRATCH}.{table} n on n.name = c.first left join {SCRATCH}.{table} p on p.name = c.first_part"


def has_any(warehouse: Warehouse, table: str, column: str) -> bool:
    """Whether the column holds anything; ends at the first value, where a count would read the column."""
    return warehouse.fetch(f"select 1 as one from {table} where {column} is not null limit 1").num_rows > 0


def store_nicknames(warehouse: Warehouse) -> None:
    """Put the nickname lists into the scratch database, one row a name; a name is a form of itself."""
    table = f"{SCRATCH}.nickname_pairs"
    warehouse.replace(table, nickname_pairs())
    warehouse.execute(f"""
        create table {SCRATCH}.nicknames as
        select name, list_prepend(name, list(form order by form)) as forms from {table} group by name""")
