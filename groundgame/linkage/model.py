"""Splink: how likely is it that two records are one person, given how they agree.

Method: Fellegi and Sunter (1969), as Splink 5 computes it, with term frequencies for names. Nothing is drawn at random and no
expectation maximisation is run: members of a household agree on so much that EM takes them for matches. Instead, m is counted on
pairs that are surely one person (``rules.LESSONS``), u on pairs of two seeded samples, both pulled towards the declared values
where the counts are few. Splink is imported inside functions: it takes two seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from groundgame.errors import WarehouseError
from groundgame.linkage import rules
from groundgame.linkage.records import SCRATCH

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

Rates = Mapping[str, list[float]]
# The declared values weigh as much as so many observed pairs: a small town's few sure links bend them, a state's replace them.
DECLARED_M_PAIRS = 50
DECLARED_U_PAIRS = 100_000
SAMPLE = 500  # records a side: 250,000 pairs for u
AT_LARGE = "at large"
LESSON_PAIRS = 5_000
FLOOR = 1e-9
# Below this nothing is linked, reviewed or too close to call; it need not be written.
LEAST_WRITTEN = 0.01


def draw(warehouse: Warehouse, left: str, right: str, seed: int, same: bool = False, by: str = "id") -> None:
    """Make ``linking.taught``: the pairs of the lessons, and all pairs of two seeded samples (their lesson is ``at large``).

    Args:
        warehouse: the connection, with the scratch database attached and the lessons collected.
        left: records of one side.
        right: records of the other side.
        seed: chooses the sample; the same seed takes the same records.
        same: both are one table, of which each pair counts once.
        by: column by which ``right`` is sampled; its ``id`` may depend on the order of the rows.
    """
    sample = f"(select id from {{}} order by hash({{}}, {seed}), {{}} limit {SAMPLE})"
    once = "where l.id < r.id" if same else ""
    warehouse.execute(f"""
        insert into {SCRATCH}.lessons
        select '{AT_LARGE}', l.id, r.id from {sample.format(left, "id", "id")} l, {sample.format(right, by, by)} r {once}""")
    warehouse.execute(f"""
        create or replace table {SCRATCH}.taught as
        select distinct '0' as match_key, id_l as join_key_l, id_r as join_key_r from {SCRATCH}.lessons""")


def learn(warehouse: Warehouse, prior: float) -> tuple[Rates, Rates]:
    """Estimate m and u of every level from ``linking.lessons``; ``linking.compared`` must hold the records of its pairs.

    Args:
        warehouse: the connection, with the scratch database attached.
        prior: probability that a pair at large is one person; so many of the sampled pairs are taken out of u again. In a small
            table full of duplicates they would make agreement look common.

    Returns:
        Two maps from a comparison's name to the rates of its levels, in the order of the rules.
    """
    expected_m, expected_u = declared("m"), declared("u")
    score(warehouse, "taught", "taught_grades", expected_m, expected_u, 0.5, training=True)
    seen = _grades_by_lesson(warehouse)
    m, u = {}, {}
    for comparison in rules.COMPARISONS:
        teachers = [lesson.name for lesson in rules.LESSONS if comparison.name in lesson.teaches]
        grades = range(len(comparison.levels) - 1, -1, -1)
        sure = [sum(seen.get((comparison.name, lesson, number), 0) for lesson in teachers) for number in grades]
        large = [seen.get((comparison.name, AT_LARGE, number), 0) for number in grades]
        m[comparison.name] = pulled(sure, expected_m[comparison.name], DECLARED_M_PAIRS)
        same = [sum(large) * prior * rate for rate in m[comparison.name]]
        two = [max(all_ - one, 0) for all_, one in zip(large, same, strict=True)]
        u[comparison.name] = pulled(two, expected_u[comparison.name], DECLARED_U_PAIRS)
    return m, u


def declared(rate: str) -> Rates:
    """The rules' own m or u of every level, in the order of the rules.

    Those of which as much is known as a comparison asks for sum to one; where less is known (``Level.given``), the share stands as it is:
    if every voter file lacks the day of birth, the same year is as telling as if days had never been thought of.
    """
    rates = {}
    for comparison in rules.COMPARISONS:
        whole = sum(getattr(level, rate) for level in comparison.levels if not level.given)
        rates[comparison.name] = [getattr(x, rate) / (1 if x.given else whole) for x in comparison.levels]
    return rates


def pulled(counts: Sequence[float], expected: Sequence[float], weight: float) -> list[float]:
    """Shares of the counts, pulled towards the expected ones as if those had been seen ``weight`` times (Dirichlet prior)."""
    return [
        max((count + weight * share) / (sum(counts) + weight), FLOOR)
        for count, share in zip(counts, expected, strict=True)
    ]


def score(
    warehouse: Warehouse, pairs: str, into: str, m: Rates, u: Rates, prior: float, training: bool = False
) -> None:
    """Write ``linking.<into>``: id_l, id_r, match_weight (bits), match_probability and one ``gamma_`` column a comparison.

    Args:
        warehouse: the connection, with ``linking.compared`` holding every record of the pairs.
        pairs: name of a table of match_key, join_key_l, join_key_r, within the scratch database.
        into: name of the result, there too.
        m: how often each level is seen for one person.
        u: how often each level is seen for two.
        prior: probability that a pair at large is one person.
        training: only the grades count: no term frequencies, and pairs of any probability are kept.

    Raises:
        WarehouseError: Splink failed. Its text is not passed on: it may quote a record.
    """
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import SplinkException

    with _inside_scratch(warehouse) as connection:
        try:
            api = DuckDBAPI(connection=connection)
            linker = Linker(
                api.register("compared"), _settings(m, u, prior, training), log_level=None, validate_settings=False
            )
            if not training:
                for column in _rare_columns():
                    linker.table_management.register_term_frequency_lookup(api.register(f"tf_{column}"), column)
            linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
            threshold = None if training else LEAST_WRITTEN
            predicted = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
            connection.execute(f"drop table if exists {into}")
            connection.execute(f"alter table {predicted.physical_name} rename to {into}")
        except SplinkException as error:
            raise WarehouseError("link", f"Splink failed: {type(error).__name__}") from None


def count_terms(warehouse: Warehouse) -> None:
    """Make the term frequencies of the names, as shares of all that are filled; ``rarity.count_bearers`` has counted them."""
    for column in _rare_columns():
        warehouse.execute(f"""
            create or replace table {SCRATCH}.tf_{column} as
            select {column}::varchar as {column}, n / sum(n) over () as tf_{column} from {SCRATCH}.{column}_bearers""")


def grade(comparison: str, label: str) -> int:
    """The number that ``gamma_<comparison>`` bears for a label; the last level is 0, unknown is -1."""
    labels = [x.label for c in rules.COMPARISONS if c.name == comparison for x in c.levels]
    return len(labels) - 1 - labels.index(label)


def pattern_sql() -> str:
    """SQL of the agreement pattern in labels (``first_name: exact; ...``); it names no one."""
    parts = []
    for comparison in rules.COMPARISONS:
        cases = " ".join(f"when {grade(comparison.name, x.label)} then '{x.label}'" for x in comparison.levels)
        parts.append(f"'{comparison.name}: ' || case gamma_{comparison.name} {cases} else 'unknown' end")
    return " || '; ' || ".join(parts)


def _rare_columns() -> list[str]:
    return sorted({x.rarity_of for c in rules.COMPARISONS for x in c.levels if x.rarity_of})


def _grades_by_lesson(warehouse: Warehouse) -> dict[tuple[str, str, int], int]:
    """How often each grade of each comparison is seen in each lesson; a pair counts in every lesson that has it."""
    names = [comparison.name for comparison in rules.COMPARISONS]
    sets = ", ".join(f"(lesson, gamma_{name})" for name in names)
    cases = " ".join(f"when grouping(gamma_{name}) = 0 then '{name}'" for name in names)
    grades = " ".join(f"when grouping(gamma_{name}) = 0 then gamma_{name}" for name in names)
    rows = warehouse.fetch(f"""
        select case {cases} end as comparison, lesson, case {grades} end as grade, count(*) as n
        from {SCRATCH}.lessons join {SCRATCH}.taught_grades using (id_l, id_r) group by grouping sets ({sets})""")
    return {(row["comparison"], row["lesson"], row["grade"]): row["n"] for row in rows.to_pylist()}


def _settings(m: Rates, u: Rates, prior: float, training: bool) -> dict[str, Any]:
    comparisons = []
    for comparison in rules.COMPARISONS:
        levels: list[dict[str, Any]] = [
            {"sql_condition": comparison.unknown, "label_for_charts": "unknown", "is_null_level": True}
        ]
        for level, m_rate, u_rate in zip(comparison.levels, m[comparison.name], u[comparison.name], strict=True):
            condition = "ELSE" if level.when == "else" else level.when
            rarity = {"tf_adjustment_column": level.rarity_of} if level.rarity_of and not training else {}
            levels.append(
                {
                    "sql_condition": condition,
                    "label_for_charts": level.label,
                    "m_probability": m_rate,
                    "u_probability": u_rate,
                    **rarity,
                }
            )
        comparisons.append({"output_column_name": comparison.name, "comparison_levels": levels})
    return {
        "link_type": "dedupe_only",  # the pairs are given, so Splink need not know that they are of two tables
        "unique_id_column_name": "id",
        "probability_two_random_records_match": prior,
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": True,  # Splink keeps the grades with them only
        "retain_intermediate_calculation_columns": False,
    }


@contextmanager
def _inside_scratch(warehouse: Warehouse) -> Iterator[Any]:
    """The engine's own connection, with the scratch database as the current one: what Splink creates goes there."""
    database, schema = warehouse.fetch("select current_database(), current_schema()").to_pylist()[0].values()
    connection = getattr(warehouse, "connection", None)
    if connection is None:
        raise WarehouseError("link", f"linkage needs an embedded engine, not {warehouse.engine}")
    connection.execute(f"use {SCRATCH}")
    try:
        yield connection
    finally:
        connection.execute(f'use "{database}"."{schema}"')
