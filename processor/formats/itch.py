"""NASDAQ TotalView-ITCH 5.0, a day's orders and trades of all stocks (docs/formats/itch.md)."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from processor.core.events import ASK, BID, BUY, SELL, UNKNOWN, BookEvents, Trades
from processor.core.merge.parts import Part, batch
from processor.errors import DatasetError, NothingToReplay
from processor.formats.books import orders
from processor.formats.itch_messages import (
    LENGTHS,
    PREFIX_BYTES,
    STOCK_BYTES,
    STOCKS_AT,
    UNKNOWN_TYPE,
    Chooser,
    places,
)
from processor.formats.lines.kernels import ABSENT
from processor.formats.lines.tables import OrderCheck, report_unknown_sides, sound_rows
from processor.formats.recordings.sequencing import EffectiveTimes, emptied_before
from processor.prefetch import prefetched
from processor.units import NS_PER_DAY, NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.itch_messages import Messages

_EXCHANGE_ZONE: Final = "America/New_York"
_PRICE_DECIMALS: Final = 4
_DATES: Final = (
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)([-_]?)(?P<month>\d\d)\2(?P<day>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<month>\d\d)([-_]?)(?P<day>\d\d)\2(?P<year>(?:19|20)\d\d)(?!\d)"),
    re.compile(r"^S(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d\d)-v50"),
)
_NAMES_EXPECTED: Final = "12302019.NASDAQ_ITCH50.gz, 20191230.BX_ITCH_50.gz or S123019-v50.txt.gz"
_SYMBOL: Final = re.compile(rb"([!-~]{1,8}) *")

_OLDER: Final = re.compile(rb"\0\x05T.{4}\0[\x05-\x30][TSRHABFECXDUPQI]", re.DOTALL)
"""The start of messages with only seconds, which versions before 5.0 have."""

_MESSAGES_LOOKED_AT: Final = 3
_DIRECTORY_BYTES: Final = 16 << 20
"""The most bytes searched for stocks; orders, which end the search, start some 6 MB into a day."""

_MATCHES_A_DAY_BITS: Final = 48
"""Bits of a match number in a trade's id: match numbers restart each day, and the day is in the higher bits."""


def _by_letter(otherwise: int, meaning: dict[str, int]) -> NDArray[np.int8]:
    table = np.full(256, otherwise, np.int8)
    for letter, value in meaning.items():
        table[ord(letter)] = value
    return table


_ACTION_OF: Final = _by_letter(
    -1,
    {
        "A": orders.ADD, "F": orders.ADD, "E": orders.EXECUTE, "C": orders.EXECUTE, "X": orders.CANCEL,
        "D": orders.DELETE, "U": orders.DELETE,
    },
)  # fmt: skip
_SIDE_OF: Final = _by_letter(-1, {"B": BID, "S": ASK})
_AGGRESSORS: Final = np.array([SELL, BUY, UNKNOWN], np.int8)
"""The aggressor by the side of the resting order: a bid is hit by a seller. -1 (unknown) selects the last entry."""
_END_OF_MESSAGES: Final = ord("C")
_E, _C, _P, _Q, _U, _B = map(ord, "ECPQUB")
_YES, _NO = map(ord, "YN")


@dataclass(frozen=True, slots=True)
class _Day:
    """A file, and the midnight in New York from which its times count, in ns."""

    file: SourceFile
    midnight_ns: int


class _Itch:
    name = "itch"
    title = "NASDAQ TotalView-ITCH 5.0 (also of BX and PSX), messages with their lengths, plain or packed"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The stocks of the directory at the start of a day.

        Raises:
            DatasetError: the messages are ITCH 5.0 but not from the start of a day, or the file's name does not contain
                their day.
            NothingToReplay: the messages are of an older version.
        """
        if _OLDER.match(head):
            msg = "NASDAQ ITCH of version 4.1 or before; version 5.0 is read"
            raise NothingToReplay(msg)
        if not _is_itch(head):
            return frozenset()
        _midnight_ns(file)
        stocks, _ = _directory(file, bare=_is_bare(head))
        if not stocks:
            msg = (
                f"{file.name} holds ITCH 5.0 messages, but does not start with the stock directory (R) of a day: "
                "give the day from its start; if it was cut into parts, join them in their order"
            )
            raise DatasetError(msg)
        return frozenset(stocks)

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each day.

        Raises:
            DatasetError: two files are of the same day.
        """
        del clock, report
        days = sorted((_Day(file, _midnight_ns(file)) for file in files), key=attrgetter("midnight_ns"))
        for day, following in pairwise(days):
            if day.midnight_ns == following.midnight_ns:
                msg = (
                    f"{day.file.name} and {following.file.name} are of the same day: the same messages twice, or "
                    "those of two exchanges, whose books cannot be shown as one: keep one of the files in the folder"
                )
                raise DatasetError(msg)
        return [
            Part(
                name=day.file.name,
                size_bytes=day.file.size_bytes,
                read=partial(_read, day, instrument),
                first_ns=day.midnight_ns + _first_time(day.file.head()),
            )
            for day in days
        ]


FORMAT: Final = _Itch()


def _is_bare(head: bytes) -> bool:
    return head.startswith(bytes(PREFIX_BYTES))


def _is_itch(head: bytes) -> bool:
    """Whether the first messages have known types, their lengths, and times of a day."""
    content = np.frombuffer(head, np.uint8)
    found, _ = places(content, bare=_is_bare(head))
    first = found[:_MESSAGES_LOOKED_AT]
    return len(first) == _MESSAGES_LOOKED_AT and all(_time(head, int(at)) < NS_PER_DAY for at in first)


def _time(content: bytes, at: int) -> int:
    return int.from_bytes(content[at + 5 : at + 11], "big")


def _first_time(head: bytes) -> int:
    return _time(head, PREFIX_BYTES)


def _midnight_ns(file: SourceFile) -> int:
    """The midnight in New York of the day in the file's name.

    Raises:
        DatasetError: the name has no day, or more than one.
    """
    name = (file.member or file.path.name).rpartition("/")[2]
    days = set()
    for pattern in _DATES:
        for found in pattern.finditer(name):
            year = found["year"] if len(found["year"]) > len("19") else f"20{found['year']}"
            try:
                days.add(datetime.fromisoformat(f"{year}-{found['month']}-{found['day']}"))
            except ValueError:
                continue
    if len(days) != 1:
        msg = (
            f"{file.name} holds ITCH 5.0 messages, whose times count from midnight, but there are {len(days) or 'no'} "
            f"days in its name; the name must contain their day, such as {_NAMES_EXPECTED}"
        )
        raise DatasetError(msg)
    return int(days.pop().replace(tzinfo=ZoneInfo(_EXCHANGE_ZONE)).timestamp()) * NS_PER_SECOND


def _directory(file: SourceFile, *, bare: bool) -> tuple[dict[str, int], list[tuple[int, None, str]]]:
    """The locate codes of a day's stocks, and the malformed messages: line, no time, and the fault.

    The messages up to the first order are searched.
    """
    stocks: dict[str, int] = {}
    malformed: list[tuple[int, None, str]] = []
    rest, read, seen = b"", 0, 0
    for block in file.blocks():
        data = rest + block.data
        content = np.frombuffer(data, np.uint8)
        found, fault = places(content, bare=bare)
        kinds = content[found]
        for number in np.flatnonzero(kinds == ord("R")).tolist():
            at = int(found[number])
            stock = _SYMBOL.fullmatch(data, at + STOCKS_AT[ord("R")], at + STOCKS_AT[ord("R")] + STOCK_BYTES)
            if stock is None:
                malformed.append((seen + number + 1, None, "a stock whose symbol is not text"))
            else:
                stocks[stock[1].decode("ascii")] = int.from_bytes(data[at + 1 : at + 3], "big")
        read += len(block.data)
        if fault or (_ACTION_OF[kinds] >= 0).any() or read >= _DIRECTORY_BYTES:
            break
        seen += len(found)
        rest = data[_end(data, found) :]
    return stocks, malformed


def _end(data: bytes, found: NDArray[np.int64]) -> int:
    """The end of the last message."""
    if not len(found):
        return 0
    last = int(found[-1])
    return last + int(LENGTHS[data[last]])


def _read(day: _Day, stock: str, report: Report) -> Generator[Batch]:
    """Raises: DatasetError: a message is damaged, so the messages after it cannot be found."""
    name = day.file.name
    bare = _is_bare(day.file.head())
    stocks, malformed = _directory(day.file, bare=bare)
    report.rows(name, len(malformed))
    report.add_all("malformed", name, malformed, len(malformed))
    reader = _StockReader(name, stock, day.midnight_ns, report)
    chooser = Chooser(stocks[stock], bare=bare)
    rest = b""
    with closing(prefetched(day.file.blocks())) as blocks:
        for block in blocks:
            data = rest + block.data
            messages, end, fault = chooser.choose(np.frombuffer(data, np.uint8))
            trades, book, lines, ids = reader.events(messages)
            yield batch(trades, book, block.consumed_bytes, lines=lines, ids=ids)
            rest = data[end:]
            if fault:
                raise DatasetError(_damage(name, chooser.seen + 1, rest, fault))
            if block.cut_off:
                rest = rest or b"\0"
    if rest:
        report.add("incomplete", name, chooser.seen + 1, None, "the file is cut off here: the rest is lost")
    elif chooser.event not in (0, _END_OF_MESSAGES):
        detail = "the file ends before the exchange's message for the end of the day"
        report.add("incomplete", name, chooser.seen, None, detail)
    report.refuse_if_rotten(name)


def _damage(name: str, number: int, message: bytes, fault: int) -> str:
    kind = message[PREFIX_BYTES]
    if fault == UNKNOWN_TYPE:
        wrong = f"is of type {chr(kind)!a}, which ITCH 5.0 does not have"
    else:
        stated = int.from_bytes(message[:PREFIX_BYTES], "big")
        wrong = f"of type {chr(kind)} has a stated length of {stated} bytes, not {LENGTHS[kind]}"
    return f"{name}: damaged: its message {number} {wrong}, so the messages after it cannot be found"


class _StockReader:
    """Follows one stock through a day."""

    def __init__(self, name: str, stock: str, midnight_ns: int, report: Report) -> None:
        self._name = name
        self._stock = int.from_bytes(stock.ljust(STOCK_BYTES).encode("ascii"), "big")
        self._midnight_ns = midnight_ns
        self._report = report
        self._trade_order = OrderCheck(report)
        self._effective_times = EffectiveTimes(report, "the messages of a day are in the order in which they were sent")
        self._orders = orders.OrderBook()
        self._begun = False

    def events(
        self, messages: Messages
    ) -> tuple[Trades | None, BookEvents | None, NDArray[np.int64] | None, NDArray[np.int64] | None]:
        """Trades, book events, and the trades' lines and ids of the next messages."""
        found = len(messages)
        messages = messages[self._sound(messages)]
        times = messages["time"] + self._midnight_ns
        span = (int(times.min()), int(times.max())) if len(times) else (None, None)
        self._report.rows(self._name, found, *span)
        if not len(times):
            return None, None, None, None
        self._note_broken(messages, times)
        book, resting_sides, resting_prices = self._book(messages, times)
        kind = messages["type"]
        traded = (kind == _E) | ((kind == _C) & (messages["printable"] == _YES)) | (kind == _P)
        traded |= (kind == _Q) & (messages["size"] > 0)
        prices = np.where(kind == _E, resting_prices, messages["price"])
        traded &= prices != ABSENT
        lines = messages["line"][traded]
        trades = Trades(
            time_ns=times[traded],
            price_ticks=prices[traded],
            size_lots=messages["size"][traded],
            price_decimals=_PRICE_DECIMALS,
            size_decimals=0,
            aggressor=_AGGRESSORS[resting_sides[traded]],
        )
        self._trade_order.check(self._name, trades.time_ns, lines)
        report_unknown_sides(self._report, self._name, trades, lines)
        day = self._midnight_ns // NS_PER_DAY
        return trades, book, lines, messages["other"][traded] ^ (day << _MATCHES_A_DAY_BITS)

    def _sound(self, messages: Messages) -> NDArray[np.bool_]:
        """Which messages can be used; the others are reported."""
        kind, size = messages["type"], messages["size"]
        adds = (kind == ord("A")) | (kind == ord("F"))
        faults = (
            (messages["time"] >= NS_PER_DAY, "a time beyond the end of its day"),
            ((STOCKS_AT[kind] > 0) & (messages["stock"] != self._stock), "the stock is not that of its locate code"),
            (adds & (_SIDE_OF[messages["side"]] < 0), "a side that is neither B nor S"),
            ((adds | (kind == _U)) & (size == 0), "an order of 0 shares"),
            ((kind == _C) & ~np.isin(messages["printable"], (_YES, _NO)), "neither printable (Y) nor not (N)"),
            (size < 0, "more shares than 64 bits hold"),
        )
        return sound_rows(faults, self._report, self._name, messages["line"])

    def _note_broken(self, messages: Messages, times: NDArray[np.int64]) -> None:
        rows = np.flatnonzero(messages["type"] == _B)
        found = (
            (
                int(messages["line"][row]),
                int(times[row]),
                f"the trade of match number {messages['other'][row]} was broken later; it stays, as on the tape",
            )
            for row in rows
        )
        self._report.add_all("assumptions", self._name, found, len(rows))

    def _book(
        self, messages: Messages, times: NDArray[np.int64]
    ) -> tuple[BookEvents, NDArray[np.int8], NDArray[np.int64]]:
        """Book events, and side and price of the order that each message executes: -1 and ABSENT without one."""
        kind = messages["type"]
        acting = np.flatnonzero(_ACTION_OF[kind] >= 0)
        at = np.repeat(acting, 1 + (kind[acting] == _U))
        second = np.zeros(len(at), np.bool_)
        second[1:] = at[1:] == at[:-1]
        actions = np.where(second, np.int8(orders.SUCCEED), _ACTION_OF[kind[at]])
        ids = np.where(second, messages["other"][at], messages["order"][at])
        sides, prices = _SIDE_OF[messages["side"][at]], messages["price"][at]
        emptied = None if self._begun else self._orders.emptied()
        self._begun = True
        events, faults = self._orders.apply(np.arange(len(at)), actions, ids, sides, prices, messages["size"][at])
        events = self._effective_times.of_events(self._name, times[at], messages["line"][at], events)
        self._note_faults(messages[at], times[at], faults)
        resting_sides = np.full(len(messages), -1, np.int8)
        resting_prices = np.full(len(messages), ABSENT, np.int64)
        resting_sides[at[~second]], resting_prices[at[~second]] = sides[~second], prices[~second]
        if emptied is not None:
            events = emptied_before(emptied, times, events)
        return replace(events, price_decimals=_PRICE_DECIMALS), resting_sides, resting_prices

    def _note_faults(self, messages: Messages, times: NDArray[np.int64], faults: NDArray[np.int8]) -> None:
        bare_execution = (faults == orders.UNKNOWN_ORDER) & (messages["type"] == _E)
        for faulty, detail in (
            (bare_execution, "an order that was never added is executed: a trade without a price, left out"),
            ((faults == orders.UNKNOWN_ORDER) & ~bare_execution, "an order that was never added"),
            (faults == orders.TOO_MUCH, "more of an order is taken than is resting"),
            (faults == orders.KNOWN_ORDER, "an order is added that is already resting: the new one replaces it"),
        ):
            rows = np.flatnonzero(faulty)
            found = ((int(messages["line"][row]), int(times[row]), detail) for row in rows)
            self._report.add_all("gaps", self._name, found, len(rows))
