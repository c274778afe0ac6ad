"""Trades whose ids go up: which are missing, where their vendor counts them one by one, and which come again."""

from __future__ import annotations

from bisect import bisect, bisect_left
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.merge.overlaps import iso
from processor.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.events import LocatedTrades
    from processor.core.merge.parts import Part
    from processor.core.report import Report

_HOLES_KEPT: Final = 100_000


class Counted:
    """Follows the ids of the trades that are played, in their order."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._highest: int | None = None
        self._passed_over: list[int] = []
        """Ids of rows that are no trades, in order."""
        self._holes: list[tuple[int, int]] = []
        """The first and last of ids that were not there, in order."""
        self._known_from = 0
        """Of ids before this one it is not known whether they were there."""

    def pass_over(self, ids: NDArray[np.int64]) -> None:
        """Rows of these ids are there, but are no trades."""
        if len(ids):
            self._passed_over = sorted({*self._passed_over, *ids.tolist()})

    def check(self, parts: Sequence[Part], rows: Sequence[LocatedTrades]) -> None:
        """Look at the next trades, which are of these parts.

        Raises:
            DatasetError: one bears the id of a trade that was there, at another time.
        """
        if not parts or not all(part.increasing_ids for part in parts):
            return
        is_counted = all(part.consecutive_ids for part in parts)
        name = ", ".join(part.name for part in parts)
        for trades in rows:
            if self._highest is None:
                self._highest = int(trades.id[0]) - 1
                self._known_from = self._highest + 1
            above = np.maximum.accumulate(np.concatenate(([self._highest], trades.id)))
            missing = trades.id - above[:-1] - 1
            if is_counted:
                self._note_gaps(name, trades, above, missing.copy())
            for row in np.flatnonzero(missing):
                if missing[row] > 0:
                    self._holes.append((int(above[row]) + 1, int(trades.id[row]) - 1))
                else:
                    self._fill(name, trades, int(row))
            if len(self._holes) > _HOLES_KEPT:
                self._known_from = self._holes[-_HOLES_KEPT][0]
                del self._holes[:-_HOLES_KEPT]
            self._highest = int(above[-1])

    def _note_gaps(
        self, name: str, trades: LocatedTrades, above: NDArray[np.int64], missing: NDArray[np.int64]
    ) -> None:
        for row in np.flatnonzero(missing > 0) if self._passed_over else ():
            low, high = bisect(self._passed_over, int(above[row])), bisect(self._passed_over, int(trades.id[row]))
            missing[row] -= high - low
        gaps = np.flatnonzero(missing > 0)
        found = ((trades.line_of(row), int(trades.time_ns[row]), "ids are missing before this one") for row in gaps)
        self._report.add_all("gaps", name, found, len(gaps))

    def _fill(self, name: str, trades: LocatedTrades, row: int) -> None:
        """A trade of an id below one that was there."""
        number = int(trades.id[row])
        if number < self._known_from:
            return
        at = bisect_left(self._holes, number, key=lambda hole: hole[1])
        if at == len(self._holes) or self._holes[at][0] > number:
            line = trades.line_of(row)
            where = f"line {line}, " if line is not None else ""
            msg = (
                f"{name}: trade {number} ({where}{iso(int(trades.time_ns[row]))}) was there before, at another time: "
                "nothing says which is right"
            )
            raise DatasetError(msg)
        first, last = self._holes[at]
        self._holes[at : at + 1] = [hole for hole in ((first, number - 1), (number + 1, last)) if hole[0] <= hole[1]]
