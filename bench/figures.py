"""A measured figure, the bar it has to beat, and the table of all of them."""

from __future__ import annotations

import operator
import statistics
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence


_COMPARED: Final = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit for one of a figure's numbers: `number` must be below it, at most it, or at least it."""

    number: str
    must_be: Literal["<", "<=", ">="]
    limit: float

    def __str__(self) -> str:
        """As the table shows it."""
        return f"{self.number} {self.must_be} {self.limit:g}"

    def holds(self, numbers: dict[str, float]) -> bool:
        """Whether these numbers are within it."""
        return bool(_COMPARED[self.must_be](numbers[self.number], self.limit))


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `numbers` are in `unit`; a figure that could not be measured has none and says why."""

    part: str
    name: str
    unit: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
    bar: Bar | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`ok` or `MISSED` against the bar; empty where there is none."""
        if self.bar is None or not self.numbers:
            return ""
        return "ok" if self.bar.holds(self.numbers) else "MISSED"

    def described(self) -> dict[str, Any]:
        """For a JSON file."""
        return {
            "part": self.part,
            "name": self.name,
            "unit": self.unit,
            "numbers": {name: round(value, 6) for name, value in self.numbers.items()},
            "bar": str(self.bar) if self.bar else None,
            "verdict": self.verdict or None,
            "note": self.note,
        }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, minimum and maximum of a few repetitions."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """p50, p99 and maximum of many observations: the smallest value that so many of them do not exceed."""
    ordered = sorted(values)

    def at(percent: int) -> float:
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]

    return {"p50": at(50), "p99": at(99), "max": ordered[-1]}


def progress(line: str) -> None:
    """Say what is being done, apart from the report."""
    print(line, file=sys.stderr, flush=True)


def markdown(figures: Sequence[Figure]) -> str:
    """All figures as the table of docs/benchmarks.md."""
    rows = ["| | figure | measured | bar | |", "|---|---|---|---|---|"]
    part = ""
    for figure in figures:
        cells = (
            figure.part if figure.part != part else "",
            f"{figure.name} ({figure.note})" if figure.note else figure.name,
            f"{_numbers(figure)} {figure.unit}".strip(),
            str(figure.bar or ""),
            figure.verdict,
        )
        rows.append("|" + "|".join(f" {cell.replace('|', chr(92) + '|')} " if cell else " " for cell in cells) + "|")
        part = figure.part
    return "\n".join(rows) + "\n"


def _numbers(figure: Figure) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in figure.numbers.items()) or "not measured"


def table(figures: Sequence[Figure], title: str) -> Table:
    """All figures, one line each."""
    shown = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("", "figure", "measured", "unit", "bar", ""):
        shown.add_column(heading)
    part = ""
    for figure in figures:
        shown.add_row(
            figure.part if figure.part != part else "",
            f"{figure.name}\n  {figure.note}" if figure.note else figure.name,
            _numbers(figure),
            figure.unit,
            str(figure.bar or ""),
            figure.verdict,
        )
        part = figure.part
    return shown
