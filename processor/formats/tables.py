"""Files of separated values as rows of integers, with everything wrong in them reported."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from numba import njit

from processor.events import NS_PER_DAY, UNKNOWN
from processor.formats.chunks import chunks, head_lines

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from processor.events import Trades
    from processor.formats.base import SourceFile
    from processor.formats.chunks import Chunk
    from processor.formats.text import Layout, Parsed
    from processor.report import Report

_DATE: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_NEVER_NS: Final = int(np.iinfo(np.int64).min) // 2
"""Before any time, and far enough from the end of the range to be subtracted."""
_FIRST_NS: Final = int(np.iinfo(np.int64).min)
_LAST_NS: Final = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Rows:
    """Good rows of one file: `values` is int64 of shape (columns, rows), `lines` their 1-based lines in the file.

    `last_line` is the last line these rows were looked for in, good or not.
    """

    values: NDArray[np.int64]
    lines: NDArray[np.int64]
    last_line: int
    price_decimals: int
    size_decimals: int
    consumed_bytes: int

    def __len__(self) -> int:
        """Rows."""
        return len(self.lines)

    def where(self, rows: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Rows:
        """Some of the rows."""
        return replace(self, values=self.values[:, rows], lines=self.lines[rows])

    def split(self, line: int) -> tuple[Rows, Rows]:
        """The rows up to this line of the file, and those after it."""
        at = int(np.searchsorted(self.lines, line, side="right"))
        return replace(self.where(slice(at)), last_line=line), self.where(slice(at, None))


class TableReader:
    """Reads files that continue each other, on scales that only ever grow finer."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._order = OrderCheck(report)
        self._decimals = (0, 0)

    def rows(
        self, file: SourceFile, layout: Layout, *, time: str | None, header_lines: int = 0, midnight_ns: int = 0
    ) -> Generator[Rows]:
        """The file's good rows.

        `time` names the column whose times, in ns since `midnight_ns`, must lie near the file's day and should not
        decrease; `midnight_ns` is added to them.

        Raises:
            DatasetError: the file cannot be read, or too many of its rows are malformed.
        """
        days = DayCheck(file.name, self._report)
        with closing(chunks(file, header_lines=header_lines)) as read:
            for chunk in read:
                rows, malformed = self._parsed(chunk, layout, file.name)
                if time is None:
                    self._report.rows(file.name, len(rows) + malformed)
                else:
                    time_row = layout.row_of(time)
                    rows.values[time_row] += midnight_ns
                    rows = self._checked(rows, time_row, malformed, days, file.name)
                yield rows
        self._report.refuse_if_rotten(file.name)

    def _parsed(self, chunk: Chunk, layout: Layout, name: str) -> tuple[Rows, int]:
        price_decimals, size_decimals = self._decimals
        parsed = layout.parse(
            chunk.text,
            chunk.lines,
            first_line=chunk.first_line,
            price_decimals=price_decimals,
            size_decimals=size_decimals,
        )
        self._decimals = parsed.price_decimals, parsed.size_decimals
        self._report.add_all("malformed", name, ((bad.line, None, bad.reason) for bad in parsed.bad), parsed.bad_count)
        report_rounded(self._report, name, parsed)
        if chunk.cut_off:
            report_cut_off(self._report, name, chunk)
        rows = Rows(
            values=parsed.values,
            lines=parsed.lines,
            last_line=chunk.last_line,
            price_decimals=parsed.price_decimals,
            size_decimals=parsed.size_decimals,
            consumed_bytes=chunk.consumed_bytes,
        )
        return rows, parsed.bad_count

    def _checked(self, rows: Rows, time_row: int, malformed: int, days: DayCheck, name: str) -> Rows:
        found = len(rows) + malformed
        near = days.near(rows.values[time_row], rows.lines)
        if not near.all():
            rows = rows.where(near)
        times = rows.values[time_row]
        span = (int(times.min()), int(times.max())) if len(times) else (None, None)
        self._report.rows(name, found, *span)
        self._order.check(name, times, rows.lines)
        return rows


def report_rounded(report: Report, name: str, parsed: Parsed) -> None:
    """Report the values that are not those written."""
    found = ((value.line, None, value.reason) for value in parsed.rounded)
    report.add_all("rounded", name, found, parsed.rounded_count)


def report_cut_off(report: Report, name: str, chunk: Chunk) -> None:
    """Report that a packed file ends in the middle."""
    detail = "the packed file is cut off here: what it held beyond is lost"
    report.add("incomplete", name, chunk.first_line, None, detail)


def first_time(file: SourceFile, layout: Layout, time: str, *, header_lines: int = 0, midnight_ns: int = 0) -> int:
    """The time of the file's first good row, as far as its head shows; the last of all times if there is none."""
    lines = head_lines(file.head())[header_lines:]
    parsed = layout.parse(b"\n".join([*lines, b""]), len(lines))
    times = parsed.values[layout.row_of(time)]
    return int(times[0]) + midnight_ns if len(times) else int(np.iinfo(np.int64).max)


def report_unknown_sides(report: Report, name: str, trades: Trades, lines: NDArray[np.int64]) -> None:
    """Report the trades, found on these lines, whose aggressor is unknown."""
    unknown = np.flatnonzero(trades.aggressor == UNKNOWN)
    found = ((int(lines[row]), int(trades.time_ns[row]), "the aggressor is unknown") for row in unknown)
    report.add_all("unknown_sides", name, found, len(unknown))


class OrderCheck:
    """Counts the rows of a stream that are earlier than the row above them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last_ns = _NEVER_NS

    def check(self, name: str, times: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        """Look at the next rows of the stream, from the file of this name."""
        if not len(times):
            return
        last_ns, self._last_ns = self._last_ns, int(times[-1])
        if times[0] >= last_ns and (times[1:] >= times[:-1]).all():
            return
        above = np.concatenate(([last_ns], times[:-1]))
        early = np.flatnonzero(times < above)
        found = (
            (
                int(lines[row]),
                int(times[row]),
                f"{(int(above[row]) - int(times[row])) / 1e9:.6f} s before the row above",
            )
            for row in early
        )
        self._report.add_all("out_of_order", name, found, len(early))


class DayCheck:
    """Tells rows whose time is outside the file's day by more than a day: they are malformed.

    The day is the one in the file's name (two dates: from the first to the second) if the first row agrees with it.
    Otherwise it is the day of the last good row, so that a file may span many days: a time far from it is malformed,
    unless it is near the time of the malformed row just above.
    """

    def __init__(self, name: str, report: Report) -> None:
        self._name = name
        self._report = report
        self._named = _named_days(name)
        self._window: NDArray[np.int64] | None = None

    def near(self, times: NDArray[np.int64], lines: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows are near the file's day; the others are reported."""
        near = np.ones(len(times), np.bool_)
        if not len(times):
            return near
        if self._window is None:
            first, beyond = self._named or (0, 0)
            fixed = first <= times[0] < beyond
            if not fixed:
                day = int(times[0]) // NS_PER_DAY * NS_PER_DAY
                first, beyond = max(day - NS_PER_DAY, _FIRST_NS), min(day + 2 * NS_PER_DAY, _LAST_NS)
            self._window = np.array([first, beyond, _NEVER_NS, fixed], np.int64)
        _mark_near(times, self._window, near)
        far = np.flatnonzero(~near)
        found = ((int(lines[row]), int(times[row]), f"time {_shown(times[row])} is not of this day") for row in far)
        self._report.add_all("malformed", self._name, found, len(far))
        return near


@njit(cache=True, nogil=True)
def _mark_near(times: NDArray[np.int64], window: NDArray[np.int64], near: NDArray[np.bool_]) -> None:
    """Clear `near` where a time is outside `window`: first, beyond, the last time outside, and whether it is fixed."""
    for row in range(len(times)):
        time = times[row]
        if window[0] + NS_PER_DAY <= time < window[1] - NS_PER_DAY:  # still the same day: nearly always
            window[2] = _NEVER_NS
            continue
        outside = time < window[0] or time >= window[1]
        if window[3]:
            near[row] = not outside
            continue
        if outside and abs(time - window[2]) >= NS_PER_DAY:
            near[row] = False
            window[2] = time
            continue
        window[2] = _NEVER_NS
        day = time // NS_PER_DAY * NS_PER_DAY
        window[0] = day - NS_PER_DAY
        window[1] = day + 2 * NS_PER_DAY


def _named_days(name: str) -> tuple[int, int] | None:
    """From a day before the first date in a file's name to a day after the last, in ns; None if there is none."""
    days = []
    for year, _, month, day in _DATE.findall(name.rpartition("/")[2]):
        try:
            days.append(date(int(year), int(month), int(day)).toordinal() - date(1970, 1, 1).toordinal())
        except ValueError:
            continue
    return ((min(days) - 1) * NS_PER_DAY, (max(days) + 2) * NS_PER_DAY) if days else None


def _shown(time_ns: int) -> str:
    try:
        return datetime.fromtimestamp(int(time_ns) // 1_000_000_000, UTC).isoformat()
    except (ValueError, OverflowError):
        return f"{time_ns} ns"
