"""Containers and names: what is refused before a row is read (T1, T2, T4, T5, T9-T12, T15, T16)."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import zipfile

import pytest

from groundgame.errors import FileRefused
from groundgame.ingest import inspect
from tests.ingest.desk import FILE, Desk, lines, text, voters, zipped

ZIP = "ncvoter_20241109.zip"
GZ = "ncvoter_20241109.txt.gz"


def test_a_sound_file_lands_whole_and_reconciles(desk: Desk) -> None:
    desk.put(voters(20))
    result = desk.land()
    assert (result.rows_in, result.rows_out, result.rows_dropped, result.verdict) == (21, 20, 1, "pass")
    assert [row["_line"] for row in desk.registrations()] == list(range(2, 22))
    assert desk.only()["layout"] == "2022-02-12"


def test_a_zero_byte_file_is_refused(desk: Desk) -> None:
    """T1."""
    desk.put(b"")
    assert desk.refusal().rule == "T1"
    assert desk.landed_nothing()


def test_an_empty_member_of_a_zip_is_refused(desk: Desk) -> None:
    """T1, inside the container."""
    desk.put(zipped({"ncvoter.txt": b""}), ZIP)
    assert desk.refusal().rule == "T1"


def test_a_file_with_a_header_only_is_refused(desk: Desk) -> None:
    """T2."""
    desk.put([])
    assert desk.refusal().rule == "T2"
    assert desk.landed_nothing()


def test_a_file_below_the_declared_floor_is_refused(desk: Desk) -> None:
    """T2: the floor is the spec's."""
    desk.change_spec(lambda spec: spec["registrations"]["expect"].update(rows=[100, 1000]))
    desk.put(voters(20))
    refusal = desk.refusal()
    assert refusal.rule == "T2"
    assert "at least 100" in refusal.problem


def test_a_file_cut_in_its_last_line_is_held_without_a_manifest(desk: Desk) -> None:
    """T4: the cut line has too few columns, the end of the file has no line end."""
    desk.put(text(voters(200))[:-60])
    desk.land()
    assert "T4" in desk.holds()
    assert desk.quarantined() == [(201, "S11", "")]


def test_a_file_cut_between_lines_is_refused_when_the_manifest_counts(desk: Desk) -> None:
    """T4."""
    desk.put(voters(20))
    (desk.inbox / f"{FILE}.manifest").write_text("rows: 25\n", encoding="utf-8")
    refusal = desk.refusal()
    assert refusal.rule == "T4"
    assert "20 rows, the manifest says 25" in refusal.problem
    assert desk.landed_nothing()


def test_a_file_that_fits_its_manifest_passes_without_a_last_line_end(desk: Desk) -> None:
    """T4: a count that fits is better evidence than a line end."""
    data = text(voters(20)).rstrip(b"\n")
    desk.put(data)
    facts = {"rows": 20, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (desk.inbox / f"{FILE}.manifest").write_text(json.dumps(facts), encoding="utf-8")
    assert desk.land().verdict == "pass"


@pytest.mark.parametrize("said", ["size: 7\n", f"sha256: {'0' * 64}\n"], ids=["size", "sha256"])
def test_a_file_that_is_not_what_its_manifest_says_is_refused(desk: Desk, said: str) -> None:
    """T5."""
    desk.put(voters(20))
    (desk.inbox / f"{FILE}.manifest").write_text(said, encoding="utf-8")
    assert desk.refusal().rule == "T5"
    assert desk.landed_nothing()


def test_a_wrong_sha256_sidecar_refuses(desk: Desk) -> None:
    """T5, as sha256sum writes it."""
    desk.put(voters(20))
    (desk.inbox / f"{FILE}.sha256").write_text(f"{'a' * 64}  {FILE}\n", encoding="utf-8")
    assert desk.refusal().rule == "T5"


@pytest.mark.parametrize("spoil", ["crc", "junk", "cut"])
def test_a_damaged_gzip_is_refused(desk: Desk, spoil: str) -> None:
    """T9."""
    data = bytearray(gzip.compress(text(voters(50))))
    if spoil == "crc":
        data[-6] ^= 0xFF
    data = data + b"junk after the end" if spoil == "junk" else data[:-20] if spoil == "cut" else data
    desk.put(bytes(data), GZ)
    assert desk.refusal().rule == "T9"
    assert desk.landed_nothing()


def test_a_zip_member_with_a_wrong_crc_is_refused(desk: Desk) -> None:
    """T9, for zips."""
    data = bytearray(zipped({"ncvoter.txt": text(voters(50))}))
    data[200] ^= 0xFF
    desk.put(bytes(data), ZIP)
    assert desk.refusal().rule == "T9"


def test_gzip_and_zip_land_as_the_plain_file_does(desk: Desk) -> None:
    desk.put(gzip.compress(text(voters(5))), GZ)
    desk.put(zipped({"ncvoter41.txt": text(voters(7))}), ZIP)
    assert desk.land().rows_out == 12


@pytest.mark.parametrize("container", ["gzip", "zip"])
def test_a_bomb_is_refused_while_it_unpacks(desk: Desk, container: str) -> None:
    """T10: 40 MB of one letter; the declared size of a zip is checked before, that of a gzip while reading."""
    data = text(voters(5)) + b"A" * (40 << 20)
    desk.put(
        gzip.compress(data) if container == "gzip" else zipped({"ncvoter.txt": data}),
        GZ if container == "gzip" else ZIP,
    )
    assert desk.refusal().rule == "T10"


def test_nested_crowded_and_encrypted_archives_are_refused(desk: Desk) -> None:
    """T10."""
    nested = zipped({"ncvoter.zip": zipped({"ncvoter.txt": text(voters(3))})})
    crowded = zipped({f"{number}.txt": b"" for number in range(inspect.MAX_MEMBERS + 1)})
    locked = bytearray(zipped({"ncvoter.txt": text(voters(3))}))
    locked[6] |= 1  # the encryption bit, in the local header and in the directory
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    for number, data in enumerate((nested, crowded, bytes(locked))):
        desk.put(data, f"ncvoter_2024110{number}.zip")
    with pytest.raises(FileRefused) as caught:
        desk.land()
    notes = [str(caught.value), *caught.value.__notes__]
    assert all("refused by T10" in note for note in notes)
    assert ["archive in the archive" in notes[0], "members" in notes[1], "encrypted" in notes[2]] == [True] * 3


@pytest.mark.parametrize("name", ["../ncvoter.txt", "/etc/ncvoter.txt", "a/../../ncvoter.txt", "C:\\ncvoter.txt"])
def test_a_member_that_points_outside_is_refused(desk: Desk, name: str) -> None:
    """T11."""
    desk.put(zipped({name: text(voters(3))}), ZIP)
    assert desk.refusal().rule == "T11"


def test_a_symbolic_link_in_a_zip_is_refused(desk: Desk) -> None:
    """T11."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("ncvoter.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    desk.put(buffer.getvalue(), ZIP)
    assert desk.refusal().rule == "T11"


@pytest.mark.parametrize("twin", ["ncvoter.txt", "NCVOTER.TXT"], ids=["same", "case"])
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")  # the zip writer warns of what we build on purpose
def test_two_members_of_one_name_are_refused(desk: Desk, twin: str) -> None:
    """T11."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("ncvoter.txt", text(voters(3)))
        archive.writestr(twin, text(voters(4)))
    desk.put(buffer.getvalue(), ZIP)
    assert desk.refusal().rule == "T11"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel"),
        (b"\n<!DOCTYPE html><html><body>Please log in</body></html>", "HTML"),
        (gzip.compress(b"<html><body>Please log in</body></html>"), "HTML"),
    ],
    ids=["xlsx", "xls", "html", "html in gzip"],
)
def test_office_and_web_pages_are_called_by_their_name(desk: Desk, data: bytes, said: str) -> None:
    """T12."""
    desk.put(data)
    refusal = desk.refusal()
    assert refusal.rule == "T12"
    assert said in refusal.problem
    assert desk.landed_nothing()


@pytest.mark.parametrize(
    "name",
    ["ncvoter\n1.txt", 'ncvoter"1.txt', "ncvoter%2e%2e.txt", "ncvoter\u202etxt.txt", "ncvoter" + "x" * 230 + ".txt"],
    ids=["newline", "quote", "percent", "right-to-left", "long"],
)
def test_a_name_that_could_fool_someone_is_refused(desk: Desk, name: str) -> None:
    """T15: neither the error nor the ledger repeats the name raw."""
    desk.put(voters(3), name)
    refusal = desk.refusal()
    assert refusal.rule == "T15"
    shown = desk.query("select file_name from ops.refused_files")[0]["file_name"]
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= 80
    assert not set("\n\"'") & set(shown)


def test_a_name_of_300_characters_is_refused() -> None:
    """T15: no file system here takes 300 characters, a server's listing may."""
    with pytest.raises(FileRefused, match="T15"):
        inspect.check_name("n" * 300)


def test_a_sparse_file_of_zeros_is_refused_before_it_is_read(desk: Desk) -> None:
    """T16: two GB, refused by its first block."""
    path = desk.put(b"")
    with path.open("r+b") as stream:
        stream.truncate(2 << 30)
    os.utime(path, (1.7e9, 1.7e9))
    assert desk.refusal().rule == "T16"


def test_a_refused_file_does_not_keep_the_others_out(desk: Desk) -> None:
    desk.put(b"", "ncvoter_20241102.txt")
    desk.put(voters(20))
    assert desk.refusal().rule == "T1"
    assert desk.only()["rows_landed"] == 20
    assert [row["rule"] for row in desk.query("select rule from ops.refused_files")] == ["T1"]


def test_a_refusal_that_newer_files_have_settled_is_listed_not_raised(desk: Desk) -> None:
    desk.put(b"")
    assert desk.refusal().rule == "T1"
    assert desk.refusal().rule == "T1", "nothing has changed: it is still open"
    desk.put(voters(20), "ncvoter_20241116.txt")
    result = desk.land()
    assert [file["outcome"] for file in result.details["files"]] == ["refused again", "landed"]
    assert len(desk.query("select 1 from ops.refused_files")) == 1


def test_an_error_names_file_rule_and_next_step_and_no_voter(desk: Desk) -> None:
    rows = lines(voters(20))
    rows[7] = rows[7].replace("\t", ",", 30)
    desk.put("\n".join(row if n == 7 else row.replace("\t", ";") for n, row in enumerate(rows)).encode())
    message = str(desk.refusal())
    assert FILE in message
    assert "next:" in message
    assert "AVERY" not in message
