"""hftbacktest's event arrays, of both generations (docs/formats/hftbacktest.md)."""

from __future__ import annotations

import re
import warnings
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.events import ASK, BID, BUY, CLEAR, SELL, UNKNOWN, BookEvents, Trades, concatenated
from processor.core.merge.parts import batch
from processor.errors import DatasetError
from processor.formats.base import part_of_all
from processor.formats.books.occupied_prices import OccupiedPrices
from processor.formats.books.snapshots import SnapshotRuns
from processor.formats.lines import text
from processor.formats.lines.tables import DayCheck, OrderCheck, report_rounded, report_unknown_sides
from processor.formats.recordings.repeated_rows import RepeatedRows
from processor.prefetch import prefetched

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.merge.parts import Batch, Part
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile

_MAGIC: Final = b"\x93NUMPY"
_ARRAY: Final = "data.npy"
"""The name of the array `data` in an npz archive."""
_FIELDS: Final = {"ev": "u", "exch_ts": "i", "local_ts": "i", "px": "f", "qty": "f"}
_OLD_COLUMNS: Final = 6
_FLOAT64: Final = np.dtype("<f8")
_DATE: Final = re.compile(r"[._-]?(?:19|20)\d\d[-_]?[01]\d[-_]?[0-3]\d(?!\d).*$")

_DEPTH: Final = 1
_TRADE: Final = 2
_CLEAR: Final = 3
_SNAPSHOT: Final = 4
_KINDS: Final = (_DEPTH, _TRADE, _CLEAR, _SNAPSHOT)
_MOST: Final = 0.9
_KIND_BITS: Final = 0xFF
_BUY_BIT: Final = 1 << 29
_SELL_BIT: Final = 1 << 28
_CLOCK_BIT: Final = {"exchange": 1 << 31, "local": 1 << 30}
_TIME_OF_CLOCK: Final = {"exchange": "exch_ts", "local": "local_ts"}
_NS_PER_US: Final = 1000
_US_NOW: Final = (10**14, 10**17)
"""The range of plausible times in microseconds since 1970."""
_NO_TIME: Final = np.iinfo(np.int64).min

_LEVEL: Final = text.Layout([text.price("px"), text.size("qty")])


@dataclass(frozen=True, slots=True)
class _Header:
    """The header before the rows: `length` bytes."""

    length: int
    dtype: np.dtype[np.generic]
    rows: int

    @property
    def row_bytes(self) -> int:
        return self.dtype.itemsize * (1 if self.dtype.names else _OLD_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of either generation: kind, side (BUY, SELL or UNKNOWN), times in ns, prices and sizes as floats."""

    kind: NDArray[np.int64]
    side: NDArray[np.int8]
    time_ns: NDArray[np.int64]
    price: NDArray[np.float64]
    size: NDArray[np.float64]
    content: NDArray[np.uint8]
    """The bytes of each row, padded to a multiple of 8."""


class _HftBacktest:
    name = "hftbacktest"
    title = "hftbacktest event arrays (npz or npy; nanoseconds by name, or six columns in microseconds)"

    def instruments(self, file: SourceFile, head: bytes) -> frozenset[str]:
        """The file's name up to its date, if the file is an array of events: its content names no instrument."""
        header = _header(file, head)
        if header is None:
            return frozenset()
        stem = _array_name(file).partition(".")[0]
        return frozenset((_DATE.sub("", stem) or stem,))

    def parts(self, files: Sequence[SourceFile], instrument: str, clock: str, report: Report) -> list[Part]:
        """One part of all files, which have both trades and book: the book continues from file to file."""
        del instrument, report
        return [part_of_all(files, partial(_read, files, clock))]


FORMAT: Final = _HftBacktest()


def _array_name(file: SourceFile) -> str:
    """The file's name, or for the array `data` of an npz archive, the archive's name."""
    *folders, name = (file.member or file.path.name).split("/")
    return name if name != _ARRAY else folders[-1] if folders else file.path.name


def _header(file: SourceFile, head: bytes) -> _Header | None:
    """The header of an array of events; None for any other file.

    Raises:
        DatasetError: the array is stored column by column.
    """
    if not head.startswith(_MAGIC):
        return None
    source = BytesIO(head)
    try:
        major, _ = np.lib.format.read_magic(source)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings(action="ignore"):
            shape, by_column, dtype = read(source)
    except Exception:  # noqa: BLE001 - the header is a Python literal, and a damaged one raises whatever Python does
        return None
    if min(shape, default=0) < 0 or dtype.hasobject or not dtype.itemsize:
        return None
    kinds = {name: dtype[name].kind for name in dtype.names or ()}
    named = len(shape) == 1 and all(kinds.get(name) == kind for name, kind in _FIELDS.items())
    if not named and not (dtype == _FLOAT64 and len(shape) == 2 and shape[1] == _OLD_COLUMNS):  # noqa: PLR2004
        return None
    header = _Header(source.tell(), dtype, int(shape[0]))
    if not named and not _looks_like_events(head, header, by_column=by_column):
        return None
    if by_column and not named:
        msg = f"{file.name}: the array is stored column by column: save numpy.ascontiguousarray(array)"
        raise DatasetError(msg)
    return header


def _looks_like_events(head: bytes, header: _Header, *, by_column: bool) -> bool:
    """Whether most of the first rows of six unnamed numbers have a valid event kind and time."""
    count = min((len(head) - header.length) // header.row_bytes, header.rows)
    first = np.frombuffer(head, _FLOAT64, count * _OLD_COLUMNS, header.length)
    if by_column:
        return bool(np.isin(first[: header.rows], _KINDS).mean() > _MOST) if count else False
    table = first.reshape(-1, _OLD_COLUMNS)
    latest = table[:, 1:3].max(axis=1, initial=0)
    fitting = np.isin(table[:, 0], _KINDS) & (latest > _US_NOW[0]) & (latest < _US_NOW[1])
    return bool(count and fitting.mean() > _MOST)


def _rows(header: _Header, data: bytes, clock: str) -> tuple[_Rows, NDArray[np.bool_]]:
    """The rows, and which of them count for this clock: some are only for the exchange, or only local."""
    content = np.frombuffer(data, np.uint8).reshape(-1, header.row_bytes)
    content = np.pad(content, ((0, 0), (0, -header.row_bytes % 8))) if header.row_bytes % 8 else content
    if not header.dtype.names:
        table = np.frombuffer(data, _FLOAT64).reshape(-1, _OLD_COLUMNS)
        times = table[:, 1 if clock == "exchange" else 2]
        whole = (times == np.floor(times)) & (times < _US_NOW[1]) & (times > -1)
        return _Rows(
            kind=_whole(table[:, 0]),
            side=np.select([table[:, 3] > 0, table[:, 3] < 0], [BUY, SELL], UNKNOWN).astype(np.int8),
            time_ns=np.where(whole, _whole(times) * _NS_PER_US, _NO_TIME),
            price=table[:, 4],
            size=table[:, 5],
            content=content,
        ), times != -1
    records = np.frombuffer(data, header.dtype)
    flags = records["ev"].astype(np.int64)
    either = _CLOCK_BIT["exchange"] | _CLOCK_BIT["local"]
    return _Rows(
        kind=flags & _KIND_BITS,
        side=np.select([flags & _BUY_BIT != 0, flags & _SELL_BIT != 0], [BUY, SELL], UNKNOWN).astype(np.int8),
        time_ns=records[_TIME_OF_CLOCK[clock]].astype(np.int64),
        price=records["px"].astype(np.float64),
        size=records["qty"].astype(np.float64),
        content=content,
    ), (flags & _CLOCK_BIT[clock] != 0) | (flags & either == 0)


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Floats as integers; those that are not whole numbers become 0."""
    fits = (values == np.floor(values)) & (np.abs(values) < _US_NOW[1])
    return np.where(fits, values, 0).astype(np.int64)


def _read(files: Sequence[SourceFile], clock: str, report: Report) -> Generator[Batch]:
    def first(file: SourceFile) -> int:
        head = file.head()
        header = _header(file, head)
        if header is None or not header.rows:
            return 0
        content = head[header.length :]
        whole = content[: len(content) // header.row_bytes * header.row_bytes]
        rows, here = _rows(header, whole, clock)
        return int(rows.time_ns[here].min(initial=np.iinfo(np.int64).max))

    reader = _Reader(clock, report)
    before = 0
    in_order = sorted((first(file), file.name, file) for file in files)
    for number, (_, name, file) in enumerate(in_order):
        reader.next_file(name, min((first_ns for first_ns, *_ in in_order[number + 1 :]), default=None))
        for trades, book, lines, consumed in reader.read(file):
            yield batch(trades, book, before + consumed, lines=lines)
        before += file.size_bytes
    reader.end()


class _Reader:
    """Reads files that continue each other."""

    def __init__(self, clock: str, report: Report) -> None:
        self._clock = clock
        self._report = report
        self._order = OrderCheck(report)
        self._decimals = (0, 0)
        self._resting = {BID: OccupiedPrices(), ASK: OccupiedPrices()}
        self._repeats = RepeatedRows()
        self._old_runs = SnapshotRuns()
        self._latest_ns = self._cleared_ns = _NO_TIME
        """Times of the latest row of the book, and of the latest clear of a side."""
        self._snapshot_ns: int | None = None
        """Time of the last row of the book, if that row is of a snapshot."""
        self._begins = False
        """Whether the next row of the book is the first of a file that follows another."""

    def next_file(self, name: str, next_ns: int | None) -> None:
        """Start another file; the one after it starts at `next_ns` or later (None: there is none).

        Raises:
            DatasetError: the previous file lacks rows that an earlier one has at the same time.
        """
        self._repeats.next_file(name, next_ns)
        self._begins = self._latest_ns != _NO_TIME

    def end(self) -> None:
        """Finish the last file.

        Raises:
            DatasetError: it lacks rows that an earlier file has at the same time.
        """
        self._repeats.end()

    def read(self, file: SourceFile) -> Generator[tuple[Trades, BookEvents | None, NDArray[np.int64], int]]:
        """Trades, book events, the trades' rows and the bytes read.

        Raises:
            DatasetError: too many rows are malformed.
        """
        header = _header(file, file.head())
        assert header is not None  # noqa: S101 - it was when the file was recognised
        days = DayCheck(file.name, self._report)
        rest, skipped, before = b"", header.length, 0
        with closing(prefetched(file.blocks())) as blocks:
            for block in blocks:
                data = rest + block.data[skipped:]
                skipped = max(skipped - len(block.data), 0)
                end = min(len(data) // header.row_bytes, header.rows - before) * header.row_bytes
                rows, here = _rows(header, data[:end], self._clock)
                trades, book, lines = self._events(rows, here, before, file.name, days)
                before += end // header.row_bytes
                rest = data[end:]
                yield trades, book, lines, block.consumed_bytes
                if rest and before == header.rows:
                    break
        if before < header.rows:
            detail = f"the file ends after {before} of {header.rows} rows"
            self._report.add("incomplete", file.name, before + 1, None, detail)
        elif rest:
            detail = f"the file is longer than the {before} rows that its header states: the rest is left out"
            self._report.add("incomplete", file.name, before + 1, None, detail)
        self._report.refuse_if_rotten(file.name)

    def _events(
        self, rows: _Rows, here: NDArray[np.bool_], before: int, name: str, days: DayCheck
    ) -> tuple[Trades, BookEvents | None, NDArray[np.int64]]:
        parsed = self._parsed(rows, before)
        report_rounded(self._report, name, parsed)
        known = (rows.kind >= _DEPTH) & (rows.kind <= _SNAPSHOT)
        sided = (rows.side != UNKNOWN) | (rows.kind == _TRADE) | (rows.kind == _CLEAR)
        sound = np.zeros(len(here), np.bool_)
        place = parsed.lines - before - 1
        sound[place] = True
        prices, sizes = np.zeros((2, len(here)), np.int64)
        prices[place], sizes[place] = parsed.values
        reasons = {bad.line: bad.reason for bad in parsed.bad}
        bad = np.flatnonzero(here & ~sound) + before + 1
        found = ((line, None, reasons.get(line, "a price or size is not a number")) for line in bad.tolist())
        self._report.add_all("malformed", name, found, len(bad))
        self._malformed(here & sound & ~known, before, name, "a kind of event other than 1 to 4")
        self._malformed(here & sound & known & ~sided, before, name, "a level without a side")
        timed = rows.time_ns != _NO_TIME
        self._malformed(here & sound & known & sided & ~timed, before, name, "a time that is not a whole number")
        chosen = np.flatnonzero(here & sound & known & sided & timed)
        chosen = chosen[days.near(rows.time_ns[chosen], chosen + before + 1)]
        times = rows.time_ns[chosen]
        span = (int(times.min()), int(times.max())) if len(times) else (None, None)
        self._report.rows(name, int(here.sum()), *span)
        chosen = chosen[~self._repeated(rows, chosen, before, name)]
        times = rows.time_ns[chosen]
        self._order.check(name, times, chosen + before + 1)
        is_trade = rows.kind[chosen] == _TRADE
        self._refuse_disorder(rows, chosen[~is_trade], before, name)
        trades = self._trades(rows, chosen[is_trade], prices, sizes, before, name)
        return trades, self._book(rows, chosen[~is_trade], prices, sizes), chosen[is_trade] + before + 1

    def _repeated(self, rows: _Rows, chosen: NDArray[np.intp], before: int, name: str) -> NDArray[np.bool_]:
        """Which of the chosen rows an earlier file also has, or are of a snapshot older than the book."""
        gone = np.zeros(len(chosen), np.bool_)
        if not self._repeats.is_needed:
            return gone
        times, lines, kind = rows.time_ns[chosen], chosen + before + 1, rows.kind[chosen]
        in_snapshot: NDArray[np.bool_] = (kind == _CLEAR) | (kind == _SNAPSHOT)
        where = np.flatnonzero(~in_snapshot)
        gone[where] = self._repeats.repeated(times[where], rows.content[chosen[where]], lines[where])
        self._report_rows("duplicates", "another file has the same row", gone, lines, times, name)
        old: NDArray[np.bool_] = in_snapshot & (times < self._repeats.until_ns)
        starts = np.zeros(len(chosen), np.bool_)
        starts[self._old_runs.starts(old, times)] = True
        self._report_rows("old_snapshots", "the files before are ahead of this snapshot", starts, lines, times, name)
        return gone | old

    def _refuse_disorder(self, rows: _Rows, chosen: NDArray[np.intp], before: int, name: str) -> None:
        """Refuse a row that is before a side's clear in the file but after it in time, or the reverse.

        Raises:
            DatasetError: there is such a row: a clear removes the levels that are there at its time.
        """
        if not len(chosen):
            return
        times = rows.time_ns[chosen]
        clears = (rows.kind[chosen] == _CLEAR) & (rows.side[chosen] != UNKNOWN)
        latest_ns = max(self._latest_ns, int(times.max()))
        if clears.any() or self._cleared_ns != _NO_TIME:
            latest = np.maximum.accumulate(np.concatenate(([self._latest_ns], times)))
            cleared = np.maximum.accumulate(np.concatenate(([self._cleared_ns], np.where(clears, times, _NO_TIME))))
            wrong = np.flatnonzero((times < cleared[:-1]) | (clears & (times < latest[:-1])))
            if len(wrong):
                row = int(wrong[0])
                back_s = (int(latest[row]) - int(times[row])) / 1e9
                msg = (
                    f"{name}: row {int(chosen[row]) + before + 1} is {back_s:.9f} s before a row above it, and one of "
                    "the two clears a side, so the result depends on their order: "
                    "sort the array by the times of this clock"
                )
                raise DatasetError(msg)
            self._cleared_ns = int(cleared[-1])
        self._latest_ns = latest_ns

    def _report_rows(
        self,
        kind: str,
        detail: str,
        which: NDArray[np.bool_],
        lines: NDArray[np.intp],
        times: NDArray[np.int64],
        name: str,
    ) -> None:
        found = np.flatnonzero(which)
        self._report.add_all(kind, name, ((int(lines[row]), int(times[row]), detail) for row in found), len(found))

    def _malformed(self, where: NDArray[np.bool_], before: int, name: str, reason: str) -> None:
        found = np.flatnonzero(where)
        self._report.add_all("malformed", name, ((int(row) + before + 1, None, reason) for row in found), len(found))

    def _parsed(self, rows: _Rows, before: int) -> text.Parsed:
        """Prices and sizes as the shortest digits that give the same floats, which are the intended ones."""
        clears = rows.kind == _CLEAR
        # A clear without a price clears the whole side; its size has no meaning.
        prices = np.where(clears & ~np.isfinite(rows.price), 0.0, rows.price)
        sizes = np.where(clears, 0.0, rows.size)
        lines = pl.DataFrame({"px": prices, "qty": sizes}).write_csv(include_header=False, float_scientific=False)
        parsed = _LEVEL.parse(
            lines.encode(),
            len(prices),
            first_line=before + 1,
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
        )
        if (parsed.price_decimals, parsed.size_decimals) != self._decimals:
            for side in self._resting.values():
                side.rescale(10 ** (parsed.price_decimals - self._decimals[0]))
            self._decimals = parsed.price_decimals, parsed.size_decimals
        return parsed

    def _trades(
        self,
        rows: _Rows,
        chosen: NDArray[np.intp],
        prices: NDArray[np.int64],
        sizes: NDArray[np.int64],
        before: int,
        name: str,
    ) -> Trades:
        trades = Trades(
            time_ns=rows.time_ns[chosen],
            price_ticks=prices[chosen],
            size_lots=sizes[chosen],
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
            aggressor=rows.side[chosen],
        )
        report_unknown_sides(self._report, name, trades, chosen + before + 1)
        return trades

    def _book(
        self, rows: _Rows, chosen: NDArray[np.intp], prices: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> BookEvents | None:
        """The levels, and for each clear the removals of the levels that it clears."""
        clears = np.flatnonzero(rows.kind[chosen] == _CLEAR)
        parts: list[BookEvents] = []
        if len(chosen):
            if self._begins_with_snapshot(rows, int(chosen[0])):
                parts.append(self._cleared(int(rows.time_ns[chosen[0]]), UNKNOWN, None))
            in_snapshot = rows.kind[chosen[-1]] in (_SNAPSHOT, _CLEAR)
            self._snapshot_ns = int(rows.time_ns[chosen[-1]]) if in_snapshot else None
            self._begins = False
        start = 0
        for at in [*clears.tolist(), len(chosen)]:
            levels = chosen[start:at]
            side = np.where(rows.side[levels] == BUY, BID, ASK).astype(np.int8)
            for of, resting in self._resting.items():
                resting.update(prices[levels][side == of], sizes[levels][side == of])
            if len(levels):
                parts.append(self._levels(rows.time_ns[levels], side, prices[levels], sizes[levels]))
            if at < len(chosen):
                row = chosen[at]
                upto = int(prices[row]) if np.isfinite(rows.price[row]) else None
                parts.append(self._cleared(int(rows.time_ns[row]), int(rows.side[row]), upto))
            start = at + 1
        return concatenated(parts) if parts else None

    def _begins_with_snapshot(self, rows: _Rows, row: int) -> bool:
        """Whether a row of the book starts a file with a snapshot without a clear, such as an end-of-day snapshot."""
        goes_on = self._snapshot_ns == int(rows.time_ns[row])
        return self._begins and int(rows.kind[row]) == _SNAPSHOT and not goes_on

    def _cleared(self, time_ns: int, side: int, upto: int | None) -> BookEvents:
        if side == UNKNOWN:
            for resting in self._resting.values():
                resting.take(None, None)
            return self._levels(np.array([time_ns]), np.array([CLEAR], np.int8), *np.zeros((2, 1), np.int64))
        of = BID if side == BUY else ASK
        gone = self._resting[of].take(*((upto, None) if side == BUY else (None, upto)))
        return self._levels(
            np.full(len(gone), time_ns), np.full(len(gone), of, np.int8), gone, np.zeros(len(gone), np.int64)
        )

    def _levels(
        self,
        times: NDArray[np.int64],
        side: NDArray[np.int8],
        prices: NDArray[np.int64],
        sizes: NDArray[np.int64],
    ) -> BookEvents:
        return BookEvents(
            time_ns=times,
            price_ticks=prices,
            size_lots=sizes,
            price_decimals=self._decimals[0],
            size_decimals=self._decimals[1],
            side=side,
        )
