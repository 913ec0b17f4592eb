"""Whole files of apps: cut, joined, too large, of another schema, with events twice (A8-A12, A17, A18, A20); incremental files."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from groundgame.errors import SpecError
from groundgame.ingest.run import due_sources
from groundgame.sources.catalog import load_catalog
from tests.ingest.app_desk import DAY, NOON, AppDesk, action, consent, document, lines, many, page, user

WEEK = dt.timedelta(days=7)
DAY_MS = 86_400_000


def test_a_file_that_is_not_whole_or_of_another_schema_is_refused(app: AppDesk) -> None:
    """A8, A17: cut in a line, without its last line, two files in one; a wrong count; versions that nobody declared."""
    broken = {
        "A8": [lines(many(user))[:-100], lines(many(user), end=False), lines(many(user)) * 2],
        "T4": [lines(many(user), {"lines": 31})],
        "A17": [lines(many(user), {"schema_version": "2"}), lines(many(user), {"schema_version": None})],
        "T1": [b""],
    }
    expected = [(data, rule) for rule, found in broken.items() for data in found]
    for days, (data, _) in enumerate(expected):
        app.put(data, day=DAY + dt.timedelta(days))
    app.refusal()
    rows = app.query("select rule from ops.refused_files order by file_name")
    assert [row["rule"] for row in rows] == [rule for _, rule in expected]


def test_a_cut_line_is_quarantined_where_no_trailer_is_declared(app: AppDesk) -> None:
    """A8: then the missing line end holds the file."""
    app.change_spec(lambda spec: spec["users"].update(text={"format": "json_lines"}, expect={}))
    app.put(lines(many(user), end=False)[:-100])
    app.land()
    assert app.quarantined() == [(30, "A8", "")]
    assert "T4" in app.only()["hold_reasons"]


def test_a_day_without_news_lands(app: AppDesk) -> None:
    app.put(document(), "empower_20261009.json")
    assert app.land("empower").rows_out == 0
    assert [row["lines_in"] for row in app.loaded()] == [1, 1]


def test_a_file_of_nothing_but_its_trailer_lands(app: AppDesk) -> None:
    app.put(lines([]))
    assert app.land().verdict == "pass"
    assert (app.only()["rows_landed"], app.only()["lines_dropped"]) == (0, 1)


def test_monstrous_lines_are_quarantined(app: AppDesk) -> None:
    """A9: 50 MB in one line, ten thousand levels, NUL bytes, a line that is no object; the lines around them land."""
    deep = '{"id": "1", "hometown": ' + "[" * 10_000 + "]" * 10_000 + "}"
    long = b'{"id": "1", "hometown": "' + b"x" * 50_000_000 + b'"}'
    accented = [json.dumps(user(number, name="José Example"), ensure_ascii=False) for number in range(30)]
    rows: list[Any] = [
        *accented,
        deep,
        long,
        b'{"id": "1\x00"}',
        "[1, 2]",
        '{"id": "1"',
        '{"id": "1", "id": "2"}',
        '{"id": "1", "id": "\\u0032"}',
        b'{"id": "\xff"}',
    ]
    assert len(app.landed(lines(rows))) == 30
    rules = [(31, "A9"), (32, "A9"), (33, "S6"), (34, "A18"), (35, "A8"), (36, "S15"), (37, "S15"), (38, "S4")]
    assert [(line, rule) for line, rule, _ in app.quarantined()] == rules


def test_a_page_of_many_friends_is_no_monster(app: AppDesk) -> None:
    """A9: a thousand brackets side by side are two levels deep."""
    app.landed(lines([page(1, *((str(5000 + n), "Lee") for n in range(1000)))]), "friends")
    assert app.only()["rows_landed"] == 1000


def test_an_event_counts_once_and_another_body_is_refused(app: AppDesk) -> None:
    """A10: equal lines once; the same id and revision with another body is refused; a higher revision is an edit."""
    rows = many(action, 200)
    again = [rows[3], dict(reversed(rows[4].items())), action(5, outcome="done"), action(6, revision=2, outcome="done")]
    landed = app.landed(lines([*rows, *again]), "actions")
    assert len(landed) == 201
    assert app.quarantined() == [(203, "A10", "event_id")]
    edits = [(row["revision"], row["outcome"]) for row in landed if row["event_id"] == "5006"]
    assert edits == [("1", None), ("2", "done")]
    assert [row["outcome"] for row in landed if row["event_id"] == "5005"] == [None], "the first one lands"
    assert '"outcome": "done"' in app.kept()[0]["text"]
    assert app.only()["lines_dropped"] == 3


def test_each_file_lands_whole_and_the_same_file_once(app: AppDesk) -> None:
    """A10, A12: what stands in two files is SQL's to decide, by revision and file; late events keep their own time."""
    late = action(50, occurred_at=NOON - 30 * DAY_MS)
    app.put(lines([action(1), late, action(0)]), "actions")
    app.put(lines([action(1), action(2)]), "actions", DAY + WEEK)
    app.land()
    assert app.land().rows_out == 0
    rows = app.table("actions")
    assert [(str(row["_snapshot_date"]), row["event_id"]) for row in rows] == [
        ("2026-10-09", "5001"),
        ("2026-10-09", "5050"),
        ("2026-10-09", "5000"),
        ("2026-10-16", "5001"),
        ("2026-10-16", "5002"),
    ]
    assert [row["occurred_at"] for row in rows[:3]] == [
        "2026-10-08T12:00:00.001Z",
        "2026-09-08T12:00:00.000Z",
        "2026-10-08T12:00:00.000Z",
    ]


def test_moments_that_cannot_be_are_refused(app: AppDesk) -> None:
    """A11: tomorrow is a clock, next week is a wrong unit; so are 1970, seconds for milliseconds, and a float."""
    wrong = [NOON + 7 * DAY_MS, 0, NOON // 1000, NOON * 1000, 1.7e12, "soon", -5, None]
    rows = [*many(action, 60), *(action(100 + number, occurred_at=moment) for number, moment in enumerate(wrong))]
    assert len(app.landed(lines([*rows, action(200, occurred_at=NOON + 2 * DAY_MS)]), "actions")) == 61
    rules = [(61 + number, "A11", "occurred_at") for number in range(7)]
    assert app.quarantined() == [*rules, (68, "KEY", "occurred_at")]


def test_a_local_time_needs_a_declared_zone(app: AppDesk) -> None:
    """A11: with one, the hour that clocks skip is refused, and of the hour that comes twice the first is meant."""
    texts = [
        "2026-03-08T02:30:00",
        "2026-11-01 01:30:00",
        "2026-09-01T12:00:00",
        "2026-09-01T12:00:00+02:00",
        "2026-06-31 12:00",
    ]
    changed = {f"n{number}": {"installed_at": text} for number, text in enumerate(texts)}
    app.put(many(user, **changed))
    app.put(many(user, 31, **changed), day=DAY + 4 * WEEK)
    app.land(as_of=DAY + WEEK)
    assert [line for line, _, _ in app.quarantined()] == [1, 2, 3, 5]
    app.change_spec(lambda spec: spec["users"]["times"]["installed_at"].update(zone="America/New_York"))
    app.land(as_of=DAY + 5 * WEEK)
    rows = [row for row in app.table("users") if row["_snapshot_date"] == DAY + 4 * WEEK]
    moments = ["2026-11-01T05:30:00.000Z", "2026-09-01T16:00:00.000Z", "2026-09-01T10:00:00.000Z"]
    assert [row["installed_at"] for row in rows[:3]] == moments


def test_a_deletion_lands_whatever_its_moment_says(app: AppDesk) -> None:
    """A6, A7 are decided later: the row must be there."""
    rows = app.landed(many(user, n1={"deleted_at": "2026-10-01T00:00:00Z"}, n2={"deleted_at": "gone"}))
    assert [row["deleted_at"] for row in rows[:3]] == [None, "2026-10-01T00:00:00.000Z", "2026-10-09T00:00:00.000Z"]


def test_other_types_are_refused_and_hold_the_file(app: AppDesk) -> None:
    """A18: an object for a text, a text for an object, no list of friends; above one in a thousand somebody looks."""
    changed = {"n1": {"name": {"full": "Pat"}}, "n2": {"location": "Raleigh"}, "n3": {"email": ["pat@example.com"]}}
    app.put(many(user, **changed))
    app.put(
        lines([*(page(n, ("9001", "Lee")) for n in range(30)), page(40, data="none"), page(41, data=["1002"])]),
        "friends",
    )
    assert app.land().verdict == "hold"
    assert app.quarantined() == [
        (2, "A18", "full_name"),
        (3, "A18", "city"),
        (4, "A18", "email"),
        (31, "A18", ""),
        (32, "A18", ""),
    ]
    assert all("A18" in row["hold_reasons"] for row in app.loaded())


def test_unknown_fields_are_news_and_kept_out(app: AppDesk) -> None:
    """A17 is for versions; a new field alone is counted."""
    app.put(many(user, n1={"shoe_size": "xeno44"}))
    result = app.land()
    assert result.verdict == "pass"
    assert result.details["files"][0]["warnings"] == ["S14 new field shoe_size in 1 lines"]
    assert app.on_disk("xeno44") == []


def test_a_burst_of_sign_ups_holds_the_file(app: AppDesk) -> None:
    """A20."""
    app.change_spec(lambda spec: spec["users"]["expect"].update(sign_ups_per_minute=50))
    robots = [user(number, installed_at=f"2026-10-01T12:00:{number % 60:02d}Z") for number in range(51)]
    app.put([*many(user), *(robot | {"id": f"r{n}"} for n, robot in enumerate(robots))])
    assert app.land().verdict == "hold"
    assert app.only()["hold_reasons"] == "A20 51 sign-ups in one minute"


def test_every_entity_of_the_graph_lands_and_reconciles(app: AppDesk) -> None:
    rows = {
        "users": many(user),
        "actions": many(action),
        "consent": many(consent),
        "friend_shared": [{"friend_id": "1"}],
    }
    rows["friends"] = [page(1, ("1", "A"), ("2", "B")), page(2)]
    for name, objects in rows.items():
        odd = ["no json", ""] if name == "users" else []
        app.put(lines([*objects, *odd], {"lines": len(objects) + len(odd[:1])}), name)
    app.land()
    counts = {row["entity"]: (row["lines_in"], row["rows_landed"]) for row in app.loaded()}
    assert counts == {
        "users": (33, 30),
        "actions": (31, 30),
        "consent_events": (31, 30),
        "friend_shared": (2, 1),
        "friend_edges": (4, 2),
    }


def test_an_impactive_contact_lands_as_a_user(app: AppDesk) -> None:
    header = (
        "id,first_name,last_name,full_name,email,phone,city,state_abbrev,zip_code,van_id,created_at,updated_at,mood\n"
    )
    line = "41,Pat,Example,Pat Example,PAT@example.com,(919) 555-0123,Apex,NC,27502,77,2026-05-11 05:40:36 UTC,,xeno\n"
    app.put((header + line).encode(), "contacts_export_20261009.csv")
    (file,) = app.land("impactive").details["files"]
    row = app.query("select * from raw.app_users")[0]
    assert (row["_source"], row["user_id"], row["van_id"], row["zip_code"]) == ("impactive", "41", "77", "27502")
    assert (row["email"], row["phone"]) == ("pat@example.com", "9195550123")
    assert (row["installed_at"], row["updated_at"]) == ("2026-05-11T05:40:36.000Z", None)
    assert (file["warnings"], app.on_disk("xeno")) == (["S14 new column mood"], [])


def test_an_empower_document_lands_as_users_and_actions(app: AppDesk) -> None:
    profile = {
        "eid": "e1",
        "firstName": "Pat",
        "lastName": "Example",
        "city": "Apex, North Carolina",
        "createdMts": NOON,
    }
    result = {"profileEid": "e2", "ctaId": 3, "contactedMts": NOON, "answers": ["Yes"], "notes": "xenonote"}
    entry = {"organizerEid": "e1", "targetEid": "e2", "outreachContactMode": "call", "outreachCreatedMts": NOON + 1}
    data = document(profiles=[profile], ctaResults=[result], outreachEntries=[entry, entry])
    app.put(data.replace(b", ", b",\n  "), "empower_20261009.json")
    app.land("empower")
    (row,) = app.query("select * from raw.app_users")
    assert (row["user_id"], row["full_name"], row["state"]) == ("e1", "Pat Example", "North Carolina")
    assert [
        (row["event_id"], row["user_id"], row["friend_id"], row["action_type"], row["ask_type"], row["outcome"])
        for row in app.table("actions")
    ] == [
        (f"ctaResults e2 3 {NOON}", "e2", None, "answered", "3", "Yes"),
        (f"outreachEntries e1 e2 {NOON + 1}", "e1", "e2", "asked", "call", None),
    ]
    assert {row["entity"]: row["lines_dropped"] for row in app.loaded()} == {"users": 1, "actions": 2}
    assert app.on_disk("xenonote") == []


def test_a_document_of_another_schema_is_refused(app: AppDesk) -> None:
    """A17."""
    app.put(document(schema_version="2", profiles=[{"eid": "e1"}]), "empower_20261009.json")
    assert app.refusal("empower").rule == "A17"


def test_apps_are_due_by_themselves(app: AppDesk) -> None:
    assert due_sources(app.settings) == []
    app.put(many(user))
    app.put(document(), "empower_20261009.json")
    assert due_sources(app.settings) == ["empower", "graph"]
    kinds = {name: source.kind for name, source in load_catalog(app.settings).items()}
    assert {kinds[name] for name in ("graph", "impactive", "empower")} == {"app"}
    app.land()
    assert "graph" not in {row["source"] for row in app.query("select source from raw.sources")}, "an app is no state"


@pytest.mark.parametrize(
    ("keys", "value", "said"),
    [
        ("layouts.0.columns.city.column", "location..name", "not paths"),
        ("layouts.0.columns.city.column", "a[].b[].c", "only one list"),
        ("layouts.0.columns.full_name", "ID", "one name (but for case)"),
        ("text.delimiter", ",", "has no delimiter"),
        ("text.envelope.marker", None, "json_lines need one"),
        ("text.lists", ["users"], "belong together"),
        ("times", {}, "no unit declared for ['deleted_at', 'installed_at', 'updated_at']"),
        ("times.installed_at.unit", "minutes", "'ms', 's' or 'iso'"),
        ("times.installed_at", {"unit": "ms", "zone": "UTC"}, "zone belongs to unit iso"),
        ("layouts.0.columns", {"full_name": "name"}, "none for ['user_id']"),
    ],
)
def test_a_wrong_spec_is_refused_with_its_field(app: AppDesk, keys: str, value: object, said: str) -> None:
    def change(spec: dict[str, Any]) -> None:
        *path, last = keys.split(".")
        block: Any = spec["users"]
        for key in path:
            block = block[int(key)] if isinstance(block, list) else block[key]
        block[last] = value

    app.change_spec(change)
    with pytest.raises(SpecError) as caught:
        load_catalog(app.settings)
    assert said in str(caught.value)
