"""Last week of the tiny state, landed, built, judged and published once; a test goes on from a copy of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.weeks import LAST_NIGHT, TONIGHT, Week


@pytest.fixture(scope="session")
def last_week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """A good week; that nothing holds it is what makes a hold of the next week tell something."""
    week = Week(tmp_path_factory.mktemp("last_week"), LAST_NIGHT)
    week.arrive()
    assert week.judge_all() == {}
    week.score()
    week.publish()
    return week


@pytest.fixture
def week(last_week: Week, tmp_path: Path) -> Week:
    """The week after, before anything has arrived."""
    return Week(tmp_path, TONIGHT, last_week)
