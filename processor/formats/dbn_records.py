"""Databento's records, from DBN or CSV: their layout, and the trades and book events they contain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from processor.core.events import BUY, END_OF_TIME, SELL, UNKNOWN, BookEvents, Trades
from processor.errors import DatasetError
from processor.formats.books.full_books import full_books
from processor.formats.books.snapshots import SnapshotRuns
from processor.formats.dbn_orders import (
    ACTION_OF,
    NONE,
    SIDE_OF,
    SNAPSHOT,
    TOP_OF_BOOK,
    OrderLevels,
    OrderRecords,
    begin_of_book,
    by_byte,
)
from processor.formats.lines.kernels import ABSENT
from processor.formats.lines.tables import DayCheck, OrderCheck, Rows, report_unknown_sides, sound_rows
from processor.formats.recordings.repeated_rows import RepeatedRows
from processor.formats.recordings.sequencing import ReceiptOrder
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from processor.core.report import Report

    Records = NDArray[np.void]
    Found: TypeAlias = tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None]

_HEADER: Final = (
    ("length", "u1"),
    ("rtype", "u1"),
    ("publisher_id", "<u2"),
    ("instrument_id", "<u4"),
    ("ts_event", "<i8"),
)
_MBO: Final = np.dtype([
    *_HEADER, ("order_id", "<i8"), ("price", "<i8"), ("size", "<u4"), ("flags", "u1"), ("channel_id", "u1"),
    ("action", "u1"), ("side", "u1"), ("ts_recv", "<i8"), ("ts_in_delta", "<i4"), ("sequence", "<u4"),
])  # fmt: skip
_LEVEL: Final = np.dtype([
    ("bid_px", "<i8"), ("ask_px", "<i8"), ("bid_sz", "<u4"), ("ask_sz", "<u4"), ("bid_ct", "<u4"), ("ask_ct", "<u4"),
])  # fmt: skip
_TRADE: Final = (
    *_HEADER, ("price", "<i8"), ("size", "<u4"), ("action", "u1"), ("side", "u1"), ("flags", "u1"), ("depth", "u1"),
    ("ts_recv", "<i8"), ("ts_in_delta", "<i4"), ("sequence", "<u4"),
)  # fmt: skip
_ONE_LEVEL: Final = np.dtype([*_TRADE, ("levels", _LEVEL, 1)])


@dataclass(frozen=True, slots=True)
class Schema:
    """The records of a schema: their kinds (rtype) and their content. The layouts are the same in all versions.

    `sampled`: a record is not an event, but the best prices at the end of a second or a minute, and its trade is the
    last one before. `consolidated`: the best prices are those of several venues.
    """

    name: str
    rtypes: tuple[int, ...]
    record: np.dtype[np.void]
    levels: int = 0
    sampled: bool = False
    consolidated: bool = False

    @property
    def has_trades(self) -> bool:
        """Whether its records contain trades."""
        return not self.sampled

    @property
    def has_book(self) -> bool:
        """Whether its records contain the book."""
        return self.levels > 0 or self.name == MBO.name


MBO: Final = Schema("mbo", (160,), _MBO)
SCHEMAS: Final = (
    MBO,
    Schema("mbp-10", (10,), np.dtype([*_TRADE, ("levels", _LEVEL, 10)]), levels=10),
    Schema("mbp-1", (1,), _ONE_LEVEL, levels=1),
    Schema("tbbo", (1, 197), _ONE_LEVEL, levels=1),
    Schema("bbo-1s", (195,), _ONE_LEVEL, levels=1, sampled=True),
    Schema("bbo-1m", (196,), _ONE_LEVEL, levels=1, sampled=True),
    Schema("cbbo-1s", (192,), _ONE_LEVEL, levels=1, sampled=True, consolidated=True),
    Schema("cbbo-1m", (193,), _ONE_LEVEL, levels=1, sampled=True, consolidated=True),
    Schema("trades", (0,), np.dtype([*_TRADE])),
)
"""All schemas, from the deepest book and the finest time to no book."""

FIXED_DECIMALS: Final = 9
NO_PRICE: Final = int(np.iinfo(np.int64).max)
_NO_SIZE: Final = int(np.iinfo(np.uint32).max)
_ACTIONS: Final = b"ACMRTFN"
_AGGRESSORS: Final = {b"A": SELL, b"B": BUY, b"N": UNKNOWN}
_IS_ACTION: Final = by_byte(dict.fromkeys((bytes([letter]) for letter in _ACTIONS), 1)) == 1
_AGGRESSOR_OF: Final = np.where(by_byte({b"A": 0, b"B": 0}) == 0, by_byte(_AGGRESSORS), UNKNOWN).astype(np.int8)
_IS_SIDE: Final = by_byte(dict.fromkeys(_AGGRESSORS, 1)) == 1
_NOTHING: Final[Found] = (None, None, None)
_SORT_THEM: Final = "sort the records by ts_recv, and join files of the same time"


@dataclass(frozen=True, slots=True)
class Span:
    """A range of times of receipt, from `first_ns` up to `beyond_ns`, exclusive."""

    first_ns: int
    beyond_ns: int

    def holds(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the times are in the range."""
        return (times >= self.first_ns) & (times < self.beyond_ns)

    def overlaps(self, other: Span) -> bool:
        """Whether the two ranges share a time."""
        return self.first_ns < other.beyond_ns and other.first_ns < self.beyond_ns


class Publisher:
    """The venue of all files of an instrument, to refuse mixing the books of several venues."""

    def __init__(self) -> None:
        self._known: tuple[int, str] | None = None

    def check(self, publishers: NDArray[np.uint16], lines: NDArray[np.int64], name: str) -> None:
        """Check the publishers of some records of a file.

        Raises:
            DatasetError: a record is of another venue than the records before.
        """
        if not len(publishers):
            return
        if self._known is None:
            self._known = int(publishers[0]), name
        publisher, before = self._known
        others = np.flatnonzero(publishers != publisher)
        if len(others):
            other = int(publishers[others[0]])
            where = "those before" if before == name else f"those of {before}"
            msg = (
                f"{name}: record {lines[others[0]]} is of publisher {other}, {where} of {publisher}: "
                "the books of several venues cannot be shown as one: give files of one venue"
            )
            raise DatasetError(msg)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of the records of a schema.

    Within `deeper` spans, another schema gives the book, and within `traded` spans, another one gives the trades.
    """

    schema: Schema
    clock: str
    publisher: Publisher
    deeper: tuple[Span, ...] = ()
    traded: tuple[Span, ...] = ()


def times_of(records: Records, schema: Schema, clock: str) -> NDArray[np.int64]:
    """The times of records in a clock.

    In `ts_event`, records of a snapshot have the times at which the orders were made, and samples the time of
    the last trade: the time of the record itself is only in `ts_recv`.
    """
    if schema.sampled or clock == "local":
        return records["ts_recv"].astype(np.int64)
    times: NDArray[np.int64] = np.where((records["flags"] & SNAPSHOT) != 0, records["ts_recv"], records["ts_event"])
    return times


class RecordReader:
    """Reads the records of files of one schema and instrument that continue each other."""

    def __init__(self, wanted: Wanted, report: Report) -> None:
        self._wanted = wanted
        self._schema = wanted.schema
        self._report = report
        self._order = OrderCheck(report)
        self._trade_order = OrderCheck(report)
        self._decimals = 0
        self._levels = OrderLevels(report)
        self._in_order: ReceiptOrder[OrderRecords] = ReceiptOrder(
            "sort the records by ts_recv, and join files of the same time"
        )
        self._old_runs = SnapshotRuns()
        self._repeats = RepeatedRows()
        self._name = ""
        self._next_ns: int | None = None
        """Start time of the next file."""
        self._days = DayCheck("", report)
        self._is_fresh = True
        """Whether this file is the first with a book."""

    def next_file(self, name: str, next_ns: int | None) -> None:
        """Start another file; the one after it is not received before `next_ns` (None: there is none).

        Raises:
            DatasetError: the previous file lacks records that an earlier one has at the same time.
        """
        self._name = name
        self._next_ns = next_ns
        self._days = DayCheck(name, self._report)
        if self._schema is not MBO:
            return
        self._is_fresh = not self._has_begun()
        self._in_order.next_file(name, restart=self._is_fresh)
        self._repeats.next_file(name, next_ns)

    def end_file(self) -> list[Found]:
        """The remaining events of the file, without records that the next file may precede.

        Raises:
            DatasetError: as for `of_records`.
        """
        goes_on = self._next_ns is not None and self._has_begun()
        until_ns = self._next_ns - 1 if goes_on and self._next_ns is not None else END_OF_TIME
        return self._applied(self._in_order.release(until_ns))

    def end(self) -> None:
        """Finish the last file.

        Raises:
            DatasetError: it lacks records that an earlier file has at the same time.
        """
        self._repeats.end()

    def _has_begun(self) -> bool:
        """Whether the book has started, or will start with the waiting records."""
        return self._levels.has_begun or any(begin_of_book(rows.record) < len(rows) for rows in self._in_order.held)

    def of_records(self, records: Records, lines: NDArray[np.int64], found: int) -> list[Found]:
        """The events of the next records of the schema, on these lines; `found` is the number of rows to report.

        Returns one or more sets of trades, book events, and the trades' lines. Orders are held back until those
        that were received before them have been read.

        Raises:
            DatasetError: the records contradict those before.
        """
        sound = self._sound(records, lines)
        if not sound.all():
            records, lines = records[sound], lines[sound]
        times = times_of(records, self._schema, self._wanted.clock)
        near = self._days.near(times, lines)
        if not near.all():
            records, lines, times = records[near], lines[near], times[near]
        self._report.rows(self._name, found, *((int(times.min()), int(times.max())) if len(times) else (None, None)))
        if self._schema is not MBO:
            self._order.check(self._name, times, lines)
            return [self._of(self._name, records, lines, times, np.zeros(len(records), np.bool_))]
        # Files are in the order of receipt, which is close to the time of the event unless that is damaged.
        received = records["ts_recv"]
        received = np.where(np.abs(received - times) < NS_PER_DAY, received, times)
        again, old = self._again(records, lines, times, received)
        # Before the book started, records were dropped; their repetitions are needed now.
        left_out = old if self._is_fresh else old | again
        rows = OrderRecords(
            time_ns=received,
            price_ticks=records["price"],
            size_lots=records["size"],
            price_decimals=FIXED_DECIMALS,
            size_decimals=0,
            file=self._in_order.file_of(len(records)),
            line=lines,
            record=records,
            happened_ns=times,
            again=again,
        )
        rows = rows.rows(~left_out) if left_out.any() else rows
        self._order.check(self._name, rows.time_ns, rows.line)
        return self._applied(self._in_order.add(rows))

    def _applied(self, in_order: Iterable[tuple[str, OrderRecords]]) -> list[Found]:
        """The events of orders that no later order can precede."""
        found = [self._of(name, rows.record, rows.line, rows.happened_ns, rows.again) for name, rows in in_order]
        return found or [_NOTHING]

    def _of(
        self,
        name: str,
        records: Records,
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
        again: NDArray[np.bool_],
    ) -> Found:
        """The events of records, in the order in which they are applied."""
        if not len(records):
            return _NOTHING
        prices = self._prices(records, times)
        trades, traded = self._trades(name, records, lines, times, prices, again)
        return trades, self._book(name, records, lines, times, prices), traded

    def _sound(self, records: Records, lines: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which records can be used; the others are reported."""
        if self._schema.sampled:
            return np.ones(len(records), np.bool_)
        action, side = records["action"], records["side"]
        is_trade = action == ord("T")
        bare = is_trade & ((records["price"] == NO_PRICE) | (records["size"] == _NO_SIZE))
        faults = [
            (~_IS_ACTION[action], "an action other than A, C, M, R, T, F, N"),
            (~_IS_SIDE[side], "a side other than A, B, N"),
            (bare, "a trade without a price or a size"),
        ]
        if self._schema is MBO:
            places_order = (action == ord("A")) | (action == ord("M"))
            top = (records["flags"] & TOP_OF_BOOK) != 0
            unplaced = places_order & ((SIDE_OF[side] == NONE) | (~top & (records["price"] == NO_PRICE)))
            faults.append((unplaced, "an order without a side or a price"))
        return sound_rows(faults, self._report, self._name, lines)

    def _again(
        self,
        records: Records,
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
        received: NDArray[np.int64],
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which records an earlier file also has, and which are of a snapshot older than the book."""
        again, old = np.zeros((2, len(records)), np.bool_)
        if not self._repeats.is_needed:
            return again, old
        in_snapshot = (records["flags"] & SNAPSHOT) != 0
        rows = np.flatnonzero(~in_snapshot)
        plain = np.ascontiguousarray(records[rows])
        plain["length"] = 0  # its length depends only on whether the time of sending follows
        again[rows] = self._repeats.repeated(received[rows], plain, lines[rows])
        self._report_rows("duplicates", "another file has the same record", again, lines, times)
        if not self._is_fresh:
            old = in_snapshot & (received < self._repeats.until_ns)
            starts = np.zeros(len(records), np.bool_)
            starts[self._old_runs.starts(old, received)] = True
            self._report_rows("old_snapshots", "the files before are ahead of this snapshot", starts, lines, times)
        return again, old

    def _report_rows(
        self,
        kind: str,
        detail: str,
        which: NDArray[np.bool_],
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
    ) -> None:
        rows = np.flatnonzero(which)
        self._report.add_all(kind, self._name, ((int(lines[row]), int(times[row]), detail) for row in rows), len(rows))

    def _prices(self, records: Records, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """The price of each record and of its levels, in ticks with as few decimals as all prices so far need."""
        prices = np.empty((1 + 2 * self._schema.levels, len(times)), np.int64)
        prices[0] = NO_PRICE if self._schema.sampled else records["price"]
        for level in range(self._schema.levels):
            prices[1 + 2 * level] = records["levels"]["bid_px"][:, level]
            prices[2 + 2 * level] = records["levels"]["ask_px"][:, level]
        absent = prices == NO_PRICE
        prices[absent] = 0
        decimals = self._decimals
        while decimals < FIXED_DECIMALS and (prices % 10 ** (FIXED_DECIMALS - decimals)).any():
            decimals += 1
        if decimals != self._decimals:
            self._levels.rescale(10 ** (decimals - self._decimals))
            self._decimals = decimals
        prices //= 10 ** (FIXED_DECIMALS - decimals)
        prices[absent] = ABSENT
        return prices

    def _trades(
        self,
        name: str,
        records: Records,
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
        prices: NDArray[np.int64],
        again: NDArray[np.bool_],
    ) -> tuple[Trades | None, NDArray[np.int64] | None]:
        if not self._schema.has_trades:
            return None, None
        wanted = (records["action"] == ord("T")) & ~_within(self._wanted.traded, records) & ~again
        if not wanted.any():
            return None, None
        trades = Trades(
            time_ns=times[wanted],
            price_ticks=prices[0, wanted],
            size_lots=records["size"][wanted].astype(np.int64),
            price_decimals=self._decimals,
            size_decimals=0,
            aggressor=_AGGRESSOR_OF[records["side"][wanted]],
        )
        if self._schema is MBO:
            self._trade_order.check(name, trades.time_ns, lines[wanted])
        report_unknown_sides(self._report, name, trades, lines[wanted])
        return trades, lines[wanted]

    def _book(
        self, name: str, records: Records, lines: NDArray[np.int64], times: NDArray[np.int64], prices: NDArray[np.int64]
    ) -> BookEvents | None:
        if not self._schema.has_book:
            return None
        wanted = ~_within(self._wanted.deeper, records)
        if not self._schema.consolidated:
            self._wanted.publisher.check(records["publisher_id"][wanted], lines[wanted], name)
        if self._schema is MBO:
            wanted &= ACTION_OF[records["action"]] != NONE
            return self._levels.events(
                name, records[wanted], lines[wanted], times[wanted], prices[0, wanted], self._decimals
            )
        levels = self._schema.levels
        sizes = np.empty((2 * levels, len(times)), np.int64)
        for level in range(levels):
            sizes[2 * level] = records["levels"]["bid_sz"][:, level]
            sizes[2 * level + 1] = records["levels"]["ask_sz"][:, level]
        rows = Rows(
            values=np.concatenate((prices[1:], sizes)),
            lines=lines,
            last_line=0,
            price_decimals=self._decimals,
            size_decimals=0,
            consumed_bytes=0,
        ).where(wanted)
        bids, asks = ([(2 * each + side, 2 * (levels + each) + side) for each in range(levels)] for side in (0, 1))
        return full_books(rows, times[wanted], bids, asks)


def _within(spans: Sequence[Span], records: Records) -> NDArray[np.bool_]:
    """Which records were received in one of the spans."""
    within = np.zeros(len(records), np.bool_)
    for span in spans:
        within |= span.holds(records["ts_recv"])
    return within
