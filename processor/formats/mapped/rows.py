"""Rows of mapped files as trades and as a book."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades
from processor.core.merge.parts import Part, batch
from processor.formats.books.full_books import full_books
from processor.formats.books.snapshots import SnapshotRuns, with_clears
from processor.formats.lines.levels import read_levels
from processor.formats.lines.specs import ABSENT
from processor.formats.lines.tables import Table, TableReader, begin_ns, report_unknown_sides
from processor.formats.lines.text import PHRASES
from processor.formats.mapped.json_levels import paired
from processor.formats.mapped.lines import Lines
from processor.formats.mapped.mapping_file import BOOK, TRADES, word_of
from processor.formats.mapped.vendor_rules import KeptQuotes, Sequence, aggressors_of_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.lines.tables import Rows
    from processor.formats.lines.text import Layout
    from processor.formats.mapped.columns import Mapped
    from processor.formats.mapped.lines import Notes

    _BookOf = Callable[[Rows], BookEvents | None]

_SIDES: Final = np.array([BID, ASK], np.int8)
_AGGRESSORS: Final = np.array([BUY, SELL, UNKNOWN], np.int8)


def part_of(mapped: Mapped, instrument: str, clock: str) -> Part:
    """A file as a part: its trades, its book, or both."""
    layout = mapped.layout(instrument)
    columns = mapped.table.clock(clock)
    table = Table(layout, mapped.time_name(columns), header_lines=mapped.content.header_lines)
    reader = _Reader(mapped, layout, table.time)

    def read(report: Report) -> Generator[Batch]:
        lines = Lines.of(mapped)
        rows = TableReader(report).rows(lines, layout, time=table.time, header_lines=table.header_lines)
        with closing(rows):
            yield from map(reader.converter(report, lines), rows)
        lines.report(report)

    first = Lines.of(mapped)
    return Part(
        name=first.name,
        size_bytes=first.size_bytes,
        read=read,
        first_ns=begin_ns(first, table),
        trades=TRADES in mapped.kinds,
        book=BOOK in mapped.kinds,
        has_snapshots=mapped.table.snapshot is not None,
        rank=_rank(mapped),
    )


def _rank(mapped: Mapped) -> int:
    """0 for a file of only snapshots: at equal times they come before the updates of another file."""
    if mapped.table.snapshot is None or mapped.table.snapshot is True:
        return 0
    place = mapped.content.names.index(str(mapped.table.snapshot))
    words = {row[place].lower() for row in mapped.content.head_rows() if len(row) > place}
    return 0 if words == {word_of(mapped.table.snapshot_word).decode().lower()} else 1


class _Reader:
    """Converts the rows of one file into batches."""

    def __init__(self, mapped: Mapped, layout: Layout, time: str) -> None:
        self._mapped = mapped
        self._table = mapped.table
        self._layout = layout
        self._time = time

    def converter(self, report: Report, lines: Lines) -> Callable[[Rows], Batch]:
        """The function that converts rows during one reading of the file."""
        kinds = self._mapped.kinds
        rules = self._mapped.rules
        book_of = self._book_of(report, lines) if BOOK in kinds else None
        sequence = Sequence(self._layout, rules.sequence, report, lines.name) if rules.sequence else None

        def convert(rows: Rows) -> Batch:
            if sequence:
                sequence.check(rows)
            book = book_of(rows) if book_of else None
            if TRADES not in kinds:
                return batch(None, book, rows.consumed_bytes)
            traded = self._traded(rows, report, lines.name)
            trades = self._trades(traded)
            report_unknown_sides(report, lines.name, trades, traded.lines)
            return batch(trades, book, rows.consumed_bytes, lines=traded.lines, ids=self._ids(traded))

        return convert

    def _column(self, rows: Rows, name: object) -> NDArray[np.int64]:
        found: NDArray[np.int64] = rows.values[self._layout.row_of(str(name))]
        return found

    def _traded(self, rows: Rows, report: Report, name: str) -> Rows:
        """The rows with a trade: if rows may have only quotes, those with a price and a size."""
        if len(self._mapped.kinds) == 1:
            return rows
        priced = self._column(rows, self._table.price) != ABSENT
        sized = self._column(rows, self._table.size) != ABSENT
        halves = np.flatnonzero(priced != sized)
        found = ((int(rows.lines[row]), None, "a trade without a price or a size") for row in halves)
        report.add_all("not_trades" if self._mapped.rules.flags else "malformed", name, found, len(halves))
        return rows.where(priced & sized)

    def _trades(self, rows: Rows) -> Trades:
        if self._mapped.rules.flags is not None:
            aggressor = aggressors_of_flags(self._column(rows, self._mapped.rules.flags))
        elif self._table.side is None:
            aggressor = np.full(len(rows), UNKNOWN, np.int8)
        else:
            words = self._column(rows, self._table.side)
            aggressor = _AGGRESSORS[np.where(words == ABSENT, len(_AGGRESSORS) - 1, words)]
        return Trades(
            time_ns=self._column(rows, self._time),
            price_ticks=self._column(rows, self._table.price),
            size_lots=self._column(rows, self._table.size),
            price_decimals=rows.price_decimals,
            size_decimals=rows.size_decimals,
            aggressor=aggressor,
        )

    def _ids(self, rows: Rows) -> NDArray[np.int64] | None:
        return None if self._table.id is None else self._column(rows, self._table.id)

    def _book_of(self, report: Report, lines: Lines) -> _BookOf:
        if self._table.bids is not None:
            return _OfLists(self._mapped, self._layout, self._time, report, lines).book
        if self._mapped.rules.keeps_quotes:
            quotes = KeptQuotes(self._layout, self._table.levels[0], report, lines.name)
            return lambda rows: quotes.book(rows, self._column(rows, self._time))
        if self._table.levels:
            return lambda rows: self._states(rows, report, lines.name)
        runs = SnapshotRuns()
        return lambda rows: self._updates(rows, runs)

    def _states(self, rows: Rows, report: Report, name: str) -> BookEvents:
        levels = [list(map(str, level)) for level in self._table.levels]
        times = self._column(rows, self._time)
        where = self._layout.row_of
        asks_at = 2 if len(levels[0]) > 2 else -1  # noqa: PLR2004 - columns of a level without sizes
        rows = self._quoted(rows, [where(level[at]) for level in levels for at in (0, asks_at)], report, name)
        if self._mapped.has_sizes:
            bids, asks = ([(where(level[at]), where(level[at + 1])) for level in levels] for at in (0, 2))
            return full_books(rows, times, bids, asks)
        ones = len(rows.values)
        bids, asks = ([(where(level[at]), ones) for level in levels] for at in (0, asks_at))
        report.add_all("unknown_sizes", name, [(None, None, "a bid and an ask without sizes")], len(rows))
        values = np.vstack((rows.values, np.ones((1, len(rows)), np.int64)))
        return full_books(replace(rows, values=values, size_decimals=0), times, bids, asks)

    def _quoted(self, rows: Rows, prices: list[int], report: Report, name: str) -> Rows:
        """The rows without prices of 0, which mean no quote; if there are prices below 0, a price of 0 is a price."""
        nothing = rows.values[prices] == 0
        below_zero = (rows.values[prices] < 0) & (rows.values[prices] != ABSENT)
        if not nothing.any() or below_zero.any():
            return rows
        values = rows.values.copy()
        values[prices] = np.where(nothing, ABSENT, values[prices])
        at = np.flatnonzero(nothing.any(axis=0))
        detail = "a quote at a price of 0 is read as no quote"
        report.add_all("assumptions", name, ((int(rows.lines[row]), None, detail) for row in at), len(at))
        return replace(rows, values=values)

    def _updates(self, rows: Rows, runs: SnapshotRuns) -> BookEvents:
        events = BookEvents(
            time_ns=self._column(rows, self._time),
            price_ticks=self._column(rows, self._table.price),
            size_lots=self._column(rows, self._table.size),
            price_decimals=rows.price_decimals,
            size_decimals=rows.size_decimals,
            side=_SIDES[self._column(rows, self._table.side)],
        )
        if self._table.snapshot is None:
            return events
        always = self._table.snapshot is True
        flags = np.ones(len(rows), np.bool_) if always else self._column(rows, self._table.snapshot) == 1
        return with_clears(events, runs.starts(flags, events.time_ns))


class _OfLists:
    """Converts rows whose levels are lists, in one column each of bids and asks, or two each."""

    def __init__(self, mapped: Mapped, layout: Layout, time: str, report: Report, lines: Lines) -> None:
        self._mapped = mapped
        self._layout = layout
        self._time = time
        self._report = report
        self._lines = lines
        self._decimals = (0, 0)

    def book(self, rows: Rows) -> BookEvents | None:
        """The full book of each row, or its changes if the mapping says so."""
        sides = _lists_of(self._lines.notes, rows, len(self._mapped.lists))
        table = self._mapped.table
        found = read_levels(
            [paired(lists) or b"[0]" for row in sides for lists in row],
            *self._decimals,
            rounded_to=(table.price_decimals, table.size_decimals),
        )
        found.report_rounded(self._report, self._lines.name, rows.lines.tolist())
        self._decimals = found.price_decimals, found.size_decimals
        bad = found.reasons.reshape(-1, 2) != 0
        faulty = np.flatnonzero(bad.any(axis=1))
        told = (
            (int(rows.lines[row]), None, f"{'bids' if bad[row, 0] else 'asks'}: {_phrase(found.reasons, row)}")
            for row in faulty
        )
        self._report.add_all("malformed", self._lines.name, told, len(faulty))
        sound = ~bad.any(axis=1)
        counts = np.diff(found.bounds).reshape(-1, 2)
        kept = np.repeat(sound, counts.sum(axis=1))
        counts[~sound] = 0
        times = rows.values[self._layout.row_of(self._time)]
        levels = BookEvents(
            time_ns=np.repeat(times, counts.sum(axis=1)),
            price_ticks=found.price_ticks[kept],
            size_lots=found.size_lots[kept],
            price_decimals=found.price_decimals,
            size_decimals=found.size_decimals,
            side=np.repeat(np.tile(_SIDES, len(times)), counts.ravel()),
        )
        begins = np.cumsum(counts.sum(axis=1)) - counts.sum(axis=1)
        whole = sound
        if (flag := self._mapped.table.snapshot) is not None and flag is not True:
            whole = sound & (rows.values[self._layout.row_of(str(flag))] == 1)
        starts = begins[whole]
        return BookEvents(
            time_ns=np.insert(levels.time_ns, starts, times[whole]),
            price_ticks=np.insert(levels.price_ticks, starts, 0),
            size_lots=np.insert(levels.size_lots, starts, 0),
            price_decimals=levels.price_decimals,
            size_decimals=levels.size_decimals,
            side=np.insert(levels.side, starts, CLEAR),
        )


def _lists_of(notes: Notes, rows: Rows, count: int) -> list[tuple[tuple[bytes, ...], tuple[bytes, ...]]]:
    """The lists of bids and of asks of each row; removes the notes of lines up to the last row."""
    half = count // 2
    kept = [notes.lists.pop(line) for line in rows.lines.tolist()]
    for line in [line for line in list(notes.lists) if line <= rows.last_line]:
        del notes.lists[line]
    return [(lists[:half], lists[half:]) for lists in kept]


def _phrase(reasons: NDArray[np.int64], row: np.intp) -> str:
    reason = int(reasons[2 * row] or reasons[2 * row + 1])
    return f"not a list of levels, or a price or a size {PHRASES.get(reason, 'is invalid')}"
