"""Logs of single orders, by what a mapping calls their actions, as the levels they come to."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.errors import DatasetError
from processor.events import ASK, BID, BookEvents, concatenated
from processor.formats import orders
from processor.formats.base import batch, part_of_all
from processor.formats.mapped.columns import action_words
from processor.formats.mapped.lines import Lines
from processor.formats.specs import ABSENT
from processor.formats.tables import Table, TableReader, begin_ns

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.formats.base import Batch, Part
    from processor.formats.mapped.columns import Mapped
    from processor.formats.mapped.mapping_file import Table as Said
    from processor.formats.tables import Rows
    from processor.formats.text import Layout
    from processor.report import Report

    Ints = NDArray[np.int64]

_SIDES: Final = np.array([BID, ASK], np.int8)
_ACTIONS: Final = {
    "created": orders.ADD,
    "changed": orders.MODIFY,
    "deleted": orders.CANCEL,
    "filled": orders.CANCEL,
}
_ALL: Final = int(np.iinfo(np.int64).max)
"""More than any order has."""


def part_of(files: Sequence[Mapped], instrument: str, clock: str) -> Part:
    """The logs of an instrument as one part, as the orders of one rest on in the next."""
    tables = {}
    for mapped in files:
        time = mapped.time_name(mapped.table.clock(clock))
        tables[mapped.file] = Table(mapped.layout(instrument), time, header_lines=mapped.content.header_lines)
    begins = {mapped.file: begin_ns(Lines.of(mapped), tables[mapped.file]) for mapped in files}
    in_order = sorted(files, key=lambda mapped: begins[mapped.file] or 0)

    def read(report: Report) -> Generator[Batch]:
        reader = TableReader(report)
        log = _Log(report)
        before = 0
        for number, mapped in enumerate(in_order):
            lines = Lines.of(mapped)
            table = tables[mapped.file]
            rows = reader.rows(lines, table.layout, time=table.time, header_lines=table.header_lines)
            with closing(rows):
                for some in rows:
                    log.refuse_overlap(some, table, in_order[max(number - 1, 0)].file.name, lines.name)
                    yield batch(None, log.events(some, mapped, table, lines.name), before + some.consumed_bytes)
            log.end_file()
            lines.report(report)
            before += lines.size_bytes

    whole = part_of_all([mapped.file for mapped in in_order], read)
    return replace(whole, first_ns=begins[in_order[0].file], trades=False)


class _Log:
    """The orders by now, which begin with none."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._book = orders.OrderBook()
        self._decimals: tuple[int, int] | None = None
        self._last_ns: int | None = None
        self._before_ns: int | None = None
        """The last time of the file before."""

    def refuse_overlap(self, rows: Rows, table: Table, before: str, name: str) -> None:
        """Refuse a file that begins before the one before it ends: nothing says how the two go together.

        Raises:
            DatasetError: so it is.
        """
        times = rows.values[table.layout.row_of(table.time)]
        if self._before_ns is not None and len(times) and int(times.min()) < self._before_ns:
            msg = f"{before} and {name} both tell of the orders of one time: keep one of the files"
            raise DatasetError(msg)
        if len(times):
            self._last_ns = max(int(times.max()), self._last_ns or int(times[0]))

    def end_file(self) -> None:
        """All that follows is of the next file."""
        self._before_ns = self._last_ns

    def events(self, rows: Rows, mapped: Mapped, table: Table, name: str) -> BookEvents | None:
        """The level updates that some rows come to; what is wrong with them is reported."""
        said, layout = mapped.table, table.layout
        keys = [key for _, key in action_words(said)]
        action = np.array([_ACTIONS[key] for key in keys], np.int8)[_column(rows, layout, said.action)]
        deleted = np.array([key == "deleted" for key in keys])[_column(rows, layout, said.action)]
        rows, kept = self._complete(rows, layout, mapped, deleted, name)
        action, deleted = action[kept], deleted[kept]
        if not len(rows):
            return None
        begun = self._decimals is not None
        self._rescale(rows)
        times = _column(rows, layout, table.time)
        events, faults = self._book_of(times, rows, layout, said, action, deleted, begun=begun)
        self._report_faults(faults, deleted, rows, times, name)
        return replace(events, price_decimals=rows.price_decimals, size_decimals=rows.size_decimals)

    def _book_of(
        self,
        times: Ints,
        rows: Rows,
        layout: Layout,
        said: Said,
        action: NDArray[np.int8],
        deleted: NDArray[np.bool_],
        *,
        begun: bool,
    ) -> tuple[BookEvents, NDArray[np.int8]]:
        """What the actions come to; before the first, the book is emptied: nothing rests that the log does not tell."""
        ids, prices = _column(rows, layout, said.id), _column(rows, layout, said.price)
        sizes = np.where(deleted, _ALL, _column(rows, layout, said.size))
        sides = _SIDES[_column(rows, layout, said.side)]
        if begun:
            return self._book.apply(times, action, ids, sides, prices, sizes)
        nothing, reset = np.zeros(1, np.int64), np.array([orders.RESET], np.int8)
        cleared, _ = self._book.apply(times[:1], reset, nothing, sides[:1], nothing, nothing)
        events, faults = self._book.apply(times, action, ids, sides, prices, sizes)
        return concatenated([cleared, events]), faults

    def _complete(
        self, rows: Rows, layout: Layout, mapped: Mapped, deleted: NDArray[np.bool_], name: str
    ) -> tuple[Rows, NDArray[np.bool_]]:
        """The rows that have a price and a size, which one that deletes an order need not have."""
        absent = (_column(rows, layout, mapped.table.price) == ABSENT) | (
            _column(rows, layout, mapped.table.size) == ABSENT
        )
        kept = deleted | ~absent
        bad = np.flatnonzero(~kept)
        found = ((int(rows.lines[row]), None, "an order without a price or a size") for row in bad)
        self._report.add_all("malformed", name, found, len(bad))
        return rows.where(kept), kept

    def _rescale(self, rows: Rows) -> None:
        """Bring what rests to the scale of these rows."""
        if self._decimals is not None:
            price, size = rows.price_decimals - self._decimals[0], rows.size_decimals - self._decimals[1]
            if price or size:
                self._book.rescale(10**price, 10**size)
        self._decimals = rows.price_decimals, rows.size_decimals

    def _report_faults(
        self, faults: NDArray[np.int8], deleted: NDArray[np.bool_], rows: Rows, times: Ints, name: str
    ) -> None:
        for fault, detail in (
            (orders.UNKNOWN_ORDER, "an order that was never created"),
            (orders.TOO_MUCH, "more of an order is filled than rests"),
        ):
            wrong = (faults == fault) & ~(deleted & (fault == orders.TOO_MUCH))
            found = ((int(rows.lines[row]), int(times[row]), detail) for row in np.flatnonzero(wrong))
            self._report.add_all("gaps", name, found, int(wrong.sum()))


def _column(rows: Rows, layout: Layout, name: object) -> Ints:
    found: Ints = rows.values[layout.row_of(str(name))]
    return found
