"""Lists made on a team's Postgres are those of the embedded engine, byte for byte, and nobody who is suppressed is on one."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa

from groundgame.config import Settings
from groundgame.publish import switch
from groundgame.publish.exports import ledger
from groundgame.publish.exports.request import make_request
from groundgame.publish.exports.run import export
from groundgame.warehouse import ops
from groundgame.warehouse.base import Warehouse, open_warehouse
from tests.publish.night import build_night, settings_in

VOTERS = 400
ASKED, HIDDEN, YOUNG, REFUSED = "NC-0003", "NC-0005", "NC-0007", "NC-0009"
LISTS = {
    "walk_list": "turnout",
    "call_list": "turnout",
    "zip_aggregates": "advertising",
    "meta_audience": "advertising",
    "van_scores": "score_upload",
}
# Users of the app in an order in which languages disagree: capitals, hyphens and digits.
USERS = [f"graph:{name}" for name in ("a-1", "B2", "a10", "Z", "ab")]


def fill(warehouse: Warehouse) -> None:
    """What lists are made of: a village of four precincts, its vault, and a few who must not be contacted."""
    ids = [f"NC-{n:04d}" for n in range(VOTERS)]
    at = range(VOTERS)
    voters = {
        "voter_id": ids,
        "household_id": [f"NC-{n // 2 * 2:04d}" for n in at],
        "state_abbr": ["NC"] * VOTERS,
        "county_code": ["1"] * VOTERS,
        "precinct_id": [f"nc-1-{n % 4}" for n in at],
        "precinct_name": [f"Ward {n % 4}" for n in at],
        "zip_code": ["27601" if n % 3 else "27602" for n in at],
        "age": pa.array([17 if ids[n] == YOUNG else 20 + n % 60 for n in at], pa.int16()),
        "sex": ["female" if n % 2 else "male" for n in at],
        "party": ["democratic" if n % 5 else "republican" for n in at],
        "is_registered": [True] * VOTERS,
    }
    people = {
        "voter_id": ids,
        "first_name": [f"First{n}" for n in at],
        "last_name": [f"Last{n}" for n in at],
        "name_suffix": pa.nulls(VOTERS, pa.string()),
        "street_address": [f"{n + 1} OAK AVE" for n in at],
        "address_kind": ["street"] * VOTERS,
        "city": ["RALEIGH"] * VOTERS,
        "state_abbr": ["NC"] * VOTERS,
        "zip_code": voters["zip_code"],
        "phone": [f"(919) 555-{n:04d}" for n in at],
        "is_confidential": [one == HIDDEN for one in ids],
    }
    said = {"voter_id": [REFUSED], "may_be_visited": [False], "may_be_called": [False], "is_reported_deceased": [False]}
    users = len(USERS)
    accounts = {
        "person_key": USERS,
        "full_name": [f"Ann{n} de la Cruz" for n in range(users)],
        **{name: pa.nulls(users, pa.string()) for name in ("first_name", "last_name", "country_code")},
        "email": [f"Ann{n}@Example.org" for n in range(users)],
        "phone": [f"919-555-10{n:02d}" for n in range(users)],
        **{name: pa.array([n] * users, pa.int16()) for name, n in (("birth_year", 1980), ("birth_month", 2))},
        "birth_day": pa.nulls(users, pa.int16()),
        "sex_code": ["Female"] * users,
        "city": ["Raleigh"] * users,
        "state_name": ["North Carolina"] * users,
        "zip_code": ["27601"] * users,
    }
    nights = [dt.date(2026, 1, day) for day in (4, 5)]
    history = {
        "voter_id": ids * 2,
        "score_name": ["turnout"] * VOTERS * 2,
        "as_of_date": pa.array([night for night in nights for _ in at], pa.date32()),
        "score": pa.array([*(n % 97 for n in at), *(n % 100 for n in at)], pa.int16()),
        "model_version": ["t1"] * VOTERS * 2,
    }
    crosswalk = {
        "vendor_key": [f"van:{(n * 7919) % 100_000}" for n in at],
        "voter_id": ids,
        "snapshot_date": pa.array([nights[0]] * VOTERS, pa.date32()),
        "file_id": ["f"] * VOTERS,
        "line": list(at),
        "source": ["van"] * VOTERS,
    }
    agreed = [one for one in USERS if one != "graph:a10"]
    none = pa.array([], pa.string())
    for table, columns in {
        "intermediate.int_app_users__latest": accounts,
        "intermediate.int_app_users__consented": {
            "person_key": USERS,
            "has_contact_consent": [one in agreed for one in USERS],
        },
        "marts.dim_app_users": {"person_key": USERS, "voter_id": ["NC-0012", "NC-0014", "NC-0016", ASKED, "NC-0018"]},
        "staging.us_states": {"state_name": ["NORTH CAROLINA"], "state_abbr": ["NC"]},
        "staging.stg_field__crosswalk": crosswalk,
        "marts.voter_score_history": history,
        "marts.dim_voters": voters,
        "marts.voter_scores": {"voter_id": ids, "turnout_score": pa.array([n % 100 for n in at], pa.int16())},
        "marts.contact_permissions": said,
        "vault.voter_identities": people,
        "linkage.person_links": {"person_key": none, "voter_id": none},
        "staging.stg_app__consent_events": {"person_key": none, "scope": none, "consent_action": none},
        "intermediate.int_consents__effective": {"person_key": agreed, "scope": ["contact"] * len(agreed)},
    }.items():
        warehouse.execute(f"create schema if not exists {table.partition('.')[0]}")
        warehouse.replace(table, pa.table(columns))


def declare(warehouse: Warehouse, as_of: dt.date) -> None:
    """An experiment that is asked about today: a dozen voters treated, a dozen left alone until now."""
    spec = json.dumps({"outcome": {"contact_types": ["call"]}})
    declared = {"outcome_kind": "answers", "answers_from_date": as_of, "answers_until_date": as_of, "spec": spec}
    ops.record(warehouse, "experiments", experiment_id="talk", control_arm="none", **declared)
    for n in range(100, 124):
        arm = ("none", "talk")[n % 2]
        ops.record(warehouse, "experiment_assignments", experiment_id="talk", voter_id=f"NC-{n:04d}", arm=arm)


def lists_of(settings: Settings, inbox: Path) -> dict[str, bytes]:
    """Publish the village and make each list of it."""
    settings = settings.model_copy(update={"inbox": inbox, "van_score_ids": {"turnout": 7}})
    as_of = build_night(settings, 1)
    with open_warehouse(settings) as warehouse:
        fill(warehouse)
        declare(warehouse, as_of)
    switch.publish(settings, as_of)
    (inbox / "suppression").mkdir(parents=True, exist_ok=True)
    day = as_of - dt.timedelta(days=1)
    (inbox / "suppression" / f"do_not_contact_{day}.csv").write_text(f"kind,value,reason\nvoter_id,{ASKED},asked\n")
    made = {}
    for recipient, purpose in LISTS.items():
        request = make_request(recipient, purpose, "Ann Lee", ["turnout_score>=2", "party=democratic"])
        details = export(settings, request, as_of).details
        folder = Path(details["folder"])
        made |= {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".csv", ".zip")}
        made[recipient] = json.dumps(details.get("jobs", [])).encode()
    survey = export(settings, make_request("call_list", "survey", "Ann Lee", experiment="talk"), as_of).details
    made["survey"] = (Path(survey["folder"]) / "call_list.csv").read_bytes()
    with open_warehouse(settings, read_only=True) as warehouse:
        assert warehouse.tables("exports") == [] and ledger.broken_at(warehouse) is None
    return made


def test_both_engines_make_the_same_lists(postgres_uri: str, tmp_path: Path) -> None:
    embedded = lists_of(settings_in(tmp_path / "embedded"), tmp_path / "inbox")
    team = lists_of(settings_in(tmp_path / "team", uri=postgres_uri), tmp_path / "inbox")
    assert team == embedded
    for recipient in ("walk_list", "call_list"):
        assert embedded[f"{recipient}.csv"].count(b"Last") > 250
        for voter in (ASKED, HIDDEN, YOUNG, REFUSED):
            assert voter.encode() not in embedded[f"{recipient}.csv"]
    assert embedded["survey"].count(b"Last") == 24 and b"NC-0104" not in embedded["call_list.csv"]
    assert b"US:27601" in embedded["zip_aggregates.csv"]
    assert embedded["meta_audience_1.csv"].count(b"\n") == 1 + 3  # one has not agreed, one asked us to stop
    assert len(embedded["van_score_turnout.zip"]) > 500 and b'"average"' in embedded["van_scores"]
