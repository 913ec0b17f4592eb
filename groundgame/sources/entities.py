"""The canonical fields of every raw entity: the one list that specs map to, landing writes and dbt reads.

All raw columns are text (dates as ISO ``YYYY-MM-DD``), with ``_source _file_id _line _snapshot_date`` beside them. An app
is a ``_source``, so the same number in two apps is two people.
"""

from __future__ import annotations

from groundgame.sources.entity import Entity
from groundgame.sources.field_entities import FIELD_CODE_COLUMNS, FIELD_CODE_VALUES, FIELD_ENTITIES

__all__ = ["CODE_COLUMNS", "CODE_VALUES", "DATE_FIELDS", "ENTITIES", "SYSTEM_COLUMNS", "Entity"]


REGISTRATIONS = Entity(
    name="voter_file_registrations",
    fields=(
        "voter_id",
        "county_code",
        "county_name",
        "county_voter_id",
        "last_name",
        "first_name",
        "middle_name",
        "name_suffix",
        "status_code",
        "status_reason_code",
        "street_address",
        "city",
        "state_abbr",
        "zip_code",
        "mail_address",
        "mail_city",
        "mail_state",
        "mail_zip_code",
        "phone",
        "email",
        "is_confidential",
        "registered_date",
        "race_code",
        "ethnicity_code",
        "party_code",
        "sex_code",
        "birth_year",
        "birth_date",
        "birth_state",
        "has_drivers_license",
        "precinct_code",
        "precinct_name",
        "municipality_name",
        "ward_code",
        "congressional_district",
        "state_senate_district",
        "state_house_district",
        "county_commission_district",
        "school_district",
        "household_code",  # only where a source has households of its own instead of addresses
        "experiment_arm",  # only where a source is an experiment
    ),
    key=("voter_id",),
    personal=frozenset(
        {
            "last_name",
            "first_name",
            "middle_name",
            "name_suffix",
            "street_address",
            "city",
            "mail_address",
            "mail_city",
            "mail_state",
            "mail_zip_code",
            "phone",
            "email",
            "birth_date",
        }
    ),
)

VOTES = Entity(
    name="voter_file_votes",
    fields=(
        "voter_id",
        "county_code",
        "county_voter_id",
        "election_date",
        "election_name",
        "election_type",  # decoded by the spec: general, primary, runoff, municipal, special
        "voting_method_code",
        "party_code",  # at voting time
        "voted_county_code",
        "precinct_code",  # at voting time
    ),
    key=("voter_id", "election_date", "election_type"),
    personal=frozenset(),
)

USERS = Entity(
    name="app_users",
    fields=(
        "user_id",
        "full_name",
        "first_name",
        "last_name",
        "gender_code",
        "birthday",  # YYYY-MM-DD, --MM-DD without a year, or YYYY alone
        "city",
        "state",  # as the user's profile spells it: North Carolina, NC, United Kingdom
        "country_code",
        "zip_code",
        "phone",  # ten digits
        "email",
        "religion",
        "political_views",
        "van_id",
        "organizer_id",  # who keeps in touch with the user for the campaign; a person too
        "installed_at",  # all moments are UTC: 2026-10-09T05:00:00.000Z
        "updated_at",
        "deleted_at",
    ),
    key=("user_id",),
    personal=frozenset(
        {
            "full_name",
            "first_name",
            "last_name",
            "birthday",
            "city",
            "zip_code",
            "phone",
            "email",
            "religion",
            "political_views",
        }
    ),
    kind="app",
    required=frozenset({"user_id"}),
    ids=frozenset({"user_id", "van_id", "organizer_id"}),
    times=frozenset({"installed_at", "updated_at", "deleted_at"}),
    once="A10",
)

# A friendship stands once in a file for each user whose list was read; both lists are needed, so a reverse edge stays.
FRIEND_EDGES = Entity(
    name="app_friend_edges",
    fields=("user_id", "friend_id", "friend_name", "seen_at"),
    key=("user_id", "friend_id"),
    personal=frozenset({"friend_name"}),
    kind="app",
    required=frozenset({"user_id", "friend_id"}),
    ids=frozenset({"user_id", "friend_id"}),
    times=frozenset({"seen_at"}),
    once="A21",
    on_conflict="drop",
    is_of_others=True,
)

# Whatever else a friend shares has no column here, so it never reaches disk.
FRIEND_SHARED = Entity(
    name="app_friend_shared",
    fields=("friend_id", "birthday", "city", "state"),
    key=("friend_id",),
    personal=frozenset({"birthday", "city", "state"}),
    kind="app",
    required=frozenset({"friend_id"}),
    ids=frozenset({"friend_id"}),
    once="A10",
    is_of_others=True,
)

# Every file lands whole, so an event may stand in several files: which row counts is decided in SQL by event_id, then the
# highest revision, then the latest file. Within one file landing decides: an event and revision count once, and the same
# with another body is refused.
ACTIONS = Entity(
    name="app_actions",
    fields=(
        "event_id",
        "revision",  # 1 where the sender has none
        "user_id",
        "friend_id",
        "action_type",
        "ask_type",
        "occurred_at",
        "outcome",
        "amount",
    ),
    key=("event_id", "revision"),
    personal=frozenset(),
    kind="app",
    required=frozenset({"event_id", "user_id", "occurred_at"}),
    ids=frozenset({"event_id", "user_id", "friend_id"}),
    times=frozenset({"occurred_at"}),
    once="A10",
    on_conflict="refuse",
)

# As for actions, but consent has no revisions: what changes it is another event.
CONSENT_EVENTS = Entity(
    name="app_consent_events",
    fields=("event_id", "user_id", "scope", "action", "occurred_at", "country_code"),
    key=("event_id",),
    personal=frozenset(),
    kind="app",
    required=frozenset({"event_id", "user_id", "occurred_at"}),
    ids=frozenset({"event_id", "user_id"}),
    times=frozenset({"occurred_at"}),
    once="A10",
    on_conflict="refuse",
)

ENTITIES = {
    "registrations": REGISTRATIONS,
    "votes": VOTES,
    "users": USERS,
    "friend_edges": FRIEND_EDGES,
    "friend_shared": FRIEND_SHARED,
    "actions": ACTIONS,
    "consent_events": CONSENT_EVENTS,
    **FIELD_ENTITIES,
}
SYSTEM_COLUMNS = ("_source", "_file_id", "_line", "_snapshot_date")

# The coded fields of all entities: field name in `codes:` -> the canonical column that holds the source's code.
CODE_COLUMNS = {
    "status": "status_code",
    "party": "party_code",
    "race": "race_code",
    "ethnicity": "ethnicity_code",
    "sex": "sex_code",
    "voting_method": "voting_method_code",
    **FIELD_CODE_COLUMNS,
}
# What a code may decode to. Parties are open: a state may register any, named as a lower-case word.
CODE_VALUES: dict[str, frozenset[str] | None] = {
    "status": frozenset({"active", "inactive", "denied", "removed", "temporary"}),
    "party": None,
    "race": frozenset(
        {
            "white",
            "black",
            "asian",
            "american_indian",
            "pacific_islander",
            "multiracial",
            "other",
            "undesignated",
        }
    ),
    "ethnicity": frozenset({"hispanic", "not_hispanic", "undesignated"}),
    "sex": frozenset({"female", "male", "undesignated"}),
    "voting_method": frozenset({"election_day", "early", "mail", "provisional", "transfer", "curbside"}),
    **FIELD_CODE_VALUES,
}
DATE_FIELDS = frozenset(
    {
        "registered_date",
        "birth_date",
        "election_date",
        "birthday",
        "period_start_date",
        "period_end_date",
        "worked_date",
    }
)
