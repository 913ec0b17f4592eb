"""The forms of birthdays, phones and addresses, and documents cut anywhere: properties, not examples."""

from __future__ import annotations

import datetime as dt
import io
import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from groundgame.ingest import contacts, json_document
from groundgame.ingest.json_careful import depth
from groundgame.ingest.json_document import DocumentLines
from groundgame.sources.spec import DateRule

ON = dt.date(2026, 10, 9)
READER = contacts.BirthdayReader(DateRule(formats=("%m/%d/%Y", "%m/%d", "%Y")), ON)
DOMAINS = st.sampled_from(["example.com", "Mail.Example.ORG"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=4)


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


@settings(max_examples=150)
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


@given(VALUES)
def test_depth_is_counted_without_descending(value: object) -> None:
    def deep(item: object) -> int:
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        return 0 if inside is None else 1 + max(map(deep, inside), default=0)

    assert depth(json.dumps(value).encode()) == deep(value)
