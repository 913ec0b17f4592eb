"""The shipped reference tables: small, whole, and what the builder makes of the full ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from groundgame.synth.reference import build
from groundgame.synth.tables import FOLDER, table

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_tables_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 1_500_000


def test_every_county_has_cells_and_a_delivery_zip() -> None:
    zips = table("zip_codes")
    assert set(table("counties")["county_id"]) == set(range(1, 101))
    assert set(table("cells")["county_id"]) == set(range(1, 101))
    assert set(zips.loc[zips["is_po_box"].eq(0), "county_id"]) == set(range(1, 101))


@pytest.mark.skipif(not DATA.exists(), reason="the full reference data is not beside the checkout")
def test_the_builder_makes_the_shipped_tables(tmp_path: Path) -> None:
    build.build(DATA, tmp_path)
    for path in sorted(tmp_path.iterdir()):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name
