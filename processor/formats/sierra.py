"""Sierra Chart's files: trades of .scid, the book of .depth (docs/formats/sierra.md)."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades
from processor.core.merge.parts import Part, batch
from processor.errors import DatasetError, NothingToReplay, ScaleOverflow
from processor.formats.lines.tables import DayCheck, OrderCheck, report_unknown_sides
from processor.names import printable
from processor.prefetch import prefetched
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile

    Records = NDArray[Any]

_NAME: Final = re.compile(r"(?P<symbol>.+?)(\.\d{4}-\d\d-\d\d)?( ?\(\d+\))?\.(scid|depth)(\.\w+)?", re.IGNORECASE)
_FUTURE: Final = re.compile(r"(?P<contract>[A-Z0-9]{1,4}[FGHJKMNQUVXZ]\d{1,2})(-|_FUT_)[A-Z]+")
"""The exchange after a contract, which only some file names have."""

_HEADER: Final = np.dtype([("magic", "S4"), ("header", "<u4"), ("record", "<u4"), ("version", "<u2")])
_VERSION: Final = 1
_TRADE: Final = np.dtype([
    ("time", "<i8"), ("open", "<f4"), ("ask", "<f4"), ("bid", "<f4"), ("price", "<f4"), ("trades", "<u4"),
    ("size", "<u4"), ("bid_size", "<u4"), ("ask_size", "<u4"),
])  # fmt: skip
_CHANGE: Final = np.dtype([
    ("time", "<i8"), ("command", "u1"), ("flags", "u1"), ("orders", "<u2"), ("price", "<f4"), ("size", "<u4"),
    ("reserved", "<u4"),
])  # fmt: skip

_EPOCH_US: Final = 25_569 * 86_400 * 10**6
"""1970-01-01 in microseconds since 1899-12-30, the origin of all times."""
_FIRST_US: Final = _EPOCH_US + 631_152_000 * 10**6
_BEYOND_US: Final = _EPOCH_US + np.iinfo(np.int64).max // 1000
"""1990, and the end of nanoseconds in 64 bits. A time in days (a double), read as microseconds, is far beyond."""

_OF_ONE_TRADE: Final = np.array([0, -1.99900095e37, -1.99900197e37], np.float32)
"""`open` of a single trade, and of the first and last of several trades that the exchange reports as one."""

_AGGRESSORS: Final = np.array([UNKNOWN, SELL, BUY, UNKNOWN], np.int8)
"""The aggressor if nothing is traded at bid or ask, something at the bid, at the ask, or at both."""

_MOST_DECIMALS: Final = 12
_MOST_TICKS: Final = 2.0**62
_NO_PRICE: Final = np.iinfo(np.int64).min
_FACTORS: Final = 10 ** np.arange(_MOST_DECIMALS + 1)
_POWERS: Final = np.array([10.0**decimals for decimals in range(_MOST_DECIMALS + 1)])

_CLEARS: Final = 1
_ADDS: Final = (2, 3)
_REMOVES: Final = (6, 7)
_LAST_COMMAND: Final = 7
_END_OF_BATCH: Final = 1


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of file: its first bytes, and its records."""

    extension: str
    magic: bytes
    record: np.dtype[np.void]


_SCID: Final = _Kind(".scid", b"SCID", _TRADE)
_DEPTH: Final = _Kind(".depth", b"SCDD", _CHANGE)


@dataclass(frozen=True, slots=True)
class _File:
    """A file whose records start at `start`."""

    source: SourceFile
    kind: _Kind
    start: int


class _Sierra:
    name = "sierra"
    title = "Sierra Chart .scid (trades) and .depth (order book)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The symbol in the file's name.

        Raises:
            DatasetError: the file is of another version.
            NothingToReplay: it has bars, or nothing.
        """
        found = _opened(file, head)
        if found is None:
            return frozenset()
        if len(head) < found.start + found.kind.record.itemsize:
            msg = f"Sierra Chart {found.kind.extension} without a record"
            raise NothingToReplay(msg)
        if found.kind is _SCID and not _has_trades(found):
            msg = (
                "Sierra Chart bars: finished candles without their trades; let Sierra Chart store one tick per "
                "record (Intraday Data Storage Time Unit)"
            )
            raise NothingToReplay(msg)
        return frozenset([_symbol(file)])

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """A part for each file."""
        del clock
        opened = [found for file in files if (found := _opened(file, file.head()))]
        detail = (
            f"the prices of {instrument} are those in the files; Sierra Chart multiplies those of some symbols "
            "by a factor in its settings"
        )
        report.add("assumptions", "", None, None, detail)
        return [
            Part(
                name=file.source.name,
                size_bytes=file.source.size_bytes,
                read=partial(_read, file),
                first_ns=_first_ns(file),
                trades=file.kind is _SCID,
                book=file.kind is _DEPTH,
                has_snapshots=file.kind is _DEPTH,
            )
            for file in opened
        ]


FORMAT: Final = _Sierra()


def _symbol(file: SourceFile) -> str:
    name = (file.member or file.path.name).rpartition("/")[2]
    named = _NAME.fullmatch(name)
    symbol = named["symbol"] if named else name.partition(".")[0] or name
    future = _FUTURE.fullmatch(symbol)
    return printable(future["contract"] if future else symbol)


def _opened(file: SourceFile, head: bytes) -> _File | None:
    """A file of either kind; None for other files."""
    kind = next((kind for kind in (_SCID, _DEPTH) if head.startswith(kind.magic)), None)
    if kind is None or len(head) < _HEADER.itemsize:
        return None
    header = np.frombuffer(head, _HEADER, 1)[0]
    start, size, version = int(header["header"]), int(header["record"]), int(header["version"])
    if size != kind.record.itemsize or version != _VERSION or not _HEADER.itemsize <= start <= len(head):
        msg = (
            f"{file.name}: is version {version} with {size} bytes per record after a header of {start} bytes; "
            f"version {_VERSION} of Sierra Chart's {kind.extension} with {kind.record.itemsize} bytes is supported"
        )
        raise DatasetError(msg)
    times = _head_records(head, kind, start)["time"]
    if len(times) and (times >= _BEYOND_US).all():
        msg = (
            f"{file.name}: its times are not microseconds since 1899-12-30: Sierra Chart before version 2151 wrote "
            "fractions of days, which lose the microseconds; load and save the file with a current version"
        )
        raise DatasetError(msg)
    return _File(file, kind, start)


def _head_records(head: bytes, kind: _Kind, start: int) -> Records:
    return np.frombuffer(head[start:], kind.record, (len(head) - start) // kind.record.itemsize)


def _first_ns(file: _File) -> int | None:
    times = _head_records(file.source.head(), file.kind, file.start)["time"]
    return (int(times[0]) - _EPOCH_US) * 1000 if _FIRST_US <= times[0] < _BEYOND_US else None


def _has_trades(file: _File) -> bool:
    """Whether any record is a trade; in some files the trades follow bars of earlier years."""
    return any(np.isin(records["open"], _OF_ONE_TRADE).any() for records, *_ in _records(file))


def _records(file: _File) -> Generator[tuple[Records, int, int, bool]]:
    """The file's records as they are read, the number of earlier ones, the bytes consumed, and if the rest is lost."""
    itemsize = file.kind.record.itemsize
    rest, skipped, before, consumed, cut_off = b"", file.start, 0, 0, False
    for block in file.source.blocks():
        data = rest + block.data[skipped:]
        skipped = max(skipped - len(block.data), 0)
        consumed, cut_off = block.consumed_bytes, block.cut_off
        records = np.frombuffer(data, file.kind.record, len(data) // itemsize)
        yield records, before, consumed, False
        before += len(records)
        rest = data[len(records) * itemsize :]
    if rest or cut_off:
        yield np.empty(0, file.kind.record), before, consumed, True


def _read(file: _File, report: Report) -> Generator[Batch]:
    reader = (_TradeReader if file.kind is _SCID else _BookReader)(file.source.name, report)
    with closing(prefetched(_records(file))) as blocks:
        for records, before, consumed, cut_off in blocks:
            yield reader.batch(records, before, consumed)
            if cut_off:
                detail = "the file is cut off here: the rest is lost"
                report.add("incomplete", file.source.name, before + 1, None, detail)
    report.refuse_if_rotten(file.source.name)


@dataclass(frozen=True, slots=True)
class _Sound:
    """Valid records with their lines and times (ns), and their prices in ticks of `decimals` each."""

    records: Records
    lines: NDArray[np.int64]
    times: NDArray[np.int64]
    ticks: NDArray[np.int64]
    decimals: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_]) -> _Sound:
        """Some of the records, nearly always all."""
        if rows.all():
            return self
        return _Sound(self.records[rows], self.lines[rows], self.times[rows], self.ticks[rows], self.decimals[rows])


class _Reader:
    """Reads the records of a file, and reports invalid ones."""

    def __init__(self, name: str, report: Report) -> None:
        self._name = name
        self._report = report
        self._days = DayCheck(name, report)
        self._order = OrderCheck(report)
        self._decimals = 0

    def batch(self, records: Records, before: int, consumed_bytes: int) -> Batch:
        """The next records as a batch."""
        raise NotImplementedError

    def _sound(self, records: Records, lines: NDArray[np.int64], faulty: NDArray[np.bool_], reason: str) -> _Sound:
        """The valid records without the `faulty`; all prices are scaled to `_decimals`."""
        ticks, needed = np.empty(len(records), np.int64), np.empty(len(records), np.int64)
        _spell(records["price"], _POWERS, ticks, needed)
        timeless = (records["time"] < _FIRST_US) | (records["time"] >= _BEYOND_US)
        good = np.ones(len(records), np.bool_)
        for bad, why in (
            (timeless, "a time before 1990 or out of range"),
            (ticks == _NO_PRICE, "a price that is not a number with at most 12 decimals"),
            (faulty, reason),
        ):
            rows = np.flatnonzero(good & bad)
            self._report.add_all("malformed", self._name, ((int(lines[row]), None, why) for row in rows), len(rows))
            good &= ~bad
        times = (np.where(timeless, _EPOCH_US, records["time"]) - _EPOCH_US) * 1000
        sound = _Sound(records, lines, times, ticks, needed).where(good)
        sound = sound.where(self._days.near(sound.times, sound.lines))
        span = (int(sound.times.min()), int(sound.times.max())) if len(sound.times) else (None, None)
        self._report.rows(self._name, len(records), *span)
        self._order.check(self._name, sound.times, sound.lines)
        return replace(sound, ticks=self._rescaled(sound.ticks, sound.decimals))

    def _rescaled(self, ticks: NDArray[np.int64], decimals: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ticks on the finest scale so far, from ticks with the given decimals each."""
        self._decimals = max(self._decimals, int(decimals.max(initial=0)))
        factors = _FACTORS[self._decimals - decimals]
        if (np.abs(ticks) > np.iinfo(np.int64).max // factors).any():
            msg = f"{self._name}: its largest price does not fit into 64 bits with {self._decimals} decimals"
            raise ScaleOverflow(msg)
        return ticks * factors


class _TradeReader(_Reader):
    """Reads .scid."""

    def batch(self, records: Records, before: int, consumed_bytes: int) -> Batch:
        """The next records as trades."""
        lines = np.arange(before + 1, before + 1 + len(records))
        single = np.isin(records["open"], _OF_ONE_TRADE)
        detail = "a bar of several trades without the trades themselves, left out"
        bars = lines[~single].tolist()
        self._report.rows(self._name, len(bars))
        self._report.add_all("incomplete", self._name, ((line, None, detail) for line in bars), len(bars))
        if bars:
            records, lines = records[single], lines[single]
        too_much = records["bid_size"].astype(np.int64) + records["ask_size"] > records["size"]
        sound = self._sound(records, lines, too_much, "more volume is bought and sold than is traded")
        bought, sold = sound.records["ask_size"] > 0, sound.records["bid_size"] > 0
        trades = Trades(
            time_ns=sound.times,
            price_ticks=sound.ticks,
            size_lots=sound.records["size"].astype(np.int64),
            price_decimals=self._decimals,
            size_decimals=0,
            aggressor=_AGGRESSORS[bought * 2 + sold],
        )
        report_unknown_sides(self._report, self._name, trades, sound.lines)
        return batch(trades, None, consumed_bytes, lines=sound.lines)


class _BookReader(_Reader):
    """Reads .depth."""

    def __init__(self, name: str, report: Report) -> None:
        super().__init__(name, report)
        self._state = np.zeros(2, np.int64)
        """Whether a snapshot continues, and the time of its start."""

    def batch(self, records: Records, before: int, consumed_bytes: int) -> Batch:
        """The next records as book events."""
        lines = np.arange(before + 1, before + 1 + len(records))
        unknown = records["command"] > _LAST_COMMAND
        sound = self._sound(records, lines, unknown, "a command other than 0 to 7")
        # A record without a command may still end a batch.
        _date_snapshots(sound.records["command"], sound.records["flags"], sound.times, self._state)
        sound = sound.where(sound.records["command"] > 0)
        command = sound.records["command"]
        clears = command == _CLEARS
        emptied = clears | np.isin(command, _REMOVES)
        book = BookEvents(
            time_ns=sound.times,
            price_ticks=np.where(clears, 0, sound.ticks),
            size_lots=np.where(emptied, 0, sound.records["size"]).astype(np.int64),
            price_decimals=self._decimals,
            size_decimals=0,
            side=np.where(clears, CLEAR, np.where(command % 2 == 0, BID, ASK)).astype(np.int8),
        )
        return batch(None, book, consumed_bytes)


@njit(cache=True, nogil=True)
def _spell(
    values: NDArray[np.float32], powers: NDArray[np.float64], ticks: NDArray[np.int64], needed: NDArray[np.int64]
) -> None:
    """Fill `ticks` and `needed` (their decimals) with the shortest digits that give the same floats.

    A float of 24 bits times a power of ten up to the twelfth is exact in a double of 53.
    """
    for row in range(len(values)):
        value = np.float64(values[row])
        ticks[row] = _NO_PRICE
        needed[row] = 0
        if not abs(value) < _MOST_TICKS:
            continue
        for decimals in range(len(powers)):
            whole = np.rint(value * powers[decimals])
            if abs(whole) >= _MOST_TICKS:
                break
            if np.float32(whole / powers[decimals]) == values[row]:
                ticks[row] = np.int64(whole)
                needed[row] = decimals
                break


@njit(cache=True, nogil=True)
def _date_snapshots(
    commands: NDArray[np.uint8], flags: NDArray[np.uint8], times: NDArray[np.int64], state: NDArray[np.int64]
) -> None:
    """Give the levels that follow a clear its time, up to the end of their batch: a snapshot is of one time.

    Records in it from before the clear were cleared by it, and keep their time.
    """
    for row in range(len(commands)):
        command = commands[row]
        if command == _CLEARS:
            state[0], state[1] = 1, times[row]
        elif command not in _ADDS:
            state[0] = 0
        if state[0]:
            times[row] = min(times[row], state[1])
        if flags[row] & _END_OF_BATCH:
            state[0] = 0
