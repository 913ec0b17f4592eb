"""The ledger: what was loaded, refused, judged, trained, approved and published. Append-only, no personal value.

Columns named ``*_at`` are the only ones that read the clock; nothing downstream may depend on them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from groundgame.warehouse.base import Warehouse

TABLES: dict[str, str] = {
    # One row per file that was landed. `verdict` is pass or hold; `hold_reasons` lists rule ids with counts.
    "loaded_files": """
        file_id varchar, source varchar, entity varchar, file_name varchar, snapshot_date date, file_bytes bigint,
        sha256 varchar, layout varchar, lines_in bigint, rows_landed bigint, rows_quarantined bigint,
        rows_normalised bigint, lines_dropped bigint, verdict varchar, hold_reasons varchar, raw_path varchar,
        loaded_at timestamp""",
    # Files refused whole (REJ). The same content is not tried again until it changes.
    "refused_files": """
        source varchar, entity varchar, file_name varchar, sha256 varchar, rule varchar, problem varchar,
        refused_at timestamp""",
    # One row per refused line; the text itself is in the vault (kept_lines), never here.
    "quarantined_lines": "file_id varchar, line bigint, column_name varchar, rule varchar, reason varchar",
    # One row: the parameters of the night that is being built; dbt reads it instead of vars.
    "run_parameters": """
        as_of_date date, is_training boolean, label_election_date date, label_election_type varchar""",
    # One row: what the tables tagged steady were built from; no row while they are being built.
    "steady_build": "inputs_sha256 varchar",
    # What the field's tables hold, and while they are brought up to date what is to come; see `groundgame.field`.
    "field_built": "file_id varchar, source varchar, entity varchar, snapshot_date date",
    "field_pending": "file_id varchar",
    # A rerun appends again; the highest `attempt` of a run and stage is the one that counts.
    "gate_results": """
        run_id varchar, as_of_date date, stage varchar, attempt bigint, table_name varchar, rule varchar, observed double,
        expected varchar, verdict varchar, reason varchar, evaluated_at timestamp""",
    # `holds` is a JSON list of what was approved: a hold that appears later needs an approval of its own.
    "approvals": "run_id varchar, holds varchar, approved_by varchar, reason varchar, approved_at timestamp",
    "model_versions": """
        score_name varchar, model_version varchar, sha256 varchar, as_of_date date, judged_election varchar,
        auc double, ece double, is_promoted boolean, reason varchar, trained_at timestamp""",
    # How right a model is about groups of voters, on the election it was judged on; see the model's card.
    "score_slices": """
        score_name varchar, model_version varchar, as_of_date date, judged_election varchar, slice_kind varchar,
        slice_value varchar, voters_count bigint, voted_share double, mean_share double, gap_share double,
        margin_share double, brier double, auc double""",
    # The nights whose scores are still there, one row each.
    "scored_nights": "score_name varchar, as_of_date date",
    # Of a night's sample: how often the reasons given were those of LightGBM's own SHAP values.
    "score_reason_checks": """
        score_name varchar, model_version varchar, as_of_date date, checked_count bigint, first_share double,
        all_share double""",
    # What was declared when the first voter was assigned; a spec that differs from its row is refused. An election or the days of
    # the answers are given as `outcome_kind` says: votes or answers.
    "experiments": """
        experiment_id varchar, spec_sha256 varchar, spec varchar, hypothesis varchar, level varchar, control_arm varchar,
        election_date date, election_type varchar, start_date date, analysis_date date, registered_as_of_date date,
        registered_at timestamp, outcome_kind varchar default 'votes', answers_from_date date, answers_until_date date""",
    # Append-only: nobody is ever moved. Unit and cluster are keyed hashes of what was drawn, and of who lives, together.
    "experiment_assignments": """
        experiment_id varchar, spec_sha256 varchar, voter_id varchar, unit_key varchar, cluster_key varchar, stratum varchar,
        arm varchar, assigned_as_of_date date""",
    # What was known before the start: sample ratio, balance, minimum detectable effect. No voter is in it.
    "experiment_checks": """
        experiment_id varchar, as_of_date date, check_name varchar, arm varchar, covariate varchar, value double,
        limit_value double, verdict varchar, checked_at timestamp""",
    # One row per arm and night of analysis; a rerun replaces its own night. Who answered is counted where answers are the outcome.
    "experiment_effects": """
        experiment_id varchar, as_of_date date, arm varchar, control_arm varchar, voters_count bigint,
        control_voters_count bigint, clusters_count bigint, outcome_share double, control_outcome_share double,
        effect_share double, standard_error double, effect_low_share double, effect_high_share double, answered_count bigint,
        control_answered_count bigint, answered_share double, control_answered_share double, has_uneven_answers boolean""",
    # `state` goes intent -> done; an intent without its done is completed (or abandoned) by the next publish.
    # A rollback is one row `rolled_back` naming the run that is served again.
    "publications": """
        seq bigint, run_id varchar, as_of_date date, state varchar, content_hash varchar, published_at timestamp""",
    # Lists that left the house; `state` goes intent -> done or failed, each entry chained to the one before by its hash.
    "exports": """
        seq bigint, export_id varchar, recipient varchar, purpose varchar, approved_by varchar, criteria varchar,
        as_of_date date, run_id varchar, state varchar, rows_count bigint, suppressed_count bigint, held_out_count bigint,
        suppression_sha256 varchar, files_sha256 varchar, noted_at timestamp, previous_hash varchar, entry_hash varchar""",
    # `state` goes intent -> done; `subject_key` is a keyed hash, `counts` a JSON object of rows removed by place.
    "forget_requests": """
        request_id varchar, subject_key varchar, requested_on date, reason varchar, state varchar, counts varchar,
        noted_at timestamp""",
    # Who was forgotten stays out of every later file; `kind` is voter or app_user, or says what of a worker of the field it is.
    "tombstones": "subject_key varchar, kind varchar, as_of_date date",
}


def create_tables(warehouse: Warehouse) -> None:
    """Create the ops tables that are missing."""
    for name, columns in TABLES.items():
        warehouse.execute(f"create table if not exists ops.{name} ({columns})")


def utc_now() -> dt.datetime:
    """The clock, naive UTC, for ``*_at`` columns only."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def record(warehouse: Warehouse, table: str, **values: Any) -> None:
    """Append one row to an ops table."""
    columns = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    warehouse.execute(f"insert into ops.{table} ({columns}) values ({marks})", list(values.values()))


def set_run_parameters(
    warehouse: Warehouse,
    as_of: dt.date,
    is_training: bool,
    label_election_date: dt.date | None = None,
    label_election_type: str | None = None,
) -> None:
    """Replace the one row that tells dbt which night it builds."""
    with warehouse.transaction():
        warehouse.execute("delete from ops.run_parameters")
        record(
            warehouse,
            "run_parameters",
            as_of_date=as_of,
            is_training=is_training,
            label_election_date=label_election_date,
            label_election_type=label_election_type,
        )


def run_id(warehouse: Warehouse, as_of: dt.date) -> str:
    """Name a night by its date and its inputs: same date and same files give the same id, on any machine.

    If a file lands in the middle of a night the id changes, so a publication can never mix two sets of inputs.
    """
    files = warehouse.fetch(
        "select distinct file_id from ops.loaded_files where snapshot_date <= ? order by file_id", [as_of]
    ).column(0)
    digest = hashlib.sha256("\n".join(files.to_pylist()).encode()).hexdigest()
    return f"{as_of:%Y%m%d}-{digest[:8]}"
