"""Files as rows that are not left out, and what every reading needs to say what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from tests.formats.taken_apart import numbered, taken_apart, unpacked
from tests.reference import ASK, BID, BUY, CLEAR, SELL, ZERO, BookEvent, Trade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.formats.taken_apart import Files, Table

    Event = Trade | BookEvent
    Cells = Mapping[str, str]
    Reading = Callable[["Said"], Iterator[Event]]

_UNITS_NS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_NS_OF_DIGITS: Final = {10: 10**9, 13: 10**6, 16: 10**3, 19: 1}
SIDES: Final = {"buy": BUY, "b": BUY, "sell": SELL, "s": SELL, "a": SELL, "true": SELL, "false": BUY}
"""The aggressor by the word for the side, or for whether the buyer was the maker."""
BOOK_SIDES: Final = {"bid": BID, "buy": BID, "b": BID, "ask": ASK, "offer": ASK, "sell": ASK, "a": ASK, "s": ASK}
NEW_YORK_NS: Final = int(datetime(2024, 8, 8, tzinfo=ZoneInfo("America/New_York")).timestamp()) * 10**9


@dataclass(frozen=True)
class Said:
    """A folder's files, and which of their lines are left out."""

    files: Files
    left_out: Mapping[str, set[int]]

    def tables(self, pattern: str) -> Iterator[tuple[str, Table]]:
        """The files whose name, without the folder, `pattern` fits, by their paths."""
        for name, content in sorted(self.files.items()):
            if fnmatchcase(name.rpartition("/")[2], pattern):
                yield name, taken_apart(unpacked(name, content))

    def rows(self, pattern: str) -> Iterator[tuple[str, int, Any]]:
        """Of these files: a database's table, the line, and the row."""
        for name, table in self.tables(pattern):
            yield from self._rows_of(name, table)

    def cells(self, pattern: str, names: Sequence[str] = ()) -> Iterator[Cells]:
        """Of lines of separated values: the values by the names in the header, or else by those given."""
        for name, table in self.tables(pattern):
            delimiter = max(b",", b";", b"\t", key=table.header.count).decode()
            for _, _, row in self._rows_of(name, table):
                yield dict(zip(table.names or names, row.decode().rstrip("\r\n").split(delimiter), strict=True))

    def _rows_of(self, name: str, table: Table) -> Iterator[tuple[str, int, Any]]:
        for of, line, row in numbered(table):
            if row != table.header and line not in self._left_out_of(name, of):
                yield of, line, row

    def _left_out_of(self, name: str, table: str) -> set[int]:
        return {
            line
            for file, lines in self.left_out.items()
            if file == name or file.startswith(f"{name}/{table}")
            for line in lines
        }


def iso_ns(text: str) -> int:
    """A date and a time of day in UTC."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp()) * 10**9 + int(fraction.ljust(9, "0"))


def time_ns_of(text: str, unit: str) -> int:
    return iso_ns(text) if unit == "iso" else int(Decimal(text) * _UNITS_NS[unit])


def epoch_ns(text: object) -> int:
    """A time whose digits say its unit."""
    whole = str(text).partition(".")[0]
    return int(Decimal(str(text)) * _NS_OF_DIGITS[len(whole)])


def state(time_ns: int, levels: Iterable[tuple[int, Any, Any]]) -> Iterator[BookEvent]:
    """All there is of a book: levels of a side, a price and a size, of which some may be missing."""
    yield BookEvent(time_ns, CLEAR, ZERO, ZERO)
    for side, price, size in levels:
        if price not in {"", None} and size not in {"", None} and Decimal(size) > 0:
            yield BookEvent(time_ns, side, Decimal(price), Decimal(size))
