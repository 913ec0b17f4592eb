"""Moments by their declared unit, as ISO 8601 in UTC to the millisecond; what cannot be one is told, never guessed (A11)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.sources.spec import TimeRule

ISO = (
    r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?"
    r"(Z|[+-]\d\d:?\d\d)?$"
)
ZONED = r"(Z|[+-]\d\d:?\d\d)$"
DAY = dt.timedelta(days=1)
STAMP = "%Y-%m-%dT%H:%M:%SZ"
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Moments:
    """A column of moments: ISO text, the rows that hold none although something stands there, and why."""

    iso: pa.Array
    unreadable: Mask
    impossible: Mask


def read(texts: pa.Array, rule: TimeRule, snapshot: dt.date, ahead: dt.timedelta = DAY) -> Moments:
    """Read a column of trimmed texts. Zones and slow clocks may lead a file by a day, what is planned by more; later is impossible."""
    present = pc.not_equal(texts, "").to_numpy(zero_copy_only=False)
    stamps = _iso(texts, rule.zone) if rule.unit == "iso" else _numbers(texts, 1 if rule.unit == "ms" else 1000)
    known = stamps.is_valid().to_numpy(zero_copy_only=False)
    since = dt.datetime.combine(rule.since, dt.time())
    until = dt.datetime.combine(snapshot + DAY + ahead, dt.time())
    inside = pc.and_(pc.greater_equal(stamps, since), pc.less(stamps, until))
    fits = pc.fill_null(inside, False).to_numpy(zero_copy_only=False)
    iso = pc.strftime(pc.if_else(pa.array(fits), stamps, None), format=STAMP)
    return Moments(iso, present & ~known, known & ~fits)


def local_text(iso: pa.Array, zone: str) -> pa.Array:
    """What the clock of a zone showed at moments that ``read`` has written: ``2026-10-24T19:05:00``."""
    there = pc.cast(iso, pa.timestamp("ms", "UTC")).cast(pa.timestamp("s", zone), safe=False)
    return pc.strftime(there, format="%Y-%m-%dT%H:%M:%S")


def _numbers(texts: pa.Array, factor: int) -> pa.Array:
    """Whole numbers since 1970; fifteen digits of milliseconds reach far beyond any event."""
    whole = pc.match_substring_regex(texts, r"^-?\d{1,15}$" if factor == 1 else r"^-?\d{1,12}$")
    numbers = pc.cast(pc.if_else(whole, texts, None), pa.int64())
    return pc.cast(pc.multiply(numbers, factor), pa.timestamp("ms"))


def _iso(texts: pa.Array, zone: str | None) -> pa.Array:
    plain = pc.replace_substring_regex(texts, r"\s*(UTC|GMT)$", "Z")
    plain = pc.if_else(pc.match_substring_regex(plain, ISO), plain, None)
    zoned = pc.fill_null(pc.match_substring_regex(plain, ZONED), False)
    found = _cast(pc.if_else(zoned, plain, None), pa.timestamp("ms", "UTC"))
    found = pc.cast(found, pa.timestamp("ms"))
    if zone is None or pc.all(zoned, min_count=0).as_py():
        return found
    local = _cast(pc.if_else(zoned, None, plain), pa.timestamp("ms"))
    at = [pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent=side) for side in ("earliest", "latest")]
    # An hour that clocks skip gives two answers: it was never on any clock, so the text is wrong.
    settled = pc.if_else(pc.equal(*at), pc.cast(at[0], pa.timestamp("ms", "UTC")), None)
    return pc.coalesce(found, pc.cast(settled, pa.timestamp("ms")))


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    texts = pc.replace_substring_regex(texts, r"(\.\d{3})\d+", r"\1")
    try:
        return pc.cast(texts, kind)
    except pa.ArrowInvalid:
        return pa.array([_one(text) for text in texts.to_pylist()], kind)  # the 31st of June is among them


def _one(text: str | None) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
