"""Rules of vendors' tables that no mapping can express: update numbers, unchanged quotes, tick flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import BUY, ONLY_BID, SELL, UNKNOWN, BookEvents
from processor.formats.lines.specs import ABSENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.core.report import Report
    from processor.formats.lines.tables import Rows
    from processor.formats.lines.text import Layout
    from processor.formats.mapped.mapping_file import Name

_BUY_FLAG: Final = 32
_SELL_FLAG: Final = 64


class Sequence:
    """Reports updates whose previous number is not the number of the update before."""

    def __init__(self, layout: Layout, columns: tuple[str, str], report: Report, name: str) -> None:
        self._rows = [layout.row_of(column) for column in columns]
        self._report = report
        self._name = name
        self._last: int | None = None

    def check(self, rows: Rows) -> None:
        """Check the next rows; the rows of one update have the same number."""
        numbers, before = rows.values[self._rows]
        told = np.flatnonzero((numbers != ABSENT) & (before != ABSENT) & (before >= 0))
        if not len(told):
            return
        numbers, before = numbers[told], before[told]
        first = int(before[0]) if self._last is None or self._last == int(numbers[0]) else self._last
        above = np.concatenate(([first], numbers[:-1]))
        broken = np.flatnonzero((numbers != above) & (before != above))
        found = (
            (int(rows.lines[told[at]]), None, f"update {numbers[at]} follows {before[at]}, the last was {above[at]}")
            for at in broken
        )
        self._report.add_all("gaps", self._name, found, len(broken))
        self._last = int(numbers[-1])


class KeptQuotes:
    """Converts quotes in which an empty bid or ask means unchanged, because MetaTrader writes only changes.

    Events contain only the sides that a row has, so sorted or merged rows keep the right quote of the other side.
    """

    def __init__(self, layout: Layout, level: list[Name], report: Report, name: str) -> None:
        self._rows = [layout.row_of(str(column)) for column in level]
        self._names = tuple(map(str, level))
        self._report = report
        self._name = name
        self._begun = False

    def book(self, rows: Rows, times: NDArray[np.int64]) -> BookEvents:
        """The events of the next rows at these times, per side; sizes are 1."""
        prices = rows.values[self._rows].T
        row, side = np.nonzero(prices != ABSENT)
        if len(row):
            self._note_first(int(rows.lines[row[0]]), int(times[row[0]]), side[row == row[0]])
            count = len(np.unique(row))
            self._report.add_all("unknown_sizes", self._name, [(None, None, "a bid or an ask without sizes")], count)
        return BookEvents(
            time_ns=times[row],
            price_ticks=prices[row, side],
            size_lots=np.ones(len(row), np.int64),
            price_decimals=rows.price_decimals,
            size_decimals=0,
            side=(ONLY_BID + side).astype(np.int8),
        )

    def _note_first(self, line: int, time_ns: int, sides: NDArray[np.intp]) -> None:
        """Report a first quote with only one side."""
        if not self._begun and len(sides) == 1:
            detail = (
                f"the first quote has no {self._names[1 - int(sides[0])]}: it is that of the file before, or else "
                "unknown until it changes"
            )
            self._report.add("assumptions", self._name, line, time_ns, detail)
        self._begun = True


def aggressors_of_flags(flags: NDArray[np.int64]) -> NDArray[np.int8]:
    """The aggressors of MetaTrader's ticks: flag 32 is a buy, 64 a sell."""
    known = np.where(flags == ABSENT, 0, flags)
    buys, sells = (known & _BUY_FLAG) != 0, (known & _SELL_FLAG) != 0
    found = np.where(buys & ~sells, BUY, np.where(sells & ~buys, SELL, UNKNOWN))
    return found.astype(np.int8)
