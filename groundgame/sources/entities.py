"""The canonical fields of every raw entity: the one list that specs map to, landing writes and dbt reads.

All raw columns are text (dates as ISO ``YYYY-MM-DD``), with ``_source _file_id _line _snapshot_date`` beside them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entity:
    """A raw table: its ``name`` in schema raw, all ``fields`` in order, which are ``personal`` and which identify a ``key``."""

    name: str
    fields: tuple[str, ...]
    key: tuple[str, ...]
    personal: frozenset[str]


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

ENTITIES = {"registrations": REGISTRATIONS, "votes": VOTES}
SYSTEM_COLUMNS = ("_source", "_file_id", "_line", "_snapshot_date")

# The coded fields of all entities: field name in `codes:` -> the canonical column that holds the source's code.
CODE_COLUMNS = {
    "status": "status_code",
    "party": "party_code",
    "race": "race_code",
    "ethnicity": "ethnicity_code",
    "sex": "sex_code",
    "voting_method": "voting_method_code",
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
}
DATE_FIELDS = frozenset({"registered_date", "birth_date", "election_date"})
