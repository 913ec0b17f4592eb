"""What a spreadsheet does to a cell: nothing."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from groundgame.publish.exports.cells import FORMULA_STARTS, phone, place, safe_cell, write_csv
from groundgame.publish.exports.lists import walk_key

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)


@given(st.one_of(TEXTS, st.sampled_from(FORMULA_STARTS).flatmap(lambda start: TEXTS.map(lambda rest: start + rest))))
def test_no_cell_starts_a_formula_and_none_is_lost(text: str) -> None:
    """V37."""
    cell = safe_cell(text)
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cell in (text, f"'{text}")


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_a_written_list_reads_back_cell_by_cell(rows: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        assert write_csv(path, ("a", "b"), rows) == len(rows)
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert list(csv.reader(file))[1:] == [[safe_cell(a), safe_cell(b)] for a, b in rows]


def test_a_zip_code_and_a_phone_number_are_no_numbers() -> None:
    assert place("BOSTON", "MA", "02134") == "BOSTON MA 02134"
    assert place(None, None, "02134") == "US 02134"
    assert phone("9195550100") == "(919) 555-0100"


def test_a_walk_goes_up_one_side_of_a_street_and_down_the_other() -> None:
    addresses = ["4 OAK ST", "12 ELM ST APT 2", "3 OAK ST", "10 OAK ST", "1 OAK ST", "12 ELM ST APT 1", "HIGHWAY 9"]
    assert sorted(addresses, key=walk_key) == [
        "12 ELM ST APT 1",
        "12 ELM ST APT 2",
        "HIGHWAY 9",
        "1 OAK ST",
        "3 OAK ST",
        "10 OAK ST",
        "4 OAK ST",
    ]
