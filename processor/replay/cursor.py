"""Feeds an engine from time-ordered chunks, up to any moment and no further."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic

import numpy as np

from processor.core.events import BookEvents, ColumnsT, Trades

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processor.core.engine import Engine
    from processor.core.merge.chunk import Chunk


class _Queue(Generic[ColumnsT]):
    """Parts of one kind that wait for their moment."""

    def __init__(self) -> None:
        self._parts: deque[ColumnsT] = deque()

    def extend(self, parts: tuple[ColumnsT, ...]) -> None:
        self._parts.extend(part for part in parts if len(part))

    def first_ns(self) -> int | None:
        return int(self._parts[0].time_ns[0]) if self._parts else None

    def take(self, until_ns: int) -> list[ColumnsT]:
        """What has time <= `until_ns`."""
        taken: list[ColumnsT] = []
        while self._parts and self._parts[0].time_ns[0] <= until_ns:
            part = self._parts.popleft()
            cut = int(np.searchsorted(part.time_ns, until_ns, side="right"))
            taken.append(part.rows(slice(0, cut)))
            if cut < len(part):
                self._parts.appendleft(part.rows(slice(cut, None)))
        return taken


class Cursor:
    """A place in a dataset, with the engine that has taken in everything before it.

    `consumed_bytes` of the dataset have been read.
    """

    def __init__(self, chunks: Iterator[Chunk], engine: Engine) -> None:
        """Begin with the first of `chunks`, which go on where `engine` is; nothing is read yet."""
        self.engine = engine
        self.consumed_bytes = 0
        self._chunks = chunks
        self._trades: _Queue[Trades] = _Queue()
        self._book: _Queue[BookEvents] = _Queue()

    def next_ns(self) -> int | None:
        """Time of the next event, reading on if need be; None at the end of the dataset.

        Raises:
            DatasetError: a file turns out unusable.
        """
        while True:
            waiting = [time_ns for time_ns in (self._trades.first_ns(), self._book.first_ns()) if time_ns is not None]
            if waiting:
                return min(waiting)
            if not self._load():
                return None

    def advance_loaded(self, until_ns: int) -> bool:
        """Take in what is already read of the events with time <= `until_ns`; return whether an interval was closed."""
        return self.engine.advance(self._trades.take(until_ns), self._book.take(until_ns))

    def _load(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._trades.extend(chunk.trades)
        self._book.extend(chunk.book)
        self.consumed_bytes = chunk.consumed_bytes
        return True
