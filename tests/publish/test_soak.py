"""Readers of a Postgres warehouse see one run or another, whatever is published meanwhile."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak
from tests.publish.night import settings_in


def test_thirty_publications_under_two_readers_show_no_mixture_no_gap_and_no_error(
    tmp_path: Path, postgres_uri: str
) -> None:
    seen = soak(settings_in(tmp_path, uri=postgres_uri), publications=30, voters=300)
    assert set(seen.counts) == {"reads"}
    assert seen.counts["reads"] > 50
    assert seen.is_all_around_the_same
    assert seen.rollback_seconds < 1
    assert 3 <= seen.runs_left <= 10  # a busy machine may leave no moment without readers
    assert seen.p99_milliseconds() < 500
