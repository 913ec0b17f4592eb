"""An organizer is a person too: whoever keeps in touch with a user is taken out of the user's row, and the user stays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from groundgame import stages
from groundgame.privacy.search import find_subject
from groundgame.warehouse.base import open_warehouse
from tests.ingest.app_desk import AS_OF, DAY, NOON, AppDesk, document

NEXT = DAY + dt.timedelta(days=1)
HERS = "777000111222"


def contacts_of(desk: AppDesk, day: dt.date) -> None:
    """A contact of hers, and a contact of another user who bears her number."""
    names = "id,outvote_user_id,full_name,first_name,last_name,phone,email,created_at,updated_at\n"
    rows = [f"41,{HERS},PAT AVERY,PAT,AVERY", f"{HERS},8,SAM AVERY,SAM,AVERY"]
    text = names + "".join(f"{row},,,2026-10-01 05:00:00 UTC,2026-10-01 05:00:00 UTC\n" for row in rows)
    desk.put(text.encode(), f"contacts_export_{day:%Y%m%d}.csv")
    desk.land("impactive")


def organizers(desk: AppDesk) -> set[tuple[str, str | None]]:
    found = desk.query("select user_id, organizer_id from raw.app_users")
    return {(row["user_id"], row["organizer_id"]) for row in found}


def test_a_forgotten_organizer_leaves_the_rows_of_her_contacts_and_no_contact_of_her_number(tmp_path: Path) -> None:
    desk = AppDesk(tmp_path)
    contacts_of(desk, DAY)
    assert organizers(desk) == {("41", f"user-{HERS}"), (HERS, "user-8")}
    with open_warehouse(desk.settings) as warehouse:
        warehouse.execute("create schema if not exists marts")
        warehouse.execute(f"""
            create table marts.dim_app_users as select * from (values
                ('impactive:41', 'impactive:user-{HERS}'), ('impactive:{HERS}', 'impactive:user-8'))
                as t(person_key, organizer_id)""")
    stages.forget(desk.settings, f"impactive:user-{HERS}", AS_OF, "asked by letter")
    left = {("41", None), (HERS, "user-8")}
    assert organizers(desk) == left
    contacts_of(desk, NEXT)
    assert organizers(desk) == left
    marts = desk.query("select person_key, organizer_id from marts.dim_app_users order by person_key")
    assert [row["organizer_id"] for row in marts] == [None, "impactive:user-8"]
    assert [found for found in find_subject(desk.settings, f"user-{HERS}") if not found.is_original] == []


def test_an_organizer_who_is_a_user_goes_from_her_own_row_and_from_those_of_others(tmp_path: Path) -> None:
    desk = AppDesk(tmp_path)
    at = {"createdMts": NOON, "updatedMts": NOON}
    profiles = [{"eid": HERS, **at}, {"eid": "e2", "parentEid": HERS, **at}, {"eid": "e3", "parentEid": "e2", **at}]
    desk.put(document(profiles=profiles), f"empower_{DAY:%Y%m%d}.json")
    desk.land("empower")
    assert organizers(desk) == {(HERS, None), ("e2", HERS), ("e3", "e2")}
    stages.forget(desk.settings, f"empower:{HERS}", AS_OF, "asked by letter")
    assert organizers(desk) == {("e2", None), ("e3", "e2")}
    assert [found for found in find_subject(desk.settings, HERS) if not found.is_original] == []
