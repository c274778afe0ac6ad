"""Logs of single orders, with actions named by a mapping, as price levels."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID, BookEvents, concatenated
from processor.core.merge.parts import batch
from processor.errors import DatasetError
from processor.formats.base import part_of_all
from processor.formats.books import orders
from processor.formats.lines.specs import ABSENT
from processor.formats.lines.tables import OrderCheck, Table, TableReader, begin_ns
from processor.formats.mapped.columns import action_words
from processor.formats.mapped.lines import Lines
from processor.formats.recordings.sequencing import EffectiveTimes, ReceiptOrder, Received, emptied_before

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.tables import Rows
    from processor.formats.lines.text import Layout
    from processor.formats.mapped.columns import Mapped

    Ints = NDArray[np.int64]

_SIDES: Final = np.array([BID, ASK], np.int8)
_ACTIONS: Final = {
    "created": orders.ADD,
    "changed": orders.MODIFY,
    "deleted": orders.DELETE,
    "filled": orders.CANCEL,
}
_DAMAGED: Final = "--clock local orders rows by their times of receipt, if the mapping names local_time"
_SORT_THEM: Final = "sort the rows by local_time, or by time if there is no local_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes(Received):
    """Actions on orders by their times of receipt, with their times in the chosen clock."""

    happened_ns: Ints
    action: NDArray[np.int8]
    order: Ints
    side: NDArray[np.int8]


def part_of(files: Sequence[Mapped], instrument: str, clock: str) -> Part:
    """The logs of an instrument as one part, because the orders of one log continue in the next.

    Actions are applied in the order of `local_time` if the mapping names one.
    """
    tables: dict[SourceFile, Table] = {}
    received: dict[SourceFile, Table] = {}
    for mapped in files:
        layout, header_lines = mapped.layout(instrument), mapped.content.header_lines
        for each, by in ((clock, tables), ("local", received)):
            by[mapped.file] = Table(layout, mapped.time_name(mapped.table.clock(each)), header_lines=header_lines)
    begins = {mapped.file: begin_ns(Lines.of(mapped), received[mapped.file]) for mapped in files}
    in_order = sorted(files, key=lambda mapped: begins[mapped.file] or 0)

    def read(report: Report) -> Generator[Batch]:
        reader = TableReader(report, checks_order=False)
        log = _Log(report)
        before = 0
        for number, mapped in enumerate(in_order):
            lines = Lines.of(mapped)
            table, received_at = tables[mapped.file], received[mapped.file].time
            log.next_file(lines.name, in_order[max(number - 1, 0)].file.name)
            rows = reader.rows(lines, table.layout, time=table.time, header_lines=table.header_lines)
            with closing(rows):
                for some in rows:
                    yield batch(None, log.events(some, mapped, table, received_at), before + some.consumed_bytes)
            lines.report(report)
            before += lines.size_bytes
            yield batch(None, log.end_file(), before)

    whole = part_of_all([mapped.file for mapped in in_order], read)
    return replace(whole, first_ns=begin_ns(Lines.of(in_order[0]), tables[in_order[0].file]), trades=False)


class _Log:
    """The resting orders so far; at first there are none."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._book = orders.OrderBook()
        self._decimals: tuple[int, int] | None = None
        self._in_order: ReceiptOrder[_Changes] = ReceiptOrder(
            "sort the rows by local_time, or by time if there is no local_time"
        )
        self._effective_times = EffectiveTimes(report, _DAMAGED)
        self._order = OrderCheck(report)
        self._name = ""
        self._last_ns: int | None = None
        self._before_ns: int | None = None
        """The last time of receipt of the file before."""
        self._before = ""

    def next_file(self, name: str, before: str) -> None:
        """Start another file, after the one called `before`."""
        self._name, self._before, self._before_ns = name, before, self._last_ns
        self._in_order.next_file(name, restart=False)

    def end_file(self) -> BookEvents | None:
        """The remaining events of the file."""
        return self._applied(self._in_order.release())

    def events(self, rows: Rows, mapped: Mapped, table: Table, received: str) -> BookEvents | None:
        """The level updates that are final after these rows; faults are reported.

        Raises:
            DatasetError: the file starts before the end of the file before it, so their order is unknown; or a
                row is too far out of order.
        """
        mapping, layout = mapped.table, table.layout
        keys = [key for _, key in action_words(mapping)]
        deleted = np.array([key == "deleted" for key in keys])[_column(rows, layout, mapping.action)]
        rows, kept = self._complete(rows, layout, mapped, deleted)
        deleted = deleted[kept]
        if not len(rows):
            return None
        received_ns = _column(rows, layout, received)
        if self._before_ns is not None and int(received_ns.min()) < self._before_ns:
            msg = f"{self._before} and {self._name} both hold orders of the same time: keep one of the files"
            raise DatasetError(msg)
        self._last_ns = max(int(received_ns.max()), self._last_ns or int(received_ns[0]))
        self._order.check(self._name, received_ns, rows.lines)
        changes = _Changes(
            time_ns=received_ns,
            price_ticks=np.where(deleted, 0, _column(rows, layout, mapping.price)),
            size_lots=np.where(deleted, 0, _column(rows, layout, mapping.size)),
            price_decimals=rows.price_decimals,
            size_decimals=rows.size_decimals,
            file=self._in_order.file_of(len(rows)),
            line=rows.lines,
            happened_ns=_column(rows, layout, table.time),
            action=np.array([_ACTIONS[key] for key in keys], np.int8)[_column(rows, layout, mapping.action)],
            order=_column(rows, layout, mapping.id),
            side=_SIDES[_column(rows, layout, mapping.side)],
        )
        return self._applied(self._in_order.add(changes))

    def _applied(self, in_order: Iterable[tuple[str, _Changes]]) -> BookEvents | None:
        found = [self._levels(name, changes) for name, changes in in_order]
        return concatenated(found) if found else None

    def _levels(self, name: str, changes: _Changes) -> BookEvents:
        """The events of the next changes; before the first, the book is emptied: only orders in a log can rest."""
        begun = self._decimals is not None
        self._rescale(changes)
        times = changes.happened_ns
        emptied = None if begun else self._book.emptied()
        numbers = np.arange(len(times))
        events, faults = self._book.apply(
            numbers, changes.action, changes.order, changes.side, changes.price_ticks, changes.size_lots
        )
        events = self._effective_times.of_events(name, times, changes.line, events)
        self._report_faults(name, faults, changes.line, times)
        if emptied is not None:
            events = emptied_before(emptied, times, events)
        return replace(events, price_decimals=changes.price_decimals, size_decimals=changes.size_decimals)

    def _complete(
        self, rows: Rows, layout: Layout, mapped: Mapped, deleted: NDArray[np.bool_]
    ) -> tuple[Rows, NDArray[np.bool_]]:
        """The rows with a price and a size; a deletion needs neither."""
        absent = (_column(rows, layout, mapped.table.price) == ABSENT) | (
            _column(rows, layout, mapped.table.size) == ABSENT
        )
        kept = deleted | ~absent
        bad = np.flatnonzero(~kept)
        found = ((int(rows.lines[row]), None, "an order without a price or a size") for row in bad)
        self._report.add_all("malformed", self._name, found, len(bad))
        return rows.where(kept), kept

    def _rescale(self, changes: _Changes) -> None:
        """Convert the resting orders to the scale of these changes."""
        if self._decimals is not None:
            price, size = changes.price_decimals - self._decimals[0], changes.size_decimals - self._decimals[1]
            if price or size:
                self._book.rescale(10**price, 10**size)
        self._decimals = changes.price_decimals, changes.size_decimals

    def _report_faults(self, name: str, faults: NDArray[np.int8], lines: Ints, times: Ints) -> None:
        for fault, detail in (
            (orders.UNKNOWN_ORDER, "an order that was never created"),
            (orders.TOO_MUCH, "more of an order is filled than is resting"),
            (orders.KNOWN_ORDER, "an order is created that is already resting: the new one replaces it"),
        ):
            wrong = np.flatnonzero(faults == fault)
            found = ((int(lines[row]), int(times[row]), detail) for row in wrong)
            self._report.add_all("gaps", name, found, len(wrong))


def _column(rows: Rows, layout: Layout, name: object) -> Ints:
    found: Ints = rows.values[layout.row_of(str(name))]
    return found
