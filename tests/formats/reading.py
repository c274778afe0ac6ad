"""Datasets read to their end, as the columns the core takes and as the tuples the reference takes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from processor.core.events import ColumnsT, concatenated
from processor.core.report import Report
from processor.formats import open_dataset
from tests import reference

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from processor.core.events import BookEvents, Columns, Trades


@dataclass(frozen=True)
class Read:
    """Everything in a dataset: None for what it has nothing of."""

    trades: Trades | None
    book: BookEvents | None
    report: Report
    consumed_bytes: int
    size_bytes: int


def read(path: Path, instrument: str | None = None, clock: str = "exchange") -> Read:
    """Read one instrument of the dataset at `path`."""
    report = Report()
    opened = open_dataset(path).open(instrument, clock, report)
    trades: list[Trades] = []
    book: list[BookEvents] = []
    consumed = 0
    with closing(cast("Generator[Any]", opened.chunks(report))) as chunks:
        for chunk in chunks:
            trades += chunk.trades
            book += chunk.book
            consumed = chunk.consumed_bytes
    return Read(_joined(trades), _joined(book), report, consumed, opened.size_bytes)


def _joined(parts: Sequence[ColumnsT]) -> ColumnsT | None:
    return concatenated(parts) if parts else None


def decimals(values: Sequence[int], places: int) -> list[Decimal]:
    """Integers of 10**-places as decimals, each distinct one made once."""
    unit = Decimal(1).scaleb(-places)
    made = {value: value * unit for value in set(values)}
    return [made[value] for value in values]


def _prices_and_sizes(columns: Columns) -> tuple[list[Decimal], list[Decimal]]:
    return (
        decimals(columns.price_ticks.tolist(), columns.price_decimals),
        decimals(columns.size_lots.tolist(), columns.size_decimals),
    )


def trades_of(columns: Trades | None) -> list[reference.Trade]:
    """The trades as the reference takes them."""
    if columns is None:
        return []
    prices, sizes = _prices_and_sizes(columns)
    rows = zip(columns.time_ns.tolist(), prices, sizes, columns.aggressor.tolist(), strict=True)
    return list(map(reference.Trade._make, rows))


def book_of(columns: BookEvents | None) -> list[reference.BookEvent]:
    """The book events as the reference takes them."""
    if columns is None:
        return []
    prices, sizes = _prices_and_sizes(columns)
    rows = zip(columns.time_ns.tolist(), columns.side.tolist(), prices, sizes, strict=True)
    return list(map(reference.BookEvent._make, rows))
