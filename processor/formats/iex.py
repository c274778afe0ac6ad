"""IEX's feeds DEEP and TOPS, as captures of their packets (docs/formats/iex.md)."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.events import ASK, BID, CLEAR, UNKNOWN, BookEvents, Trades, concatenated
from processor.core.merge.parts import Part, batch
from processor.core.report import KEPT_PER_KIND
from processor.errors import DatasetError, NothingToReplay
from processor.formats import iex_messages as iex
from processor.formats.books.full_books import full_books
from processor.formats.disk.captures import Capture
from processor.formats.iex_order import SEGMENT, WINDOW, SegmentOrder
from processor.formats.lines.kernels import ABSENT
from processor.formats.lines.tables import DayCheck, OrderCheck, Rows, report_unknown_sides, sound_rows
from processor.formats.recordings.sequencing import EffectiveTimes
from processor.prefetch import prefetched
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.iex_messages import Table

_PRICE_DECIMALS: Final = 4
_FEEDS: Final = (iex.DEEP, *reversed(iex.TOPS))
"""From the deepest book to the shallowest."""
_SYMBOL: Final = re.compile(rb"([!-~]{1,8}) *")
_DIRECTORY_BYTES: Final = 16 << 20
"""Bytes of a file that are searched for stocks, which the exchange lists first."""
_TRADES_A_DAY_BITS: Final = 48
"""Bits of a trade's number in its id: numbers are unique within a day, and the day is in the higher bits."""
_FINDINGS: Final = {
    iex.NOT_WHOLE: ("malformed", "an incomplete packet: cut off by the capture, or in fragments"),
    iex.BROKEN_SEGMENT: ("malformed", "a packet whose messages are not of its stated length"),
}
_IN_ORDER: Final = {
    "misnumbered": ("malformed", "a packet whose number is far from those around it, left out"),
    "missing": ("gaps", "{count} messages of the session are missing before this packet"),
    "repeated": ("duplicates", "{count} messages of this packet are repeated"),
    "late": ("late", f"{{count}} messages of this packet came more than {WINDOW} packets late and are left out"),
    "early": ("out_of_order", "this packet arrived before packets with lower numbers: it is moved after them"),
}
"""Findings from comparing a packet's number with those of others."""


@dataclass(frozen=True, slots=True)
class _File:
    """A capture of a session of a feed; `number` is the lowest message number in its head.

    `day` counts from 1970, UTC: a session is within one day.
    """

    source: SourceFile
    feed: int
    channel: int
    session: int
    number: int
    day: int


class _Iex:
    name = "iex"
    title = "IEX DEEP and TOPS (pcap or pcapng, as IEX HIST has them), plain or packed"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The stocks in the messages of the searched part.

        Raises:
            DatasetError: the capture is damaged.
            NothingToReplay: it contains neither feed.
        """
        opened = _opened(file, head)
        if opened is None:
            return frozenset()
        stocks = _stocks(opened)
        if not stocks:
            msg = "a capture of IEX's DEEP or TOPS without a message of any stock"
            raise NothingToReplay(msg)
        return frozenset(stocks)

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each session; TOPS is left out for days that DEEP covers."""
        del clock
        sessions: dict[tuple[int, ...], list[_File]] = {}
        opened = [found for file in files if (found := _opened(file, file.head()))]
        deep = {found.day for found in opened if found.feed == iex.DEEP}
        for found in sorted(opened, key=attrgetter("number", "source.name")):
            if found.feed != iex.DEEP and found.day in deep:
                detail = "TOPS is left out: DEEP of the same day has the same trades and more of the book"
                report.add("unused", found.source.name, None, None, detail)
                continue
            sessions.setdefault((found.day, found.feed, found.channel, found.session), []).append(found)
        return [_part(continuing, instrument) for _, continuing in sorted(sessions.items())]


FORMAT: Final = _Iex()


def _part(files: Sequence[_File], stock: str) -> Part:
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return Part(
        name=f"{files[0].source.name}{more}",
        size_bytes=sum(file.source.size_bytes for file in files),
        read=partial(_read, files, stock),
        first_ns=files[0].day * NS_PER_DAY,
    )


def _opened(file: SourceFile, head: bytes) -> _File | None:
    """The first segment of the deepest feed in a capture's head; None if the file is not a capture."""
    capture = Capture.of(head)
    if capture is None:
        return None
    content = np.frombuffer(head, np.uint8)[capture.start :]
    starts, lengths, _, _ = capture.packets(content)
    places = np.empty(len(starts), np.int64)
    places = places[: iex.segments(content, starts, lengths, places)]
    found = [_segment(file, content[at : at + iex.HEADER_BYTES].tobytes()) for at in places.tolist()]
    for feed in _FEEDS:
        of_feed = [each for each in found if each.feed == feed]
        if of_feed:
            first = of_feed[0]
            alike = [each.number for each in of_feed if (each.channel, each.session) == (first.channel, first.session)]
            return replace(first, number=min(alike))
    plus = " (but DEEP+, single orders, which are not read)" if any(f.feed == iex.DEEP_PLUS for f in found) else ""
    msg = f"a capture of packets (pcap) without those of IEX's DEEP or TOPS{plus}"
    raise NothingToReplay(msg)


def _segment(file: SourceFile, header: bytes) -> _File:
    def number(at: int, length: int) -> int:
        return int.from_bytes(header[at : at + length], "little")

    return _File(
        source=file,
        feed=number(iex.PROTOCOL_AT, 2),
        channel=number(iex.CHANNEL_AT, 4),
        session=number(iex.SESSION_AT, 4),
        number=number(iex.FIRST_AT, 8),
        day=number(iex.SENT_AT, 8) // NS_PER_DAY,
    )


def _blocks(file: SourceFile) -> Generator[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], int, bool]]:
    """A capture's content as it is read, starts and lengths of the whole packets in it, and the bytes consumed.

    The last value is whether the capture ends there in the middle of a packet.

    Raises:
        DatasetError: the capture is damaged.
    """
    capture = Capture.of(file.head())
    assert capture is not None  # noqa: S101 - it was when the file was recognised
    rest, skipped, seen, consumed, cut_off = b"", capture.start, 0, 0, False
    for block in file.blocks():
        data = rest + block.data[skipped:]
        skipped = max(skipped - len(block.data), 0)
        consumed, cut_off = block.consumed_bytes, block.cut_off
        content = np.frombuffer(data, np.uint8)
        starts, lengths, end, damaged = capture.packets(content)
        yield content, starts, lengths, consumed, False
        seen += len(starts)
        rest = data[end:]
        if damaged:
            msg = f"{file.name}: damaged after its packet {seen}: what follows is not a packet"
            raise DatasetError(msg)
    if rest or cut_off:
        none = np.empty(0, np.int64)
        yield np.empty(0, np.uint8), none, none, consumed, True


def _stocks(file: _File) -> set[str]:
    """The stocks of the directory at the start of a session.

    If there is none, or the session starts in another file, the stocks of any message in the file.
    """
    begins = file.number <= 1
    listed: set[bytes] = set()
    searched = 0
    for content, starts, lengths, _, _ in _blocks(file.source):
        listed |= iex.stocks_in(content, starts, lengths, file.feed, listed=begins)
        searched += len(content)
        if listed and begins and searched >= _DIRECTORY_BYTES:
            break
    if begins and not listed:
        for content, starts, lengths, _, _ in _blocks(file.source):
            listed |= iex.stocks_in(content, starts, lengths, file.feed, listed=False)
    return {named[1].decode("ascii") for stock in listed if (named := _SYMBOL.fullmatch(stock))}


def _read(files: Sequence[_File], stock: str, report: Report) -> Generator[Batch]:
    """Raises: DatasetError: a capture is damaged, or contains another session."""
    first = files[0]
    chooser = iex.Chooser(stock, first.feed, first.channel, first.session)
    order = SegmentOrder(max(first.number, 1))
    names = [file.source.name for file in files]
    reader = _StockReader(first, names, report)
    waiting = np.empty(0, iex.MESSAGE)
    if first.number > 1:
        detail = f"starts at message {first.number} of its session: what came before is unknown"
        report.add("incomplete", first.source.name, 1, None, detail)
    before = 0
    for file in files:
        name = file.source.name
        chooser.begin_file()
        with closing(prefetched(_blocks(file.source))) as blocks:
            for content, starts, lengths, consumed, cut_off in blocks:
                messages, arrived, findings = chooser.choose(content, starts, lengths, order.expected)
                reader.note(name, findings)
                ordered = order.order(arrived, ends=False)
                waiting = np.concatenate((waiting, messages)) if len(waiting) else messages
                placed, waiting = _placed(waiting, ordered)
                yield from reader.batches(placed, ordered, before + consumed)
                if cut_off:
                    detail = "the capture is cut off here: the rest is lost"
                    report.add("incomplete", name, chooser.packets + 1, None, detail)
        if chooser.others:
            report.add("unused", name, None, None, f"{chooser.others} packets of other IEX feeds, left out")
        before += file.source.size_bytes
    ordered = order.order(np.empty(0, SEGMENT), ends=True)
    placed, _ = _placed(waiting, ordered)
    yield from reader.batches(placed, ordered, before)
    for name in names:
        report.refuse_if_rotten(name)


def _placed(messages: Table, ordered: Table) -> tuple[Table, Table]:
    """The new messages of these segments, in order; and the messages of waiting segments."""
    arrivals = ordered["arrival"]
    if len(ordered) == 1 and ordered["start"][0] == ordered["first"][0] and (messages["arrival"] == arrivals[0]).all():
        return messages, messages[:0]
    if len(arrivals) and (np.diff(arrivals) == 1).all():
        at = messages["arrival"] - arrivals[0]
        found = (at >= 0) & (at < len(arrivals))
    else:
        by_arrival = np.argsort(arrivals)
        near = np.searchsorted(arrivals, messages["arrival"], sorter=by_arrival)
        at = by_arrival[np.minimum(near, len(arrivals) - 1)] if len(arrivals) else near
        found = arrivals[at] == messages["arrival"] if len(arrivals) else np.zeros(len(messages), np.bool_)
    waiting = messages[~found]
    at, messages = at[found], messages[found]
    new = messages["number"] >= ordered["start"][at]
    at, messages = at[new], messages[new]
    return (messages if (at[1:] >= at[:-1]).all() else messages[np.argsort(at, kind="stable")]), waiting


class _StockReader:
    """Follows one stock through a session; `names` are the names of its files."""

    def __init__(self, first: _File, names: Sequence[str], report: Report) -> None:
        self._is_deep = first.feed == iex.DEEP
        self._day = first.day
        self._report = report
        self._trade_order, self._quote_order = OrderCheck(report), OrderCheck(report)
        self._effective_times = EffectiveTimes(report, "the messages of a session are in the order of their numbers")
        self._begun = not self._is_deep or first.number > 1
        """A session of DEEP starts with an empty book; every quote of TOPS is the full book."""
        self._open_ns: int | None = None
        """The time of the update before, if the book was in transition after it."""
        self._name = ""
        self._names = names
        self._days = [DayCheck(name, report) for name in names]

    def note(self, name: str, findings: Table) -> None:
        """Report the faults of packets of a file.

        Raises:
            DatasetError: a packet is of another session.
        """
        others = findings[findings["what"] == iex.OTHER_SESSION]
        if len(others):
            msg = (
                f"{name}: its packet {others['packet'][0]} is of another session or channel of the feed than those "
                "before: put each session into its own file"
            )
            raise DatasetError(msg)
        for what, (kind, detail) in _FINDINGS.items():
            packets = findings["packet"][findings["what"] == what].tolist()
            self._report.add_all(kind, name, ((packet, None, detail) for packet in packets), len(packets))

    def batches(self, messages: Table, ordered: Table, consumed_bytes: int) -> Generator[Batch]:
        """The batches of the next segments and their messages, which are in order."""
        if not len(ordered):
            yield batch(None, None, consumed_bytes)
            return
        changes = np.flatnonzero(np.diff(ordered["file"])) + 1
        at = 0
        for segments in np.split(ordered, changes) if len(changes) else [ordered]:
            count = len(messages)
            if len(changes):
                count = int(np.isin(messages["arrival"][at:], segments["arrival"]).sum())
            self._name = self._names[int(segments["file"][0])]
            self._note_order(segments)
            seen = int(np.maximum(segments["beyond"] - segments["start"], 0).sum())
            days = self._days[int(segments["file"][0])]
            trades, book, lines, ids = self._events(messages[at : at + count], seen, days)
            yield batch(trades, book, consumed_bytes, lines=lines, ids=ids)
            at += count

    def _note_order(self, segments: Table) -> None:
        """Report findings from the numbers of packets."""
        for column, (kind, detail) in _IN_ORDER.items():
            if not segments[column].any():
                continue
            rows = segments[segments[column] > 0]
            for row in rows[:KEPT_PER_KIND]:
                count = int(row[column])
                self._report_rows(kind, row, detail.format(count=count), count)
            if len(rows) > KEPT_PER_KIND:
                more = rows[KEPT_PER_KIND:]
                self._report_rows(kind, more[0], f"{len(more)} more packets like these", int(more[column].sum()))

    def _report_rows(self, kind: str, segment: np.void, detail: str, count: int) -> None:
        time_ns = int(segment["sent_ns"]) or None
        self._report.add(kind, self._name, int(segment["packet"]), time_ns, detail, count=count)

    def _events(
        self, messages: Table, seen: int, days: DayCheck
    ) -> tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None, NDArray[np.int64] | None]:
        """Trades, book, and the trades' lines and ids of the next messages; `seen` counts messages of all stocks."""
        messages = messages[self._sound(messages)]
        messages = messages[days.near(messages["time"], messages["packet"])]
        times = messages["time"]
        span = (int(times.min()), int(times.max())) if len(times) else (None, None)
        self._report.rows(self._name, seen, *span)
        if not len(times):
            return None, None, None, None
        self._note_broken(messages)
        traded = messages[messages["type"] == iex.TRADE]
        trades = Trades(
            time_ns=traded["time"].copy(),
            price_ticks=traded["price"].copy(),
            size_lots=traded["size"].copy(),
            price_decimals=_PRICE_DECIMALS,
            size_decimals=0,
            aggressor=np.full(len(traded), UNKNOWN, np.int8),
        )
        lines = traded["packet"].copy()
        self._trade_order.check(self._name, trades.time_ns, lines)
        report_unknown_sides(self._report, self._name, trades, lines)
        book = self._levels(messages) if self._is_deep else self._quotes(messages)
        return trades, book, lines, traded["id"] ^ (self._day << _TRADES_A_DAY_BITS)

    def _sound(self, messages: Table) -> NDArray[np.bool_]:
        """Which messages can be used; the others are reported."""
        is_level = (messages["type"] == iex.BID_LEVEL) | (messages["type"] == iex.ASK_LEVEL)
        faults = (
            (messages["type"] == iex.SHORT, "a message that is too short for its type"),
            ((messages["price"] < 0) | (messages["ask_price"] < 0), "a price below 0"),
            (is_level & (messages["price"] == 0), "a level without a price"),
        )
        return sound_rows(faults, self._report, self._name, messages["packet"])

    def _note_broken(self, messages: Table) -> None:
        broken = messages[messages["type"] == iex.BROKEN]
        found = (
            (int(row["packet"]), int(row["time"]), f"trade {row['id']} was broken later; it stays, as on the tape")
            for row in broken
        )
        self._report.add_all("assumptions", self._name, found, len(broken))

    def _levels(self, messages: Table) -> BookEvents | None:
        """DEEP's levels."""
        levels = messages[(messages["type"] == iex.BID_LEVEL) | (messages["type"] == iex.ASK_LEVEL)]
        if not len(levels):
            return None
        self._note_open(levels)
        book = BookEvents(
            time_ns=self._effective_times.times(self._name, levels["time"].copy(), levels["packet"]),
            price_ticks=levels["price"].copy(),
            size_lots=levels["size"].copy(),
            price_decimals=_PRICE_DECIMALS,
            size_decimals=0,
            side=np.where(levels["type"] == iex.BID_LEVEL, np.int8(BID), np.int8(ASK)),
        )
        if self._begun:
            return book
        self._begun = True
        first = book.rows(slice(1))
        nothing = np.zeros(1, np.int64)
        empty = replace(first, price_ticks=nothing, size_lots=nothing, side=np.array([CLEAR], np.int8))
        return concatenated([empty, book])

    def _note_open(self, levels: Table) -> None:
        """Report updates that left the book in transition although the next update has a later time."""
        times = levels["time"]
        was_open = np.concatenate(([self._open_ns is not None], levels["complete"][:-1] == 0))
        time_before = np.concatenate(([self._open_ns or 0], times[:-1]))
        rows = np.flatnonzero(was_open & (times > time_before))
        detail = "the book was in transition before this update, which has a later time; it is shown"
        found = ((int(levels["packet"][row]), int(times[row]), detail) for row in rows)
        self._report.add_all("assumptions", self._name, found, len(rows))
        self._open_ns = None if levels["complete"][-1] else int(times[-1])

    def _quotes(self, messages: Table) -> BookEvents | None:
        """TOPS's quotes: each is the full book of both sides."""
        quotes = messages[messages["type"] == iex.QUOTE]
        if not len(quotes):
            return None
        self._quote_order.check(self._name, quotes["time"], quotes["packet"])
        values = np.stack([quotes[name] for name in ("price", "size", "ask_price", "ask_size")])
        values[::2][values[::2] == 0] = ABSENT
        rows = Rows(
            values=values,
            lines=quotes["packet"],
            last_line=0,
            price_decimals=_PRICE_DECIMALS,
            size_decimals=0,
            consumed_bytes=0,
        )
        return full_books(rows, quotes["time"].copy(), [(0, 1)], [(2, 3)])
