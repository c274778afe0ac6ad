"""Binance websocket lines as collectors record them (docs/formats/binance_raw.md)."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from processor.core.events import BUY, SELL, Trades, concatenated
from processor.core.merge.parts import batch
from processor.errors import DatasetError
from processor.formats.base import part_of_all
from processor.formats.binance_sequence import BookSequence, Diff, Snapshot
from processor.formats.disk.packing import BOM
from processor.formats.lines.chunks import chunks
from processor.formats.lines.headers import names_near_begin
from processor.formats.lines.levels import as_snapshot, book_events, read_levels
from processor.formats.lines.line_prefix import epoch_ns, printable
from processor.formats.lines.tables import DayCheck, OrderCheck, report_cut_off
from processor.formats.lines.text import PHRASES
from processor.formats.recordings.trade_ids import TradeIds
from processor.formats.recordings.trades_without_ids import RecordedTrade

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.chunks import Lines
    from processor.formats.lines.levels import Levels

_LINE_START: Final = re.compile(rb"(\d{16}|\d{19}) \{")
_SYMBOL: Final = re.compile(rb'"e":\s*"(?:depthUpdate|trade)"[^{}\[\]]*?"s":\s*"([^"]+)"')
_EVENT_TIME: Final = re.compile(rb'"E":\s*(\d{16}|\d{13})\D')
_FIRST_LINES: Final = 3
_FIRST_WITHIN_BYTES: Final = 16 << 20
"""How many bytes of a file are searched for its first symbol: a snapshot, which has none, may be long."""
_MARKET_TYPES: Final = ("", "MARKET")
"""Types of trades in the order book (spot trades have none); the others (INSURANCE_FUND, ADL, NA) are not in it."""
_REQUIRED: Final = {
    "depthUpdate": (("event_time", "E"), ("first_id", "U"), ("last_id", "u"), ("bids", "b"), ("asks", "a")),
    "trade": (("trade_time", "T"), ("price", "p"), ("quantity", "q"), ("buyer_is_maker", "m")),
}

_NOTHING: Final = msgspec.Raw()


class _Message(msgspec.Struct, frozen=True, gc=False, rename={
    "kind": "e", "event_time": "E", "symbol": "s", "first_id": "U", "last_id": "u", "previous_id": "pu", "bids": "b",
    "asks": "a", "trade_time": "T", "trade_id": "t", "price": "p", "quantity": "q", "buyer_is_maker": "m",
    "order_type": "X", "snapshot_id": "lastUpdateId", "snapshot_bids": "bids", "snapshot_asks": "asks",
    "snapshot_symbol": "symbol",
}):  # fmt: skip
    """The fields of all used messages; all are optional, because each kind of message has only some."""

    data: _Message | None = None
    kind: str = ""
    event_time: int | None = None
    symbol: str = ""
    first_id: int | None = None
    last_id: int | None = None
    previous_id: int | None = None
    bids: msgspec.Raw = _NOTHING
    asks: msgspec.Raw = _NOTHING
    trade_time: int | None = None
    trade_id: int | None = None
    price: msgspec.Raw = _NOTHING
    quantity: msgspec.Raw = _NOTHING
    buyer_is_maker: bool | None = None
    order_type: str = ""
    snapshot_id: int | None = None
    snapshot_bids: msgspec.Raw = _NOTHING
    snapshot_asks: msgspec.Raw = _NOTHING
    snapshot_symbol: str = ""


_DECODER: Final = msgspec.json.Decoder(_Message)


class _BinanceRaw:
    name = "binance-raw"
    title = "Binance websocket lines (depth, trade) with a local time before each, and REST snapshots among them"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbols of the trades and depth updates near the start of the file, otherwise the first one after it."""
        if _start(head) is None:
            return frozenset()
        return names_near_begin(file, head, _SYMBOL, first_within_bytes=_FIRST_WITHIN_BYTES)

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """One part: a recorder writes trades and depth into one file, and the book continues in the next."""
        del report
        return [part_of_all(files, partial(_read, files, instrument, clock))]


FORMAT: Final = _BinanceRaw()


def _read(files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> Generator[Batch]:
    reader = _Reader(instrument, clock, report)
    before = 0
    in_order = sorted((_first_local_ns(file), file.name, file) for file in files)
    for number, (first_ns, name, file) in enumerate(in_order):
        next_ns = min(
            (min(first_ns, _first_sent_ns(later)) for first_ns, _, later in in_order[number + 1 :]), default=None
        )
        is_sole = len(FORMAT.instruments(file, file.head())) == 1
        reader.next_file(name, first_ns, next_ns, is_sole=is_sole)
        with closing(chunks(file)) as read:
            for chunk in read:
                trades, book, lines = reader.read(chunk)
                yield batch(trades, book, before + chunk.consumed_bytes, lines=lines)
        report.refuse_if_rotten(name)
        before += file.size_bytes
    reader.end()


def _first_local_ns(file: SourceFile) -> int:
    found = _start(file.head())
    return int(found[1].ljust(19, b"0")) if found else 0


def _first_sent_ns(file: SourceFile) -> int:
    """The first exchange time in the head; the time of receipt if there is none."""
    found = _EVENT_TIME.search(file.head())
    return epoch_ns(found[1].decode()) if found else _first_local_ns(file)


def _start(head: bytes) -> re.Match[bytes] | None:
    """The match of the first line's start, or if that is damaged, of the next line among the first few that matches."""
    lines = head.removeprefix(BOM).split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    return next((found for line in lines if (found := _LINE_START.match(line))), None)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A message to use, with its times in the chosen clock and by the exchange; for a snapshot, both are of receipt."""

    line: int
    local_ns: int
    time_ns: int
    sent_ns: int
    message: _Message


class _Reader:
    """Turns chunks of lines into trades and book events; keeps the state between chunks."""

    def __init__(self, instrument: str, clock: str, report: Report) -> None:
        self._instrument = instrument
        self._local = clock == "local"
        self._report = report
        self._trade_order = OrderCheck(report)
        self._book_order = OrderCheck(report)
        self._trade_ids = TradeIds(report)
        self._sequence = BookSequence(report)
        self._decimals = (0, 0)
        self._last_local_ns = 0
        self._name = ""
        self._days = DayCheck("", report)
        self._is_sole = True
        """Whether this file has no other symbol, as far as is known."""
        self._took_nameless = False
        """Whether a snapshot without a symbol was used from this file."""
        self._other: tuple[int, str] | None = None
        """Line and symbol of the first message of another symbol, in a file that seemed to have only one symbol."""

    def next_file(self, name: str, first_ns: int, next_ns: int | None, *, is_sole: bool) -> None:
        """Start another file, received from `first_ns` on; the one after it starts at `next_ns` by either clock."""
        self._name = name
        self._days = DayCheck(name, self._report)
        self._is_sole = is_sole
        self._took_nameless = False
        self._other = None
        overlaps = first_ns < self._last_local_ns
        self._trade_ids.next_file(name, next_ns, overlaps=overlaps)
        self._sequence.next_file(name, next_ns)
        if overlaps:
            self._trade_order, self._book_order = OrderCheck(self._report), OrderCheck(self._report)

    def read(self, chunk: Lines) -> tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None]:
        """The chunk's trades, book events and the trades' lines.

        Raises:
            DatasetError: a snapshot that was used for the instrument may be of another.
        """
        rows = 0
        entries = []
        for line, row in enumerate(chunk.text.split(b"\n")[:-1], chunk.first_line):
            if not row or row == b"\r":
                continue
            rows += 1
            try:
                entry = self._entry(line, row)
            except (ValueError, RecursionError) as error:
                self._report.add("malformed", self._name, line, None, str(error))
                continue
            if entry is not None:
                entries.append(entry)
        if chunk.cut_off:
            report_cut_off(self._report, self._name, chunk)
        near = self._days.near(*_times_and_lines(entries))
        entries = [entry for entry, is_near in zip(entries, near.tolist(), strict=True) if is_near]
        trades, traded = self._trades([entry for entry in entries if entry.message.kind == "trade"])
        book = self._book([entry for entry in entries if entry.message.kind != "trade"])
        self._judge_other()
        self._last_local_ns = max([self._last_local_ns, *(entry.local_ns for entry in entries)])
        times = [entry.time_ns for entry in entries if entry.message.kind]
        span = (min(times), max(times)) if times else (None, None)
        self._report.rows(self._name, rows, *span)
        return trades, book, traded

    def end(self) -> None:
        """Finish the last file.

        Raises:
            DatasetError: the file contradicts an earlier one.
        """
        self._trade_ids.end()
        self._sequence.end()

    def _entry(self, line: int, row: bytes) -> _Entry | None:
        """The line's message if it is used.

        Raises:
            ValueError: the line is malformed.
        """
        start = _LINE_START.match(row)
        if start is None:
            msg = "the line does not start with a local time in us or ns and a JSON object"
            raise ValueError(msg)
        local_ns = epoch_ns(start[1].decode())
        message = _DECODER.decode(memoryview(row)[start.end() - 1 :])
        message = message.data or message
        if message.snapshot_id is not None:
            return _Entry(line, local_ns, local_ns, local_ns, message) if self._is_mine(line, message) else None
        if message.kind not in _REQUIRED:
            return None
        if message.symbol != self._instrument:
            if self._is_sole:
                self._is_sole, self._other = False, (line, message.symbol)
            return None
        for field, key in _REQUIRED[message.kind]:
            if getattr(message, field) in (None, _NOTHING):
                msg = f"{message.kind} without {key!r}"
                raise ValueError(msg)
        if message.kind == "trade" and message.order_type not in _MARKET_TYPES:
            return None
        exchange_ns = epoch_ns((message.trade_time if message.kind == "trade" else message.event_time) or 0)
        return _Entry(line, local_ns, local_ns if self._local else exchange_ns, exchange_ns, message)

    def _is_mine(self, line: int, snapshot: _Message) -> bool:
        """Whether a snapshot is of the instrument: those of the spot market and of USD-M futures name no symbol."""
        if snapshot.snapshot_symbol:
            return snapshot.snapshot_symbol == self._instrument
        if not self._is_sole:
            detail = "the snapshot names no symbol, and this file has several"
            self._report.add("unused", self._name, line, None, detail)
        self._took_nameless |= self._is_sole
        return self._is_sole

    def _judge_other(self) -> None:
        """Check the snapshots used before a message of another symbol; after it, no snapshot without a symbol is used.

        Raises:
            DatasetError: one was used that the instrument's updates do not confirm.
        """
        if self._other is None or not self._took_nameless:
            return
        (line, symbol), self._other = self._other, None
        where = f"line {line} is of {printable(symbol)}, and snapshots name no symbol"
        if self._sequence.is_broken or not self._sequence.has_begun:
            msg = (
                f"{self._name}: {where}, so it is unknown whether those before it are of "
                f"{printable(self._instrument)}: put each symbol into its own file"
            )
            raise DatasetError(msg)
        detail = f"{where}: those before it are read as {printable(self._instrument)}, whose updates follow them"
        self._report.add("assumptions", self._name, line, None, detail)

    def _trades(self, entries: list[_Entry]) -> tuple[Trades | None, NDArray[np.int64] | None]:
        lists = [b"[[%b,%b]]" % (entry.message.price, entry.message.quantity) for entry in entries]
        levels = self._levels(lists, entries)
        for number in np.flatnonzero(levels.reasons).tolist():
            self._report_levels(entries[number], int(levels.reasons[number]))
        sound = np.flatnonzero(levels.reasons == 0)
        numbers = zip(sound.tolist(), levels.numbers(levels.bounds[sound]), strict=True)
        kept = [number for number, level in numbers if self._trade_ids.is_new(self._recorded(entries[number], level))]
        if not kept:
            return None, None
        where = levels.bounds[:-1][kept]
        times, lines = _times_and_lines([entries[number] for number in kept])
        self._trade_order.check(self._name, times, lines)
        trades = Trades(
            time_ns=times,
            price_ticks=levels.price_ticks[where],
            size_lots=levels.size_lots[where],
            price_decimals=levels.price_decimals,
            size_decimals=levels.size_decimals,
            aggressor=np.array([SELL if entries[number].message.buyer_is_maker else BUY for number in kept], np.int8),
        )
        return trades, lines

    def _recorded(self, entry: _Entry, level: tuple[int, int]) -> RecordedTrade:
        message = entry.message
        return RecordedTrade(
            message.trade_id,
            entry.sent_ns,
            *level,
            SELL if message.buyer_is_maker else BUY,
            self._name,
            entry.line,
            entry.time_ns,
            entry.local_ns,
            None if message.trade_id is None else message.trade_id - 1,
        )

    def _book(self, entries: list[_Entry]) -> BookEvents | None:
        lists = chain.from_iterable(_sides(entry.message) for entry in entries)
        levels = self._levels(list(lists), entries)
        times, lines = _times_and_lines(entries)
        events = book_events(levels, times)
        is_diff = np.array([entry.message.snapshot_id is None for entry in entries], np.bool_)
        self._book_order.check(self._name, times[is_diff], lines[is_diff])
        faulty = levels.reasons.reshape(-1, 2).max(axis=1, initial=0).tolist()
        bounds = levels.bounds[::2].tolist()
        parts: list[BookEvents] = []
        for number, entry in enumerate(entries):
            if faulty[number]:
                self._report_levels(entry, faulty[number])
            else:
                parts += self._sequenced(entry, events.rows(slice(bounds[number], bounds[number + 1])))
        return concatenated(parts) if parts else None

    def _sequenced(self, entry: _Entry, events: BookEvents) -> list[BookEvents]:
        message = entry.message
        if message.snapshot_id is not None:
            cleared = as_snapshot(entry.time_ns, events)
            return self._sequence.snapshot(Snapshot(message.snapshot_id, self._name, entry.line, cleared))
        return self._sequence.diff(
            Diff(
                first_id=message.first_id or 0,
                last_id=message.last_id or 0,
                previous_id=message.previous_id,
                time_ns=entry.time_ns,
                known_ns=max(entry.local_ns, entry.sent_ns),
                file=self._name,
                line=entry.line,
                events=events,
            )
        )

    def _levels(self, lists: Sequence[bytes | msgspec.Raw], entries: list[_Entry]) -> Levels:
        levels = read_levels(lists, *self._decimals)
        levels.report_rounded(self._report, self._name, [entry.line for entry in entries])
        self._decimals = levels.price_decimals, levels.size_decimals
        return levels

    def _report_levels(self, entry: _Entry, reason: int) -> None:
        detail = f"{entry.message.kind or 'snapshot'}: a price or size {PHRASES[reason]}"
        self._report.add("malformed", self._name, entry.line, None, detail)


def _times_and_lines(entries: Sequence[_Entry]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    both = np.array([(entry.time_ns, entry.line) for entry in entries], np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1]


def _sides(message: _Message) -> tuple[msgspec.Raw, msgspec.Raw]:
    if message.snapshot_id is None:
        return message.bids, message.asks
    return message.snapshot_bids, message.snapshot_asks
