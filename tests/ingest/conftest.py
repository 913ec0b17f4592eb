"""One landing desk per test: of a state, or of an app."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.app_desk import AppDesk
from tests.ingest.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty installation with an inbox."""
    return Desk(tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> AppDesk:
    """An empty installation with an inbox of app exports."""
    return AppDesk(tmp_path)
