"""The rules of linkage: which equalities link at once, which pairs are looked at, how two records are compared.

Only declarations belong here: no thresholds, no training, no SQL that runs by itself. In every condition ``l`` is one record
(a person of the app) and ``r`` the other (a voter); the columns are those of ``groundgame.linkage.records``.

Probabilities and starting values are judgements, not measurements on any set: what a night's own links teach outweighs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VERSION = "2026-11-6"


@dataclass(frozen=True)
class Key:
    """Columns whose equality links two records, when it holds for one pair alone on both sides and nothing contradicts.

    ``names`` says how first and last name take part: not at all, as written, or in any form (nickname, former last name).
    ``probability`` is what such a link is believed to be worth when a second person claims the voter. Where ``is_rare`` it is computed
    from how rare the name is in the place, and among those of the age, that ``on`` says (``groundgame.linkage.rarity``), and
    ``probability`` is the most.
    """

    name: str
    on: tuple[str, ...]
    probability: float
    names: Literal["none", "exact", "forms"] = "exact"
    also: str = "true"
    is_rare: bool = False


@dataclass(frozen=True)
class Block:
    """Pairs that are worth comparing: ``on`` are equalities (``column`` or ``left = right``), ``also`` is tested inside the block.

    ``first_form`` is every form of the first name. ``also`` is asked of all who agree on ``on``: there a list of forms costs most.

    Where ``names`` take part, ``also`` may speak of ``l.bearers`` besides what ``on`` speaks of: how many are called so.
    """

    name: str
    on: tuple[str, ...]
    also: str = "true"
    names: Literal["none", "forms"] = "none"


@dataclass(frozen=True)
class Lesson:
    """Pairs that are surely one person by ``on`` alone: they teach how often the comparisons in ``teaches`` agree for one person.

    What a lesson is found by it cannot teach; so names are learned where contact and birth agree, and the reverse.
    """

    name: str
    on: tuple[str, ...]
    teaches: tuple[str, ...]


@dataclass(frozen=True)
class Level:
    """One grade of agreement: its label, when it holds, and how often it is expected for one person (m) and for two (u).

    ``given`` says what is not known in such a pair, where less is known than the other levels ask for: m and u are shares of the pairs
    of which so little is known, and do not sum to one with those of the others.
    """

    label: str
    when: str
    m: float
    u: float
    rarity_of: str | None = None
    given: str = ""


@dataclass(frozen=True)
class Comparison:
    """Grades of one subject, best first; the last catches the rest. ``unknown`` is when the subject says nothing."""

    name: str
    unknown: str
    levels: tuple[Level, ...]


# Fathers and sons, spouses and twins share a home, a phone and a name: what they do not share is looked at before any key counts.
FIRST_AGREES = """(list_contains(l.first_forms, r.first) or jaro_winkler_similarity(l.first, r.first) >= 0.9
    or (least(length(l.first), length(r.first)) = 1 and l.first[1] = r.first[1]))"""
CONTRADICTIONS = (
    "l.suffix <> r.suffix",
    "l.sex <> r.sex",
    "l.birth_year <> r.birth_year",
    "l.birth_month <> r.birth_month",
    "l.birth_day <> r.birth_day",
)
# What ``decide.vetoed_sql`` would throw out after the comparison, as far as columns alone can tell: such a pair is not compared at all.
SAME_EMAIL = "coalesce(l.email = r.email, false)"
HOPELESS = (
    f"""abs(l.birth_year - r.birth_year) > 1 and not {SAME_EMAIL}
        and not coalesce(l.birth_month = r.birth_month and l.birth_day = r.birth_day, false)""",
    """l.suffix <> r.suffix and not coalesce(
        l.birth_year = r.birth_year and l.birth_month = r.birth_month and l.birth_day = r.birth_day, false)""",
    f"l.sex <> r.sex and l.first <> r.first and not {SAME_EMAIL}",
)
BIRTH_UNKNOWN = "(l.birth_year is null or r.birth_year is null)"

# A key that links on its own is right in ninety-nine of a hundred at the least.
LEAST_BY_KEY = 0.99
BIRTH_DATE = ("birth_year", "birth_month", "birth_day")
KEYS = (
    Key("email", ("email",), 0.9999, names="none", also=FIRST_AGREES),
    Key("phone_and_first_name", ("phone",), 0.9995, names="none", also="list_contains(l.first_forms, r.first)"),
    Key("name_and_birth_date", BIRTH_DATE, 0.9995),
    Key("name_birth_year_zip", ("birth_year", "zip"), 0.9995, is_rare=True),
    Key("name_birth_year_city", ("birth_year", "city", "state"), 0.999, is_rare=True),
    Key("name_birth_year_county", ("birth_year", "county", "state"), 0.995, is_rare=True),
    Key("name_form_and_birth_date", BIRTH_DATE, 0.999, names="forms"),
    Key("name_form_birth_year_zip", ("birth_year", "zip"), 0.998, names="forms", is_rare=True),
    # Where no birthday exists, nothing may do worse than the plain reader: one such name in the place is the person.
    Key("name_zip", ("zip",), 0.995, also=BIRTH_UNKNOWN, is_rare=True),
    Key("name_city", ("city", "state"), 0.995, also=BIRTH_UNKNOWN, is_rare=True),
)

LIKE_FIRST = "jaro_winkler_similarity(l.first, r.first) >= 0.8"
CLOSE_FIRST = f"(list_contains(l.first_forms, r.first) or {LIKE_FIRST})"
LIKE_LAST = "jaro_winkler_similarity(l.last, r.last) >= 0.82"
CLOSE_LAST = f"(list_contains(l.last_forms, r.last) or {LIKE_LAST})"
# A name that hundreds bear, a year of birth and a first letter say little: where nothing else agrees, only a rarer one reaches one half.
# How many bear it is counted among the voters, so that the bound is the same for a town and a state. A first or a last name is rare up to
# the first bound, a whole name up to the second.
RARE = 1000
RARE_NAME = 100
# Where neither place nor age is known, or both are others by now, a name may do that hardly anybody else bears.
ONLY_NAME = 2
SAME_RARE_FIRST = f"(l.first_bearers <= {RARE} and l.first = r.first)"
RARE_LAST = f"l.last_bearers <= {RARE}"
# Namesakes in any form are looked at wherever place or birth year agrees; the other blocks bear with a mistyped or missing part.
BLOCKS = (
    Block("namesakes_in_zip", ("zip",), names="forms"),
    Block("namesakes_in_city", ("city", "state"), names="forms"),
    Block("namesakes_in_county", ("county", "state"), names="forms"),
    Block("namesakes_of_age", ("birth_year",), also=f"l.bearers <= {RARE_NAME}", names="forms"),
    Block("namesakes_anywhere", (), also=f"l.bearers <= {ONLY_NAME}", names="forms"),
    Block(
        "home_and_first_form", ("zip", "birth_year", "first_form = first"), also=f"({SAME_RARE_FIRST} or {LIKE_LAST})"
    ),
    Block("home_age_and_last_name", ("zip", "birth_year", "last")),
    Block("home_and_letters", ("zip", "birth_year", "first[1]", "last[1]"), also=f"{LIKE_LAST} and {LIKE_FIRST}"),
    Block("home_and_last_name", ("zip", "last", "first[1]"), also=CLOSE_FIRST),
    Block("home_and_first_name", ("zip", "first", "last[1]"), also=CLOSE_LAST),
    Block("moved", ("last", "birth_year", "first[1]"), also=f"({RARE_LAST} or l.city = r.city) and {CLOSE_FIRST}"),
    # What has to agree besides stands among the equalities: tested inside the block, it would be asked of ten times the pairs.
    Block("mistyped_last_name_in_city", ("first", "birth_year", "last[1]", "city"), also=CLOSE_LAST),
    Block("mistyped_last_name_and_month", ("first", "birth_year", "last[1]", "birth_month"), also=CLOSE_LAST),
    Block("mistyped_last_name_and_day", ("first", "birth_year", "last[1]", "birth_day"), also=CLOSE_LAST),
    Block("names_swapped", ("first = last", "last = first")),
    Block("phone", ("phone",)),
    Block("email", ("email",)),
    Block("birth_date_and_zip", (*BIRTH_DATE, "zip")),
    Block("birth_date_and_city", (*BIRTH_DATE, "city")),
    Block("birth_date_and_last_letter", (*BIRTH_DATE, "last[1]")),
    Block("birth_date_and_first_letter", (*BIRTH_DATE, "first[1]")),
    Block("birth_date_and_first_name_swapped", (*BIRTH_DATE, "first = last")),
    Block("birth_date_and_last_name_swapped", (*BIRTH_DATE, "last = first")),
    Block("birthday_and_last_name", ("birth_month", "birth_day", "last"), also=CLOSE_FIRST),
    Block("birthday_and_first_name", ("birth_month", "birth_day", "first"), also=CLOSE_LAST),
)

# One field alone is enough to compare two records where the table is small enough for it (an import, a town); so are two faults in one
# name: in the wrong box and mistyped.
BROAD_BLOCKS = (
    Block("first_name", ("first",)),
    Block("last_name", ("last",)),
    Block("birth_date", BIRTH_DATE),
    Block("birthday_and_city", ("birth_month", "birth_day", "city")),
    Block("age_and_city", ("birth_year", "city")),
    Block("names_swapped_at_home", ("zip", "first = last"), also="jaro_winkler_similarity(l.last, r.first) >= 0.8"),
    Block("names_swapped_at_home_too", ("zip", "last = first"), also="jaro_winkler_similarity(l.first, r.last) >= 0.8"),
)

# Two records of one voter were written on two forms: the names are the same or nearly so, and so is the year of birth.
DUPLICATE_BLOCKS = (
    Block("name_and_birth_year", ("first", "last", "birth_year")),
    Block("phone_and_birth_year", ("phone", "birth_year"), also=f"{CLOSE_FIRST} and {CLOSE_LAST}"),
    Block("birth_date_and_first_name", (*BIRTH_DATE, "first"), also=CLOSE_LAST),
    Block("birth_date_and_last_name", (*BIRTH_DATE, "last"), also=CLOSE_FIRST),
)

LESSONS = (
    Lesson("email_birth", ("email", "birth_year"), ("first_name", "last_name", "middle_name", "place", "phone", "sex")),
    Lesson("phone_birth", ("phone", "birth_year", "sex"), ("first_name", "last_name", "middle_name", "place", "email")),
    Lesson("birth_place", (*BIRTH_DATE, "zip"), ("first_name", "last_name", "middle_name", "phone", "email", "sex")),
    Lesson("name_email", ("first", "last", "email"), ("birth", "place", "phone", "sex", "suffix")),
    Lesson("name_phone", ("first", "last", "phone"), ("birth", "place", "email", "sex", "suffix")),
    Lesson("name_birth", ("first", "last", *BIRTH_DATE), ("place", "phone", "email", "sex", "suffix")),
    Lesson("name_place", ("first", "last", "zip", "city"), ("birth",)),
)

# First name in the box of the last name and the reverse; one of them may be mistyped on top.
SWAPPED = """((first_l = last_r and jaro_winkler_similarity(last_l, first_r) >= 0.8)
    or (last_l = first_r and jaro_winkler_similarity(first_l, last_r) >= 0.8))"""
SAME_MONTH_DAY = "birth_month_l = birth_month_r and birth_day_l = birth_day_r"
COMPARISONS = (
    Comparison(
        "first_name",
        "first_l is null or first_r is null",
        (
            Level("exact", "first_l = first_r", 0.8, 0.005, rarity_of="first"),
            Level("swapped", SWAPPED, 0.01, 1e-7),
            Level("nickname", "list_contains(first_forms_l, first_r)", 0.08, 0.003),
            Level("close", "jaro_winkler_similarity(first_l, first_r) >= 0.9", 0.05, 0.004),
            Level("goes by middle name", "first_l = middle_r", 0.01, 0.005),
            Level("initial", "least(length(first_l), length(first_r)) = 1 and first_l[1] = first_r[1]", 0.01, 0.001),
            Level("alike", "jaro_winkler_similarity(first_l, first_r) >= 0.8", 0.02, 0.01),
            Level("other", "else", 0.02, 0.97),
        ),
    ),
    Comparison(
        "last_name",
        f"last_l is null or last_r is null or {SWAPPED}",
        (
            Level("exact", "last_l = last_r", 0.88, 0.0008, rarity_of="last"),
            Level("part or former", "list_has_any(last_forms_l, last_forms_r)", 0.03, 0.0005),
            Level("close", "jaro_winkler_similarity(last_l, last_r) >= 0.92", 0.05, 0.001),
            Level("alike", "jaro_winkler_similarity(last_l, last_r) >= 0.82", 0.02, 0.005),
            Level("other", "else", 0.02, 0.99),
        ),
    ),
    Comparison(
        "middle_name",
        "middle_l is null or middle_r is null",
        (
            Level("exact", "middle_l = middle_r", 0.85, 0.01),
            Level("initial", "least(length(middle_l), length(middle_r)) = 1 and middle_l[1] = middle_r[1]", 0.1, 0.04),
            Level("other", "else", 0.05, 0.95),
        ),
    ),
    Comparison(
        "birth",
        """(birth_year_l is null or birth_year_r is null)
            and (birth_month_l is null or birth_month_r is null or birth_day_l is null or birth_day_r is null)""",
        (
            Level("date", f"birth_year_l = birth_year_r and {SAME_MONTH_DAY}", 0.9, 4e-5),
            Level(
                "day, year unknown",
                f"(birth_year_l is null or birth_year_r is null) and {SAME_MONTH_DAY}",
                0.9,
                0.0027,
                given="year unknown",
            ),
            Level(
                "year, day unknown",
                "birth_year_l = birth_year_r and (birth_month_l is null or birth_month_r is null)",
                0.9,
                0.014,
                given="day unknown",
            ),
            Level("one part differs", "damerau_levenshtein(birth_text_l, birth_text_r) <= 1", 0.05, 0.001),
            Level(
                "two parts agree",
                """(birth_year_l = birth_year_r)::int + (birth_month_l = birth_month_r)::int
                    + (birth_day_l = birth_day_r)::int = 2
                    or (birth_year_l = birth_year_r and birth_month_l = birth_day_r and birth_day_l = birth_month_r)""",
                0.02,
                0.004,
            ),
            Level("year alone", "birth_year_l = birth_year_r", 0.02, 0.014),
            Level("a year apart", "abs(birth_year_l - birth_year_r) = 1", 0.02, 0.03),
            Level("other", "else", 0.02, 0.95),
        ),
    ),
    Comparison(
        "place",
        "(zip_l is null or zip_r is null) and (city_l is null or city_r is null)",
        (
            Level("zip and city", "zip_l = zip_r and city_l = city_r", 0.7, 0.001),
            Level("zip", "zip_l = zip_r", 0.05, 0.0005),
            Level(
                "city, zip unknown",
                "(zip_l is null or zip_r is null) and city_l = city_r and state_l = state_r",
                0.8,
                0.02,
                given="zip unknown",
            ),
            Level("city", "city_l = city_r and state_l = state_r", 0.08, 0.02),
            Level(
                "close",
                "damerau_levenshtein(zip_l, zip_r) <= 1 or jaro_winkler_similarity(city_l, city_r) >= 0.9",
                0.05,
                0.01,
            ),
            Level("county", "county_l = county_r", 0.05, 0.02),
            Level("other", "else", 0.1, 0.95),
        ),
    ),
    Comparison(
        "phone",
        "phone_l is null or phone_r is null",
        (
            Level("exact", "phone_l = phone_r", 0.6, 1e-6),
            Level("one digit differs", "damerau_levenshtein(phone_l, phone_r) <= 1", 0.02, 1e-6),
            Level("other", "else", 0.38, 1.0),
        ),
    ),
    Comparison(
        "email",
        "email_l is null or email_r is null",
        (
            Level("exact", "email_l = email_r", 0.6, 1e-7),
            Level("same name of the box", "split_part(email_l, '@', 1) = split_part(email_r, '@', 1)", 0.05, 1e-5),
            Level("close", "jaro_winkler_similarity(email_l, email_r) >= 0.92", 0.05, 1e-4),
            Level("other", "else", 0.3, 1.0),
        ),
    ),
    Comparison(
        "sex",
        "sex_l is null or sex_r is null",
        (Level("same", "sex_l = sex_r", 0.99, 0.5), Level("other", "else", 0.01, 0.5)),
    ),
    Comparison(
        "suffix",
        "suffix_l is null or suffix_r is null",
        (Level("same", "suffix_l = suffix_r", 0.98, 0.4), Level("other", "else", 0.02, 0.6)),
    ),
)
