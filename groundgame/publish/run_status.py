"""``marts.run_status``: one row that tells what is published, as of when, by which models, and what the gates said.

It belongs to publication and not to dbt, because the last gate speaks after the last dbt layer was built.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from groundgame.publish.contract import Column, Table

RUN_STATUS = Table(
    "run_status",
    "publication",
    "What is published now: one row. Look here first: is it last night's, and was anything let through by hand?",
    "",
    (
        Column("run_id", "varchar", "The run: its night and a hash of its files."),
        Column("as_of_date", "date", "The night. Nothing dated on or after it was used."),
        Column("schema_version", "varchar", "Version of the published tables: see docs/tables.md."),
        Column("oldest_source_date", "date", "Date of the newest file of the source that is furthest behind."),
        Column("newest_source_date", "date", "Date of the newest file of any source."),
        Column("gates_count", "bigint", "Stages that were judged."),
        Column("passed_rules_count", "bigint", "Rules of the gates that passed."),
        Column("held_rules_count", "bigint", "Rules that a person let through; ops.gate_results says which."),
        Column("scored_voters_count", "bigint", "Rows of voter_scores."),
        Column("model_versions", "varchar", "The models that scored, each as score and version."),
    ),
)


def select(run_id: str, as_of: dt.date, version: str, places: Mapping[str, str]) -> str:
    """The query that makes the row. ``places`` tells where this run's tables are; one without scores has no score tables."""
    night = f"date '{as_of:%Y-%m-%d}'"
    voters = f"(select count(*) from {places['voter_scores']})" if "voter_scores" in places else "cast(0 as bigint)"
    models = "cast(null as varchar)"
    if "voter_score_history" in places:
        models = (
            "(select string_agg(score_name || ' ' || model_version, ', ' order by score_name, model_version) from"
            f" (select distinct score_name, model_version from {places['voter_score_history']} where as_of_date = {night}) as m)"
        )
    newest = f"(select max(snapshot_date) as newest_date from {places['loaded_files']} group by source, entity) as f"
    rules = f"(select count(*) from {places['gate_results']} where verdict ="
    return (
        f"select cast('{run_id}' as varchar) as run_id, {night} as as_of_date,"
        f" cast('{version}' as varchar) as schema_version,"
        f" (select min(newest_date) from {newest}) as oldest_source_date,"
        f" (select max(newest_date) from {newest}) as newest_source_date,"
        f" (select count(distinct stage) from {places['gate_results']}) as gates_count,"
        f" {rules} 'pass') as passed_rules_count, {rules} 'hold') as held_rules_count,"
        f" {voters} as scored_voters_count, {models} as model_versions"
    )
