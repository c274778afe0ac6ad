"""What the public archives of exchanges have in common: daily and monthly files of trades, which may overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.errors import DatasetError
from processor.events import NS_PER_SECOND, Trades
from processor.formats.base import batch
from processor.formats.tables import TableReader, first_time, report_unknown_sides

if TYPE_CHECKING:
    import re
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from processor.formats import text
    from processor.formats.base import Batch
    from processor.formats.files import SourceFile
    from processor.formats.tables import Rows
    from processor.report import Report

_JITTER_NS: Final = 60 * NS_PER_SECOND
"""How far files that continue each other may reach into one another."""


@dataclass(frozen=True, slots=True)
class Table:
    """How a file is laid out, and the names of its columns of times and of ids (None: it has none that last)."""

    layout: text.Layout
    header_lines: int
    time: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """Which columns hold a trade's price, size and side, and the aggressor by the number of the side's word."""

    price: str
    size: str
    side: str
    aggressors: NDArray[np.int8]


def preferred(kinds: Mapping[str, Sequence[SourceFile]], report: Report) -> tuple[list[SourceFile], int]:
    """The files of the first kind that has any, and the bytes of those of the other kinds, which are reported."""
    present = {kind: files for kind, files in kinds.items() if files}
    if not present:
        return [], 0
    best, *others = present
    unused = [(kind, file) for kind in others for file in present[kind]]
    for kind, file in unused:
        report.add("unused", file.name, None, None, f"{kind} is left out, as there is {best} of the same instrument")
    return list(present[best]), sum(file.size_bytes for _, file in unused)


def read_tables(
    files: Mapping[SourceFile, Table], report: Report, *, passed_over_bytes: int = 0, ids_are_consecutive: bool = False
) -> Generator[tuple[str, Table, Rows, int]]:
    """Files in the order of their first times: name, table, good rows, and the bytes of the stream read by now.

    Rows whose id a file before has passed are duplicates: a month and a day of it hold the same rows.

    Raises:
        DatasetError: a file cannot be read, too many of its rows are malformed, or files without ids overlap in time.
    """
    reader = TableReader(report)
    overlaps = _Overlaps()
    ids = _Ids(report, consecutive=ids_are_consecutive)
    before = passed_over_bytes

    def first(file: SourceFile) -> int:
        return first_time(file, files[file].layout, files[file].time, header_lines=files[file].header_lines)

    for file in sorted(files, key=first):
        table = files[file]
        ids.next_file()
        for read in reader.rows(file, table.layout, time=table.time, header_lines=table.header_lines):
            rows = ids.fresh(file.name, read, table, table.id) if table.id else read
            if not table.id:
                overlaps.check(file.name, rows.values[table.layout.row_of(table.time)])
            yield file.name, table, rows, before + rows.consumed_bytes
        before += file.size_bytes


def trades_of(name: str, table: Table, rows: Rows, columns: TradeColumns, report: Report) -> Trades:
    """The rows as trades; those of unknown side are reported."""
    time, price, size, side = (
        rows.values[table.layout.row_of(column)] for column in (table.time, columns.price, columns.size, columns.side)
    )
    trades = Trades(
        time_ns=time,
        price_ticks=price,
        size_lots=size,
        price_decimals=rows.price_decimals,
        size_decimals=rows.size_decimals,
        aggressor=columns.aggressors[side],
    )
    report_unknown_sides(report, name, trades, rows.lines)
    return trades


def read_trades(
    files: Mapping[SourceFile, Table], columns: TradeColumns, report: Report, *, passed_over_bytes: int = 0
) -> Generator[Batch]:
    """The trades of all files."""
    for name, table, rows, consumed in read_tables(files, report, passed_over_bytes=passed_over_bytes):
        yield batch(trades_of(name, table, rows, columns, report), None, consumed)


def instrument_named(file: SourceFile, pattern: re.Pattern[str]) -> str:
    """The instrument in a file's name: what `pattern` finds at its start, or else all before the first point."""
    name = (file.member or file.path.name).rpartition("/")[2]
    found = pattern.match(name)
    return found[1] if found else name.partition(".")[0]


class _Overlaps:
    """Refuses a file that holds times of a file before: nothing tells which of their rows are the same."""

    def __init__(self) -> None:
        self._name = ""
        self._reached_ns: int | None = None
        self._before: tuple[str, int] | None = None

    def check(self, name: str, times: NDArray[np.int64]) -> None:
        """Look at the next rows of the file of this name."""
        if not len(times):
            return
        if name != self._name and self._reached_ns is not None:
            self._before = self._name, self._reached_ns
        if self._before is not None and int(times.min()) < self._before[1] - _JITTER_NS:
            msg = (
                f"{self._before[0]} and {name} hold trades of the same time, and no ids that tell which are the same: "
                f"keep one of them"
            )
            raise DatasetError(msg)
        self._name = name
        self._reached_ns = max(int(times.max()), self._reached_ns or int(times.max()))


class _Ids:
    """Compares ids, which grow from file to file, with those of the files before."""

    def __init__(self, report: Report, *, consecutive: bool) -> None:
        self._report = report
        self._consecutive = consecutive
        self._highest: int | None = None
        self._of_files_before: int | None = None

    def next_file(self) -> None:
        """Another file begins."""
        self._of_files_before = self._highest

    def fresh(self, name: str, rows: Rows, table: Table, column: str) -> Rows:
        """The rows that no file before held; the others and, of consecutive ids, the gaps are reported."""
        where = table.layout.row_of
        ids, times = rows.values[where(column)], rows.values[where(table.time)]
        if self._of_files_before is not None:
            again = ids <= self._of_files_before
            if again.any():
                self._add("duplicates", name, rows.lines[again], times[again], "this id was in a file before")
                rows, ids, times = rows.where(~again), ids[~again], times[~again]
        if len(ids):
            highest = np.maximum.accumulate(ids)
            start = highest[0] - 1 if self._highest is None else self._highest
            above = np.concatenate(([start], highest[:-1]))
            gaps = ids > above + 1
            if self._consecutive and gaps.any():
                self._add("gaps", name, rows.lines[gaps], times[gaps], "ids are missing before this one")
            self._highest = max(int(highest[-1]), self._highest or int(highest[-1]))
        return rows

    def _add(self, kind: str, name: str, lines: NDArray[np.int64], times: NDArray[np.int64], detail: str) -> None:
        found = ((int(line), int(time), detail) for line, time in zip(lines, times, strict=True))
        self._report.add_all(kind, name, found, len(lines))
