"""The door: which rows and lines of a file a tombstone keeps out, and no others."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundgame import stages
from groundgame.config import load_settings
from groundgame.ingest.findings import Findings, Normalised, Refused
from groundgame.privacy.keys import hmac_parameters, hmac_sql, make_key, subject_key
from groundgame.privacy.subject import MENTION_COLUMNS, SUBJECT_COLUMNS, WORKER_COLUMNS, parse
from groundgame.privacy.tombstones import FORGOTTEN, Guard, Tombstones, guard, keep_out, stamp, touch
from groundgame.sources.entities import ENTITIES
from groundgame.warehouse.base import open_warehouse

KEY = bytes(range(32))
ASKED = dt.date(2026, 10, 26)
# Few letters and blanks at the ends, so that ids meet; one that is written in full as another sender's.
IDS = st.text(alphabet="AB1é", min_size=1, max_size=3)
CELLS = st.none() | st.builds(
    lambda left, text, right: left + text + right,
    st.sampled_from(["", " "]),
    IDS | IDS.map("NC-{}".format) | IDS.map("graph:{}".format),
    st.sampled_from(["", " ", "  "]),
)


def tombstones(*texts: str) -> Tombstones:
    return Tombstones(KEY, frozenset(subject_key(KEY, text) for text in texts))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(CELLS, max_size=12),
    st.sets(IDS.map("NC-{}".format) | IDS.map("graph:{}".format), max_size=4),
    st.booleans(),
)
def test_keep_out_drops_the_rows_of_the_forgotten_and_no_other(
    cells: list[str | None], forgotten: set[str], is_voter: bool
) -> None:
    column, name, separator = ("voter_id", "NC", "-") if is_voter else ("friend_id", "graph", ":")
    table = pa.table({"_line": pa.array(range(len(cells)), pa.int64()), column: pa.array(cells, pa.string())})

    def is_out(cell: str | None) -> bool:
        text = (cell or "").strip()
        return cell is not None and (
            f"{name}{separator}{text}" in forgotten or (separator in text and text in forgotten)
        )

    kept = keep_out(table, column, name, tombstones(*forgotten))
    assert kept.schema == table.schema
    assert kept.to_pylist() == [row for row in table.to_pylist() if not is_out(row[column])]


def test_the_engine_hashes_as_the_ledger_does() -> None:
    import duckdb

    for text in ("NC-AA123", "graph:é€", "x" * 500):
        with duckdb.connect() as engine:
            (found,) = engine.execute(f"select {hmac_sql('?::varchar')}", [*hmac_parameters(KEY), text]).fetchone()
        assert found == subject_key(KEY, text)


def test_every_column_of_every_entity_that_names_a_person_is_declared() -> None:
    """A field of a new entity that ends in ``_id`` has to be declared, or named here as no id of a person."""
    others = {"event_id", "van_id", "county_voter_id"}  # the last two stand beside an id that is declared
    others |= {"contact_id", "turf_id", "shift_id"}  # what was done
    for entity in ENTITIES.values():
        ids = {field for field in entity.fields if field.endswith("_id")}
        assert ids - others <= {*SUBJECT_COLUMNS, *MENTION_COLUMNS, *WORKER_COLUMNS}, entity.name
        assert not ids & {"van_id", "county_voter_id"} or ids & set(SUBJECT_COLUMNS), entity.name


def test_a_guard_counts_what_it_keeps_out_in_any_column() -> None:
    keeper = Guard(load_settings(), {"voter": "NC", "app_user": "graph"}, tombstones("graph:7"), 1)
    table = pa.table({"user_id": ["7", "5", "5", None], "friend_id": ["5", "7", "6", "6"]})
    dropped: Counter[str] = Counter()
    assert keeper.keep(table, dropped).to_pylist() == [
        {"user_id": "5", "friend_id": "6"},
        {"user_id": None, "friend_id": "6"},
    ]
    assert dropped == {FORGOTTEN: 2}


@pytest.mark.parametrize(
    "line",
    ["41\tAA123\tPAT", '"41","AA123"', "41|AA123|", '{"id":"AA123"}', "{'id':AA123}", "x AA123", "41\tNC-AA123\tPAT"],
)
def test_a_kept_line_with_the_id_loses_its_text_in_any_format(line: str) -> None:
    keeper = Guard(load_settings(), {"voter": "NC", "app_user": "nc"}, tombstones("NC-AA123"), 1)
    others = [Refused(3, "birth_date", "V7", "", "41\tAA1234\tPAT"), Refused(4, "", "S6", "", "")]
    findings = Findings(refused=[Refused(2, "birth_date", "V7", "", line), *others])
    findings.normalised = [Normalised(5, "zip_code", "V3", line), Normalised(6, "zip_code", "V3", "41\tXAA123")]
    kept = keeper.lines(findings)
    assert kept.refused == others and [item.line for item in kept.normalised] == [6]
    assert len(findings.refused) == 3, "what is counted stays counted"


def test_a_line_without_any_id_is_not_kept_once_somebody_is_forgotten() -> None:
    line = Refused(2, "voter_id", "KEY", "", "41\t\tPAT")
    names = {"voter": "NC", "app_user": "nc"}
    assert Guard(load_settings(), names, tombstones("NC-AA1"), 1).lines(Findings(refused=[line])).refused == []
    assert Guard(load_settings(), names, None, 0).lines(Findings(refused=[line])).refused == [line]


def test_without_tombstones_nothing_is_looked_at(tmp_path: Path) -> None:
    settings_here = load_settings(home=tmp_path)
    keeper = guard(settings_here, "nc", "NC")
    table = pa.table({"voter_id": ["AA1"]})
    assert keeper.keep(table, Counter()) is table
    assert not settings_here.warehouse_path.exists()


def test_a_guard_knows_that_somebody_was_forgotten_since(tmp_path: Path) -> None:
    here = load_settings(home=tmp_path)
    first = guard(here, "nc", "NC")
    stages.forget(here, "NC-AA1", ASKED, "asked by letter")
    assert not first.is_current()
    second = guard(here, "nc", "NC")
    assert second.is_current() and second.tombstones is not None
    before = stamp(here)
    touch(here)
    assert stamp(here) > before and not second.is_current()


def test_a_key_is_made_once(tmp_path: Path) -> None:
    here = load_settings(home=tmp_path)
    assert make_key(here) == make_key(here) and len(make_key(here)) == 32
    with open_warehouse(here):
        assert guard(here, "nc", "NC").tombstones is None


def test_ids_are_read_and_never_shown() -> None:
    assert parse(" NC-AA123\n").text == "NC-AA123"
    assert parse("graph:1000:x").local_id == "1000:x"
    assert "AA123" not in repr(parse("NC-AA123")) and "AA123" not in str(parse("NC-AA123"))
    assert parse("NC-AA123").forms("nc", {"nc": "NC"}) == {"NC-AA123", "AA123"}
    assert parse("NC-AA123").forms("oh", {"oh": "OH"}) == {"NC-AA123"}
