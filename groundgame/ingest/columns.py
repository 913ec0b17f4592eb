"""Columns of one block under canonical names: trimming, null values, marks, codes, ZIPs and suffixes.

Everything here changes or counts single values; rules that refuse a row are in ``rows``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from groundgame.ingest.findings import Findings, Normalised
from groundgame.ingest.layout import Plan
from groundgame.sources.entities import CODE_COLUMNS
from groundgame.sources.layouts import ByList, Column, Part, Prefixed
from groundgame.sources.spec import EntitySpec, SourceSpec

SUFFIX = r"(?i)^(.+?)[ ,]+(JR|SR|II|III|IV)\.?$"
SCIENTIFIC = r"^\d+(\.\d*)?[eE][+-]?\d+$"
Mask = npt.NDArray[np.bool_]


@dataclass
class Columns:
    """Text columns of a block by canonical name, the line of each row, and what was found in them."""

    values: dict[str, pa.Array]
    lines: npt.NDArray[np.int64]
    findings: Findings

    def text(self, name: str) -> pa.Array | None:
        """A column, or None when the file has none."""
        return self.values.get(name)

    def blank(self, name: str) -> Mask:
        """Rows where a field is empty, null or absent."""
        column = self.values.get(name)
        if column is None:
            return np.ones(len(self.lines), np.bool_)
        return pc.fill_null(pc.equal(column, ""), True).to_numpy(zero_copy_only=False)

    def null_where(self, name: str, mask: Mask) -> None:
        """Set a field to null in some rows."""
        if mask.any() and name in self.values:
            self.values[name] = pc.if_else(pa.array(~mask), self.values[name], pa.scalar(None, pa.string()))

    def changed(self, name: str, rule: str, rows: dict[int, str]) -> None:
        """Replace single values, keeping the old ones as findings."""
        texts = self.values[name].to_pylist()
        for row, value in rows.items():
            self.findings.normalised.append(Normalised(int(self.lines[row]), name, rule, texts[row] or ""))
            texts[row] = value
        self.values[name] = pa.array(texts, pa.string())


def canonical(table: pa.Table, lines: npt.NDArray[np.int64], plan: Plan, findings: Findings) -> Columns:
    """Name, join and trim the columns of a block."""
    flat = table.combine_chunks()

    def column(position: int) -> pa.Array:
        chunked = flat.column(str(position))
        return pc.ascii_trim_whitespace(chunked.chunk(0) if chunked.num_chunks else pa.array([], pa.string()))

    values: dict[str, pa.Array] = {}
    for name, positions in plan.fields.items():
        values[name] = _combined([column(position) for position in positions], plan.columns.get(name))
    values |= {name: column(position) for name, position in plan.extra.items()}
    return Columns(values, lines, findings)


def _combined(parts: list[pa.Array], declared: Column | None) -> pa.Array:
    """One field out of its columns: joined, the first that says anything, half of it, behind a prefix, or a constant by list."""
    if isinstance(declared, Part):
        rest = re.escape(declared.split)
        pattern = f"(?s){rest}.*$" if declared.part == "first" else f"(?s)^.*?{rest}"
        halved = pc.replace_substring_regex(parts[0], pattern, "", max_replacements=1)
        whole = pc.match_substring(parts[0], declared.split)
        return pc.ascii_trim_whitespace(halved if declared.part == "first" else pc.if_else(whole, halved, ""))
    if isinstance(declared, Prefixed):
        prefixed = pc.binary_join_element_wise(pa.scalar(declared.prefix), parts[0], "")
        return pc.if_else(pc.equal(parts[0], ""), "", prefixed)
    if isinstance(declared, ByList):
        lists = pa.array(list(declared.by_list), pa.string())
        return pc.fill_null(pa.array(declared.by_list.values(), pa.string()).take(pc.index_in(parts[0], lists)), "")
    if len(parts) == 1:
        return parts[0]
    if isinstance(declared, tuple):
        return pc.coalesce(*(pc.if_else(pc.equal(part, ""), None, part) for part in parts), "")
    joined = pc.binary_join_element_wise(*parts, " ")
    return pc.ascii_trim_whitespace(pc.replace_substring_regex(joined, " +", " "))


def apply_null_values(columns: Columns, entity: EntitySpec) -> None:
    """Declared placeholder values become null, counted (V8, V30 and whatever the spec lists)."""
    for name, values in entity.null_values.items():
        column = columns.text(name)
        if column is None:
            continue
        hit = pc.is_in(column, value_set=pa.array(values, pa.string())).to_numpy(zero_copy_only=False)
        columns.null_where(name, hit)
        columns.findings.count("V8" if name.startswith("birth") else "null value", name, rows=int(hit.sum()))


def mark_confidential(columns: Columns, source: SourceSpec) -> None:
    """Set ``is_confidential`` to Y or N by the spec's marks (V23, V26); an address beside the mark is an alarm (V24)."""
    marked = np.zeros(len(columns.lines), np.bool_)
    placeholders = {"*"}
    for mark in source.confidentiality:
        column = columns.text(mark.column)
        if column is not None:
            marked |= pc.is_in(column, value_set=pa.array(mark.values)).to_numpy(zero_copy_only=False)
        if mark.column != "is_confidential":
            placeholders.update(mark.values)
    columns.values["is_confidential"] = pc.if_else(pa.array(marked), "Y", "N")
    columns.findings.count("V23", "is_confidential", rows=int(marked.sum()))
    if not marked.any():
        return
    address = columns.text("street_address")
    if address is not None:
        hidden = pc.is_in(address, value_set=pa.array(sorted(placeholders))).to_numpy(zero_copy_only=False)
        columns.findings.count(
            "V24", "street_address", rows=int((marked & ~hidden & ~columns.blank("street_address")).sum())
        )
    for name, column in list(columns.values.items()):
        if name != "is_confidential":
            stars = pc.fill_null(pc.match_substring_regex(column, r"^\*+$"), False).to_numpy(zero_copy_only=False)
            columns.null_where(name, stars & marked)


def count_unknown_codes(columns: Columns, source: SourceSpec) -> None:
    """Count codes that the spec does not decode (V21); they land as they are and decode to UNK."""
    for field, name in CODE_COLUMNS.items():
        column, codes = columns.text(name), source.codes.get(field)
        if column is None or not codes:
            continue
        for item in pc.value_counts(column).to_pylist() if _has_unknown(column, codes) else []:
            if item["values"] and item["values"] not in codes:
                columns.findings.count("V21", name, item["values"], item["counts"])


def _has_unknown(column: pa.Array, codes: dict[str, str]) -> bool:
    return not pc.all(pc.is_in(column, value_set=pa.array(["", None, *codes], pa.string())), min_count=0).as_py()


def check_patterns(columns: Columns, entity: EntitySpec) -> None:
    """Count values off their declared pattern (S22) and ids that went through a spreadsheet (V2)."""
    for name, pattern in entity.expect.patterns.items():
        column = columns.text(name)
        if column is not None:
            fits = pc.fill_null(pc.match_substring_regex(column, f"^(?:{pattern})$"), False)
            columns.findings.count("S22", name, rows=len(column) - (pc.sum(fits).as_py() or 0))
    ids = columns.text("voter_id")
    if ids is not None:
        hits = pc.sum(pc.match_substring_regex(ids, SCIENTIFIC)).as_py() or 0
        columns.findings.count("V2", "voter_id", rows=hits)


def check_county(columns: Columns, county: str | None) -> None:
    """Count rows of another county than the file's name says (T13)."""
    column = columns.text("county_code")
    if county is None or column is None:
        return
    same = pc.equal(pc.ascii_ltrim(column, characters="0"), county.lstrip("0"))
    columns.findings.count("T13", "county_code", rows=len(column) - (pc.sum(same).as_py() or 0))


def split_suffixes(columns: Columns) -> None:
    """A generation suffix inside the last name moves to its own field (V28)."""
    last = columns.text("last_name")
    if last is None:
        return
    hits = np.flatnonzero(pc.fill_null(pc.match_substring_regex(last, SUFFIX), False).to_numpy(zero_copy_only=False))
    if not len(hits):
        return
    suffixes = columns.text("name_suffix")
    names, moved = {}, (suffixes.to_pylist() if suffixes is not None else [""] * len(last))
    for row in hits.tolist():
        match = re.match(SUFFIX, last[row].as_py())
        if match and (moved[row] or match[2]).rstrip(".").upper() == match[2].upper():
            names[row], moved[row] = match[1], match[2].upper()
    columns.changed("last_name", "V28", names)
    columns.values["name_suffix"] = pa.array(moved, pa.string())


def normalise_zips(columns: Columns, source: SourceSpec) -> None:
    """ZIP+4 gets its dash (V31), a lost leading zero comes back where the state agrees (V30), strays are counted (V30)."""
    column = columns.text("zip_code")
    if column is None:
        return
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    plain = [zip_text(text, source.zip_prefixes) for text in texts]
    restored = [
        text is not None and len(text) in (4, 8) and new != text for text, new in zip(texts, plain, strict=True)
    ]
    outside = [bool(new and source.zip_prefixes and not new.startswith(source.zip_prefixes)) for new in plain]
    rows = encoded.indices.fill_null(0).to_numpy()
    present = ~columns.blank("zip_code")
    columns.values["zip_code"] = pa.array(plain, pa.string()).take(encoded.indices)
    if not texts:
        return
    for row in np.flatnonzero(np.array(restored, np.bool_)[rows] & present).tolist():
        columns.findings.normalised.append(Normalised(int(columns.lines[row]), "zip_code", "V30", column[row].as_py()))
    columns.findings.count("V30", "zip_code", rows=int((np.array(outside, np.bool_)[rows] & present).sum()))


def zip_text(text: str | None, prefixes: tuple[str, ...]) -> str | None:
    """``276011234`` -> ``27601-1234``; ``2134`` -> ``02134`` where ZIPs of the state begin so; anything else as it is."""
    digits = (text or "").replace("-", "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit():
        return text
    if len(digits) in (4, 8) and ("0" + digits).startswith(prefixes or ("",)) and prefixes:
        digits = "0" + digits
    if len(digits) == 9:
        return f"{digits[:5]}-{digits[5:]}"
    return digits if len(digits) == 5 else text
