"""Readers of a Postgres warehouse see one run or another, whatever is published meanwhile."""

from __future__ import annotations

from pathlib import Path

from benchmarks.soak import soak
from groundgame.publish import server, switch
from groundgame.warehouse.base import open_warehouse
from tests.publish.night import settings_in


def test_thirty_publications_under_two_readers_show_no_mixture_no_gap_and_no_error(
    tmp_path: Path, postgres_uri: str
) -> None:
    settings = settings_in(tmp_path, uri=postgres_uri)
    seen = soak(settings, publications=30, voters=300)
    assert set(seen.counts) == {"reads"}
    assert seen.counts["reads"] > 50
    assert seen.is_all_around_the_same
    assert seen.rollback_seconds < 1
    assert seen.p99_milliseconds() < 500
    # Under readers who never pause old runs may have to wait; once they are gone nothing does.
    with open_warehouse(settings) as warehouse:
        assert server.retire(warehouse, settings.keep_runs)
    assert len(switch.status(settings)["kept_runs"]) <= settings.keep_runs + 1  # and the one that was gone back to
