"""Text and structure: what becomes of odd bytes, lines and headers (S1-S22)."""

from __future__ import annotations

from typing import Any

import pytest

from groundgame.errors import LayoutDrift
from tests.ingest.desk import COLUMNS, FILE, Desk, fixed_width, lines, records, text, voters


def utf8(spec: dict[str, Any]) -> None:
    """Declare UTF-8, as most states send."""
    spec["registrations"]["text"]["encodings"] = ["utf-8", "utf-16"]


def spoil(rows: list[str], line: int, old: str, new: str) -> bytes:
    """The file with one physical line (counted from 1) changed."""
    rows = [*rows]
    assert old in rows[line - 1]
    rows[line - 1] = rows[line - 1].replace(old, new, 1)
    return "".join(row + "\n" for row in rows).encode("latin-1")


def test_a_byte_order_mark_is_taken_off(desk: Desk) -> None:
    """S1."""
    desk.put(text(voters(20), encoding="utf-8-sig"))
    result = desk.land()
    assert result.rows_out == 20
    assert "S1 byte order mark" in result.details["files"][0]["warnings"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"], ids=["LE", "BE"])
def test_declared_utf16_lands(desk: Desk, encoding: str) -> None:
    """S2: North Carolina's snapshots come so."""
    mark = "" if encoding == "utf-16" else "\ufeff"
    desk.put((mark + text(voters(20, v3={"last_name": "PEÑA"})).decode("latin-1")).encode(encoding))
    assert desk.land().rows_out == 20
    assert desk.voter(3)["last_name"] == "PEÑA"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"], ids=["mark", "no mark"])
def test_undeclared_utf16_is_refused(desk: Desk, encoding: str) -> None:
    """S2."""
    desk.change_spec(lambda spec: spec["registrations"]["text"].update(encodings=["latin-1"]))
    desk.put(text(voters(20), encoding=encoding))
    assert desk.refusal().rule == "S2"


def test_latin1_declared_as_utf8_is_refused_with_the_byte_offset(desk: Desk) -> None:
    """S3."""
    desk.change_spec(utf8)
    data = text(voters(20, v3={"last_name": "PEÑA"}, v9={"last_name": "NUÑEZ"}))
    desk.put(data)
    refusal = desk.refusal()
    assert refusal.rule == "S3"
    offset = data.index(b"\xd1")
    assert f"offset {offset}" in refusal.problem
    assert desk.landed_nothing()


def test_rows_in_another_encoding_are_quarantined(desk: Desk) -> None:
    """S4: most accents are UTF-8, one line is not."""
    desk.change_spec(utf8)
    data = text(
        voters(200, v3={"last_name": "PEÑA"}, v9={"last_name": "NUÑEZ"}, v20={"last_name": "IBÁÑEZ"}), encoding="utf-8"
    )
    desk.put(data.replace("NUÑEZ".encode(), b"NU\xd1EZ"))
    desk.land()
    assert desk.quarantined() == [(11, "S4", "")]
    assert desk.voter(3)["last_name"] == "PEÑA"


def test_windows_punctuation_in_a_latin1_file_is_quarantined(desk: Desk) -> None:
    """S4: 92 is an apostrophe in CP1252 and nothing in Latin-1."""
    desk.put(text(voters(200)).replace(b"BOONE", b"O\x92BOONE", 1))
    desk.land()
    assert desk.quarantined() == [(3, "S4", "")]


def test_garbled_accents_are_repaired_and_above_the_limit_held(desk: Desk) -> None:
    """S5: the old text is kept."""
    desk.put(text(voters(200, v3={"last_name": "PEÃ±A"})))
    desk.land()
    assert desk.voter(3)["last_name"] == "PEñA"
    assert "S5" in desk.holds()
    (kept,) = desk.kept()
    assert (kept["line"], kept["kind"], kept["rule"]) == (5, "normalised", "S5")
    assert "PEÃ±A" in kept["text"]


def test_garbled_accents_below_the_limit_pass(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """S5: 1 in 10,000 is the limit; here it is raised instead of writing 10,000 lines."""
    monkeypatch.setattr("groundgame.ingest.verdict.MOJIBAKE_HOLD", 0.01)
    desk.put(text(voters(200, v3={"last_name": "PEÃ±A"})))
    assert desk.land().verdict == "pass"
    assert desk.only()["rows_normalised"] == 1


@pytest.mark.parametrize("byte", ["\0", "\x1a", "\x07", "\x7f"], ids=["NUL", "Ctrl-Z", "BEL", "DEL"])
def test_control_characters_are_quarantined(desk: Desk, byte: str) -> None:
    """S6: Ctrl-Z ends files on some systems; here it ends nothing."""
    desk.put(spoil(lines(voters(200)), 10, "PAT", f"P{byte}AT"))
    result = desk.land()
    assert result.rows_out == 199
    assert desk.quarantined() == [(10, "S6", "")]


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_land_with_right_line_numbers(desk: Desk, end: str) -> None:
    """S7."""
    desk.put(text(voters(20), end=end))
    desk.land()
    assert [row["_line"] for row in desk.registrations()] == list(range(2, 22))
    assert desk.registrations()[0]["precinct_code"] == "G01"


def test_mixed_line_ends_land(desk: Desk) -> None:
    """S7."""
    ends = ["\n", "\r\n", "\r"]
    desk.put("".join(row + ends[n % 3] for n, row in enumerate(lines(voters(20)))).encode())
    result = desk.land()
    assert result.rows_out == 20
    assert result.details["files"][0]["warnings"] == ["S7 line ends crlf and cr and lf"]


def test_a_line_end_inside_quotes_stays_in_one_row(desk: Desk) -> None:
    """S8: the record keeps the number of its first line, the lines after it theirs."""
    desk.put(spoil(lines(voters(20), quoted=True), 10, "GREENSBORO", "GREENS\nBORO"))
    result = desk.land()
    assert result.rows_out == 20
    assert desk.voter(8)["city"] == "GREENS BORO"
    assert [row["_line"] for row in desk.registrations()] == [*range(2, 11), *range(12, 23)]
    assert result.details["files"][0]["dropped"]["continuation"] == 1
    assert desk.only()["lines_in"] == 22


def test_an_open_quote_loses_one_line_and_no_other(desk: Desk) -> None:
    """S9: in DuckDB's reader the same quote swallows the next line."""
    desk.put(spoil(lines(voters(2000)), 10, "PAT", '"PAT'))
    result = desk.land()
    assert (result.rows_out, result.rows_quarantined) == (1999, 1)
    assert desk.quarantined() == [(10, "S9", "")]
    assert '"PAT' in desk.kept()[0]["text"]


def test_many_open_quotes_refuse_the_file(desk: Desk) -> None:
    """S9: above 1 in 1,000."""
    rows = [row.replace("PAT", '"PAT') if n in (5, 50, 90) else row for n, row in enumerate(lines(voters(2000)))]
    desk.put("".join(row + "\n" for row in rows).encode())
    assert desk.refusal().rule == "S9"
    assert desk.landed_nothing()


def test_quotes_inside_an_unquoted_field_are_data(desk: Desk) -> None:
    desk.put(spoil(lines(voters(20)), 10, "PAT", 'PAT "PATTY"'))
    desk.land()
    assert desk.voter(8)["first_name"] == 'PAT "PATTY"'


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_a_wrong_delimiter_is_refused_and_named(desk: Desk, delimiter: str) -> None:
    """S10."""
    desk.put(text(voters(20), delimiter=delimiter))
    refusal = desk.refusal()
    assert refusal.rule == "S10"
    assert f"{len(COLUMNS) - 1} x" in refusal.problem


def test_rows_with_more_or_fewer_columns_are_quarantined(desk: Desk) -> None:
    """S11."""
    rows = lines(voters(300))
    rows[5], rows[9] = rows[5] + "\tmore", rows[9].rpartition("\t")[0]
    desk.put("".join(row + "\n" for row in rows).encode())
    assert desk.land().rows_out == 298
    assert desk.quarantined() == [(6, "S11", ""), (10, "S11", "")]
    reasons = [row["reason"] for row in desk.query("select reason from ops.quarantined_lines order by line")]
    assert reasons == ["68 columns, expected 67", "66 columns, expected 67"]


def test_a_file_whose_every_row_has_another_width_is_refused(desk: Desk) -> None:
    """S11: a trailing delimiter on every line but the header."""
    header, *rows = lines(voters(20))
    desk.put("\n".join([header, *(row + "\t" for row in rows), ""]).encode())
    refusal = desk.refusal()
    assert (refusal.rule, refusal.line) == ("S11", 2)


def test_reordered_columns_land_by_name(desk: Desk) -> None:
    """S12."""
    desk.put(text(voters(20), columns=COLUMNS[::-1]))
    desk.land()
    assert (desk.voter(4)["last_name"], desk.voter(4)["zip_code"]) == ("EDGECOMBE", "27401")


def test_a_missing_required_column_refuses_and_names_both_sets(desk: Desk) -> None:
    """S13."""
    desk.put(text(voters(20)).replace(b"ncid", b"nc_identifier", 1))
    refusal = desk.refusal()
    assert isinstance(refusal, LayoutDrift)
    assert (refusal.rule, refusal.missing, refusal.unexpected) == ("S13", ["voter_id"], ["nc_identifier"])


def test_a_missing_optional_column_is_null_and_holds(desk: Desk) -> None:
    """S13."""
    desk.put(text(voters(20), columns=[name for name in COLUMNS if name != "birth_year"]))
    assert desk.land().verdict == "hold"
    assert "S13 no column for birth_year" in desk.holds()
    assert {row["birth_year"] for row in desk.registrations()} == {None}


def test_a_new_column_is_kept_in_raw_with_a_warning(desk: Desk) -> None:
    """S14: in the Parquet as x_<name>, not in the view, no hold."""
    desk.put(text([row | {"favourite_pie": "PECAN"} for row in voters(20)], columns=[*COLUMNS, "favourite_pie"]))
    result = desk.land()
    assert result.verdict == "pass"
    assert "S14 new column favourite_pie" in result.details["files"][0]["warnings"]
    path = desk.home / desk.only()["raw_path"]
    assert desk.query(f"select distinct x_favourite_pie as pie from '{path}'") == [{"pie": "PECAN"}]
    assert "x_favourite_pie" not in desk.registrations()[0]


def test_the_additions_of_2026_never_reach_the_disk(desk: Desk) -> None:
    """A column named ssn is known and dropped by a line of the spec."""
    new = ["hava_id_req", "ssn", "no_dl_ssn_chkbx"]
    desk.put(text([row | dict.fromkeys(new, "Y") for row in voters(20)], columns=[*COLUMNS, *new]))
    assert desk.land().details["files"][0]["warnings"] == []
    assert desk.only()["layout"] == "2026-02-07"


def test_a_duplicate_header_is_refused(desk: Desk) -> None:
    """S15."""
    desk.put(text(voters(20)).replace(b"middle_name", b"first_name", 1))
    assert desk.refusal().rule == "S15"


def test_a_repeated_header_is_dropped_and_counted(desk: Desk) -> None:
    """S16: the second one is quoted, which changes nothing."""
    rows = lines(voters(20))
    rows.insert(8, rows[0])
    rows.insert(15, lines([], quoted=True)[0])
    desk.put("\n".join([*rows, ""]).encode())
    result = desk.land()
    assert result.rows_out == 20
    assert result.details["files"][0]["dropped"]["repeated header"] == 2


def test_a_trailer_is_counted_and_checked_and_no_data(desk: Desk) -> None:
    """S17."""
    trailer = r"TOTAL RECORDS: (?P<count>[\d,]+)"
    desk.change_spec(lambda spec: spec["registrations"]["text"].update(trailer=trailer))
    desk.put(text(voters(20)) + b"TOTAL RECORDS: 20\n")
    result = desk.land()
    assert (result.rows_out, result.verdict) == (20, "pass")
    assert result.details["files"][0]["dropped"]["trailer"] == 1
    desk.put(text(voters(20)) + b"TOTAL RECORDS: 21\n", "ncvoter_20241116.txt")
    assert desk.refusal().rule == "T4"
    desk.put(text(voters(20)), "ncvoter_20241116.txt")
    assert "trailer is missing" in desk.land().details["files"][-1]["holds"][0]


@pytest.mark.parametrize("where", ["middle", "end", "no line end"])
def test_a_line_of_ten_megabytes_is_quarantined(desk: Desk, where: str) -> None:
    """S18: larger than a block; only its beginning is kept."""
    rows = lines(voters(200))
    huge = rows[9].replace("PAT", "P" * (10 << 20))
    rows = [*rows[:9], huge, *rows[10:]] if where == "middle" else [*rows, huge]
    desk.put("\n".join(rows if where == "no line end" else [*rows, ""]).encode())
    desk.land()
    line = 10 if where == "middle" else 202
    assert desk.quarantined() == [(line, "S18", "")]
    assert len(desk.kept()[0]["text"]) <= 4_000


@pytest.mark.parametrize(
    "name", ["x'); drop table voters; --", "two words", "pie \U0001f967"], ids=["sql", "space", "emoji"]
)
def test_an_unknown_column_with_a_wild_name_is_refused(desk: Desk, name: str) -> None:
    """S19."""
    desk.change_spec(utf8)
    desk.put(text(voters(20), columns=[*COLUMNS, name], encoding="utf-8"))
    refusal = desk.refusal()
    assert refusal.rule == "S19"
    assert name not in str(refusal)


def test_a_declared_column_may_have_a_wild_name(desk: Desk) -> None:
    """S19: the spec is the allow-list."""
    desk.change_spec(lambda spec: spec["registrations"]["layouts"][1]["ignored"].append("two words"))
    desk.put(text(voters(20), columns=[*COLUMNS, "two words"]))
    assert desk.land().verdict == "pass"


def test_invisible_and_wide_characters_are_normalised(desk: Desk) -> None:
    """S20: zero-width space, no-break space, full-width digits."""
    desk.change_spec(utf8)
    changes = {
        "v1": {"last_name": "BO\u200bONE"},
        "v2": {"first_name": "MARY\u00a0ANN"},
        "v3": {"zip_code": "\uff12\uff1740\uff11"},
    }
    desk.put(text(voters(200, **changes), encoding="utf-8"))
    desk.land()
    assert desk.voter(1)["last_name"] == "BOONE"
    assert desk.voter(2)["first_name"] == "MARY ANN"
    assert desk.voter(3)["zip_code"] == "27401"
    assert [(row["line"], row["rule"]) for row in desk.kept()] == [(3, "S20"), (4, "S20"), (5, "S20")]


def test_no_break_spaces_of_latin1_are_normalised(desk: Desk) -> None:
    """S20."""
    desk.put(text(voters(200, v2={"first_name": "MARY\u00a0ANN"})))
    desk.land()
    assert desk.voter(2)["first_name"] == "MARY ANN"


def test_composed_and_combining_accents_give_the_same_name(desk: Desk) -> None:
    """S21."""
    desk.change_spec(utf8)
    desk.put(text(voters(200, v1={"last_name": "PEN\u0303A"}, v2={"last_name": "PE\u00d1A"}), encoding="utf-8"))
    desk.land()
    assert desk.voter(1)["last_name"] == desk.voter(2)["last_name"] == "PE\u00d1A"


def test_columns_shifted_under_their_header_are_refused(desk: Desk) -> None:
    """S22: the pattern floor of the key column."""
    header, *rows = lines(voters(20))
    desk.put("\n".join([header, *("\t" + row.rpartition("\t")[0] for row in rows), ""]).encode())
    refusal = desk.refusal()
    assert refusal.rule == "S22"
    assert refusal.column in ("voter_id", "county_code")


@pytest.mark.parametrize("by", [1, -1], ids=["a byte before each line", "a byte lost at its beginning"])
@pytest.mark.parametrize("stop_after", [20_000, 5], ids=["read to the end", "given up on the way"])
def test_fixed_width_lines_shifted_by_a_byte_are_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, by: int, stop_after: int
) -> None:
    """S22: all lines keep their width, and no birth year is one any more; the shift is named, not what follows from it."""
    monkeypatch.setattr("groundgame.ingest.verdict.HOPELESS_AFTER", stop_after)
    desk.change_spec(fixed_width)
    rows = [" " + row[:-1] if by == 1 else row[1:] + " " for row in records(voters(20))]
    desk.put("\n".join([*rows, ""]).encode())
    refusal = desk.refusal()
    assert (refusal.file, refusal.rule, refusal.column) == (FILE, "S22", "county_code")
    assert "20 of 20 values do not look like county_code: shifted" in str(refusal)
    assert "next: compare the file with the layout" in str(refusal)
    assert desk.landed_nothing()
