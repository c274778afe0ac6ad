"""Bars of the order book's imbalance and of its best prices: those that the book has closed, and the open one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processor.core.book import BookBars, concatenated

if TYPE_CHECKING:
    from processor.core.aggregates.base import Batch
    from processor.core.book import Book
    from processor.core.events import BookEvents


class ImbalanceBars:
    """The intervals into which `book` is sampled while it takes in events.

    `first_bucket` names the interval of the first book event, None before it.
    """

    def __init__(self, book: Book, *, keep: int | None) -> None:
        """Start before the first event; only the last `keep` closed intervals are remembered, with None all."""
        self.book = book
        self.first_bucket: int | None = None
        self._keep = keep
        self._closed: list[BookBars] = []

    @classmethod
    def resumed(cls, book: Book, closed: BookBars, first_bucket: int | None, *, keep: int | None) -> ImbalanceBars:
        """Go on with `book`, which has its open interval, after the `closed` ones, on the scale of `book`."""
        found = cls(book, keep=keep)
        found.first_bucket = first_bucket
        found._closed = [closed if keep is None else closed.tail(keep)]
        return found

    def advance(self, batch: Batch) -> bool:
        """See Aggregate."""
        if len(batch.starts_ns):
            self.book.expect(batch.starts_ns)
        closed = [self._advance(part) for part in batch.book]
        return any(closed)

    def _advance(self, events: BookEvents) -> bool:
        if self.first_bucket is None:
            self.first_bucket = self.book.interval_at(int(events.time_ns[0]))
        price_decimals = self.book.price_decimals
        closed = self.book.advance(events)
        grown = self.book.price_decimals - price_decimals
        if grown:
            self._closed = [part.finer(grown) for part in self._closed]
        if len(closed):
            self._closed.append(closed)
            if self._keep is not None:
                self._closed = [concatenated(self._closed).tail(self._keep)]
        return bool(len(closed))

    def rows(self) -> BookBars:
        """Intervals with samples, oldest first, the open one last."""
        return concatenated([*self._closed, self.book.open_bars()])
