"""What lands of users and friends (A1, A2, A4, A5, A13-A16, A19, A21), and what never reaches the disk."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from tests.ingest.app_desk import DAY, AppDesk, consent, lines, many, page, user


def facts(app: AppDesk, **changed: Any) -> dict[str, Any]:
    """Land thirty users with one changed; the details of the file."""
    app.put(many(user, **changed))
    return app.land().details["files"][0]


def test_friends_land_with_what_serves_to_match_and_are_counted(app: AppDesk) -> None:
    """A1."""
    shared = [
        {"friend_id": "9001", "birthday": "05/06", "location": {"name": "Apex, North Carolina"}},
        {"friend_id": "9002"},
    ]
    (first, second) = app.landed(lines(shared), "friend_shared")
    assert (first["birthday"], first["city"], first["state"]) == ("--05-06", "Apex", "North Carolina")
    assert (second["birthday"], second["city"]) == (None, None)
    app.put(lines([page(1, ("9001", "Lee Example"), ("9002", "Kim Example"))]), "friends")
    by_rule = {file["entity"]: file.get("by_rule") for file in app.land().details["files"]}
    assert by_rule["friend_edges"] == {"A1": 2}
    assert [(row["user_id"], row["friend_id"], row["friend_name"]) for row in app.table("friends")] == [
        ("1001", "9001", "Lee Example"),
        ("1001", "9002", "Kim Example"),
    ]


def test_what_friends_believe_never_reaches_the_disk(app: AppDesk) -> None:
    """A2: not from a line that lands, nor from one that is refused; nor any other field of theirs."""
    shared = [
        {"friend_id": str(9000 + n), "religion": "Xenuism", "political": "Xenuist", "hair": "xenured"}
        for n in range(30)
    ]
    shared += [
        '{"friend_id": "9100", "religion": "Xenuism", "political": {',
        {"friend_id": 1e17, "religion": "Xenuism"},
    ]
    app.put(lines(shared), "friend_shared")
    app.put(lines([{"user_id": "1", "data": [{"id": "2", "name": "Lee", "religion": "Xenuism"}]}]), "friends")
    files = {file["entity"]: file for file in app.land().details["files"]}
    assert files["friend_shared"]["by_rule"]["A2"] == 91
    assert files["friend_edges"]["by_rule"]["A2"] == 1
    assert "A2 religion of others dropped from 31 lines" in files["friend_shared"]["warnings"]
    assert app.quarantined() == [(31, "A8", ""), (32, "A13", "friend_id")]
    assert [text for text in ("Xenuism", "Xenuist", "xenured") if app.on_disk(text)] == []
    assert app.on_disk("9001") != [], "the search would find what is there"


def test_of_children_under_13_nothing_stays(app: AppDesk) -> None:
    """A4: the day before the thirteenth birthday, a year in which nobody can be 13, and the birthday itself."""
    birthdays = {"n3": "10/10/2013", "n4": "2014", "n5": "10/09/2013"}
    children = {name: {"birthday": text, "name": f"Xeno{name}"} for name, text in birthdays.items()}
    assert len(app.landed(many(user, **children))) == 28
    assert app.quarantined() == [(4, "A4", "birthday"), (5, "A4", "birthday")]
    assert [name for name in children if app.on_disk(f"Xeno{name}")] == []


def test_of_minors_stays_what_suppresses_them(app: AppDesk) -> None:
    """A4: 13 to 17, and whoever may be; not those who turned 18 that day, nor those who tell no year."""
    birthdays = {"n3": "10/10/2008", "n4": "2008", "n5": "10/09/2008", "n6": "10/10"}
    change = {"religion": "Quaker", "email": "no mail"}
    rows = app.landed(many(user, **{name: {"birthday": text, **change} for name, text in birthdays.items()}))
    kept = {"user_id", "birthday", "installed_at", "updated_at"}
    told = [{name for name, value in row.items() if value is not None and name[0] != "_"} for row in rows[3:7]]
    assert [names == kept for names in told] == [True, True, False, False]
    assert [row["birthday"] for row in rows[3:7]] == ["2008-10-10", "2008", "2008-10-09", "--10-10"]
    assert [row["line"] for row in app.kept()] == [6, 7], "not even among the values that were normalised"


def test_a_refused_minor_is_not_kept_in_the_vault(app: AppDesk) -> None:
    """A4 with A11."""
    app.landed(many(user, n3={"birthday": "10/10/2010", "name": "Xeno Minor", "installed_at": "1970-01-01T00:00:00Z"}))
    assert app.quarantined() == [(4, "A11", "installed_at")]
    assert app.on_disk("Xeno Minor") == []


def test_the_country_stays_for_those_who_need_explicit_consent(app: AppDesk) -> None:
    """A5: landing keeps what SQL decides by."""
    rows = app.landed(many(consent, n1={"country": "gb"}, n2={"country": "DE"}, n3={"country": "Utopia"}), "consent")
    assert [row["country_code"] for row in rows[:4]] == ["US", "GB", "DE", None]


def test_an_id_that_went_through_a_float_is_refused(app: AppDesk) -> None:
    """A13: other numbers are texts with all their digits."""
    floats = [1.0e17, "1.0E17", "1002.0", 123456789012345678901234, 18446744073709551615, "000123"]
    rows = app.landed(many(user, **{f"n{number}": {"id": value} for number, value in enumerate(floats)}))
    assert [row["user_id"] for row in rows[:2]] == ["18446744073709551615", "000123"]
    assert app.quarantined() == [(line, "A13", "user_id") for line in (1, 2, 3, 4)]


def test_the_same_id_in_two_apps_is_two_people(app: AppDesk) -> None:
    """A14."""

    def other(spec: dict[str, Any]) -> None:
        for name in spec.keys() - {"kind", "users"}:
            del spec[name]
        spec["name"] = "other"
        spec["users"]["files"] = {"uri": "{inbox}/app/other.jsonl", "snapshot_date": [{"constant": str(DAY)}]}

    app.change_spec(lambda spec: None)
    app.change_spec(other)
    app.put(many(user))
    app.put(lines(many(user)), "other.jsonl")
    app.land()
    app.land("other")
    rows = app.query("select _source, count(distinct user_id) as n from raw.app_users group by 1 order by 1")
    assert [(row["_source"], row["n"]) for row in rows] == [("graph", 30), ("other", 30)]


def test_addresses_come_in_one_form_and_the_vault_keeps_the_invalid(app: AppDesk) -> None:
    """A15, A16."""
    changes = {
        "n0": {"email": "  Pat.Example@EXAMPLE.com ", "phone": "+1 (919) 555-0123"},
        "n1": {"email": "pat+vote@example.com", "phone": "919.555.0123 ext. 7"},
        "n2": {"email": "pat@bücher.example", "phone": "555-0123"},
        "n3": {"email": '"pat.example"@example.com', "phone": "+44 20 7946 0018"},
        "n4": {"email": "pat at example", "phone": "91955501"},
    }
    app.change_spec(lambda spec: spec["users"]["layouts"][0]["columns"].update(phone="phone"))
    rows = app.landed(many(user, **changes))
    assert [row["email"] for row in rows[:5]] == [
        "pat.example@example.com",
        "pat+vote@example.com",
        "pat@xn--bcher-kva.example",
        "pat.example@example.com",
        None,
    ]
    assert [row["phone"] for row in rows[:5]] == ["9195550123", "9195550123", None, None, None]
    kept = {(row["line"], row["rule"], row["text"]) for row in app.kept()}
    assert (5, "A15", "pat at example") in kept
    assert {(3, "A16", "555-0123"), (4, "A16", "+44 20 7946 0018"), (5, "A16", "91955501")} <= kept


def test_broken_characters_cost_the_field_and_emoji_nothing(app: AppDesk) -> None:
    """A19: raw, escaped, half a pair, NUL."""
    changed = {
        "n0": {"name": "Pat 🌟"},
        "n1": {"name": "Pat \ud83d"},
        "n2": {"name": "Pat\u0000"},
        "n4": {"name": "Pat\u200b Example"},
    }
    texts: list[Any] = [
        json.dumps(row, ensure_ascii=number != 3)
        for number, row in enumerate(many(user, n3={"name": "Pat 🌟"}, **changed))
    ]
    rows = app.landed(lines(texts))
    assert [row["full_name"] for row in rows[:5]] == ["Pat 🌟", None, None, "Pat 🌟", "Pat Example"]
    assert [row["user_id"] for row in rows[:3]] == ["1000", "1001", "1002"], "the rest of the line lands"
    assert {(row["line"], row["rule"], row["column_name"]) for row in app.kept()} == {
        (2, "A19", "name"),
        (3, "A19", "name"),
        (5, "S20", "name"),
    }


def test_edges_to_oneself_and_twice_are_dropped_and_both_directions_stay(app: AppDesk) -> None:
    """A21."""
    pages = [page(1, ("1002", "Kim"), ("1001", "Me"), ("1002", "Kimberly")), page(2, ("1001", "Pat")), page(3)]
    app.put(lines(pages), "friends")
    (file,) = app.land().details["files"]
    assert [(row["user_id"], row["friend_id"], row["friend_name"]) for row in app.table("friends")] == [
        ("1001", "1002", "Kim"),
        ("1002", "1001", "Pat"),
    ]
    assert file["dropped"] == {"duplicate": 1, "empty list": 1, "self edge": 1, "trailer": 1}
    assert file["by_rule"]["A21"] == 3, "one to oneself, one twice, one both ways"
    assert app.only()["lines_in"] == 6


def test_no_personal_value_is_told(app: AppDesk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bad = {"n1": {"name": "Xeno Person", "id": 1.5}, "n2": {"name": "Xeno Person", "installed_at": "Xeno Person"}}
    app.put(many(user, **bad, n3={"Xeno Person": 1}))
    result = app.land()
    ops = [app.query(f"select * from ops.{name}") for name in ("loaded_files", "quarantined_lines", "refused_files")]
    assert "Xeno" not in f"{result} {ops} {caplog.text}"
    assert "S14 new field (not a plain name) in 1 lines" in result.details["files"][0]["warnings"]
