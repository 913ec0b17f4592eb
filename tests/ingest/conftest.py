"""One landing desk per test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty installation with an inbox."""
    return Desk(tmp_path)
