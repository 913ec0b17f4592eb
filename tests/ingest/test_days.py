"""A day of many small files is read as one, with the same rows, and a forgotten person does not live on in the copy."""

from __future__ import annotations

from pathlib import Path

from groundgame import stages
from groundgame.ingest import days
from groundgame.ingest.views import prepare
from groundgame.warehouse.base import open_warehouse
from tests.ingest.field_desk import AS_OF, FieldDesk, contacts

ROWS = "select * from raw.field_contacts order by _file_id, _line"


def copies(desk: FieldDesk) -> list[Path]:
    return sorted(desk.settings.raw_dir.glob("field_contacts/*/*/day=*/*.parquet"))


def test_a_closed_day_of_many_files_is_one_file_with_the_same_rows(tmp_path: Path) -> None:
    desk = FieldDesk(tmp_path)
    for number in range(days.MANY):
        rows = contacts(3)
        for row in rows:
            row["contactscontactid"] = str(int(row["contactscontactid"]) + 1_000 * number)
        desk.put(f"van_contacts_20261009_{number:02d}.csv", rows)
    desk.put("van_contacts_20261010.csv", contacts(5))
    desk.land()
    before = desk.query(ROWS)
    batches = desk.settings.model_copy(update={"place": "field"})
    with open_warehouse(desk.settings) as night, open_warehouse(batches) as field:
        field.append("ops.loaded_files", night.fetch("select * from ops.loaded_files"))
    prepare(batches, AS_OF)
    (copy,) = copies(desk)
    with open_warehouse(batches, read_only=True) as field:
        assert field.fetch(ROWS).to_pylist() == before
    her = before[0]["vendor_id"]
    stages.forget(desk.settings, f"van:{her}", AS_OF, "asked by letter")
    prepare(batches, AS_OF)
    (anew,) = copies(desk)
    assert anew != copy
    with open_warehouse(batches, read_only=True) as field:
        left = field.fetch(ROWS).to_pylist()
    assert left == [row for row in before if row["vendor_id"] != her] and len(left) < len(before)
