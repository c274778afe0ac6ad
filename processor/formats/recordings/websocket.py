"""Recordings of a websocket, one JSON message per line: the code shared by the formats of all venues.

A venue's format decodes a message; this module handles lines, times, order and events.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
import numpy as np

from processor.core.events import Trades, concatenated
from processor.core.merge.parts import batch
from processor.formats.base import part_of_all
from processor.formats.books.snapshots import with_clears
from processor.formats.disk.packing import BOM
from processor.formats.lines.chunks import chunks, head_lines
from processor.formats.lines.headers import names_near_begin
from processor.formats.lines.levels import as_snapshot, book_events, read_levels
from processor.formats.lines.line_prefix import CONNECTION, is_recorded, without_prefix
from processor.formats.lines.tables import DayCheck, OrderCheck, report_cut_off
from processor.formats.lines.text import PHRASES
from processor.formats.recordings.delta_book import SKIPPED, SNAPSHOT, DeltaBook, Place
from processor.formats.recordings.messages import BookMessage, TradeMessage
from processor.formats.recordings.trade_ids import TradeIds
from processor.formats.recordings.trades_without_ids import RecordedTrade

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from processor.core.events import BookEvents
    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.chunks import Lines
    from processor.formats.lines.levels import Levels
    from processor.formats.recordings.delta_book import Outcome
    from processor.formats.recordings.messages import Decoder, Message
    from processor.formats.recordings.messages import Levels as MessageLevels
    from processor.formats.recordings.text_book import TextBook

_LAST: Final = int(np.iinfo(np.int64).max)


_Days: TypeAlias = dict[type[BookMessage] | type[TradeMessage], DayCheck]


class WebsocketFormat:
    """Base of a venue's format: its names, and how its messages are recognised and decoded."""

    name: str
    title: str
    pattern: re.Pattern[bytes]
    """Finds the instruments in messages: its only group is the name."""
    checksum: Callable[[TextBook], int] | None = None
    """Computes the venue's checksum from the texts of a book; None if the venue has none."""

    def decoder(self, instrument: str) -> Decoder:
        """A function that decodes the content of a message for this instrument.

        The function raises ValueError if the message is malformed.
        """
        raise NotImplementedError

    def depth_of(self, channel: str) -> int:
        """The depth of the books of a channel: if several are recorded, the deepest is read."""
        raise NotImplementedError

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The instruments in the messages near the start of the file."""
        return names_near_begin(file, head, self.pattern) if is_recorded(head.removeprefix(BOM)) else frozenset()

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """One part: a recorder writes trades and books into one file, and the book continues in the next."""
        del report
        return [part_of_all(files, partial(self._read, files, instrument, clock))]

    def _read(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> Generator[Batch]:
        heads = {file: self._head(file, instrument) for file in files}
        channel = self._deepest(heads, report)
        reader = _Reader(self, instrument, clock, report, channel)
        before = 0
        in_order = sorted(files, key=lambda file: (heads[file].received_ns, file.name))
        for number, file in enumerate(in_order):
            next_ns = min((heads[later].first_ns for later in in_order[number + 1 :]), default=None)
            reader.next_file(file.name, heads[file], next_ns)
            with closing(chunks(file)) as read:
                for chunk in read:
                    trades, book, lines = reader.read(chunk)
                    yield batch(trades, book, before + chunk.consumed_bytes, lines=lines)
            report.refuse_if_rotten(file.name)
            before += file.size_bytes
        reader.end()

    def _deepest(self, heads: Mapping[SourceFile, _Head], report: Report) -> str | None:
        """The channel whose books are read; files that only have others are reported."""
        every = set().union(*(head.channels for head in heads.values()))
        deepest = max(every, key=lambda name: (self.depth_of(name), name), default=None)
        for file, head in heads.items():
            found = head.channels
            if found and deepest not in found:
                detail = f"its books ({', '.join(sorted(found))}) are left out: the books of {deepest} are read"
                report.add("unused", file.name, None, None, detail)
        return deepest

    def _head(self, file: SourceFile, instrument: str) -> _Head:
        decode = self.decoder(instrument)
        received_ns = sent_ns = _LAST
        channels: set[str] = set()
        for row in head_lines(file.head()):
            try:
                local_ns, text = without_prefix(row)
                messages = decode(text)
            except (ValueError, RecursionError):
                continue
            times = [message.time_ns for message in messages if message.time_ns is not None]
            sent_ns = min([sent_ns, *times])
            if received_ns == _LAST:
                received_ns = next((time for time in (local_ns, *times) if time is not None), _LAST)
            channels.update(message.channel for message in messages if isinstance(message, BookMessage))
        return _Head(received_ns, sent_ns, frozenset(channels))


@dataclass(frozen=True, slots=True)
class _Head:
    """The start of a file, for one instrument.

    The first time of receipt, the earliest exchange time, and the channels of its books.
    """

    received_ns: int
    sent_ns: int
    channels: frozenset[str]

    @property
    def first_ns(self) -> int:
        """The earlier of the two times."""
        return min(self.received_ns, self.sent_ns)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A message to use, with its time in the chosen clock."""

    line: int
    received_ns: int | None
    time_ns: int | None
    message: Message


class _Reader:
    """Turns chunks of lines into trades and book events; keeps the state between chunks."""

    def __init__(
        self, venue: WebsocketFormat, instrument: str, clock: str, report: Report, channel: str | None
    ) -> None:
        self._decode = venue.decoder(instrument)
        self._channel = channel
        self._local = clock == "local"
        self._report = report
        self._trade_order = OrderCheck(report)
        self._book_order = OrderCheck(report)
        self._trade_ids = TradeIds(report)
        self._books = DeltaBook(report, venue.checksum)
        self._decimals = (0, 0)
        self._name = ""
        self._days: _Days = {}
        self._received_ns = self._sent_ns = 0
        """The last time of receipt and the last exchange time of all files so far."""

    def next_file(self, name: str, head: _Head, next_ns: int | None) -> None:
        """Start another file; the one after it starts at `next_ns` by either clock (None: there is none)."""
        self._name = name
        self._days = {kind: DayCheck(name, self._report, first_may_be_old=True) for kind in (BookMessage, TradeMessage)}
        # Recorders' clocks differ.
        overlaps = head.received_ns < self._received_ns or head.sent_ns < self._sent_ns
        self._trade_ids.next_file(name, next_ns, overlaps=overlaps)
        self._books.next_file(name, next_ns, overlaps=overlaps)
        if overlaps:
            self._trade_order, self._book_order = OrderCheck(self._report), OrderCheck(self._report)

    def read(self, chunk: Lines) -> tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None]:
        """The chunk's trades, book events and the trades' lines; a message of several counts as so many rows."""
        rows = 0
        entries: list[_Entry] = []
        for line, row in enumerate(chunk.text.split(b"\n")[:-1], chunk.first_line):
            if not row or row == b"\r" or row.startswith(CONNECTION):
                continue
            try:
                found = self._entries(line, row)
            except (ValueError, RecursionError) as error:
                self._report.add("malformed", self._name, line, None, str(error))
                found = []
            rows += max(1, len(found))
            entries += found
        if chunk.cut_off:
            report_cut_off(self._report, self._name, chunk)
        entries = _near(entries, self._days)
        levels = read_levels([text for entry in entries for text in _lists(entry.message)], *self._decimals)
        self._decimals = levels.price_decimals, levels.size_decimals
        levels.report_rounded(self._report, self._name, [entry.line for entry in entries])
        sound = self._sound(entries, levels)
        trades, traded = self._trades(entries, sound, levels)
        book = self._book(entries, sound, levels)
        times = [entry.time_ns for entry in entries if entry.time_ns is not None]
        self._report.rows(self._name, rows, *((min(times), max(times)) if times else (None, None)))
        received = [entry.received_ns for entry in entries if entry.received_ns is not None]
        self._received_ns = max([self._received_ns, *received])
        sent = [entry.message.time_ns for entry in entries if entry.message.time_ns is not None]
        self._sent_ns = max([self._sent_ns, *sent])
        return trades, book, traded

    def end(self) -> None:
        """Finish the last file.

        Raises:
            DatasetError: the file contradicts an earlier one.
        """
        self._trade_ids.end()
        self._books.end()

    def _entries(self, line: int, row: bytes) -> list[_Entry]:
        """The messages of the line that are used.

        Raises:
            ValueError: the line is malformed.
        """
        local_ns, text = without_prefix(row)
        entries = []
        for message in self._decode(text):
            if isinstance(message, BookMessage):
                self._channel = self._channel or message.channel
                if message.channel != self._channel:
                    continue
            known_ns = message.received_ns if local_ns is None and isinstance(message, BookMessage) else local_ns
            time_ns = known_ns if self._local and known_ns is not None else message.time_ns
            entries.append(_Entry(line, message.time_ns if known_ns is None else known_ns, time_ns, message))
        return entries

    def _sound(self, entries: list[_Entry], levels: Levels) -> list[bool]:
        """Which entries have valid prices and sizes; the others are reported."""
        reasons = levels.reasons.reshape(-1, 2).max(axis=1, initial=0).tolist()
        for entry, reason in zip(entries, reasons, strict=True):
            if reason:
                kind = "book" if isinstance(entry.message, BookMessage) else "trade"
                self._report.add(
                    "malformed", self._name, entry.line, None, f"{kind}: a price or size {PHRASES[reason]}"
                )
        return [not reason for reason in reasons]

    def _trades(
        self, entries: list[_Entry], sound: list[bool], levels: Levels
    ) -> tuple[Trades | None, NDArray[np.int64] | None]:
        numbers = [
            number
            for number, entry in enumerate(entries)
            if sound[number] and isinstance(entry.message, TradeMessage) and entry.time_ns is not None
        ]
        places = levels.bounds[::2][np.array(numbers, np.intp)]
        recorded = map(self._recorded, (entries[number] for number in numbers), levels.numbers(places))
        kept = [
            (trade, at) for trade, at in zip(recorded, places.tolist(), strict=True) if self._trade_ids.is_new(trade)
        ]
        if not kept:
            return None, None
        where = [at for _, at in kept]
        times, lines = np.array([(trade.time_ns, trade.line) for trade, _ in kept], np.int64).T.copy()
        self._trade_order.check(self._name, times, lines)
        trades = Trades(
            time_ns=times,
            price_ticks=levels.price_ticks[where],
            size_lots=levels.size_lots[where],
            price_decimals=levels.price_decimals,
            size_decimals=levels.size_decimals,
            aggressor=np.array([trade.aggressor for trade, _ in kept], np.int8),
        )
        return trades, lines

    def _recorded(self, entry: _Entry, level: tuple[int, int]) -> RecordedTrade:
        message, time_ns = entry.message, entry.time_ns
        assert isinstance(message, TradeMessage)  # noqa: S101 - the caller has chosen these
        assert time_ns is not None  # noqa: S101
        return RecordedTrade(
            message.trade_id,
            message.time_ns,
            *level,
            message.aggressor,
            self._name,
            entry.line,
            time_ns,
            time_ns if entry.received_ns is None else entry.received_ns,
            message.previous_id,
        )

    def _book(self, entries: list[_Entry], sound: list[bool], levels: Levels) -> BookEvents | None:
        events = book_events(levels, np.array([entry.time_ns or 0 for entry in entries], np.int64))
        made = _Made(events, levels.bounds[::2])
        timed = []
        for number, entry in enumerate(entries):
            if not sound[number] or not isinstance(entry.message, BookMessage):
                continue
            known_ns = max(entry.received_ns or 0, entry.message.time_ns or 0)
            place = Place(self._name, entry.line, entry.time_ns, known_ns)
            outcome = self._books.take(entry.message, place, partial(made.rows_of, number))
            if outcome != SKIPPED:
                made.add(number, outcome, entry.time_ns or 0)
                if entry.time_ns is not None:
                    timed.append((entry.time_ns, entry.line))
        times_and_lines = np.array(timed, np.int64).reshape(-1, 2)
        self._book_order.check(self._name, times_and_lines[:, 0], times_and_lines[:, 1])
        return made.whole()


class _Made:
    """Collects the events of a chunk's messages; the levels of message k start at `bounds[k]` of `events`."""

    def __init__(self, events: BookEvents, bounds: NDArray[np.int64]) -> None:
        self._events = events
        self._bounds = bounds
        self._kept: list[int] = []
        """Messages whose levels follow the ones already written, and which of them are snapshots."""
        self._snapshots: list[int] = []
        self._parts: list[BookEvents] = []

    def rows_of(self, number: int) -> BookEvents:
        """The levels of a message."""
        return self._events.rows(slice(int(self._bounds[number]), int(self._bounds[number + 1])))

    def add(self, number: int, outcome: Outcome, time_ns: int) -> None:
        """Add the outcome of a message at this time."""
        if outcome == SNAPSHOT and self._bounds[number] == self._bounds[number + 1]:
            outcome = [as_snapshot(time_ns, self.rows_of(number))]
        if isinstance(outcome, list):
            self._flush()
            self._parts += outcome
            return
        self._kept.append(number)
        if outcome == SNAPSHOT:
            self._snapshots.append(number)

    def whole(self) -> BookEvents | None:
        """All events, in the order of the messages; None if there are none."""
        self._flush()
        parts = [part for part in self._parts if len(part)]
        return concatenated(parts) if parts else None

    def _flush(self) -> None:
        if not self._kept:
            return
        first, beyond = self._kept[0], self._kept[-1] + 1
        chosen = np.zeros(beyond - first, np.bool_)
        chosen[np.array(self._kept) - first] = True
        counts = np.diff(self._bounds[first : beyond + 1])
        rows = np.flatnonzero(np.repeat(chosen, counts)) + self._bounds[first]
        starts = np.searchsorted(rows, self._bounds[self._snapshots])
        self._parts.append(with_clears(self._events.rows(rows), starts))
        self._kept, self._snapshots = [], []


def _near(entries: list[_Entry], days: _Days) -> list[_Entry]:
    """The entries without a time, or with one near the file's day.

    Trades and books are judged separately: on subscription, venues send the last trade, which may be old.
    """
    far = set()
    for kind, check in days.items():
        timed = [
            (number, entry.time_ns, entry.line)
            for number, entry in enumerate(entries)
            if entry.time_ns is not None and isinstance(entry.message, kind)
        ]
        columns: NDArray[np.int64] = np.array(timed, np.int64).reshape(-1, 3)
        near = check.near(columns[:, 1].copy(), columns[:, 2])
        far.update(columns[~near, 0].tolist())
    return [entry for number, entry in enumerate(entries) if number not in far]


def _lists(message: Message) -> tuple[bytes | msgspec.Raw, bytes | msgspec.Raw]:
    """The levels of a message as two JSON lists: bids and asks of a book, or a trade and an empty list."""
    if isinstance(message, TradeMessage):
        return msgspec.json.encode([message.level]), b"[]"
    return _json(message.bids), _json(message.asks)


def _json(levels: MessageLevels) -> bytes | msgspec.Raw:
    return levels if isinstance(levels, msgspec.Raw) else msgspec.json.encode(levels)
