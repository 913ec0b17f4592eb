"""Judge a file that was read: refuse it, hold it for a person, or pass it. Shares and limits live here, rules elsewhere.

Reasons name rules, columns, codes and counts, never a voter's value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from groundgame.errors import FileRefused
from groundgame.ingest.blocks import TextFacts
from groundgame.ingest.conform import Job
from groundgame.ingest.findings import Findings, shown_code
from groundgame.ingest.inspect import RESEND, Manifest

# Shares of the file's rows.
MOJIBAKE_HOLD = 0.0001
QUOTES_REFUSE = 0.001
NEW_CODE_HOLD = 0.001
NEW_FIELD_CODE_HOLD = 0.01
OTHER_TYPE_HOLD = 0.001
ZIP_OUTSIDE_HOLD = 0.001
OTHER_COUNTY_REFUSE = 0.01
REFUSED_LINES_HOLD = 0.01
REFUSED_LINES_REFUSE = 0.5
SHOWN_FIELDS = 20
HOPELESS_AFTER = 20_000  # refused lines after which a file that loses more than half is not read to its end


@dataclass(frozen=True)
class Counts:
    """Where the lines of a file went. Of wide histories the cells are counted instead (see ``unpivot``)."""

    lines_in: int
    data_lines: int  # without header, trailer and the like
    rows_landed: int
    rows_quarantined: int
    lines_dropped: int

    @property
    def rows(self) -> int:
        """Rows that were read: landed or quarantined."""
        return self.rows_landed + self.rows_quarantined


def check_running(job: Job, findings: Findings, rows_landed: int, file: str) -> None:
    """Stop reading a file that loses most of its lines: it is not what it was declared to be."""
    refused = len(findings.refused)
    rows = refused + rows_landed
    if refused > HOPELESS_AFTER and refused > REFUSED_LINES_REFUSE * rows:
        # Shifted columns explain why each line is refused under some rule of its own.
        for rule, column, problem, next_step in _off_pattern(job, findings, rows):
            raise FileRefused(file, rule, problem, next_step, column=column)
        raise _mostly_refused(findings, rows, file)


def refuse_or_pass(job: Job, counts: Counts, findings: Findings, manifest: Manifest, file: str) -> None:
    """Refuse a file as a whole.

    Raises:
        FileRefused: with the first rule that refuses it, in the order in which they explain most.
    """
    if counts.lines_in != counts.rows + counts.lines_dropped:
        problem = f"{counts.lines_in} lines in, {counts.rows} rows and {counts.lines_dropped} dropped lines out"
        raise FileRefused(file, "RECONCILE", problem, "report this: the reader lost count, nothing was landed")
    undecodable = sum(item.rule == "S4" for item in findings.refused)
    if findings.first_bad_byte is not None and 2 * undecodable > findings.non_ascii_lines:
        problem = f"not {job.entity.text.encodings[0]}: first wrong byte at offset {findings.first_bad_byte}"
        raise FileRefused(file, "S3", problem, "declare the file's encoding in the source's YAML")
    for rule, column, problem, next_step in _whole_file(job, counts, findings, manifest):
        raise FileRefused(file, rule, problem, next_step, column=column or None)
    if counts.rows_quarantined > REFUSED_LINES_REFUSE * counts.rows:
        raise _mostly_refused(findings, counts.rows, file)


def _whole_file(
    job: Job, counts: Counts, findings: Findings, manifest: Manifest
) -> Iterator[tuple[str, str, str, str]]:
    rows, expect = counts.rows, job.entity.expect
    yield from _envelope(job, findings)
    said = manifest.rows if manifest.rows is not None else findings.trailer_count
    if said is not None and said != counts.data_lines:
        by = "manifest" if manifest.rows is not None else "trailer"
        yield "T4", "", f"{counts.data_lines} rows, the {by} says {said}: the file is cut or doubled", RESEND
    # An app may have a day without news; a file with an envelope tells that from one that lost its rows.
    least = 0 if expect.rows[0] == 0 and job.entity.text.envelope is not None else max(1, expect.rows[0])
    if counts.data_lines < least:
        yield "T2", "", f"{counts.data_lines} rows, at least {least} expected", RESEND
    if findings.rows("V2"):
        problem = f"{findings.rows('V2')} ids in scientific notation: a spreadsheet destroyed them"
        yield "V2", "voter_id", problem, "ask for the file as it left the database"
    yield from _off_pattern(job, findings, rows)
    for (rule, column, _), off in sorted(findings.counts.items()):
        if rule == "T13" and off > OTHER_COUNTY_REFUSE * rows:
            yield (
                "T13",
                column,
                f"{off} of {rows} rows are of another county than the file name",
                "rename or resend the file",
            )
    quotes = sum(item.rule == "S9" for item in findings.refused)
    if quotes > QUOTES_REFUSE * rows:
        yield (
            "S9",
            "",
            f"{quotes} of {rows} lines with open quotes",
            "declare quoting: none if quotes are data, or ask again",
        )


def _envelope(job: Job, findings: Findings) -> Iterator[tuple[str, str, str, str]]:
    """What a JSON file says about itself: without a last line it is cut (A8), of an unknown version it is not read (A17)."""
    envelope, trailers = job.entity.text.envelope, findings.dropped["trailer"]
    if envelope is None:
        return
    if trailers != 1:
        yield "A8", "", f"{trailers} trailers where one was declared: the file is cut, or several were joined", RESEND
    for version in sorted(findings.versions - set(envelope.versions)):
        problem = f"schema version {shown_code(version)}, known: {', '.join(envelope.versions)}"
        yield "A17", "", problem, "compare the new schema with the source's YAML and declare its version"


def _off_pattern(job: Job, findings: Findings, rows: int) -> Iterator[tuple[str, str, str, str]]:
    """The columns whose values do not look like them in too many rows (S22)."""
    for (rule, column, _), off in sorted(findings.counts.items()):
        if rule == "S22" and off > (1 - job.entity.expect.pattern_share) * rows:
            problem = f"{off} of {rows} values do not look like {column}: shifted or exchanged columns"
            if job.source.kind == "field" and column in ("vendor_id", "voter_id"):
                rule = "E2"
                problem = f"{off} of {rows} values do not look like {column}: ids of another vendor, or of the state"
            yield rule, column, problem, "compare the file with the layout in the source's YAML"


def _mostly_refused(findings: Findings, rows: int, file: str) -> FileRefused:
    rules = {item.rule for item in findings.refused}
    rule = max(sorted(rules), key=lambda name: sum(item.rule == name for item in findings.refused))
    first = next(item for item in findings.refused if item.rule == rule)
    problem = f"{len(findings.refused)} of {rows} lines are refused, most by {rule}: {first.reason}"
    return FileRefused(file, rule, problem, "compare the file with the source's YAML", first.line, first.column or None)


def hold_reasons(job: Job, counts: Counts, findings: Findings, facts: TextFacts, manifest: Manifest) -> list[str]:
    """Why a person must look at the file before it is published; empty when nothing is odd."""
    rows = max(1, counts.rows)
    reasons = []
    if not facts.ends_in_newline and manifest.rows is None and manifest.sha256 is None:
        reasons.append("T4 the last line has no end and no manifest tells the count")
    if job.entity.text.trailer and not findings.dropped["trailer"]:
        reasons.append("T4 the declared trailer is missing")
    if counts.data_lines > job.entity.expect.rows[1]:
        reasons.append(f"T2 {counts.data_lines} rows, at most {job.entity.expect.rows[1]} expected")
    reasons += [f"S13 no column for {name}" for name in job.plan.missing]
    if findings.rows("S5") > MOJIBAKE_HOLD * rows:
        reasons.append(f"S5 {findings.rows('S5')} lines of garbled accents")
    reasons += _value_holds(findings, rows)
    # That children sign up says nothing against the file.
    refused = counts.rows_quarantined - sum(item.rule == "A4" for item in findings.refused)
    if refused > REFUSED_LINES_HOLD * rows:
        by_rule = ", ".join(sorted({item.rule for item in findings.refused}))
        reasons.append(f"{counts.rows_quarantined} of {rows} rows quarantined ({by_rule})")
    return reasons


def _value_holds(findings: Findings, rows: int) -> list[str]:
    reasons = []
    impossible = sorted({item.column for item in findings.refused if item.rule == "V13"})
    for column in impossible:
        count = sum(item.rule == "V13" and item.column == column for item in findings.refused)
        reasons.append(f"V13 {column}: {count} impossible dates, day and month may be exchanged")
    other_types = sum(item.rule == "A18" for item in findings.refused)
    if other_types > OTHER_TYPE_HOLD * rows:
        reasons.append(f"A18 {other_types} rows of another type than declared")
    unknown = Counter((item.column, item.reason) for item in findings.refused if item.rule == "E6")
    for (column, reason), count in sorted(unknown.items()):
        if count > NEW_FIELD_CODE_HOLD * rows:
            reasons.append(f"E6 {column}: {reason}, {count / rows:.1%} of the rows")
    for (rule, column, value), count in sorted(findings.counts.items()):
        if rule == "A20":
            reasons.append(f"A20 {count} sign-ups in one minute")
        elif rule == "V21" and count > NEW_CODE_HOLD * rows:
            reasons.append(f"V21 {column} {shown_code(value)} {count / rows:.1%}")
        elif rule == "V30" and count > ZIP_OUTSIDE_HOLD * rows:
            reasons.append(f"V30 {column}: {count / rows:.1%} outside of the state")
        elif rule == "T13":
            reasons.append(f"T13 {count} rows of another county")
        elif rule == "V17":
            reasons.append(f"V17 {count} votes in elections after the file's date")
    return reasons


def alarms(findings: Findings) -> list[str]:
    """What somebody must hear of although the file is good: confidential voters whose address the sender did not hide (V24).

    They are suppressed like all confidential voters, so nothing has to wait; but the sender should be told.
    """
    exposed = findings.rows("V24")
    return [f"V24 {exposed} confidential voters with an address; tell the sender"] if exposed else []


def unread_fields(findings: Findings) -> list[str]:
    """News: fields that nobody declared (S14), and what friends never gave to us (A2). Both never reach the disk."""
    told = {"S14": "S14 new field {} in {} lines", "A2": "A2 {} of others dropped from {} lines"}
    found = [
        told[rule].format(column, rows) for (rule, column, _), rows in sorted(findings.counts.items()) if rule in told
    ]
    return found[:SHOWN_FIELDS] + ([f"and {len(found) - SHOWN_FIELDS} more"] if len(found) > SHOWN_FIELDS else [])
