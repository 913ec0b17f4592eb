"""The raw entities of the field program: who spoke to whom, what was answered, who works where, and what was aimed at.

A person who was spoken to goes by the sender's own number (``vendor_id``); the crosswalk says which voter that is, and nothing else does.
``local_*`` fields are written by landing: the campaign's own clock decides to which day something belongs (E12).
"""

from __future__ import annotations

from groundgame.sources.entity import Entity

CONTACTS = Entity(
    name="field_contacts",
    fields=(
        "contact_id",
        "vendor_id",
        "canvasser_id",
        "contact_type_code",
        "result_code",
        "contacted_at",
        "local_at",
        "modified_at",
        "turf_id",
        "note",  # free text: read by nothing but the vault (E10)
    ),
    key=("contact_id", "modified_at"),
    personal=frozenset({"note"}),
    kind="field",
    required=frozenset({"contact_id", "vendor_id", "contact_type_code", "result_code", "contacted_at", "modified_at"}),
    ids=frozenset({"contact_id", "vendor_id", "canvasser_id"}),
    times=frozenset({"contacted_at", "modified_at"}),
    local_times={"contacted_at": "local_at"},
    once="E4",
)

RESPONSES = Entity(
    name="field_responses",
    fields=("contact_id", "question_code", "answer_code", "modified_at"),
    key=("contact_id", "question_code", "modified_at"),
    personal=frozenset(),
    kind="field",
    required=frozenset({"contact_id", "question_code", "answer_code", "modified_at"}),
    ids=frozenset({"contact_id"}),
    times=frozenset({"modified_at"}),
    once="E4",
)

CROSSWALK = Entity(
    name="field_crosswalk",
    fields=("vendor_id", "voter_id"),
    key=("vendor_id",),
    personal=frozenset(),
    kind="field",
    required=frozenset({"vendor_id", "voter_id"}),
    ids=frozenset({"vendor_id", "voter_id"}),
    once="E4",
)

SHIFTS = Entity(
    name="field_shifts",
    fields=(
        "shift_id",
        "volunteer_id",
        "event_id",
        "event_type",
        "shift_status_code",
        "start_at",
        "end_at",
        "local_start_at",
        "modified_at",
    ),
    key=("shift_id", "modified_at"),
    personal=frozenset(),
    kind="field",
    required=frozenset({"shift_id", "volunteer_id", "shift_status_code", "start_at", "modified_at"}),
    ids=frozenset({"shift_id", "volunteer_id", "event_id"}),
    times=frozenset({"start_at", "end_at", "modified_at"}),
    planned=frozenset({"start_at", "end_at"}),
    local_times={"start_at": "local_start_at"},
    once="E4",
)

GOALS = Entity(
    name="field_goals",
    fields=("metric_code", "node_id", "period_start_date", "period_end_date", "target", "set_by", "set_at"),
    key=("metric_code", "node_id", "period_start_date"),
    personal=frozenset(),
    kind="field",
    required=frozenset({"metric_code", "node_id", "period_start_date", "period_end_date", "target"}),
    ids=frozenset({"node_id"}),
    times=frozenset({"set_at"}),
    once="E9",
    on_conflict="refuse",
)

NODES = Entity(
    name="field_nodes",
    fields=("node_id", "parent_id", "level_code", "node_name", "login"),
    key=("node_id",),
    personal=frozenset(),
    kind="field",
    required=frozenset({"node_id", "level_code"}),
    ids=frozenset({"node_id", "parent_id"}),
    once="E8",
)

# Under which number somebody works in which tool.
ACCOUNTS = Entity(
    name="field_accounts",
    fields=("tool", "account_id", "node_id"),
    key=("tool", "account_id"),
    personal=frozenset(),
    kind="field",
    required=frozenset({"tool", "account_id", "node_id"}),
    ids=frozenset({"account_id", "node_id"}),
    once="E8",
)

NOTES = Entity(
    name="field_notes",
    fields=("note_id", "node_id", "note_kind_code", "written_at", "local_at", "body"),
    key=("note_id", "written_at"),
    personal=frozenset({"body"}),
    kind="field",
    required=frozenset({"note_id", "node_id", "note_kind_code", "written_at"}),
    ids=frozenset({"note_id", "node_id"}),
    times=frozenset({"written_at"}),
    local_times={"written_at": "local_at"},
    once="E4",
)

TURFS = Entity(
    name="field_turfs",
    fields=(
        "turf_id",
        "canvasser_id",
        "county_code",
        "precinct_code",
        "targets_count",
        "turf_status_code",
        "checked_out_at",
        "completed_at",
    ),
    key=("turf_id",),
    personal=frozenset(),
    kind="field",
    required=frozenset({"turf_id", "turf_status_code"}),
    ids=frozenset({"turf_id", "canvasser_id"}),
    times=frozenset({"checked_out_at", "completed_at"}),
    once="E4",
)

# What a person decided about a day of somebody who reported more than anybody can do (E11).
REVIEWS = Entity(
    name="field_reviews",
    fields=("tool", "account_id", "worked_date", "verdict_code", "reviewed_by"),
    key=("tool", "account_id", "worked_date"),
    personal=frozenset(),
    kind="field",
    required=frozenset({"tool", "account_id", "worked_date", "verdict_code", "reviewed_by"}),
    ids=frozenset({"account_id"}),
    once="E11",
    on_conflict="refuse",
)

FIELD_ENTITIES = {
    "contacts": CONTACTS,
    "responses": RESPONSES,
    "crosswalk": CROSSWALK,
    "shifts": SHIFTS,
    "goals": GOALS,
    "nodes": NODES,
    "accounts": ACCOUNTS,
    "notes": NOTES,
    "turfs": TURFS,
    "reviews": REVIEWS,
}
# As for the codes of voter files: field name in `codes:` -> canonical column, and what a code may mean.
FIELD_CODE_COLUMNS = {
    "contact_type": "contact_type_code",
    "contact_result": "result_code",
    "survey_question": "question_code",
    "survey_answer": "answer_code",
    "metric": "metric_code",
    "node_level": "level_code",
    "note_kind": "note_kind_code",
    "shift_status": "shift_status_code",
    "turf_status": "turf_status_code",
    "review_verdict": "verdict_code",
}
FIELD_CODE_VALUES: dict[str, frozenset[str] | None] = {
    "contact_type": frozenset({"door", "call", "text"}),
    "contact_result": frozenset(
        {
            "canvassed",
            "not_home",
            "busy",
            "left_message",
            "come_back",
            "language",
            "inaccessible",
            "refused",
            "moved",
            "deceased",
            "wrong_number",
            "stop",
        }
    ),
    "survey_question": frozenset({"support", "vote_plan", "volunteer", "issue"}),
    "survey_answer": None,
    "metric": frozenset({"doors", "calls", "texts", "conversations", "support_ids", "shifts"}),
    "node_level": frozenset({"state", "region", "team", "organizer", "volunteer"}),
    "note_kind": frozenset({"up", "challenge"}),
    "shift_status": frozenset({"registered", "confirmed", "attended", "cancelled", "no_show"}),
    "turf_status": frozenset({"not_started", "in_progress", "completed"}),
    "review_verdict": frozenset({"count", "drop"}),
}
