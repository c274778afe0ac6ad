"""A piece of a dataset in time order, as it is read, stored and played."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from processor.core.merge.held import until

if TYPE_CHECKING:
    from processor.core.events import BookEvents, ColumnsT, Trades

EventKind = Literal["event", "book", "trade"]
"""Events of which kind: any, of the book, or trades."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Every event after the previous chunk's `until_ns` and up to this one's, in time order, in successive parts."""

    trades: tuple[Trades, ...]
    book: tuple[BookEvents, ...]
    until_ns: int
    consumed_bytes: int

    @property
    def first_ns(self) -> int | None:
        """Time of the first event; None where there is none."""
        parts = (*self.trades, *self.book)
        return min((int(part.time_ns[0]) for part in parts if len(part)), default=None)

    def until(self, limit_ns: int) -> Chunk:
        """The same chunk without what is later than `limit_ns`."""
        if self.until_ns <= limit_ns:
            return self
        return replace(
            self,
            trades=tuple(until(part, limit_ns) for part in self.trades),
            book=tuple(until(part, limit_ns) for part in self.book),
            until_ns=limit_ns,
        )

    def after(self, limit_ns: int) -> Chunk:
        """The same chunk without what is not later than `limit_ns`."""
        return replace(
            self,
            trades=tuple(after(part, limit_ns) for part in self.trades),
            book=tuple(after(part, limit_ns) for part in self.book),
        )

    def neighbour(self, at_ns: int, kind: EventKind, *, forward: bool) -> int | None:
        """Time of the first event of `kind` later than `at_ns`, or of the last one before; None if there is none."""
        parts = {"event": (*self.trades, *self.book), "book": self.book, "trade": self.trades}[kind]
        found: list[int] = []
        for part in parts:
            if forward:
                at = int(np.searchsorted(part.time_ns, at_ns, side="right"))
            else:
                at = int(np.searchsorted(part.time_ns, at_ns, side="left")) - 1
            if 0 <= at < len(part):
                found.append(int(part.time_ns[at]))
        if not found:
            return None
        return min(found) if forward else max(found)


def after(part: ColumnsT, limit_ns: int) -> ColumnsT:
    """The rows later than a time, of some in time order."""
    return part.rows(slice(int(np.searchsorted(part.time_ns, limit_ns, side="right")), None))
