"""One shape for people and voters: the columns that every rule speaks of, cleaned the same way on both sides.

Only cleaning belongs here. A cleaned table lives in the scratch database of one run and is dropped with it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
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
# The columns of a voter file that they come from.
READ = {
    "first": "first_name",
    "last": "last_name",
    "zip": "zip_code",
    "city": "city",
    "state": "state_abbr",
    "county": "county_code",
    "sex": "sex",
}
PLACE = ("zip", "city", "state", "county")
# Too many values to number: what is compared is a hash of 64 bits, by which two of a billion never meet.
HASHED = ("phone", "email")
# Of these it is counted how many voters have them, before anything is read.
COUNTED = (*HASHED, "birth_date")
# What two records are asked to agree on.
UNHASHED = (*CODED, "suffix", "birth_year", "birth_month", "birth_day")
EQUAL = (*UNHASHED, *HASHED)
# What stands between the parts of a name; accents go too, since one side writes them and the other does not.
SEPARATORS = "' -.,''`'"
SUFFIX_TAIL = "[ ,]+(JR|SR|II|III|IV|2ND|3RD)[.]?$"
GENERATIONS = {"SR": 1, "I": 1, "JR": 2, "II": 2, "2ND": 2, "III": 3, "3RD": 3, "IV": 4, "V": 5}


def _plain(text: str) -> str:
    """SQL of a name in capitals without accents and separators; blank is null. Most are so already: to see that is six times as fast."""
    cleaned = f"nullif(translate(upper(strip_accents({text}::varchar)), {SEPARATORS}, ''), '')"
    return f"case when regexp_full_match({text}::varchar, '[A-Z]+') then {text}::varchar else {cleaned} end"


def _written_suffix(column: str) -> str:
    return f"nullif(replace(upper(trim({column}::varchar)), '.', ''), '')"


def _generation(word: str) -> str:
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
LETTERS = "of_first.letter as first_letter, of_last.letter as last_letter"
# What is made of a column that has few distinct values, so that it may be made once a value.
CLEANED = {
    "first": _plain("first_name"),
    "last": _plain("bare_last"),
    "zip": "nullif(left(trim(zip_code), 5), '')",
    "city": _plain("city"),
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
    "first_part": f"""case when contains(first_name, ' ') then {_plain("split_part(trim(first_name), ' ', 1)")} end""",
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
    suffix = f"coalesce({_written_suffix(columns['suffix'])}, nullif({SUFFIX_BEHIND}, ''))"
    plain = ", ".join(f"{value} as {column}" for column, value in CLEANED.items())
    parts = ", ".join(f"{value.format(bare_last='bare_last')} as {column}" for column, value in PARTS.items())
    return f"""
        with named as (select *, {BARE_LAST} as bare_last, {suffix} as suffix_word from {table})
        select
            {id} as id,
            {plain},
            {parts},
            {_plain(columns["middle"])} as middle,
            {_plain(columns["other_last"])} as other_last,
            {_generation("suffix_word")} as suffix,
            ({year})::smallint as birth_year,
            ({month})::tinyint as birth_month,
            ({day})::tinyint as birth_day
        from named"""


def read_voters(voters_table: str, found: str, said: Container[str]) -> str:
    """Select of coded voters with what has no code, where ``is_compared``, and the ``content_hash`` of all.

    ``found``: voter_id, is_compared and columns of ``linking.voters``, but for contacts; of those the ones in ``said`` are read.
    """
    texts = {column: value.format(bare_last=f"({BARE_LAST})") for column, value in PARTS.items()}
    texts |= {"middle": _plain("middle_name"), "other_last": "null::varchar"}
    texts |= {column: "null::varchar" for column in HASHED if column not in said}
    read = ", ".join(f"case when is_compared then {value} end as {column}" for column, value in texts.items())
    return f"select k.*, v.content_hash, {read} from {voters_table} v join {found} k using (voter_id)"


def spelled(coded: str) -> str:
    """Select of the same rows with names as the words that their codes stand for."""
    names = [column for column, kind in CODED.items() if kind == CODED["first"]]
    return f"select * replace ({', '.join(f'{column}::varchar as {column}' for column in names)}) from {coded}"


def with_forms(cleaned: str, is_asking: bool = True) -> str:
    """Select of cleaned records with what the rules need besides: first letters, the date as text, all forms of the names.

    Forms of the first name are asked of one side alone: not where ``is_asking`` is false.
    """
    forms, nicknames = _forms(WORDS), _joined_nicknames("nicknames")
    if not is_asking:
        forms, nicknames = f"null::varchar[] as first_forms, {_last_forms(WORDS)}", ""
    return f"""
        select
            c.*,
            case when birth_year is not null and birth_month is not null and birth_day is not null
                then (birth_year::int * 10000 + birth_month::int * 100 + birth_day::int)::varchar end as birth_text,
            {LETTER.format("c.first")} as first_letter,
            {LETTER.format("c.last")} as last_letter,
            {forms}
        from {cleaned} c {nicknames}"""


def _forms(words: str) -> str:
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


def _joined_nicknames(table: str) -> str:
    return f"left join {SCRATCH}.{table} n on n.name = c.first left join {SCRATCH}.{table} p on p.name = c.first_part"


def store_codes(warehouse: Warehouse, voters_table: str, people: str) -> None:
    """Number every name and place of voters and of people: a type for each kind in the scratch database, and its codes.

    A code is still a text to every function; only where two are compared, or joined on, it is a number. Each column also gets
    ``linking.<column>_read`` (raw, n, word, code, letter, bearers): what it says and of how many voters, cleaned once a spelling and not
    once a record; ``bearers`` is how many voters say the same in any spelling.
    ``linking.said`` holds what they are made from.
    """
    sources = ", ".join(READ.values())
    sets = ", ".join(f"({source})" for source in READ.values())
    texts = ", ".join(f"{source}::varchar as {source}" for source in READ.values())
    # One scan for all: behind the table there may be a join over landed files.
    warehouse.execute(f"""
        create table {SCRATCH}.said as
        select {sources}, count(*) as n from (select {texts} from {voters_table}) group by grouping sets ({sets})""")
    warehouse.execute(f"""
        insert into {SCRATCH}.said by name
        select {sources}, 0 as n from (select {texts} from {people}) group by grouping sets ({sets})""")
    for column, source in READ.items():
        bare = f", {BARE_LAST} as bare_last, {_generation(SUFFIX_BEHIND)} as suffix" if column == "last" else ""
        warehouse.execute(f"""
            create table {SCRATCH}.{column}_read as
            with named as (
                select {source}, sum(n)::bigint as n{bare} from {SCRATCH}.said where {source} is not null group by {source}
            )
            select {source} as raw, n, {CLEANED[column]} as word{", suffix" if bare else ""} from named""")
    for kind in sorted(set(CODED.values())):
        columns = [column for column, of in CODED.items() if of == kind]
        words = " union ".join(f"select word from {SCRATCH}.{column}_read" for column in columns)
        warehouse.execute(f"""
            create type {SCRATCH}.{kind} as enum (
                select word from (select '' as word union {words}) where word is not null order by word)""")
        # The engine lists the values of a type as texts.
        warehouse.execute(f"""
            create table {SCRATCH}.{kind}_codes as
            select word, word::{SCRATCH}.{kind} as code, {LETTER.format("word")} as letter
            from (select unnest(enum_range(null::{SCRATCH}.{kind})) as word)""")
        for column in columns:
            warehouse.execute(f"""
                create or replace table {SCRATCH}.{column}_read as
                select *, sum(n) over (partition by word)::bigint as bearers
                from {SCRATCH}.{column}_read left join {SCRATCH}.{kind}_codes using (word)""")
    spelling = f"{SCRATCH}.{CODED['first']}"
    warehouse.execute(f"""
        create table {SCRATCH}.nickname_codes as
        select try_cast(name as {spelling}) as name, list_filter(try_cast(forms as {spelling}[]), x -> x is not null) as forms
        from {SCRATCH}.nicknames where try_cast(name as {spelling}) is not null""")


def drop_codes(warehouse: Warehouse) -> None:
    """Drop what ``store_codes`` has made, but for the types. Splink asks twelve times how its columns are called, by a query in which the
    engine spells out the type of every column that there is, with all its values."""
    reads = [f"{column}_read" for column in CODED]
    for table in ("said", "nickname_codes", *reads, *(f"{kind}_codes" for kind in sorted(set(CODED.values())))):
        warehouse.execute(f"drop table {SCRATCH}.{table}")


def said_names(column: str) -> str:
    """Select of the names that voters bear in ``column`` (its code, n), as ``store_codes`` has read them; one may come several times."""
    return f"select code as {column}, n from {SCRATCH}.{column}_read where n > 0"


def _joined_codes(columns: Iterable[str] = READ) -> str:
    """Joins of ``c``, as it was read, with the codes of its columns: ``of_first.code``, and whatever else is known of a spelling."""
    return " ".join(
        f"left join {SCRATCH}.{column}_read of_{column} on of_{column}.raw = c.{READ[column]}::varchar"
        for column in columns
    )


def texts_of_people(people: str, said: Container[str]) -> str:
    """Select of what people's records say that has no code: id, parts of names, and the contacts that some voter has as well."""
    texts = {column: value.format(bare_last=f"({BARE_LAST})") for column, value in PARTS.items()}
    texts |= {column: "null::varchar" for column in HASHED if column not in said}
    parts = ", ".join(f"{value} as {column}" for column, value in texts.items())
    return f"select id, {parts}, {_plain('other_last_name')} as other_last from {people}"


def coded_people(people: str, texts: str) -> str:
    """Select of people for the rules' equalities, narrow: codes for names and places, hashes for contacts, the birthday.

    ``first_forms`` and ``last_forms`` are codes too: a form that nobody is called by has none, and finds nobody.
    """
    codes = ", ".join(f"of_{column}.code as {column}" for column in CODED)
    hashes = ", ".join(f"case when {column} is not null then hash({column}) end as {column}" for column in HASHED)
    # A join looks each text up once and takes half the time of a cast.
    parts = " ".join(
        f"left join {SCRATCH}.{CODED['first']}_codes of_{column} on of_{column}.word = t.{column}"
        for column in ("first_part", "other_last")
    )
    words = f"try_cast({WORDS} as {SCRATCH}.{CODED['last']}[])"
    return f"""
        with coded as (
            select
                c.id, c.is_learner, c.is_tonight, {codes}, {LETTERS}, t.phone, t.email, of_last.suffix,
                of_first.bearers as first_bearers, of_last.bearers as last_bearers,
                c.birth_year::smallint as birth_year, c.birth_month::tinyint as birth_month, c.birth_day::tinyint as birth_day,
                of_first_part.code as first_part, of_other_last.code as other_last, t.last_words
            from {people} c
            join (select id, first_part, other_last, last_words, {hashes} from {texts}) t using (id) {_joined_codes()} {parts}
        )
        select c.* exclude (first_part, other_last, last_words), {_forms(words)}
        from coded c {_joined_nicknames("nickname_codes")}"""


def store_roll(warehouse: Warehouse, voters_table: str, people: str) -> None:
    """Make ``linking.roll`` and the view ``linking.voters``: the columns of coded people, without forms, and the voter's own id.

    The spellings come from what ``store_codes`` has read. A column that is empty on either side agrees with nobody, and a place may be
    everybody's (the state of its own file): neither is stored, and the view says what there is to know. The engine's own row numbers are
    the ids; they cost nothing.
    """
    read = {
        "phone": f"case when {PHONE} is not null then hash({PHONE}) end",
        "email": f"case when {EMAIL} is not null then hash({EMAIL}) end",
        "suffix": _written_suffix("name_suffix"),
        "birth_year": f"({VOTER_BORN['year']})::smallint",
        "birth_month": f"({VOTER_BORN['month']})::tinyint",
        "birth_day": f"({VOTER_BORN['day']})::tinyint",
    }
    said = said_by_voters(warehouse)
    empty = [column for column in EQUAL if column not in said or not has_any(warehouse, people, column)]
    shared = {column: word for column in PLACE if column not in empty and (word := _of_all(warehouse, column))}
    stored = [column for column in EQUAL if column not in (*empty, *shared)]
    coded = [column for column in CODED if column in (*stored, "first", "last")]
    # Read before the joins: behind them each text would be looked up through every one of them.
    texts = "".join(f", {READ[column]}" for column in coded)
    texts += "".join(f", {value} as {column}" for column, value in read.items() if column in stored)
    values = {column: f"of_{column}.code" for column in CODED} | {column: f"c.{column}" for column in read}
    values["suffix"] = f"case when c.suffix is null then of_last.suffix else {_generation('c.suffix')} end"
    warehouse.execute(f"""
        create table {SCRATCH}.roll as
        select c.voter_id, {LETTERS}{"".join(f", {values[column]} as {column}" for column in stored)}
        from (select voter_id::varchar as voter_id{texts} from {voters_table}) c {_joined_codes(coded)}""")
    kinds = {column: f"{SCRATCH}.{kind}" for column, kind in CODED.items()} | dict.fromkeys(HASHED, "ubigint")
    kinds |= {"birth_year": "smallint"}
    told = "".join(f", null::{kinds.get(column, 'tinyint')} as {column}" for column in empty)
    for column, word in shared.items():
        quoted = word.replace("'", "''")
        told += f", '{quoted}'::{kinds[column]} as {column}"
    warehouse.execute(f"create view {SCRATCH}.voters as select rowid as id, *{told} from {SCRATCH}.roll")


def said_by_voters(warehouse: Warehouse) -> set[str]:
    """The columns of records in which some voter says something, as far as is known before they are read."""
    night = warehouse.fetch(f"from {SCRATCH}.night").to_pylist()[0]
    counted = {"phone": "phone", "email": "email", "birth_month": "birth_date", "birth_day": "birth_date"}
    said = {column for column, source in counted.items() if night[f"{source}_count"]}
    said |= {column for column in READ if has_any(warehouse, f"(from {SCRATCH}.{column}_read where n > 0)", "raw")}
    return said | {"suffix", "birth_year"}


def _of_all(warehouse: Warehouse, column: str) -> str | None:
    """What every voter says in the column, if they all say one thing."""
    found = warehouse.fetch(f"""
        select min(word) as word from {SCRATCH}.{column}_read where n > 0
        having min(word) = max(word) and count(word) = count(*) and sum(n) = (select voters_count from {SCRATCH}.night)""")
    word: str | None = found["word"][0].as_py() if found.num_rows else None
    return word


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
