"""Numbers for names and places, so that equalities between millions of records compare numbers; and the narrow tables made of them.

How a text is cleaned stands in ``records``; here it is done once a spelling. Between two tables alone: what is found within one table
(``duplicates``) is few enough to be compared as texts.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from groundgame.linkage.records import (
    BARE_LAST,
    CLEANED,
    CODED,
    EMAIL,
    EQUAL,
    HASHED,
    LETTER,
    PARTS,
    PHONE,
    PLACE,
    SCRATCH,
    SUFFIX_BEHIND,
    VOTER_BORN,
    WORDS,
    forms,
    generation,
    has_any,
    joined_nicknames,
    plain,
    written_suffix,
)

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

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
# Of these it is counted how many voters have them, before anything is read.
COUNTED = (*HASHED, "birth_date")
LETTERS = "of_first.letter as first_letter, of_last.letter as last_letter"


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
        bare = f", {BARE_LAST} as bare_last, {generation(SUFFIX_BEHIND)} as suffix" if column == "last" else ""
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
    return f"select id, {parts}, {plain('other_last_name')} as other_last from {people}"


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
        select c.* exclude (first_part, other_last, last_words), {forms(words)}
        from coded c {joined_nicknames("nickname_codes")}"""


def store_roll(warehouse: Warehouse, voters_table: str, people: str) -> None:
    """Make ``linking.roll`` and the view ``linking.voters``: the columns of coded people, without forms, and the voter's own id.

    The spellings come from what ``store_codes`` has read. A column that is empty on either side agrees with nobody, and a place may be
    everybody's (the state of its own file): neither is stored, and the view says what there is to know. The engine's own row numbers are
    the ids; they cost nothing.
    """
    read = {
        "phone": f"case when {PHONE} is not null then hash({PHONE}) end",
        "email": f"case when {EMAIL} is not null then hash({EMAIL}) end",
        "suffix": written_suffix("name_suffix"),
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
    values["suffix"] = f"case when c.suffix is null then of_last.suffix else {generation('c.suffix')} end"
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


def read_voters(voters_table: str, found: str, said: Container[str]) -> str:
    """Select of coded voters with what has no code, where ``is_compared``, and the ``content_hash`` of all.

    ``found``: voter_id, is_compared and columns of ``linking.voters``, but for contacts; of those the ones in ``said`` are read.
    """
    texts = {column: value.format(bare_last=f"({BARE_LAST})") for column, value in PARTS.items()}
    texts |= {"middle": plain("middle_name"), "other_last": "null::varchar"}
    texts |= {column: "null::varchar" for column in HASHED if column not in said}
    read = ", ".join(f"case when is_compared then {value} end as {column}" for column, value in texts.items())
    return f"select k.*, v.content_hash, {read} from {voters_table} v join {found} k using (voter_id)"


def spelled(coded: str) -> str:
    """Select of the same rows with names as the words that their codes stand for."""
    names = [column for column, kind in CODED.items() if kind == CODED["first"]]
    return f"select * replace ({', '.join(f'{column}::varchar as {column}' for column in names)}) from {coded}"
