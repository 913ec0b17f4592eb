"""What a stage hands back: counts and facts, never a row and never a personal value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One stage's outcome, small enough for a task log and JSON output.

    ``rows_in = rows_out + rows_quarantined + rows_dropped`` holds for landing; elsewhere ``rows_out`` is what was written.
    """

    stage: str
    name: str
    rows_in: int = 0
    rows_out: int = 0
    rows_quarantined: int = 0
    rows_dropped: int = 0
    verdict: str = "pass"
    seconds: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    def summary(self) -> str:
        """One line for logs and terminals: counts, verdict and seconds."""
        parts = [f"{self.stage} {self.name}".strip()]
        if self.rows_in:
            parts.append(f"{self.rows_in:,} in")
        parts.append(f"{self.rows_out:,} out")
        if self.rows_quarantined:
            parts.append(f"{self.rows_quarantined:,} quarantined")
        parts.extend(f"{key} {value}" for key, value in self.details.items() if isinstance(value, str | int | float))
        return " · ".join([*parts, self.verdict, f"{self.seconds:.1f} s"])

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready values."""
        return asdict(self)
