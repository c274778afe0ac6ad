"""Sorts a part of a dataset on disk if its rows are far out of order: in runs that fit in memory, then merged.

The result does not depend on the size of a run: equal times keep the order of the file.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, fields, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic

import numpy as np

from processor.core.events import BookEvents, ColumnsT, LocatedTrades, concatenated
from processor.core.merge.parts import Batch, batch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from processor.core.merge.parts import Part
    from processor.core.report import Report

RUN_ROWS: Final = 4_000_000
"""Rows sorted in memory at once: some 200 MB."""
BLOCK_ROWS: Final = 131_072
"""Rows read of each run at once."""


def sorted_part(part: Part, folder: Path | None) -> Part:
    """The same part in time order; its rows are stored in `folder` (None: the temporary folder) while it is read."""

    def read(report: Report) -> Iterator[Batch]:
        with tempfile.TemporaryDirectory(prefix="processor-sort-", dir=folder) as made:
            trades: _Runs[LocatedTrades] = _Runs(Path(made) / "trades")
            book: _Runs[BookEvents] = _Runs(Path(made) / "book")
            for found in part.read(report):
                if (located := LocatedTrades.of(found.trades, found.lines, found.ids)) is not None:
                    trades.add(located)
                if found.book is not None:
                    book.add(found.book)
                yield Batch(None, None, found.consumed_bytes)
            for rows, events in _side_by_side(trades.merged(), book.merged()):
                if rows is None:
                    yield batch(None, events, part.size_bytes)
                else:
                    yield batch(rows.bare(), events, part.size_bytes, lines=rows.line, ids=rows.id)

    return replace(part, read=read, first_ns=None)


def _side_by_side(
    trades: Iterator[LocatedTrades], book: Iterator[BookEvents]
) -> Iterator[tuple[LocatedTrades | None, BookEvents | None]]:
    """Both streams up to the same time: no later piece has a row before the pieces already given."""
    some, events = next(trades, None), next(book, None)
    while some is not None or events is not None:
        until_ns = min(int(each.time_ns[-1]) for each in (some, events) if each is not None)
        some_now, some = _split(some, until_ns, trades)
        events_now, events = _split(events, until_ns, book)
        yield some_now, events_now


def _split(rows: ColumnsT | None, until_ns: int, more: Iterator[ColumnsT]) -> tuple[ColumnsT | None, ColumnsT | None]:
    """The rows up to a time (None if there are none), and the rows after it, or else the next of `more`."""
    if rows is None:
        return None, None
    at = int(np.searchsorted(rows.time_ns, until_ns, side="right"))
    rest = rows.rows(slice(at, None)) if at < len(rows) else next(more, None)
    return rows.rows(slice(at)) if at else None, rest


@dataclass(slots=True)
class _Run(Generic[ColumnsT]):
    """Sorted rows in a file for each column."""

    kind: type[ColumnsT]
    columns: dict[str, NDArray[Any]]
    decimals: tuple[int, int]
    at: int = 0

    def rows(self, start: int, end: int) -> ColumnsT:
        some = {name: np.array(column[start:end]) for name, column in self.columns.items()}
        return self.kind(**some, price_decimals=self.decimals[0], size_decimals=self.decimals[1])

    def last_of_block_ns(self) -> int:
        """Time of the last row of the next block."""
        times = self.columns["time_ns"]
        return int(times[min(self.at + BLOCK_ROWS, len(times)) - 1])

    def take(self, until_ns: int) -> ColumnsT:
        """The next rows up to this time."""
        end = int(np.searchsorted(self.columns["time_ns"], until_ns, side="right"))
        taken = self.rows(self.at, end)
        self.at = end
        return taken


@dataclass(slots=True)
class _Runs(Generic[ColumnsT]):
    """Rows of one kind, written as runs to files whose names start with `path`."""

    path: Path
    _held: list[ColumnsT] = field(default_factory=list)
    _held_rows: int = 0
    _runs: list[_Run[ColumnsT]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def add(self, rows: ColumnsT) -> None:
        """Add the next rows of the file."""
        self._held.append(rows)
        self._held_rows += len(rows)
        if self._held_rows >= RUN_ROWS:
            self._write()

    def _write(self) -> None:
        if not self._held_rows:
            return
        whole = concatenated(self._held)
        whole = whole.rows(np.argsort(whole.time_ns, kind="stable"))
        columns = {}
        number = next(self._numbers)
        for each in fields(whole):
            if not each.name.endswith("_decimals"):
                file = self.path.with_name(f"{self.path.name}-{number}-{each.name}.npy")
                np.save(file, getattr(whole, each.name))
                columns[each.name] = np.load(file, mmap_mode="r")
        self._runs.append(_Run(type(whole), columns, (whole.price_decimals, whole.size_decimals)))
        self._held, self._held_rows = [], 0

    def merged(self) -> Iterator[ColumnsT]:
        """All rows in time order, in pieces."""
        self._write()
        while left := [run for run in self._runs if run.at < len(run.columns["time_ns"])]:
            # Up to this time, the next rows of every run are in its next block.
            until_ns = min(run.last_of_block_ns() for run in left)
            some = concatenated([run.take(until_ns) for run in left])
            yield some.rows(np.argsort(some.time_ns, kind="stable"))
