"""The forms of birthdays, phones and addresses, and documents cut anywhere: properties, not examples."""

from __future__ import annotations

import datetime as dt
import functools
import io
import json
import re
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundgame.errors import FileRefused
from groundgame.ingest import contacts, json_document
from groundgame.ingest import run as night
from groundgame.ingest.blocks import Block
from groundgame.ingest.json_careful import depth
from groundgame.ingest.json_document import DocumentLines
from groundgame.ingest.json_read import JsonShape, read_json
from groundgame.sources.entities import ENTITIES
from groundgame.sources.layouts import Layout
from groundgame.sources.spec import DateRule
from groundgame.sources.text import Text
from tests.ingest.app_desk import AppDesk, document, lines, many, page, user

ON = dt.date(2026, 10, 9)
READER = contacts.BirthdayReader(DateRule(formats=("%m/%d/%Y", "%m/%d", "%Y")), ON)
DOMAINS = st.sampled_from(["example.com", "Mail.Example.ORG"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=4)

LAYOUT = Layout(since=ON, columns={"user_id": "u", "friend_id": "d[].a.b", "friend_name": "d[].n[1]"}, ignored=("x",))
SHAPE = JsonShape(Text(format="json_lines"), LAYOUT, ENTITIES["friend_edges"])
WORDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f\xad", exclude_categories=("Cc",)),
    max_size=5,
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | WORDS
ITEMS = st.fixed_dictionaries(
    {}, optional={"a": st.fixed_dictionaries({"b": LEAVES}) | LEAVES, "n": st.lists(LEAVES) | LEAVES, "z": LEAVES}
)
LINES = st.fixed_dictionaries(
    {"u": LEAVES}, optional={"d": st.lists(ITEMS | LEAVES, max_size=3) | LEAVES, "x": LEAVES, "y": LEAVES}
)


@given(st.text(max_size=20) | st.from_regex(r"\d{1,2}/\d{1,2}(/\d{4})?", fullmatch=True))
def test_a_birthday_is_one_of_three_forms_or_nothing(text: str) -> None:
    found = READER.read(text)
    assert found.text is None or re.fullmatch(r"\d{4}-\d\d-\d\d|--\d\d-\d\d|\d{4}", found.text)
    assert (found.text is None) == bool(found.rule) or text == ""
    assert found.oldest is None or 0 <= found.oldest <= contacts.OLDEST


@given(st.dates(dt.date(1912, 1, 1), ON))
def test_a_birthday_keeps_its_day_and_tells_the_age(day: dt.date) -> None:
    assert READER.read(f"{day:%m/%d/%Y}").text == day.isoformat()
    assert READER.read(f"{day:%m/%d}").text == f"--{day:%m-%d}"
    age = ON.year - day.year - ((day.month, day.day) > (ON.month, ON.day))
    full, year = READER.read(f"{day:%m/%d/%Y}"), READER.read(str(day.year))
    assert (full.oldest, full.youngest) == (age, age)
    assert (year.youngest or 0) <= age <= (year.oldest or 0), "a year alone allows both ages"


@given(st.text(max_size=30))
def test_what_is_normal_stays_as_it_is(text: str) -> None:
    for normalise in (contacts.email, contacts.phone):
        once = normalise(text)
        assert once is None or normalise(once) == once


@given(
    st.integers(0, 99),
    st.sampled_from(["({}) {}-{}", "{}-{}-{}", "+1 {} {} {}", "1.{}.{}.{}", "{}{}{} x12", " {} {}{}"]),
)
def test_a_number_is_the_same_however_it_is_written(last: int, form: str) -> None:
    assert contacts.phone(form.format("919", "555", f"01{last:02d}")) == f"91955501{last:02d}"


@given(
    st.from_regex(r"[A-Za-z0-9]{1,9}([.+_-][A-Za-z0-9]{1,9}){0,2}", fullmatch=True),
    DOMAINS,
)
def test_an_address_is_lower_case_and_keeps_its_tag(local: str, domain: str) -> None:
    assert contacts.email(f" {local} @ {domain}") == f"{local}@{domain}".lower()


@settings(max_examples=80)
@given(OBJECTS, OBJECTS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_a_document_is_cut_into_its_objects_wherever_chunks_end(
    wanted: list[object], other: list[object], chunk: int, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps({"v": "1", "other": other, "wanted": wanted, "t": "]}"}, indent=indent, ensure_ascii=ascii_only)
    before, json_document.CHUNK = json_document.CHUNK, chunk
    try:
        data = DocumentLines(io.BytesIO(text.encode("utf-8", "surrogatepass")), ("wanted",), "file").read()
    finally:
        json_document.CHUNK = before
    *lines, last = [json.loads(line) for line in data.decode("utf-8", "surrogatepass").split("\n")[:-1]]
    assert lines == [{"wanted": found} for found in wanted]
    assert last == {json_document.MARKER: True, "v": "1", "t": "]}"}


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (document(profiles=[{"eid": "e1"}])[:-1], "A8"),
        (document(profiles=[{"eid": "e1"}])[:-40], "A8"),
        (document() + b"{}", "A8"),
        (document(profiles=["e1"]), "A18"),
        (document(profiles={"e1": {}}), "A18"),
        (b'{"schema_version": "1", "profiles": ' + b"[" * 10_000, "A8"),
        (b'{"x": "' + b"x" * 2_000_000 + b'", "profiles": []}', "A9"),
        (b'{"profiles": [{"eid": "' + b"x" * 20_000_000 + b'"}]}', "A9"),
        (b"[1, 2]", "A18"),
    ],
)
def test_a_document_that_is_not_whole_is_refused(data: bytes, rule: str) -> None:
    """A8, A9, A18."""
    with pytest.raises(FileRefused) as caught:
        DocumentLines(io.BytesIO(data), ("profiles",), "file").read()
    assert caught.value.rule == rule


@given(VALUES)
def test_depth_is_counted_without_descending(value: object) -> None:
    def deep(item: object) -> int:
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        return 0 if inside is None else 1 + max(map(deep, inside), default=0)

    assert depth(json.dumps(value).encode()) == deep(value)


@settings(max_examples=50, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=6), st.booleans())
def test_both_readers_read_the_same(objects: list[object], ascii_only: bool) -> None:
    data = b"".join(json.dumps(item, ensure_ascii=ascii_only).encode() + b"\n" for item in objects)
    fast, slow = (read_json(Block(1, 0, data, "utf-8"), SHAPE, careful_only=only) for only in (False, True))
    assert (fast.table.to_pylist(), fast.lines.tolist()) == (slow.table.to_pylist(), slow.lines.tolist())
    assert fast.findings.counts == slow.findings.counts
    assert [item[:4] for item in sorted(fast.findings.refused)] == [item[:4] for item in sorted(slow.findings.refused)]


def test_blocks_of_any_size_land_the_same_bytes(app: AppDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*many(user, 200, n3={"name": "Pat \ud83d"}, n5={"name": "José 🌟"}), user(7), user(8, id=1.5), "{"]
    app.put(lines(rows))
    app.put(lines([page(n, *((str(m), "Lee") for m in range(n))) for n in range(30)]), "friends")
    app.land()
    whole = [path.read_bytes() for path in sorted(app.home.glob("raw/**/part-0.parquet"))]
    shutil.rmtree(app.home)
    monkeypatch.setattr(night, "land", functools.partial(night.land, block_bytes=2_000))
    app.land()
    assert [path.read_bytes() for path in sorted(app.home.glob("raw/**/part-0.parquet"))] == whole
