"""A forgotten voter is forgotten in the field's reports too, under whatever number a tool has her."""

from __future__ import annotations

from pathlib import Path

from groundgame import stages
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
