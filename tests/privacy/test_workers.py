"""A worker's cells in landed text: hers are replaced, emptied or gone, nobody else's are touched, and nothing tells her number."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundgame.config import load_settings
from groundgame.errors import SpecError
from groundgame.ingest.findings import Findings, Refused
from groundgame.privacy import workers
from groundgame.privacy.keys import is_pseudonym, pseudonym, subject_key
from groundgame.privacy.subject import (
    FREE_COLUMNS,
    SUBJECT_COLUMNS,
    UNIT,
    WORKER_COLUMNS,
    WORKER_KINDS,
    Subject,
    beside,
    parse,
    plain,
)
from groundgame.privacy.tombstones import FORGOTTEN, Guard, Tombstones
from groundgame.sources.field_entities import FIELD_ENTITIES

KEY = bytes(range(32))
HER = (
    Subject("account", "van", "300001"),
    Subject("node", "node", "V17"),
    Subject("holder", "O1", "Maya Hart"),
    Subject("signature", "", "Maya Hart"),
    Subject("login", "", "maya.h"),
    Subject("alias", "maya.h", "maya"),
    Subject("alias", "maya.h", "hart"),
    Subject("seat", "maya.h", "Blue Ridge team"),
    Subject("note", "O1", ""),
    Subject("note", "O1", "2026-10-05"),
)
NUMBER, PLACE = pseudonym(KEY, "van#300001"), pseudonym(KEY, "node#V17")


def stones(*people: Subject) -> Tombstones:
    return Tombstones(KEY, frozenset(subject_key(KEY, one.text) for one in people))


def left(rows: list[dict[str, str | None]], source: str = "van") -> list[dict[str, str | None]]:
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]})
    return workers.without(table, source, stones(*HER)).to_pylist()


def test_every_field_of_the_fields_entities_that_may_name_who_works_there_is_declared() -> None:
    # What was done and where, and what a tool calls it; `note` and `body` are texts.
    others = {"contact_id", "turf_id", "shift_id", "event_id", "local_at", "local_start_at", "tool", "target"}
    for entity in FIELD_ENTITIES.values():
        told = set(entity.fields) - {
            name for name in entity.fields if name.endswith(("_code", "_at", "_date", "_count"))
        }
        told -= {"event_type", "targets_count"} | others
        assert told <= {*SUBJECT_COLUMNS, *WORKER_COLUMNS, *FREE_COLUMNS}, entity.name
        assert "account_id" not in told or "tool" in entity.fields
        assert "note_id" not in told or {"node_id", "local_at"} <= set(entity.fields)
    assert set(WORKER_COLUMNS.values()) | {"alias", "seat"} == WORKER_KINDS, "these two say whose a login is"


def test_her_number_is_replaced_where_the_tool_reports_it_and_where_a_tool_stands_beside_it() -> None:
    assert left([{"contact_id": "300001", "vendor_id": "300001", "canvasser_id": " 300001"}]) == [
        {"contact_id": "300001", "vendor_id": "300001", "canvasser_id": NUMBER}
    ]
    assert left([{"canvasser_id": "300001"}], "openfield") == [{"canvasser_id": "300001"}], "another tool's number"
    accounts = [{"tool": tool, "account_id": "300001", "node_id": "V17"} for tool in ("VAN", "openfield")]
    assert left(accounts, "program") == [
        {"tool": "VAN", "account_id": NUMBER, "node_id": PLACE},
        {"tool": "openfield", "account_id": "300001", "node_id": PLACE},
    ]
    assert left([{"volunteer_id": "300001"}, {"volunteer_id": None}]) == [
        {"volunteer_id": NUMBER},
        {"volunteer_id": None},
    ]


def node(node_id: str, name: str | None, login: str | None, parent_id: str = "T1") -> dict[str, str | None]:
    return {"node_id": node_id, "parent_id": parent_id, "node_name": name, "login": login}


def test_her_place_loses_her_name_and_login_and_whoever_comes_after_her_keeps_hers() -> None:
    hers = [node("O1", "Maya Hart", "maya.h"), node("O1", "HART, Maya", "another"), node("O9", "M. Hart", " Maya.H ")]
    assert left(hers) == [node("O1", None, None), node("O1", None, None), node("O9", None, None)]
    led = [node("T1", "Blue Ridge team", "maya.h"), node("O3", None, "maya.h")]
    assert left(led) == [node("T1", "Blue Ridge team", None), node("O3", None, None)]
    others = [node("O1", "Sam Bell", "sam"), node("O2", "Maya Hart", "maya2"), node("O1", None, None)]
    # A login that goes with the place is of whoever is named beside it.
    others += [node("O1", "Sam Bell", "maya.h"), node("T1", "Blue Ridge team", "sam")]
    assert left(others) == others
    assert left([node("V17", None, None), node("V18", None, None, "V17")]) == [
        node(PLACE, None, None),
        node("V18", None, None, PLACE),
    ]


def test_her_signature_goes_and_what_she_signed_stays() -> None:
    goals = [{"node_id": "O2", "set_by": signed} for signed in ("maya.h", "Hart Maya", "maya.m", None)]
    assert [row["set_by"] for row in left(goals)] == [None, None, "maya.m", None]
    assert left([{"tool": "van", "account_id": "7", "reviewed_by": "MAYA.H"}])[0]["reviewed_by"] is None


def test_her_notes_go_by_place_and_day_and_others_lose_a_text_that_names_her() -> None:
    def note(number: str, place: str, day: str, body: str) -> dict[str, str]:
        return {"note_id": number, "node_id": place, "local_at": f"{day}T18:00:00", "body": body}

    mine = note("1", "O1", "2026-10-05", "Five doors")
    after, other = note("2", "O1", "2026-10-06", "Six doors"), note("3", "O2", "2026-10-05", "maya did it")
    about = note("4", "O2", "2026-10-05", "Thanks to HART, Maya; and maya.h.")
    assert left([mine, after, other, about]) == [after, other, about | {"body": None}]
    contact = {"canvasser_id": "5", "note": "Maya Hart was here"}
    assert left([contact]) == [contact | {"note": None}]


CELLS = st.none() | st.sampled_from(
    ["300001", " 300001 ", "300002", "V17", "O1", "Maya Hart", "maya.h", "x", "2026-10-05"]
)
COLUMNS = (
    "tool",
    "contact_id",
    "vendor_id",
    "node_note",
    *WORKER_COLUMNS.keys() - {"account_key", "node_path", "note_key"},
    *FREE_COLUMNS,
)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=6, unique=True), st.integers(0, 5))
def test_nothing_of_her_is_left_twice_is_once_and_no_other_cell_changes(
    data: st.DataObject, columns: list[str], size: int
) -> None:
    table = pa.table({name: pa.array([data.draw(CELLS) for _ in range(size)], pa.string()) for name in columns})
    her = stones(*HER)
    once = workers.without(table, "van", her)
    assert once.schema == table.schema and once.num_rows == table.num_rows, "no row goes but a note of hers"
    assert workers.without(once, "van", her).to_pylist() == once.to_pylist()
    edited = workers.edit(once, "van", her)
    assert edited is None or not any(edited.is_changed.to_pylist())
    for name in columns:
        for before, now in zip(table.column(name).to_pylist(), once.column(name).to_pylist(), strict=True):
            assert now == before or (name in {*WORKER_COLUMNS, *FREE_COLUMNS} and (now is None or is_pseudonym(now)))
    assert workers.without(table, "van", stones(Subject("account", "van", "1"))).to_pylist() == table.to_pylist()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_names_are_read_whatever_stands_between_their_words(left_part: str, right_part: str) -> None:
    text = f"{left_part} Maya Hart {right_part}"
    assert beside("signature", "", "hart,MAYA") in workers.phrases(text)
    assert plain(plain(text)) == plain(text)
    assert UNIT not in plain(text)


@pytest.mark.parametrize(
    "line",
    [
        "700,1000003,300001,2,14",
        '{"tool":"van","account_id":"300001","node_id":"O2"}',
        '{"id": "O9", "name": "M\\u0061ya Hart"}',
        "1,O1,sideways,2026-10-05T18:00:00,Text",
        "doors,O2,x,y,z,maya.h,2026",
        "V17|boss",
    ],
)
def test_a_kept_line_that_may_speak_of_her_loses_its_text(line: str) -> None:
    known = Tombstones(KEY, stones(*HER).hashes, stones(*HER).hashes)
    names = {"voter": "PROGRAM", "app_user": "program"}
    quiet = Refused(3, "", "E6", "", "700,1000003,300002,2,Maya was not here")
    found = Findings(refused=[Refused(2, "", "E6", "", line), quiet])
    assert Guard(load_settings(), names, known, 1, ("van", "openfield")).lines(found).refused == [quiet]
    assert len(Guard(load_settings(), names, known, 1).lines(found).refused) == 2, "no file of the field"


def test_a_guard_counts_her_notes_as_dropped_and_no_other_row() -> None:
    known = Tombstones(KEY, stones(*HER).hashes, stones(*HER).hashes)
    keeper = Guard(load_settings(), {"voter": "VAN", "app_user": "van"}, known, 1, ("van",))
    dropped: Counter[str] = Counter()
    assert keeper.keep(pa.table({"canvasser_id": ["300001", "2"]}), dropped).num_rows == 2 and not dropped
    note = pa.table({"note_id": ["1"], "node_id": ["O1"], "local_at": ["2026-10-05T01:00:00"], "body": ["x"]})
    assert keeper.keep(note, dropped).num_rows == 0 and dropped == {FORGOTTEN: 1}


def test_a_worker_is_named_by_number_or_place_and_never_shown() -> None:
    assert (parse(" van#4711\n").kind, parse("node#vol-17").kind, parse("van:4711").kind) == (
        "account",
        "node",
        "app_user",
    )
    assert parse("van#4711").text == "van#4711" and "4711" not in repr(parse("van#4711"))
    for wrong in ("van#", "#4711", "Van#4711", "van#47 11", "node#"):
        with pytest.raises(SpecError, match="tool#account_id") as caught:
            parse(wrong)
        assert wrong not in str(caught.value).replace("node#node_id", "")


def test_a_pseudonym_is_of_another_domain_than_the_ledgers_hashes() -> None:
    assert is_pseudonym(NUMBER) and pseudonym(KEY, "van#300001") == NUMBER
    assert len({NUMBER, PLACE, pseudonym(KEY, "openfield#300001"), pseudonym(bytes(32), "van#300001")}) == 4
    assert not subject_key(KEY, "van#300001").startswith(NUMBER.removeprefix("forgotten-"))
