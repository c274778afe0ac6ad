"""Rules of vendors' tables that no mapping says: numbers of updates, quotes that stay, flags of ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processor.events import BUY, SELL, UNKNOWN
from processor.formats.specs import ABSENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from processor.formats.mapped.mapping_file import Name
    from processor.formats.tables import Rows
    from processor.formats.text import Layout
    from processor.report import Report

_BUY_FLAG: Final = 32
_SELL_FLAG: Final = 64


class Sequence:
    """Reports updates whose number of the one before is not that of the update before."""

    def __init__(self, layout: Layout, columns: tuple[str, str], report: Report, name: str) -> None:
        self._rows = [layout.row_of(column) for column in columns]
        self._report = report
        self._name = name
        self._last: int | None = None

    def check(self, rows: Rows) -> None:
        """Look at the next rows; those of one update bear one number."""
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
    """Puts the last bid and ask where a row has none, as MetaTrader writes what changed alone."""

    def __init__(self, layout: Layout, levels: list[list[Name]]) -> None:
        self._rows = [layout.row_of(str(name)) for level in levels for name in level]
        self._last = dict.fromkeys(self._rows, (ABSENT, 0))

    def keep(self, rows: Rows) -> None:
        """Fill in the next rows."""
        if not len(rows):
            return
        for column in self._rows:
            values = rows.values[column]
            last, decimals = self._last[column]
            given = np.maximum.accumulate(np.where(values != ABSENT, np.arange(len(values)), -1))
            before = ABSENT if last == ABSENT else last * 10 ** (rows.price_decimals - decimals)
            values[:] = np.where(given >= 0, values[given], before)
            self._last[column] = int(values[-1]), rows.price_decimals


def aggressors_of_flags(flags: NDArray[np.int64]) -> NDArray[np.int8]:
    """The aggressors of MetaTrader's ticks: 32 says that somebody bought, 64 that somebody sold."""
    known = np.where(flags == ABSENT, 0, flags)
    buys, sells = (known & _BUY_FLAG) != 0, (known & _SELL_FLAG) != 0
    found = np.where(buys & ~sells, BUY, np.where(sells & ~buys, SELL, UNKNOWN))
    return found.astype(np.int8)
