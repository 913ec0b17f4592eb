"""Every error the library raises on purpose. Facts are attributes; the sentence is built in ``__str__``.

Only errors belong here. No error may carry a personal value: name the file, line, column and rule, never the cell.
"""

from __future__ import annotations


class GroundgameError(Exception):
    """Base of all deliberate errors. ``exit_code`` is what the CLI returns for it."""

    exit_code = 3


class SpecError(GroundgameError):
    """A YAML spec, a setting or an argument is wrong: ``where`` (file), ``field``, ``problem``, ``hint``."""

    exit_code = 2

    def __init__(self, where: str, field: str, problem: str, hint: str = "") -> None:
        super().__init__(where, field, problem, hint)
        self.where, self.field, self.problem, self.hint = where, field, problem, hint

    def __str__(self) -> str:
        tail = f" · {self.hint}" if self.hint else ""
        return f"{self.where}: {self.field}: {self.problem}{tail}"


class FetchError(GroundgameError):
    """A file could not be listed or read from its source; names the connection, never its secret."""

    def __init__(self, source: str, uri: str, problem: str) -> None:
        super().__init__(source, uri, problem)
        self.source, self.uri, self.problem = source, uri, problem

    def __str__(self) -> str:
        return f"{self.source}: cannot fetch {self.uri}: {self.problem}"


class FileRefused(GroundgameError):
    """A file is refused before any warehouse write; what was landed before stays.

    ``rule`` is the id of the rule that refused it (T1, S10, ...), ``line`` and ``column`` are given where they are known.
    """

    exit_code = 1

    def __init__(
        self,
        file: str,
        rule: str,
        problem: str,
        next_step: str,
        line: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(file, rule, problem, next_step, line, column)
        self.file, self.rule, self.problem, self.next_step = file, rule, problem, next_step
        self.line, self.column = line, column

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f" line {self.line}"
        if self.column is not None:
            place += f" column {self.column}"
        return f"{place}: refused by {self.rule}: {self.problem} · next: {self.next_step}"


class LayoutDrift(FileRefused):
    """The header does not fit any declared layout: required columns ``missing``, unknown columns ``unexpected``."""

    def __init__(self, file: str, rule: str, missing: list[str], unexpected: list[str]) -> None:
        self.missing, self.unexpected = missing, unexpected
        super().__init__(
            file,
            rule,
            f"layout drift: missing {missing} · unexpected {unexpected}",
            "add a dated layout or an alias to the source's YAML, or ask the sender for the declared layout",
            line=1,
        )


class GateFailed(GroundgameError):
    """A gate is red: ``stage``, the broken ``rules``, where the ``report`` is."""

    exit_code = 1

    def __init__(self, stage: str, rules: list[str], report: str = "") -> None:
        super().__init__(stage, rules, report)
        self.stage, self.rules, self.report = stage, rules, report

    def __str__(self) -> str:
        tail = f" · report: {self.report}" if self.report else ""
        return f"gate {self.stage} is red: {'; '.join(self.rules)} · the last published scores stay served{tail}"


class WarehouseError(GroundgameError):
    """The warehouse, or a dbt build in it, failed: ``action`` and first ``cause``."""

    def __init__(self, action: str, cause: str) -> None:
        super().__init__(action, cause)
        self.action, self.cause = action, cause

    def __str__(self) -> str:
        return f"warehouse: {self.action}: {self.cause}"


class ModelRejected(GroundgameError):
    """A model is refused (tampered, truncated, worse than its champion or floors); the champion stays."""

    exit_code = 1

    def __init__(self, score: str, version: str, reasons: list[str]) -> None:
        super().__init__(score, version, reasons)
        self.score, self.version, self.reasons = score, version, reasons

    def __str__(self) -> str:
        return f"{self.score} {self.version}: model rejected: {'; '.join(self.reasons)}"


class PublishRefused(GroundgameError):
    """A run may not be published (a gate is missing or red, a hold is not approved, a newer run is out)."""

    exit_code = 1

    def __init__(self, run_id: str, reasons: list[str]) -> None:
        super().__init__(run_id, reasons)
        self.run_id, self.reasons = run_id, reasons

    def __str__(self) -> str:
        return f"run {self.run_id} is not published: {'; '.join(self.reasons)} · the last published run stays served"
