"""Databento's binary files: MBO, MBP-10, MBP-1, TBBO and trades (docs/formats/dbn.md)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from databento_dbn import DBNError, Metadata
from numba import njit

from processor.errors import DatasetError, NothingToReplay
from processor.events import ASK, BID, BUY, NS_PER_DAY, SELL, UNKNOWN, BookEvents, Trades
from processor.formats import orders
from processor.formats.base import Part, batch, several
from processor.formats.chunks import prefetched
from processor.formats.kernels import ABSENT
from processor.formats.states import full_states
from processor.formats.tables import DayCheck, OrderCheck, Rows, report_unknown_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    from processor.formats.base import Batch
    from processor.formats.files import SourceFile
    from processor.report import Report

    Records = NDArray[np.void]
    _Found = tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None]

_MAGIC: Final = b"DBN"
_LENGTH_AT: Final = 4
_BEFORE_METADATA: Final = 8
_LAST_VERSION: Final = 3

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


@dataclass(frozen=True, slots=True)
class _Schema:
    """The records of a schema: their kinds (rtype) and what each holds. The layouts are the same in all versions."""

    name: str
    rtypes: tuple[int, ...]
    record: np.dtype[np.void]
    levels: int = 0


MBO: Final = _Schema("mbo", (160,), _MBO)
_SCHEMAS: Final = (
    MBO,
    _Schema("mbp-10", (10,), np.dtype([*_TRADE, ("levels", _LEVEL, 10)]), levels=10),
    _Schema("mbp-1", (1,), np.dtype([*_TRADE, ("levels", _LEVEL, 1)]), levels=1),
    _Schema("tbbo", (1, 197), np.dtype([*_TRADE, ("levels", _LEVEL, 1)]), levels=1),
    _Schema("trades", (0,), np.dtype([*_TRADE])),
)
"""From the deepest book to none."""
_TRADES_FIRST: Final = ("trades", "mbo", "mbp-10", "mbp-1", "tbbo")

_BY_ID: Final = "instrument_id"

_FIXED_DECIMALS: Final = 9
NO_PRICE: Final = int(np.iinfo(np.int64).max)
_NEVER_NS: Final = NO_PRICE
_NO_SIZE: Final = int(np.iinfo(np.uint32).max)
_TS_OUT_BYTES: Final = 8
_SNAPSHOT: Final = 32
_TOP_OF_BOOK: Final = 64
_ACTIONS: Final = b"ACMRTFN"
_BOOK_ACTIONS: Final = {b"A": orders.ADD, b"C": orders.CANCEL, b"M": orders.MODIFY, b"R": orders.RESET}
_AGGRESSORS: Final = {b"A": SELL, b"B": BUY, b"N": UNKNOWN}
_BOOK_SIDES: Final = {b"A": ASK, b"B": BID}
_NONE: Final = -1


def _by_byte(meaning: dict[bytes, int]) -> NDArray[np.int8]:
    table = np.full(256, _NONE, np.int8)
    for letter, value in meaning.items():
        table[letter[0]] = value
    return table


_IS_ACTION: Final = _by_byte(dict.fromkeys((bytes([letter]) for letter in _ACTIONS), 1)) == 1
_ACTION_OF: Final = _by_byte(_BOOK_ACTIONS)
_AGGRESSOR_OF: Final = np.where(_by_byte({b"A": 0, b"B": 0}) == 0, _by_byte(_AGGRESSORS), UNKNOWN).astype(np.int8)
_IS_SIDE: Final = _by_byte(dict.fromkeys(_AGGRESSORS, 1)) == 1
_BOOK_SIDE_OF: Final = _by_byte(_BOOK_SIDES)


@dataclass(frozen=True, slots=True)
class _Span:
    """From `first_ns` to before `beyond_ns`, by the time of receipt."""

    first_ns: int
    beyond_ns: int

    def holds(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (times >= self.first_ns) & (times < self.beyond_ns)


@dataclass(frozen=True, slots=True)
class _Prelude:
    """What stands before the records: `length` bytes.

    `ids` are the instruments' ids and when each stood for them; `span` is the time asked for, if it is known.
    """

    schema: _Schema
    length: int
    ids: dict[str, tuple[tuple[int, _Span], ...]]
    first_ns: int
    span: _Span | None


class _Dbn:
    name = "databento-dbn"
    title = "Databento DBN (MBO, MBP-10, MBP-1, TBBO, trades), plain or packed"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbols of the metadata; without them, the ids of the head's records.

        Raises:
            DatasetError: the file is of a newer version of DBN, or its metadata is damaged.
            NothingToReplay: it is of another schema.
        """
        prelude = _prelude(file, head)
        return frozenset(prelude.ids) if prelude else frozenset()

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each schema.

        Where schemas overlap in time the book is the deepest one's, and the trades those of `trades` if it is there.
        """
        del report
        preludes = [(file, prelude) for file in files if (prelude := _prelude(file, file.head()))]
        preludes.sort(key=lambda each: (each[1].first_ns, each[0].name))
        found: list[Part] = []
        for schema in _SCHEMAS:
            parts = [each for each in preludes if each[1].schema is schema]
            if parts:
                names = [each.name for each in _SCHEMAS]
                deeper = _spans(preludes, names[: names.index(schema.name)])
                before = _spans(preludes, _TRADES_FIRST[: _TRADES_FIRST.index(schema.name)])
                make = partial(RecordReader, schema, instrument, clock, deeper, before)
                found.append(_part(schema, parts, make))
        return found


FORMAT: Final = _Dbn()


def _spans(preludes: Sequence[tuple[SourceFile, _Prelude]], schemas: Sequence[str]) -> list[_Span]:
    return [prelude.span for _, prelude in preludes if prelude.span and prelude.schema.name in schemas]


def _prelude(file: SourceFile, head: bytes) -> _Prelude | None:
    """What stands before the records of a file; None if it is not DBN."""
    if not head.startswith(_MAGIC) or len(head) < _BEFORE_METADATA or head[len(_MAGIC)] >= ord(" "):
        return None
    length = _BEFORE_METADATA + int.from_bytes(head[_LENGTH_AT:_BEFORE_METADATA], "little")
    if head[len(_MAGIC)] > _LAST_VERSION:
        msg = f"{file.name}: is of version {head[len(_MAGIC)]} of DBN; versions 1 to {_LAST_VERSION} are understood"
        raise DatasetError(msg)
    start = head if len(head) >= length else _start(file, length)
    try:
        metadata = Metadata.decode(start[:length])
    except DBNError as error:
        msg = f"{file.name}: what precedes its records is damaged: {error}"
        raise DatasetError(msg) from None
    found = np.frombuffer(start, np.uint8)[length:]
    places = record_places(found)[0]
    rtypes = found[places + 1].tolist()
    if metadata.schema is None:
        schema = next((known for known in _SCHEMAS if set(known.rtypes) & set(rtypes)), None)
    else:
        schema = next((known for known in _SCHEMAS if known.name == str(metadata.schema)), None)
    if schema is None:
        names = ", ".join(known.name for known in _SCHEMAS)
        kind = f"of schema {metadata.schema}" if metadata.schema else "without records of a known schema"
        msg = f"Databento DBN {kind}, which holds neither trades nor a book; {names} are read"
        raise NothingToReplay(msg)
    ids = _mapped(metadata)
    if not ids:
        mine = [place for place, rtype in zip(places.tolist(), rtypes, strict=True) if rtype in schema.rtypes]
        numbers = {int.from_bytes(found[place + 4 : place + 8].tobytes(), "little") for place in mine}
        ids = {str(number): ((number, _Span(0, _NEVER_NS)),) for number in numbers}
    end: int | None = metadata.end
    span = None if end is None else _Span(metadata.start, min(end, _NEVER_NS))
    return _Prelude(schema, length, ids, metadata.start, span)


def _start(file: SourceFile, length: int) -> bytes:
    start = b""
    for block in file.blocks():
        start += block.data
        if len(start) >= length:
            break
    return start


def _mapped(metadata: Metadata) -> dict[str, tuple[tuple[int, _Span], ...]]:
    """The ids of each symbol, whichever of the two was asked for."""
    by_id = str(metadata.stype_in) == _BY_ID
    found: dict[str, list[tuple[int, _Span]]] = {}
    for asked, intervals in metadata.mappings.items():
        for interval in intervals:
            number, symbol = (asked, interval["symbol"]) if by_id else (interval["symbol"], asked)
            if number.isdecimal() and symbol:
                span = _Span(_midnight_ns(interval["start_date"]), _midnight_ns(interval["end_date"]))
                found.setdefault(symbol, []).append((int(number), span))
    return {symbol: tuple(ids) for symbol, ids in found.items()}


def _midnight_ns(day: date) -> int:
    return (day.toordinal() - date(1970, 1, 1).toordinal()) * NS_PER_DAY


def record_places(records: NDArray[np.uint8]) -> tuple[NDArray[np.int64], int, bool]:
    """Where each whole record begins, where the last one ends, and whether what follows cannot be a record."""
    places = np.empty(len(records) // 16 + 1, np.int64)
    count, end, damaged = _walk(records, places)
    return places[:count], end, damaged


@njit(cache=True, nogil=True)
def _walk(records: NDArray[np.uint8], places: NDArray[np.int64]) -> tuple[int, int, bool]:
    """Fill `places`; return how many there are, where the last record ends, and whether the next has no length."""
    at = 0
    count = 0
    while at < len(records):
        length = int(records[at]) * 4
        if length < 16:  # noqa: PLR2004 - the header alone
            return count, at, True
        if at + length > len(records):
            break
        places[count] = at
        count += 1
        at += length
    return count, at, False


def _part(
    schema: _Schema, files: Sequence[tuple[SourceFile, _Prelude]], make: Callable[[Report], RecordReader]
) -> Part:
    def read(report: Report) -> Generator[Batch]:
        reader = make(report)
        before = 0
        for file, prelude in files:
            for trades, book, lines, consumed in reader.read(file, prelude):
                yield batch(trades, book, before + consumed, lines=lines)
            before += file.size_bytes

    return Part(
        name=several([file for file, _ in files]),
        size_bytes=sum(file.size_bytes for file, _ in files),
        read=read,
        book=schema.name != "trades",
        has_snapshots=schema is MBO,
    )


class RecordReader:
    """Reads the files of one schema, which continue each other."""

    def __init__(
        self,
        schema: _Schema,
        instrument: str,
        clock: str,
        deeper: Sequence[_Span],
        traded: Sequence[_Span],
        report: Report,
    ) -> None:
        self._schema = schema
        self._instrument = instrument
        self._time = "ts_recv" if clock == "local" else "ts_event"
        self._deeper = deeper
        self._traded = traded
        self._report = report
        self._order = OrderCheck(report)
        self._decimals = 0
        self._publisher: int | None = None
        self._orders = orders.OrderBook()

    def read(self, file: SourceFile, prelude: _Prelude) -> Generator[tuple[*_Found, int]]:
        """Trades, book events, the trades' records and bytes read.

        Raises:
            DatasetError: the file is damaged, or holds the books of several venues under one instrument.
        """
        days = DayCheck(file.name, self._report)
        rest, skipped, before = b"", prelude.length, 0
        with closing(prefetched(file.blocks())) as blocks:
            for block in blocks:
                data = rest + block.data[skipped:]
                skipped = max(skipped - len(block.data), 0)
                places, end, damaged = record_places(np.frombuffer(data, np.uint8))
                yield *self._events(data, places, before, prelude, file.name, days), block.consumed_bytes
                before += len(places)
                rest = data[end:]
                if damaged:
                    msg = f"{file.name}: damaged after its record {before}: no record can follow there"
                    raise DatasetError(msg)
                if block.cut_off:
                    rest = rest or b"\0"
        if rest or skipped:
            detail = "the file is cut off here: what it held beyond is lost"
            self._report.add("incomplete", file.name, before + 1, None, detail)
        self._report.refuse_if_rotten(file.name)

    def _events(
        self, data: bytes, places: NDArray[np.int64], before: int, prelude: _Prelude, name: str, days: DayCheck
    ) -> _Found:
        records, lines, malformed = self._records(data, places, before, name)
        mine = np.zeros(len(records), np.bool_)
        for number, span in prelude.ids.get(self._instrument, ()):
            mine |= (records["instrument_id"] == number) & span.holds(records["ts_recv"])
        if not mine.all():
            records, lines = records[mine], lines[mine]
        return self.of_records(records, lines, len(records) + malformed, name, days)

    def of_records(self, records: Records, lines: NDArray[np.int64], found: int, name: str, days: DayCheck) -> _Found:
        """What the next records of the schema come to, which stand on these lines; `found` rows are reported.

        Trades, book events, and the lines of the trades.
        """
        sound = self._sound(records, lines, name)
        records, lines = records[sound], lines[sound]
        snapshot = (records["flags"] & _SNAPSHOT) != 0
        # A snapshot's records bear the times at which the orders were made, in ts_event.
        times = np.where(snapshot, records["ts_recv"], records[self._time])
        near = days.near(times, lines)
        records, lines, times = records[near], lines[near], times[near]
        self._report.rows(name, found, *((int(times.min()), int(times.max())) if len(times) else (None, None)))
        self._order.check(name, times, lines)
        if not len(records):
            return None, None, None
        prices = self._prices(records, times)
        trades, traded = self._trades(records, lines, times, prices, name)
        return trades, self._book(records, lines, times, prices, name), traded

    def _records(
        self, data: bytes, places: NDArray[np.int64], before: int, name: str
    ) -> tuple[Records, NDArray[np.int64], int]:
        """The records of the schema's kinds, their numbers in the file from 1, and how many have another length."""
        content = np.frombuffer(data, np.uint8)
        record = self._schema.record
        lines = np.arange(before + 1, before + 1 + len(places))
        kind = np.isin(content[places + 1], self._schema.rtypes)
        size = content[places].astype(np.int64) * 4
        fits = (size == record.itemsize) | (size == record.itemsize + _TS_OUT_BYTES)
        wrong = np.flatnonzero(kind & ~fits)
        reasons = ((int(lines[row]), None, f"a record of {size[row]} bytes, not {record.itemsize}") for row in wrong)
        self._report.add_all("malformed", name, reasons, len(wrong))
        if len(places) and kind.all() and fits.all() and (size == size[0]).all():
            same = np.ndarray(len(places), record, data, int(places[0]), (int(size[0]),))
            return same, lines, 0
        chosen = kind & fits
        gathered = content[places[chosen][:, None] + np.arange(record.itemsize)]
        return gathered.view(record).reshape(-1), lines[chosen], len(wrong)

    def _sound(self, records: Records, lines: NDArray[np.int64], name: str) -> NDArray[np.bool_]:
        """Which records can be used; the others are reported."""
        action, side = records["action"], records["side"]
        is_trade = action == ord("T")
        bare = is_trade & ((records["price"] == NO_PRICE) | (records["size"] == _NO_SIZE))
        faults = [
            (~_IS_ACTION[action], "an action that is none of A, C, M, R, T, F, N"),
            (~_IS_SIDE[side], "a side that is none of A, B, N"),
            (bare, "a trade without a price or a size"),
        ]
        if self._schema.name == "mbo":
            places_order = (action == ord("A")) | (action == ord("M"))
            top = (records["flags"] & _TOP_OF_BOOK) != 0
            unplaced = places_order & ((_BOOK_SIDE_OF[side] == _NONE) | (~top & (records["price"] == NO_PRICE)))
            faults.append((unplaced, "an order without a side or a price"))
        sound = np.ones(len(records), np.bool_)
        for faulty, reason in faults:
            rows = np.flatnonzero(sound & faulty)
            self._report.add_all("malformed", name, ((int(lines[row]), None, reason) for row in rows), len(rows))
            sound &= ~faulty
        return sound

    def _prices(self, records: Records, times: NDArray[np.int64]) -> NDArray[np.int64]:
        """The price of each record and of its levels, in ticks of as few decimals as all so far need."""
        prices = np.empty((1 + 2 * self._schema.levels, len(times)), np.int64)
        prices[0] = records["price"]
        for level in range(self._schema.levels):
            prices[1 + 2 * level] = records["levels"]["bid_px"][:, level]
            prices[2 + 2 * level] = records["levels"]["ask_px"][:, level]
        absent = prices == NO_PRICE
        prices[absent] = 0
        decimals = self._decimals
        while decimals < _FIXED_DECIMALS and (prices % 10 ** (_FIXED_DECIMALS - decimals)).any():
            decimals += 1
        if decimals != self._decimals:
            self._orders.rescale(10 ** (decimals - self._decimals))
            self._decimals = decimals
        prices //= 10 ** (_FIXED_DECIMALS - decimals)
        prices[absent] = ABSENT
        return prices

    def _trades(
        self,
        records: Records,
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
        prices: NDArray[np.int64],
        name: str,
    ) -> tuple[Trades | None, NDArray[np.int64] | None]:
        wanted = (records["action"] == ord("T")) & ~_within(self._traded, records)
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
        report_unknown_sides(self._report, name, trades, lines[wanted])
        return trades, lines[wanted]

    def _book(
        self,
        records: Records,
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
        prices: NDArray[np.int64],
        name: str,
    ) -> BookEvents | None:
        if self._schema.name == "trades":
            return None
        self._check_publisher(records, lines, name)
        wanted = ~_within(self._deeper, records)
        if self._schema.name == "mbo":
            wanted &= _ACTION_OF[records["action"]] != _NONE
            return self._from_orders(records[wanted], lines[wanted], times[wanted], prices[0, wanted], name)
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
        return full_states(rows, times[wanted], bids, asks)

    def _from_orders(
        self,
        records: Records,
        lines: NDArray[np.int64],
        times: NDArray[np.int64],
        prices: NDArray[np.int64],
        name: str,
    ) -> BookEvents:
        actions = _ACTION_OF[records["action"]]
        top = (records["flags"] & _TOP_OF_BOOK) != 0
        actions = np.where(top & (actions == orders.ADD), np.int8(orders.REPLACE_SIDE), actions)
        ids = np.ascontiguousarray(records["order_id"])
        events, faults = self._orders.apply(
            times, actions, ids, _BOOK_SIDE_OF[records["side"]], prices, records["size"].astype(np.int64)
        )
        for fault, kind, detail in (
            (orders.UNSEEDED, "before_snapshot", "an order before the book was cleared or sent whole"),
            (orders.UNKNOWN_ORDER, "gaps", "an order that was never added"),
            (orders.TOO_MUCH, "gaps", "more of an order is cancelled than rests"),
        ):
            rows = np.flatnonzero(faults == fault)
            self._report.add_all(kind, name, ((int(lines[row]), int(times[row]), detail) for row in rows), len(rows))
        return BookEvents(
            time_ns=events.time_ns,
            price_ticks=events.price_ticks,
            size_lots=events.size_lots,
            price_decimals=self._decimals,
            size_decimals=0,
            side=events.side,
        )

    def _check_publisher(self, records: Records, lines: NDArray[np.int64], name: str) -> None:
        if self._publisher is None:
            self._publisher = int(records["publisher_id"][0])
        others = np.flatnonzero(records["publisher_id"] != self._publisher)
        if len(others):
            other = int(records["publisher_id"][others[0]])
            msg = (
                f"{name}: record {lines[others[0]]} is of publisher {other}, those before of {self._publisher}: "
                "the books of several venues cannot be shown as one; give files of one venue"
            )
            raise DatasetError(msg)


def _within(spans: Sequence[_Span], records: Records) -> NDArray[np.bool_]:
    """Which records were received in one of the spans."""
    within = np.zeros(len(records), np.bool_)
    for span in spans:
        within |= span.holds(records["ts_recv"])
    return within
