"""Binance websocket lines as collectors record them (docs/formats/binance_raw.md)."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from processor.events import BUY, SELL, Trades, concatenated
from processor.formats.base import batch
from processor.formats.binance_sequence import BookSequence, Diff, Snapshot
from processor.formats.chunks import BOM, chunks
from processor.formats.headers import sound_names
from processor.formats.levels import as_snapshot, book_events, read_levels
from processor.formats.line_prefix import epoch_ns
from processor.formats.tables import DayCheck, OrderCheck, report_cut_off
from processor.formats.text import PHRASES
from processor.formats.trade_ids import TradeIds

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from processor.events import BookEvents
    from processor.formats.base import Batch, SourceFile
    from processor.formats.chunks import Chunk
    from processor.formats.levels import Levels
    from processor.report import Report

_LINE_START: Final = re.compile(rb"(\d{16}|\d{19}) \{")
_SYMBOL: Final = re.compile(rb'"e":\s*"(?:depthUpdate|trade)"[^{}\[\]]*?"s":\s*"([^"]+)"')
_FIRST_LINES: Final = 3
_SEARCHED_BYTES: Final = 16 << 20
"""How far a file is searched for its first symbol: a snapshot, which has none, may be long."""
_MARKET_TYPES: Final = ("", "MARKET")
"""The spot market's trades have no type; the others of the futures (INSURANCE_FUND, ADL, NA) met no order book."""
_REQUIRED: Final = {
    "depthUpdate": (("event_time", "E"), ("first_id", "U"), ("last_id", "u"), ("bids", "b"), ("asks", "a")),
    "trade": (("trade_time", "T"), ("price", "p"), ("quantity", "q"), ("buyer_is_maker", "m")),
}

_NOTHING: Final = msgspec.Raw()


class _Message(msgspec.Struct, frozen=True, gc=False, rename={
    "kind": "e", "event_time": "E", "symbol": "s", "first_id": "U", "last_id": "u", "previous_id": "pu", "bids": "b",
    "asks": "a", "trade_time": "T", "trade_id": "t", "price": "p", "quantity": "q", "buyer_is_maker": "m",
    "order_type": "X", "snapshot_id": "lastUpdateId", "snapshot_bids": "bids", "snapshot_asks": "asks",
}):  # fmt: skip
    """The fields of every message that is used, under their own names; all optional, as each has only its own."""

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


_DECODER: Final = msgspec.json.Decoder(_Message)


class _BinanceRaw:
    name = "binance-raw"
    title = "Binance websocket lines (depth, trade) with a local time before each, and REST snapshots among them"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbols of the trades and depth updates in the head, or else the first one beyond it."""
        if _start(head) is None:
            return frozenset()
        found = _SYMBOL.findall(head)
        if not found:
            searched = 0
            with closing(chunks(file)) as read:
                for chunk in read:
                    found = _SYMBOL.findall(chunk.text)[:1]
                    searched += len(chunk.text)
                    if found or searched > _SEARCHED_BYTES:
                        break
        return sound_names(found)

    def streams(
        self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report
    ) -> list[Iterator[Batch]]:
        """One stream, as a recorder writes trades and depth into one file."""
        return [_read(files, instrument, clock, report)]


FORMAT: Final = _BinanceRaw()


def _read(files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> Generator[Batch]:
    reader = _Reader(instrument, clock, report)
    before = 0
    for file in sorted(files, key=_first_local_ns):
        sole = len(FORMAT.instruments(file, file.head())) == 1
        days = DayCheck(file.name, report)
        with closing(chunks(file)) as read:
            for chunk in read:
                trades, book = reader.read(chunk, file.name, days, take_snapshots=sole)
                yield batch(trades, book, before + chunk.consumed_bytes)
        report.refuse_if_rotten(file.name)
        before += file.size_bytes
    reader.end()


def _first_local_ns(file: SourceFile) -> int:
    found = _start(file.head())
    return int(found[1].ljust(19, b"0")) if found else 0


def _start(head: bytes) -> re.Match[bytes] | None:
    """How the first line begins, or where that is spoilt, the next of the first few that begins as it should."""
    lines = head.removeprefix(BOM).split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    return next((found for line in lines if (found := _LINE_START.match(line))), None)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A message that is used, at its time in the chosen clock; a snapshot has only the local one."""

    line: int
    time_ns: int
    message: _Message


class _Reader:
    """Turns chunks of lines into trades and book events, keeping what carries over from one to the next."""

    def __init__(self, instrument: str, clock: str, report: Report) -> None:
        self._instrument = instrument
        self._local = clock == "local"
        self._report = report
        self._trade_order = OrderCheck(report)
        self._book_order = OrderCheck(report)
        self._trade_ids = TradeIds(report)
        self._sequence = BookSequence(report)
        self._decimals = (0, 0)

    def read(
        self, chunk: Chunk, name: str, days: DayCheck, *, take_snapshots: bool
    ) -> tuple[Trades | None, BookEvents | None]:
        """The chunk's trades and book events; snapshots name no symbol, so they are taken only where there is one."""
        rows = 0
        entries = []
        for line, row in enumerate(chunk.text.split(b"\n")[:-1], chunk.first_line):
            if not row or row == b"\r":
                continue
            rows += 1
            try:
                entry = self._entry(line, row, take_snapshots=take_snapshots)
            except (ValueError, RecursionError) as error:
                self._report.add("malformed", name, line, None, str(error))
                continue
            if entry is not None:
                entries.append(entry)
        if chunk.cut_off:
            report_cut_off(self._report, name, chunk)
        near = days.near(*_times_and_lines(entries))
        entries = [entry for entry, is_near in zip(entries, near.tolist(), strict=True) if is_near]
        trades = self._trades([entry for entry in entries if entry.message.kind == "trade"], name)
        book = self._book([entry for entry in entries if entry.message.kind != "trade"], name)
        times = [entry.time_ns for entry in entries if entry.message.kind]
        span = (min(times), max(times)) if times else (None, None)
        self._report.rows(name, rows, *span)
        return trades, book

    def end(self) -> None:
        """The last file has been read."""
        self._sequence.end()

    def _entry(self, line: int, row: bytes, *, take_snapshots: bool) -> _Entry | None:
        """The line's message if it is one that is used.

        Raises:
            ValueError: the line is malformed.
        """
        start = _LINE_START.match(row)
        if start is None:
            msg = "the line does not begin with a local time in us or ns and a JSON object"
            raise ValueError(msg)
        local_ns = epoch_ns(start[1].decode())
        message = _DECODER.decode(memoryview(row)[start.end() - 1 :])
        message = message.data or message
        if message.snapshot_id is not None:
            return _Entry(line, local_ns, message) if take_snapshots else None
        if message.kind not in _REQUIRED or message.symbol != self._instrument:
            return None
        for field, key in _REQUIRED[message.kind]:
            if getattr(message, field) in (None, _NOTHING):
                msg = f"{message.kind} without {key!r}"
                raise ValueError(msg)
        if message.kind == "trade" and message.order_type not in _MARKET_TYPES:
            return None
        exchange_ns = epoch_ns((message.trade_time if message.kind == "trade" else message.event_time) or 0)
        return _Entry(line, local_ns if self._local else exchange_ns, message)

    def _trades(self, entries: list[_Entry], name: str) -> Trades | None:
        lists = [b"[[%b,%b]]" % (entry.message.price, entry.message.quantity) for entry in entries]
        levels = self._levels(lists, entries, name)
        faulty = levels.reasons.tolist()
        kept = []
        for number, entry in enumerate(entries):
            if faulty[number]:
                self._report_levels(name, entry, faulty[number])
            elif self._is_new(entry, name):
                kept.append(number)
        if not kept:
            return None
        where = levels.bounds[:-1][kept]
        times, lines = _times_and_lines([entries[number] for number in kept])
        self._trade_order.check(name, times, lines)
        return Trades(
            time_ns=times,
            price_ticks=levels.price_ticks[where],
            size_lots=levels.size_lots[where],
            price_decimals=levels.price_decimals,
            size_decimals=levels.size_decimals,
            aggressor=np.array([SELL if entries[number].message.buyer_is_maker else BUY for number in kept], np.int8),
        )

    def _is_new(self, entry: _Entry, name: str) -> bool:
        trade_id = entry.message.trade_id
        previous_id = None if trade_id is None else trade_id - 1
        return self._trade_ids.is_new(trade_id, name, entry.line, entry.time_ns, previous_id=previous_id)

    def _book(self, entries: list[_Entry], name: str) -> BookEvents | None:
        lists = chain.from_iterable(_sides(entry.message) for entry in entries)
        levels = self._levels(list(lists), entries, name)
        times, lines = _times_and_lines(entries)
        events = book_events(levels, times)
        is_diff = np.array([entry.message.snapshot_id is None for entry in entries], np.bool_)
        self._book_order.check(name, times[is_diff], lines[is_diff])
        faulty = levels.reasons.reshape(-1, 2).max(axis=1, initial=0).tolist()
        bounds = levels.bounds[::2].tolist()
        parts: list[BookEvents] = []
        for number, entry in enumerate(entries):
            if faulty[number]:
                self._report_levels(name, entry, faulty[number])
            else:
                parts += self._sequenced(entry, name, events.rows(slice(bounds[number], bounds[number + 1])))
        return concatenated(parts) if parts else None

    def _sequenced(self, entry: _Entry, name: str, events: BookEvents) -> list[BookEvents]:
        message = entry.message
        if message.snapshot_id is not None:
            cleared = as_snapshot(entry.time_ns, events)
            return self._sequence.snapshot(Snapshot(message.snapshot_id, name, entry.line, cleared))
        return self._sequence.diff(
            Diff(
                first_id=message.first_id or 0,
                last_id=message.last_id or 0,
                previous_id=message.previous_id,
                time_ns=entry.time_ns,
                file=name,
                line=entry.line,
                events=events,
            )
        )

    def _levels(self, lists: Sequence[bytes | msgspec.Raw], entries: list[_Entry], name: str) -> Levels:
        levels = read_levels(lists, *self._decimals)
        levels.report_rounded(self._report, name, [entry.line for entry in entries])
        self._decimals = levels.price_decimals, levels.size_decimals
        return levels

    def _report_levels(self, name: str, entry: _Entry, reason: int) -> None:
        detail = f"{entry.message.kind or 'snapshot'}: a price or size {PHRASES[reason]}"
        self._report.add("malformed", name, entry.line, None, detail)


def _times_and_lines(entries: Sequence[_Entry]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    both = np.array([(entry.time_ns, entry.line) for entry in entries], np.int64).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1]


def _sides(message: _Message) -> tuple[msgspec.Raw, msgspec.Raw]:
    if message.snapshot_id is None:
        return message.bids, message.asks
    return message.snapshot_bids, message.snapshot_asks
