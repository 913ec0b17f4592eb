"""A measured figure, how it is shown, and how pairs of floor and product are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of the benchmark's table: what was measured, its value, and the bound it should keep."""

    name: str
    value: float
    unit: str
    bound: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The value with its unit."""
        return f"{self.value:.2f} {self.unit}"


def show(title: str, figures: Iterable[Figure]) -> None:
    """Print one table, a figure a line."""
    table = Table("figure", "value", "bound", "measured", title=title)
    for figure in figures:
        table.add_row(figure.name, figure.text, figure.bound, figure.note)
    Console(width=160).print(table)


def paired(product: Callable[[], object], floor: Callable[[], object], rounds: int = 3) -> tuple[float, float, float]:
    """Time product and floor in turns after one warm-up each; medians of both, and the median of the pairwise ratios."""
    product()
    floor()
    pairs = [(_seconds(product), _seconds(floor)) for _ in range(rounds)]
    ratio = statistics.median(mine / least for mine, least in pairs)
    return statistics.median(mine for mine, _ in pairs), statistics.median(least for _, least in pairs), ratio


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
