"""The tables of the book in time: filled with successive events of trades and book as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from processor.aggregate.costs import CostsOfBars, CostsOfTrades
from processor.aggregate.events import Events
from processor.aggregate.heatmap_table import Heatmap
from processor.aggregate.measures import MeasuresTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    import polars as pl

    from processor.core.aggregates.base import Batch
    from processor.settings import Aggregation


class BookTable(Protocol):
    """A table that takes in batches of events and gives its rows as they are known."""

    name: ClassVar[str]
    counted: ClassVar[str]
    """What its rows are."""
    time: ClassVar[str]
    """The column that its rows ascend by."""
    has_rows_of_price: ClassVar[bool]
    """Whether its rows are as high as the price step where no height is given."""

    def __init__(self, aggregation: Aggregation, height: Fraction) -> None:
        """Start before the first event, with price rows of this height."""

    def take(self, batch: Batch) -> pl.DataFrame:
        """The rows that are known with these events."""

    def end(self) -> pl.DataFrame:
        """The rows that are known at the end."""


BOOK_TABLES: Final[tuple[type[BookTable], ...]] = (Heatmap, MeasuresTable, CostsOfBars, CostsOfTrades, Events)


def parts_of(table: BookTable, batches: Iterator[Batch]) -> Iterator[pl.DataFrame]:
    """The table in parts, at least one."""
    for batch in batches:
        yield table.take(batch)
    yield table.end()
