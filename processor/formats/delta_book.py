"""Books that an exchange sends as snapshots and what changes after them, and what of its promises is broken."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from processor.events import ASK, BID, BookEvents
from processor.formats.kernels import MAX_DECIMALS
from processor.formats.levels import as_snapshot
from processor.formats.text_book import TextBook

if TYPE_CHECKING:
    from collections.abc import Callable

    from processor.formats.messages import BookMessage
    from processor.report import Report


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands, and its time in the chosen clock (None: it has none)."""

    file: str
    line: int
    time_ns: int | None


class DeltaBook:
    """Decides which events the messages about one book come to, in the order of the recording."""

    def __init__(self, report: Report, checksum: Callable[[TextBook], int] | None) -> None:
        self._report = report
        self._checksum = checksum
        self._texts = TextBook()
        self._depth: int | None = None
        self._last_id: int | None = None
        self._started = False
        self._waiting: tuple[Place, BookEvents] | None = None
        """A snapshot without a time: it takes that of the update that follows it."""

    def events(self, message: BookMessage, place: Place, events: BookEvents) -> list[BookEvents]:
        """What comes of the next message, whose levels are `events`."""
        if message.is_snapshot:
            return self._snapshot(message, place, events)
        if not self._started:
            self._add("before_snapshot", place, "an update of a book that has not begun")
            return []
        if message.previous_id is not None and self._last_id is not None and message.previous_id != self._last_id:
            if message.last_id is not None and message.last_id <= self._last_id:
                self._add("duplicates", place, f"update {message.last_id} comes again after {self._last_id}")
                return []
            detail = f"updates are missing between {self._last_id} and {message.previous_id}"
            self._add("gaps", place, detail)
        self._last_id = message.last_id
        cut = self._kept_texts(message, place, events)
        parts = [events, *cut]
        if self._waiting is not None and place.time_ns is not None:
            _, snapshot = self._waiting
            self._waiting = None
            parts.insert(0, replace(snapshot, time_ns=np.full(len(snapshot), place.time_ns)))
        return [part for part in parts if len(part)]

    def end(self) -> None:
        """The recording is over."""
        if self._waiting is not None:
            detail = "no update follows this snapshot, so it has no time and is left out"
            self._add("incomplete", self._waiting[0], detail)

    def _snapshot(self, message: BookMessage, place: Place, events: BookEvents) -> list[BookEvents]:
        if self._waiting is not None:
            self.end()
            self._waiting = None
        self._started = True
        self._last_id = message.last_id
        self._depth = message.depth
        self._texts = TextBook()
        self._kept_texts(message, place, events)
        snapshot = as_snapshot(place.time_ns or 0, events)
        if place.time_ns is None:
            self._waiting = place, snapshot
            return []
        return [snapshot]

    def _kept_texts(self, message: BookMessage, place: Place, events: BookEvents) -> list[BookEvents]:
        """Bring the texts up to date and verify them; the levels that fell out of the exchange's depth, removed."""
        if self._checksum is None:
            return []
        unit = 10 ** (MAX_DECIMALS - events.price_decimals)
        prices, sizes = [price * unit for price in events.price_ticks.tolist()], events.size_lots.tolist()
        bids = len(message.bids)
        self._texts.update(BID, message.bids, prices[:bids], sizes[:bids])
        self._texts.update(ASK, message.asks, prices[bids:], sizes[bids:])
        cut: list[BookEvents] = []
        if self._depth is not None:
            cut = [_removed(side, self._texts.cut(side, self._depth), place, events) for side in (BID, ASK)]
        if message.checksum is not None and (found := self._checksum(self._texts)) != message.checksum:
            self._add("checksum_failures", place, f"the checksum is {message.checksum}, of the book here {found}")
        return cut

    def _add(self, kind: str, place: Place, detail: str) -> None:
        self._report.add(kind, place.file, place.line, place.time_ns, detail)


def _removed(side: int, prices: list[int], place: Place, scale: BookEvents) -> BookEvents:
    """Events that remove the levels at these prices, in units of 10**-MAX_DECIMALS."""
    unit = 10 ** (MAX_DECIMALS - scale.price_decimals)
    return BookEvents(
        time_ns=np.full(len(prices), place.time_ns or 0, np.int64),
        price_ticks=np.array([price // unit for price in prices], np.int64),
        size_lots=np.zeros(len(prices), np.int64),
        price_decimals=scale.price_decimals,
        size_decimals=scale.size_decimals,
        side=np.full(len(prices), side, np.int8),
    )
