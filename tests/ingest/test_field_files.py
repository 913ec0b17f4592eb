"""Reports of field tools at the door: what lands, what is refused by line, and what is refused whole (E2 to E6, E9, E12)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groundgame.errors import FileRefused
from tests.ingest.field_desk import CONTACT, FieldDesk, contacts

GOAL = {
    "metric": "doors",
    "scope_id": "O1",
    "period_start": "2026-10-05",
    "period_end": "2026-10-11",
    "target": "120",
    "set_by": "director",
    "set_at": "2026-10-01T09:00:00",
}


@pytest.fixture
def desk(tmp_path: Path) -> FieldDesk:
    return FieldDesk(tmp_path)


def test_lines_that_cannot_be_are_refused_by_line_and_the_rest_lands(desk: FieldDesk) -> None:
    rows = contacts(
        n1={"datecanvassed": "2026-10-29T10:00:00"},  # after the export (E3)
        n2={"datecanvassed": "2019-10-08T10:00:00"},  # before the campaign (E3)
        n3={"resultid": "777"},  # nobody declared it (E6)
        n4={"contactscontactid": ""},
        n5={"contactscontactid": "1.0E17"},
    )
    desk.put("van_contacts_20261009.csv", rows)
    result = desk.land()
    assert desk.quarantined() == [
        (3, "E3", "contacted_at"),
        (4, "E3", "contacted_at"),
        (5, "E6", "result_code"),
        (6, "KEY", "contact_id"),
        (7, "A13", "contact_id"),
    ]
    assert (result.rows_out, result.rows_quarantined) == (115, 5)


def test_a_new_code_in_more_than_one_of_a_hundred_rows_asks_a_person(desk: FieldDesk) -> None:
    desk.put("van_contacts_20261009.csv", contacts(120, n1={"resultid": "777"}, n2={"resultid": "777"}))
    (file,) = desk.land().details["files"]
    assert "E6 result_code: code '777' is not in the source's YAML, 1.7% of the rows" in file["holds"]


def test_ids_of_the_state_where_the_vendors_should_stand_refuse_the_file(desk: FieldDesk) -> None:
    desk.put("van_contacts_20261009.csv", [row | {"vanid": f"AA{row['vanid']}"} for row in contacts(20)])
    with pytest.raises(FileRefused) as caught:
        desk.land()
    assert (caught.value.rule, caught.value.column) == ("E2", "vendor_id")
    desk.put("van_voters_20261009.csv", [{"vanid": "1000003", "statefileid": "1000003"}])
    with pytest.raises(FileRefused, match="voter_id"):
        desk.land()


def test_a_line_that_was_sent_twice_lands_once_and_an_edit_lands_beside_the_first_report(desk: FieldDesk) -> None:
    edited = CONTACT | {"resultid": "1", "datemodified": "2026-10-09T08:00:00"}
    desk.put("van_contacts_20261009.csv", [CONTACT, CONTACT, edited])
    desk.put("van_contacts_20261010.csv", [CONTACT, edited])
    desk.land()
    landed = desk.query("select result_code, _snapshot_date as day from raw.field_contacts order by 2, 1")
    assert [(row["result_code"], row["day"].day) for row in landed] == [("1", 9), ("14", 9), ("1", 10), ("14", 10)]
    again = desk.land()
    assert again.rows_out == 0


@pytest.mark.parametrize(
    ("start", "local"),
    [
        ("1791424800", "2026-10-07T22:00:00"),  # ends after midnight, belongs to the day on which it begins
        ("1793511000", "2026-11-01T01:30:00"),  # before the clocks go back
        ("1793514600", "2026-11-01T01:30:00"),  # and after
        ("1793518200", "2026-11-01T02:30:00"),
    ],
)
def test_a_shift_belongs_to_the_day_on_which_it_begins_by_the_campaigns_clock(
    desk: FieldDesk, start: str, local: str
) -> None:
    shift = {"id": "1", "user_id": "2", "event_id": "3", "event_type": "CANVASS", "status": "CONFIRMED"}
    times = {"timeslot_start_date": start, "timeslot_end_date": str(int(start) + 10_800), "modified_date": "1791400000"}
    desk.put("mobilize_participations_20261009.csv", [shift | times])
    desk.land("mobilize")
    assert desk.query("select local_start_at from raw.field_shifts") == [{"local_start_at": local}]


def test_a_goal_below_zero_of_nothing_or_set_twice_for_a_week_is_refused(desk: FieldDesk) -> None:
    rows = [GOAL | {"scope_id": f"O{n}"} for n in range(1, 9)]
    rows += [GOAL | {"scope_id": "O10", "target": "-5"}, GOAL | {"scope_id": "O11", "target": ""}]
    rows += [GOAL | {"target": "90"}, GOAL | {"scope_id": "O12", "period_end": "2026-10-01"}]
    desk.put("goals_20261009.csv", rows)
    desk.land("program")
    assert desk.quarantined() == [
        (10, "E9", "target"),
        (11, "KEY", "target"),
        (12, "E9", "metric_code"),
        (13, "E9", "period_end_date"),
    ]


def test_the_hierarchy_is_one_document_for_two_tables(desk: FieldDesk) -> None:
    tree = {
        "version": "1",
        "nodes": [{"id": "NC", "parent_id": None, "level": "state", "name": "NC", "login": "d"}],
        "accounts": [{"tool": "van", "account_id": "300001", "node_id": "NC"}],
    }
    desk.put("hierarchy_20261009.json", json.dumps(tree))
    desk.land("program")
    assert desk.query("select node_id, level_code from raw.field_nodes") == [{"node_id": "NC", "level_code": "state"}]
    assert desk.query("select account_id from raw.field_accounts") == [{"account_id": "300001"}]
