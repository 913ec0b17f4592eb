"""What dbt finds in schema raw."""

from __future__ import annotations

import datetime as dt

from groundgame.ingest.run import prepare
from groundgame.sources.entities import ENTITIES, SYSTEM_COLUMNS
from tests.ingest.desk import AS_OF, SNAPSHOT, Desk, text, voters


def test_views_exist_with_all_columns_before_any_file_has_landed(desk: Desk) -> None:
    prepare(desk.settings, AS_OF)
    for entity in ENTITIES.values():
        columns = desk.query(
            f"select column_name, data_type from information_schema.columns where table_schema = 'raw' "
            f"and table_name = '{entity.name}' order by ordinal_position"
        )
        assert [row["column_name"] for row in columns] == [*entity.fields, *SYSTEM_COLUMNS]
        types = {row["column_name"]: row["data_type"] for row in columns}
        assert (types["_line"], types["_snapshot_date"], types[entity.key[0]]) == ("BIGINT", "DATE", "VARCHAR")
        assert desk.query(f"select * from raw.{entity.name}") == []


def test_views_show_nothing_dated_after_the_night(desk: Desk) -> None:
    desk.put(voters(20))
    desk.land()
    prepare(desk.settings, SNAPSHOT - dt.timedelta(days=1))
    assert desk.registrations() == []
    prepare(desk.settings, SNAPSHOT)
    assert len(desk.registrations()) == 20


def test_files_of_different_width_share_one_view(desk: Desk) -> None:
    desk.put(text([row | {"pie": "PECAN"} for row in voters(5)], columns=[*voters(1)[0], "pie"]))
    desk.put(text(voters(4)), "ncvoter_20241102.txt")
    desk.land()
    assert len(desk.registrations()) == 9


def test_litter_of_a_crash_is_never_read(desk: Desk) -> None:
    desk.put(voters(20))
    desk.land()
    (part,) = desk.home.glob("raw/**/part-0.parquet")
    litter = part.parent.parent / "file_id=deadbeef"
    litter.mkdir()
    (litter / "part-0.parquet").write_bytes(part.read_bytes())
    prepare(desk.settings, AS_OF)
    assert len(desk.registrations()) == 20


def test_the_catalog_is_there_as_tables(desk: Desk) -> None:
    prepare(desk.settings, AS_OF)
    sources = desk.query("select * from raw.sources where source = 'nc'")
    facts = {"state_abbr": "NC", "history_lag_days": 60, "history_start_date": None, "has_separate_history": True}
    facts |= {"retention_days": 3652}
    assert sources == [{"source": "nc"} | facts]
    codes = desk.query(
        "select code, value from raw.source_codes where source = 'nc' and field = 'ethnicity' order by code"
    )
    assert [(row["code"], row["value"]) for row in codes] == [
        ("HL", "hispanic"),
        ("NL", "not_hispanic"),
        ("UN", "undesignated"),
    ]
    assert desk.query("select * from raw.source_elections") == []
