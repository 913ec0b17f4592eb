"""From readings to findings: what applies, what it is compared with, and which verdict follows. No warehouse in here."""

from __future__ import annotations

from dataclasses import dataclass

from groundgame.gates.judge import Judge, Limit
from groundgame.gates.profile import Reading
from groundgame.gates.spec import Rule, Suite, number, percent


@dataclass(frozen=True)
class Finding:
    """One rule's outcome, as it goes to the ledger."""

    table: str
    rule: str
    verdict: str
    reason: str
    expected: str = ""
    observed: float | None = None

    def __str__(self) -> str:
        if self.observed is None:
            return f"{self.table} {self.rule}: {self.reason}"
        return f"{self.table} {self.rule}: observed {number(self.observed)}, expected {self.expected} ({self.reason})"


def judge_readings(
    judge: Judge, suite: Suite, readings: list[Reading], published: dict[tuple[str, str], float]
) -> list[Finding]:
    """Judge a profile; ``published`` is what each (table, rule) observed in the run that readers have now."""
    values: dict[str, float | None] = {}
    limits: list[Limit] = []
    versus: dict[str, float | None] = {}
    skipped: dict[str, str] = {}
    for reading in readings:
        name, rule = reading.name, reading.rule
        versus[name] = published.get((suite.table, name)) if rule.versus == "previous_published" else reading.versus
        skipped[name] = _skip_reason(reading, versus[name])
        if not skipped[name]:
            values[name] = _compared(reading, versus[name])
            limits += [(name, level, limit) for level, limit in (("hold", rule.hold), ("fail", rule.fail)) if limit]
    broken = judge.broken(f"{suite.stage}__{suite.table}", values, limits)
    if any(level == "fail" and name.partition("[")[0] == "rows" for name, level in broken):
        # Of a table without rows the row count says it all; what cannot be measured is not a second failure.
        skipped.update({name: "no rows to judge" for name, value in values.items() if value is None})
    return [_finding(suite, reading, versus[reading.name], skipped[reading.name], broken) for reading in readings]


def _skip_reason(reading: Reading, versus: float | None) -> str:
    rule = reading.rule
    if not reading.applies:
        return "does not apply here"
    if (
        rule.versus is not None
        and reading.observed is not None
        and not (versus if rule.compare == "change" else versus is not None)
    ):
        return "nothing to compare with yet"
    if reading.observed is None and rule.null_means == "skip":
        return "nothing to measure yet"
    return ""


def _compared(reading: Reading, versus: float | None) -> float | None:
    """The number that is judged: the observed one, or its change against the other. Rounded, so that a limit is met exactly."""
    if reading.observed is None or versus is None or reading.rule.versus is None:
        return reading.observed
    changed = reading.observed / versus - 1 if reading.rule.compare == "change" else reading.observed - versus
    return round(changed, 9)


def _finding(
    suite: Suite, reading: Reading, versus: float | None, skipped: str, broken: set[tuple[str, str]]
) -> Finding:
    rule, name = reading.rule, reading.name
    levels = [level for level in ("hold", "fail") if (name, level) in broken]
    # A missing value proves nothing: it fails even where the rule itself would only hold.
    verdict = "skip" if skipped else "fail" if levels and reading.observed is None else (levels or ["pass"])[-1]
    notes = [skipped, "no value" if levels and reading.observed is None else "", reading.detail if levels else ""]
    reason = " · ".join(note for note in [*notes, rule.why] if note)
    return Finding(suite.table, name, verdict, reason, _expected(rule, versus), reading.observed)


def _expected(rule: Rule, versus: float | None) -> str:
    show = percent if rule.versus is not None and rule.compare == "change" else number
    levels = (("hold", rule.hold), ("fail", rule.fail))
    limits = "; ".join(f"{limit.told(show)}, else {level}" for level, limit in levels if limit)
    if rule.versus is None:
        return limits
    against = rule.versus.replace("_", " ") if rule.versus.startswith("previous_") else "its counterpart"
    return f"{rule.compare} of {limits}" + ("" if versus is None else f" ({against}: {number(versus)})")
