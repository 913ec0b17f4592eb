"""Fixed-width lines: what lands from them, and what becomes of lines of another width. Shifted files are S22 in test_read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ingest.desk import SPANS, Desk, fixed_width, records, voters


def land(desk: Desk, rows: list[str], encoding: str = "latin-1", end: str = "\n") -> Any:
    desk.put("".join(row + end for row in rows).encode(encoding))
    return desk.land()


def declare(desk: Desk, **text: Any) -> None:
    """The fixed-width spec with some words on the text changed."""

    def change(spec: dict[str, Any]) -> None:
        fixed_width(spec)
        spec["registrations"]["text"] |= text

    desk.change_spec(change)


@pytest.mark.parametrize(
    ("declared", "encoding", "end"),
    [("latin-1", "latin-1", "\n"), ("latin-1", "utf-16", "\r\n"), ("utf-8", "utf-8", "\n"), ("cp1252", "cp1252", "\r")],
)
def test_a_fixed_width_file_lands_by_position(desk: Desk, declared: str, encoding: str, end: str) -> None:
    """Positions count characters, however many bytes an accent is; a quote is a character like any other."""
    declare(desk, encodings=[declared, "utf-16"])
    rows = voters(20, v3={"last_name": "PEÑA", "first_name": 'JOSÉ "PEPE"'}, v4={"middle_name": "LEE, A\tB"})
    result = land(desk, records(rows), encoding, end)
    assert (result.rows_in, result.rows_out, result.verdict) == (20, 20, "pass")
    assert [row["_line"] for row in desk.registrations()] == list(range(1, 21))
    found = desk.voter(3)
    assert (found["last_name"], found["first_name"], found["middle_name"]) == ("PEÑA", 'JOSÉ "PEPE"', "")
    assert (found["birth_year"], found["registered_date"], found["sex_code"]) == ("1943", "1963-03-04", "F")
    assert (found["county_code"], found["zip_code"]) == ("41", None)
    assert desk.voter(4)["middle_name"] == "LEE, A\tB"


def test_lines_of_another_width_are_quarantined_alone(desk: Desk) -> None:
    """S11, beside a control character (S6); blank lines are dropped and counted."""
    declare(desk, encodings=["utf-8"])
    rows = records(voters(300, v6={"last_name": "PEÑA"}, v30={"last_name": "NUÑEZ"}))
    rows[4], rows[8] = rows[4][:-1], rows[8] + " "
    rows[30] = rows[30][:-1]  # as many bytes as a row has characters
    rows[11] = rows[11].replace("PAT", "P\0T")
    rows[20:22] = ["", " " * len(rows[0])]
    assert land(desk, rows, "utf-8").rows_out == 300 - 4 - 2
    assert desk.quarantined() == [(5, "S11", ""), (9, "S11", ""), (12, "S6", ""), (31, "S11", "")]
    reasons = [row["reason"] for row in desk.query("select reason from ops.quarantined_lines where rule = 'S11'")]
    assert sorted(reasons) == [*["462 characters, expected 463"] * 2, "464 characters, expected 463"]
    assert desk.only()["lines_dropped"] == 2
    assert rows[4] in {row["text"] for row in desk.kept()}


def test_a_file_whose_every_line_has_another_width_is_refused(desk: Desk) -> None:
    """S11."""
    declare(desk)
    desk.put("".join(" " + row + "\n" for row in records(voters(20))).encode())
    refusal = desk.refusal()
    assert (refusal.rule, refusal.line) == ("S11", 1)
    assert "20 of 20 lines" in refusal.problem
    assert "464 characters, expected 463" in refusal.problem
    assert desk.landed_nothing()


def test_repairing_a_name_moves_no_other_column(desk: Desk) -> None:
    """S5, S20: the line is cut before its characters are made fewer."""
    declare(desk)
    land(desk, records(voters(200, v3={"last_name": "PEÃ±A"}, v4={"first_name": "MARY\u00a0ANN"})))
    assert (desk.voter(3)["last_name"], desk.voter(3)["birth_year"]) == ("PEñA", "1943")
    assert (desk.voter(4)["first_name"], desk.voter(4)["county_code"]) == ("MARY ANN", "41")
    assert [(row["line"], row["rule"]) for row in desk.kept()] == [(4, "S5"), (5, "S20")]


def test_a_first_line_in_another_encoding_is_quarantined_like_any_other(desk: Desk) -> None:
    """S4: without a header nothing hangs on it."""
    declare(desk, encodings=["utf-8"])
    rows = records(voters(200, v7={"last_name": "PEÑA"}, v9={"last_name": "NUÑEZ"}))
    desk.put("\n".join([*rows, ""]).encode().replace(b"AVERY", b"AV\xc9RY", 1))
    desk.land()
    assert desk.quarantined() == [(1, "S4", "")]


def test_a_trailer_as_wide_as_a_row_is_no_row(desk: Desk) -> None:
    """S17: its count is checked."""
    declare(desk, trailer=r"TOTAL (?P<count>\d+)")
    rows = records(voters(20))
    result = land(desk, [*rows, "TOTAL 0000020".ljust(len(rows[0]))])
    assert (result.rows_out, result.rows_dropped, result.verdict) == (20, 1, "pass")
    desk.put("\n".join([*rows, "TOTAL 0000021".ljust(len(rows[0])), ""]).encode(), "ncvoter_20241116.txt")
    assert desk.refusal().rule == "T4"


def test_the_width_of_a_line_tells_the_vintage(desk: Desk) -> None:
    """The older one has the same columns in other places."""
    moved = {name: (start + 2, end + 2) for name, (start, end) in SPANS.items()}

    def two_vintages(spec: dict[str, Any]) -> None:
        fixed_width(spec)
        (newer,) = spec["registrations"]["layouts"]
        older = newer | {"since": "2001-01-01", "record": {"width": 470, "spans": moved}}
        spec["registrations"]["layouts"] = [newer, older]

    desk.change_spec(two_vintages)
    land(desk, records(voters(20), moved, 470))
    assert desk.only()["layout"] == "2001-01-01"
    assert (desk.voter(3)["last_name"], desk.voter(3)["county_code"]) == ("DARE", "41")
