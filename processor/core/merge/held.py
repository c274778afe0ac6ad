"""Rows that are nearly in the order of their times, held back until they can be given out in it."""

from __future__ import annotations

from bisect import bisect
from typing import Final, Generic

import numpy as np

from processor.core.events import ColumnsT, concatenated

_BEGINNING: Final = int(np.iinfo(np.int64).min)
_END: Final = int(np.iinfo(np.int64).max)


def until(part: ColumnsT, limit_ns: int) -> ColumnsT:
    """The rows up to a time, of some in time order."""
    if not len(part) or part.time_ns[-1] <= limit_ns:
        return part
    return part.rows(slice(0, int(np.searchsorted(part.time_ns, limit_ns, side="right"))))


class Held(Generic[ColumnsT]):
    """Rows of one kind, in the order of a file, that wait for earlier ones among those that follow them."""

    def __init__(self) -> None:
        self.first_ns: int | None = None
        """The earliest there has been."""
        self.last_ns = _BEGINNING
        """The latest there has been."""
        self._parts: list[ColumnsT] = []
        self._earliest: list[int] = []
        """Of each part."""
        self._rows_before: list[int] = []
        """Of each part, counted from the first row there was."""
        self._rows = 0
        self._sorted = True

    def add(self, rows: ColumnsT) -> int:
        """Hold `rows`, at least one; return the earliest time among them."""
        times = rows.time_ns
        in_order = bool((times[1:] >= times[:-1]).all())
        earliest_ns = int(times[0] if in_order else times.min())
        self._sorted = self._sorted and in_order and earliest_ns >= self.last_ns
        self.first_ns = earliest_ns if self.first_ns is None else min(self.first_ns, earliest_ns)
        self.last_ns = max(self.last_ns, int(times[-1] if in_order else times.max()))
        self._parts.append(rows)
        self._earliest.append(earliest_ns)
        self._rows_before.append(self._rows)
        self._rows += len(rows)
        return earliest_ns

    @property
    def earliest_ns(self) -> int:
        """Of those held; the end of time without any."""
        return min(self._earliest[:1] if self._sorted else self._earliest, default=_END)

    @property
    def parts(self) -> tuple[ColumnsT, ...]:
        """Those held, as they were added or are sorted by now."""
        return tuple(self._parts)

    def releasable_ns(self, held_rows: int) -> int:
        """Up to which time all rows have at least `held_rows` behind them; the begin of time where none has."""
        part = bisect(self._rows_before, self._rows - held_rows)
        return self._earliest[part - 1] - 1 if part else _BEGINNING

    def release(self, until_ns: int) -> tuple[ColumnsT, ...]:
        """Give up all rows up to `until_ns`, in time order."""
        if not self._sorted:
            whole = concatenated(self._parts)
            self._parts = [whole.rows(np.argsort(whole.time_ns, kind="stable"))]
            self._earliest = [int(self._parts[0].time_ns[0])]
            self._rows_before = [self._rows - len(whole)]
            self._sorted = True
        released: list[ColumnsT] = []
        while self._parts and self._earliest[0] <= until_ns:
            part = self._parts.pop(0)
            self._earliest.pop(0)
            before = self._rows_before.pop(0)
            ready = until(part, until_ns)
            released.append(ready)
            if len(ready) < len(part):
                self._parts.insert(0, part.rows(slice(len(ready), None)))
                self._earliest.insert(0, int(self._parts[0].time_ns[0]))
                self._rows_before.insert(0, before + len(ready))
        return tuple(released)
