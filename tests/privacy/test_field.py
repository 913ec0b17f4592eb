"""A forgotten voter is forgotten in the field's reports too, under whatever number a tool has her."""

from __future__ import annotations

from pathlib import Path

from groundgame import stages
from groundgame.privacy.keys import is_pseudonym
from tests.ingest.field_desk import AS_OF, FieldDesk, contacts

HER_NUMBER, HER_ID = "1000009", "QZ987654"


def test_her_contacts_and_what_was_noted_of_her_go_and_stay_out(tmp_path: Path) -> None:
    desk = FieldDesk(tmp_path)
    rows = contacts(20, n2={"note": "KANARIENVOGEL at the door"})
    desk.put("van_contacts_20261009.csv", [{"note": "", **row} for row in rows])
    desk.put(
        "van_voters_20261009.csv",
        [{"vanid": HER_NUMBER, "statefileid": HER_ID}, {"vanid": "1000003", "statefileid": "AA1"}],
    )
    desk.land()
    assert rows[2]["vanid"] == HER_NUMBER
    stages.forget(desk.settings, f"NC-{HER_ID}", AS_OF, "asked by letter")
    assert len(desk.query("select * from raw.field_contacts")) == 19
    desk.put("van_contacts_20261010.csv", [{"note": "", **row} for row in contacts(30)])
    desk.land()
    known = desk.query(
        "select distinct vendor_id from raw.field_contacts union select vendor_id from raw.field_crosswalk"
    )
    assert len(known) == 29 and HER_NUMBER not in {row["vendor_id"] for row in known}
    held = [path for path in desk.settings.home.rglob("*") if path.is_file() and b"KANARIENVOGEL" in path.read_bytes()]
    assert held == []


def test_a_workers_number_that_is_a_voters_number_in_the_same_tool_is_another_person(tmp_path: Path) -> None:
    """`van#1000009` works, `van:1000009` is the voter whom VAN has under that number."""
    for folder, subject in ((tmp_path / "worker", f"van#{HER_NUMBER}"), (tmp_path / "voter", f"van:{HER_NUMBER}")):
        desk = FieldDesk(folder)
        desk.put("van_contacts_20261009.csv", contacts(20, n5={"canvassedby": HER_NUMBER}))
        desk.put("van_voters_20261009.csv", [{"vanid": HER_NUMBER, "statefileid": HER_ID}])
        desk.land()
        stages.forget(desk.settings, subject, AS_OF, "asked by letter")
        desk.put("van_contacts_20261010.csv", contacts(30, n5={"canvassedby": HER_NUMBER}))
        desk.land()
        landed = desk.query("select vendor_id, canvasser_id from raw.field_contacts")
        is_worker = "#" in subject
        assert len(landed) == (50 if is_worker else 48)
        assert sum(row["vendor_id"] == HER_NUMBER for row in landed) == (2 if is_worker else 0)
        assert sum(row["canvasser_id"] == HER_NUMBER for row in landed) == (0 if is_worker else 2)
        assert sum(is_pseudonym(row["canvasser_id"]) for row in landed) == (2 if is_worker else 0)
        assert len(desk.query("select * from raw.field_crosswalk")) == (1 if is_worker else 0)
