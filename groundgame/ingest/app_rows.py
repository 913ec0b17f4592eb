"""Rules over the rows of app exports: keys, ids, moments, ages, and the forms of what people typed.

What cannot be true of a row refuses it; a value that cannot be used becomes null and is counted. Who consented, who is
deleted and who lives where is decided later, in SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest import columns as steps
from groundgame.ingest import contacts, moments
from groundgame.ingest.columns import Columns
from groundgame.ingest.contacts import BirthdayReader
from groundgame.ingest.findings import Normalised
from groundgame.ingest.rows import Refusals
from groundgame.sources.entities import Entity
from groundgame.sources.spec import EntitySpec, SourceSpec

YOUNGEST, OF_AGE = 13, 18
# All that is needed to suppress somebody who is not of age, and to know when that ends (A4).
KEPT_OF_MINORS = frozenset(
    {"user_id", "friend_id", "birthday", "country_code", "installed_at", "updated_at", "deleted_at"}
)
FLOAT = r"^[+-]?\d*\.?\d+[eE][+-]?\d+$|^[+-]?\d+\.\d*$"
AMOUNT = r"^-?\d{1,12}(\.\d{1,4})?$"
COUNTRY = r"^[A-Z]{2}$"
REVISION = r"^[1-9]\d{0,8}$"


def app_rules(
    columns: Columns,
    source: SourceSpec,
    spec: EntitySpec,
    entity: Entity,
    snapshot: dt.date,
    birthdays: BirthdayReader | None,
) -> Refusals:
    """Refuse rows that cannot be (A4, A11, A13), drop friendships with oneself (A21), bring the rest into one form."""
    refusals = Refusals(len(columns.lines))
    for name in sorted(entity.required):
        refusals.add(name, "KEY", f"{name} is blank", columns.blank(name))
    _protect_minors(columns, birthdays, refusals)
    for name in sorted(entity.ids & columns.values.keys()):
        floats = pc.match_substring_regex(columns.values[name], FLOAT).to_numpy(zero_copy_only=False)
        refusals.add(name, "A13", "the id is a float: its last digits are lost", floats)
    for name in sorted(entity.times & columns.values.keys()):
        _moments(columns, name, spec, snapshot, refusals)
    if "revision" in entity.fields:
        _revisions(columns, refusals)
    if entity.name == "app_friend_edges":
        _drop_self_edges(columns, refusals)
    _in_one_form(columns, source)
    if entity.is_of_others:
        for name in sorted(entity.personal & columns.values.keys()):
            columns.findings.count("A1", name, rows=int((~columns.blank(name)).sum()))
    for name, column in columns.values.items():
        columns.values[name] = pc.if_else(pc.equal(column, ""), None, column)
    return refusals


def _protect_minors(columns: Columns, reader: BirthdayReader | None, refusals: Refusals) -> None:
    """Read birthdays; of the under-13 nothing stays, of those who may be under 18 what suppresses them (A4).

    This comes before all that keeps old values or lines. A year alone counts as the youngest that it can mean.
    """
    texts = columns.text("birthday")
    if texts is None or reader is None:
        return
    encoded = texts.dictionary_encode()
    read = [reader.read(text) for text in encoded.dictionary.to_pylist()]
    at = encoded.indices.to_numpy()
    for rule in sorted({found.rule for found in read} - {""}):
        columns.findings.count(rule, "birthday", rows=int(np.array([found.rule == rule for found in read])[at].sum()))
    columns.values["birthday"] = pa.array([found.text for found in read], pa.string()).take(encoded.indices)
    child = np.array([found.oldest is not None and found.oldest < YOUNGEST for found in read], np.bool_)[at]
    minor = np.array([found.youngest is not None and found.youngest < OF_AGE for found in read], np.bool_)[at]
    refusals.add("birthday", "A4", f"younger than {YOUNGEST}: nothing of this line is kept", child)
    refusals.withheld |= minor
    columns.findings.count("A4", "birthday", rows=int((minor & ~child).sum()))
    for name in columns.values.keys() - KEPT_OF_MINORS:
        columns.null_where(name, minor)
        columns.values[name] = pc.fill_null(columns.values[name], "")


def _moments(columns: Columns, name: str, spec: EntitySpec, snapshot: dt.date, refusals: Refusals) -> None:
    found = moments.read(pc.fill_null(columns.values[name], ""), spec.times[name], snapshot)
    columns.values[name] = found.iso
    if name != "deleted_at":
        refusals.add(name, "A11", "no moment of the declared unit", found.unreadable)
        refusals.add(name, "A11", "before anything or after the file's date: another unit?", found.impossible)
        return
    # Whenever it was, the person has left: that must not be lost with the line.
    wrong = found.unreadable | found.impossible
    columns.findings.count("A11", name, rows=int(wrong.sum()))
    columns.values[name] = pc.if_else(pa.array(wrong), f"{snapshot}T00:00:00.000Z", found.iso)


def _revisions(columns: Columns, refusals: Refusals) -> None:
    texts = columns.text("revision")
    if texts is None:
        columns.values["revision"] = pa.repeat(pa.scalar("1"), len(columns.lines))
        return
    texts = pc.if_else(pc.equal(texts, ""), "1", texts)
    wrong = pc.invert(pc.match_substring_regex(texts, REVISION)).to_numpy(zero_copy_only=False)
    refusals.add("revision", "A18", "revision is no whole number", wrong)
    columns.values["revision"] = texts


def _drop_self_edges(columns: Columns, refusals: Refusals) -> None:
    """Nobody is her own friend; such lines say nothing (A21)."""
    same = pc.equal(columns.values["user_id"], columns.values["friend_id"]).to_numpy(zero_copy_only=False)
    refusals.dropped = same & ~columns.blank("user_id")
    columns.findings.dropped["self edge"] += int(refusals.dropped.sum())
    columns.findings.count("A21", "friend_id", "self", int(refusals.dropped.sum()))


def _in_one_form(columns: Columns, source: SourceSpec) -> None:
    """E-mail (A15), phone (A16), ZIP, country and amount; what cannot be one is null and counted."""
    steps.normalise_zips(columns, source)
    _each_text(columns, "email", "A15", contacts.email)
    _each_text(columns, "phone", "A16", contacts.phone)
    if (countries := columns.text("country_code")) is not None:
        columns.values["country_code"] = pc.ascii_upper(countries)
    for name, rule, pattern in (("country_code", "V21", COUNTRY), ("amount", "A18", AMOUNT)):
        if (column := columns.text(name)) is not None:
            odd = pc.invert(pc.match_substring_regex(column, pattern)).to_numpy(zero_copy_only=False)
            odd &= ~columns.blank(name)
            columns.null_where(name, odd)
            columns.findings.count(rule, name, rows=int(odd.sum()))


def _each_text(columns: Columns, name: str, rule: str, normalise: Callable[[str], str | None]) -> None:
    """Normalise a column; addresses that are plain already are told at once. The vault keeps what became null."""
    texts = columns.text(name)
    if texts is None:
        return
    if name == "email":
        texts = pc.ascii_lower(texts)
        plain = pc.match_substring_regex(texts, f"^(?:{contacts.PLAIN_EMAIL})$")
        plain = pc.and_(plain, pc.less_equal(pc.utf8_length(texts), contacts.LOCAL_LENGTH))
    else:
        plain = pc.match_substring_regex(texts, r"^[2-9]\d{2}[2-8]\d{6}$")
    original = columns.values[name]
    rest = np.flatnonzero(~(pc.fill_null(plain, False).to_numpy(zero_copy_only=False) | columns.blank(name)))
    found = {row: normalise(original[row].as_py()) for row in rest.tolist()}
    for row, value in found.items():
        if value is None:
            columns.findings.normalised.append(Normalised(int(columns.lines[row]), name, rule, original[row].as_py()))
    columns.findings.count(rule, name, "normalised", sum(value is not None for value in found.values()))
    columns.values[name] = _with(texts, found)


def _with(texts: pa.Array, changes: dict[int, str | None]) -> pa.Array:
    """The column with some rows changed."""
    if not changes:
        return texts
    at = np.arange(len(texts))
    at[list(changes)] = len(texts) + np.arange(len(changes))
    return pa.concat_arrays([texts, pa.array(list(changes.values()), texts.type)]).take(pa.array(at))
