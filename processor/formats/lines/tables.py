"""Files of separated values as rows of integers; all faults are reported."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from processor.core.events import UNKNOWN
from processor.core.merge.parts import Part
from processor.formats.disk.packing import HEAD_BYTES
from processor.formats.lines.chunks import chunks, head_lines
from processor.units import NS_PER_DAY
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    from processor.core.events import Trades
    from processor.core.merge.parts import Batch
    from processor.core.report import Report
    from processor.formats.disk.files import SourceFile
    from processor.formats.lines.chunks import Lines
    from processor.formats.lines.text import Layout, Parsed

_DATE: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_NEVER_NS: Final = int(np.iinfo(np.int64).min) // 2
"""Before any time, and far enough from the end of the range to be subtracted."""
ROWS_AHEAD: Final = 8
"""How many rows after a row are checked to see whether its time can be right."""
_STEPS_FORWARD: Final = 31
"""A last row is wrong if its step is longer than the longest step before (at least a day) times this."""
_NOTHING_AHEAD: Final[NDArray[np.int64]] = np.empty(0, np.int64)


def _begin_of_year_ns(year: int) -> int:
    return (date(year, 1, 1).toordinal() - date(1970, 1, 1).toordinal()) * NS_PER_DAY


_NO_WINDOW: Final = (_begin_of_year_ns(1990), _begin_of_year_ns(datetime.now(UTC).year + 2))
"""From 1990 to the end of the next year: market data have no other times."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Good rows of one file: `values` is int64 of shape (columns, rows), `lines` their 1-based lines in the file.

    `last_line` is the last line that was read for these rows, good or not.
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
    """Reads files that continue each other, on scales that only grow finer.

    Without `checks_order`, the caller checks the order of the rows.
    """

    def __init__(self, report: Report, *, checks_order: bool = True) -> None:
        self._report = report
        self._order = OrderCheck(report) if checks_order else None
        self._decimals = (0, 0)

    def rows(
        self, file: SourceFile, layout: Layout, *, time: str | None, header_lines: int = 0, midnight_ns: int = 0
    ) -> Generator[Rows]:
        """The file's good rows.

        `time` names the column of times, in ns since `midnight_ns`, which must be near the file's day and should not
        decrease; `midnight_ns` is added to them.

        Raises:
            DatasetError: the file cannot be read, or too many of its rows are malformed.
        """
        days = DayCheck(file.name, self._report)
        waiting: tuple[Rows, int] | None = None
        with closing(chunks(file, header_lines=header_lines)) as read:
            for chunk in read:
                rows, malformed = self._parsed(chunk, layout, file.name)
                if time is None:
                    self._report.rows(file.name, len(rows) + malformed)
                    yield rows
                    continue
                times = rows.values[layout.row_of(time)]
                times += midnight_ns
                if waiting is not None:
                    yield self._checked(*waiting, layout.row_of(time), times, days, file.name)
                    waiting = None
                # Waiting rows leave the processor's cache, so only rows that must wait do.
                if days.needs_ahead(times):
                    waiting = rows, malformed
                else:
                    yield self._checked(rows, malformed, layout.row_of(time), _NOTHING_AHEAD, days, file.name)
        if waiting is not None and time is not None:
            yield self._checked(*waiting, layout.row_of(time), _NOTHING_AHEAD, days, file.name)
        self._report.refuse_if_rotten(file.name)

    def _parsed(self, chunk: Lines, layout: Layout, name: str) -> tuple[Rows, int]:
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

    def _checked(
        self, rows: Rows, malformed: int, time_row: int, ahead: NDArray[np.int64], days: DayCheck, name: str
    ) -> Rows:
        found = len(rows) + malformed
        near = days.near(rows.values[time_row], rows.lines, ahead)
        if not near.all():
            rows = rows.where(near)
        times = rows.values[time_row]
        span = (int(times.min()), int(times.max())) if len(times) else (None, None)
        self._report.rows(name, found, *span)
        if self._order is not None:
            self._order.check(name, times, rows.lines)
        return rows


Convert: TypeAlias = "Callable[[Rows], Batch]"
"""Makes a batch of the next rows of a file."""


@dataclass(frozen=True, slots=True)
class Table:
    """The layout of a file: `time` names the column of times, in ns since `midnight_ns`."""

    layout: Layout
    time: str
    header_lines: int = 1
    midnight_ns: int = 0


def table_part(
    file: SourceFile, table: Table, converter: Callable[[Report], Convert], *, trades: bool = False, book: bool = False
) -> Part:
    """A file whose rows are converted one by one; every reading makes a new converter."""

    def read(report: Report) -> Generator[Batch]:
        convert = converter(report)
        rows = TableReader(report).rows(
            file, table.layout, time=table.time, header_lines=table.header_lines, midnight_ns=table.midnight_ns
        )
        with closing(rows):
            yield from map(convert, rows)

    return Part(
        name=file.name,
        size_bytes=file.size_bytes,
        read=read,
        first_ns=begin_ns(file, table),
        trades=trades,
        book=book,
    )


def report_rounded(report: Report, name: str, parsed: Parsed) -> None:
    """Report the values that differ from the written ones."""
    found = ((value.line, None, value.reason) for value in parsed.rounded)
    report.add_all("rounded", name, found, parsed.rounded_count)


def report_cut_off(report: Report, name: str, chunk: Lines) -> None:
    """Report that a packed file ends in the middle."""
    detail = "the packed file is cut off here: the rest is lost"
    report.add("incomplete", name, chunk.first_line, None, detail)


def begin_ns(file: SourceFile, table: Table) -> int | None:
    """Time of the file's first event by its head; None if the head does not show it."""
    head = file.head()
    lines = head_lines(head)[table.header_lines :]
    parsed = table.layout.parse(b"\n".join([*lines, b""]), len(lines))
    return earliest_ns(parsed.values[table.layout.row_of(table.time)] + table.midnight_ns, whole=len(head) < HEAD_BYTES)


def earliest_ns(times: NDArray[np.int64], *, whole: bool) -> int | None:
    """The earliest time in a file's head; None if there is none, or the rest may have earlier ones."""
    if not len(times) or (not whole and times[0] > times[-1]):
        return None
    return int(times.min())


def report_unknown_sides(report: Report, name: str, trades: Trades, lines: NDArray[np.int64]) -> None:
    """Report the trades whose aggressor is unknown; `lines` are their lines in the file."""
    unknown = np.flatnonzero(trades.aggressor == UNKNOWN)
    found = ((int(lines[row]), int(trades.time_ns[row]), "the aggressor is unknown") for row in unknown)
    report.add_all("unknown_sides", name, found, len(unknown))


def sound_rows(
    faults: Sequence[tuple[NDArray[np.bool_], str]], report: Report, name: str, lines: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which rows have none of the faults; the others are reported by their `lines`, each with its first fault."""
    sound = np.ones(len(lines), np.bool_)
    for faulty, reason in faults:
        rows = np.flatnonzero(sound & faulty)
        report.add_all("malformed", name, ((int(lines[row]), None, reason) for row in rows), len(rows))
        sound &= ~faulty
    return sound


class OrderCheck:
    """Reports the rows of a stream that are earlier than the row above them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._last_ns = _NEVER_NS

    def check(self, name: str, times: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        """Check the next rows of the stream, from the file `name`."""
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
    """Finds rows whose time cannot be right: they are malformed.

    A time before 1990 or after the next year cannot be right. If the file's name has a date (two dates: from the
    first to the second) and the first row agrees with it, a time more than a day outside is wrong too. Otherwise a file
    may span any time with any gaps: a time more than a day from the one before is wrong only if the rows after it are
    again near the one before, and not near it. A last row is judged by the distances of the rows before it.

    With `first_may_be_old`, a first row over a day before the next is also wrong: venues send their last trade first.
    """

    def __init__(self, name: str, report: Report, *, first_may_be_old: bool = False) -> None:
        self._name = name
        self._report = report
        self._named = _named_days(name)
        self._window = _NO_WINDOW
        self._state = np.array([_NEVER_NS, 0, NS_PER_DAY, first_may_be_old], np.int64)

    def near(
        self, times: NDArray[np.int64], lines: NDArray[np.int64], ahead: NDArray[np.int64] = _NOTHING_AHEAD
    ) -> NDArray[np.bool_]:
        """Which rows have a plausible time; the others are reported. `ahead` are the times that follow."""
        near = np.ones(len(times), np.bool_)
        if not len(times):
            return near
        if self._named is not None:
            first_ns, beyond_ns = self._named
            self._window = (first_ns, beyond_ns) if first_ns <= times[0] < beyond_ns else _NO_WINDOW
            self._named = None
        first_ns, beyond_ns = self._window
        if self._window != _NO_WINDOW:
            near = (times >= first_ns) & (times < beyond_ns)
        else:
            _mark_near(np.concatenate((times, ahead[:ROWS_AHEAD])), first_ns, beyond_ns, self._state, near)
        far = np.flatnonzero(~near)
        found = ((int(lines[row]), int(times[row]), self._described(int(times[row]))) for row in far)
        self._report.add_all("malformed", self._name, found, len(far))
        return near

    def needs_ahead(self, times: NDArray[np.int64]) -> bool:
        """Whether the result of `near` may depend on the times that follow, because some are far apart."""
        last_ns, first_may_be_old = int(self._state[0]), bool(self._state[3])
        if not len(times):
            return False
        if last_ns == _NEVER_NS and first_may_be_old:
            return True
        earliest_ns, latest_ns = int(times.min()), int(times.max())
        if last_ns != _NEVER_NS:
            earliest_ns, latest_ns = min(earliest_ns, last_ns), max(latest_ns, last_ns)
        return latest_ns - earliest_ns >= NS_PER_DAY

    def _described(self, time_ns: int) -> str:
        shown = f"time {_shown(time_ns)}"
        if time_ns < _NO_WINDOW[0]:
            return f"{shown} is before 1990: is it in another unit?"
        if time_ns >= _NO_WINDOW[1]:
            return f"{shown} is after the next year: is it in another unit?"
        return (
            f"{shown} is not on the file's day"
            if self._window != _NO_WINDOW
            else f"{shown} is far from the rows around it"
        )


@njit(cache=True, nogil=True)
def _mark_near(
    times: NDArray[np.int64], first_ns: int, beyond_ns: int, state: NDArray[np.int64], near: NDArray[np.bool_]
) -> None:
    """Clear `near` for each of the first `times` that is out of range, or far from those before and after it.

    `state` is the last good time, the step to it if that was over a day, the longest step so far, and
    whether the first row may be old.
    """
    last_ns, step_ns, longest_ns, first_may_be_old = state
    for row in range(len(near)):
        time = times[row]
        if time < first_ns or time >= beyond_ns:
            near[row] = False
            continue
        step = time - last_ns if last_ns != _NEVER_NS else 0
        if abs(step) >= NS_PER_DAY:
            for later in range(row + 1, min(row + 1 + ROWS_AHEAD, len(times))):
                if abs(times[later] - last_ns) < NS_PER_DAY and abs(times[later] - time) >= NS_PER_DAY:
                    near[row] = False
                    break
            if row + 1 == len(times):
                near[row] = step <= _STEPS_FORWARD * longest_ns if step > 0 else step_ns < 0
            if not near[row]:
                continue
            step_ns = step
            longest_ns = max(longest_ns, abs(step))
        elif first_may_be_old and last_ns == _NEVER_NS and row + 1 < len(times) and times[row + 1] - time >= NS_PER_DAY:
            near[row] = False
            continue
        last_ns = time
    state[0], state[1], state[2] = last_ns, step_ns, longest_ns


def _named_days(name: str) -> tuple[int, int] | None:
    """From a day before the first date in a file's name to a day after the last, in ns; None without a date."""
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
