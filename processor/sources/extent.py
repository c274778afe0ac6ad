"""How long a dataset is and how many trades it has, as far as its beginning shows it.

The beginning is always the same, however much of the dataset has been read before, so what is chosen by it is, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from processor.core.merge.chunk import Chunk
    from processor.store.manifest import Manifest

ENOUGH_EVENTS: Final = 1_048_576
"""Events that a beginning has at least, in a dataset of more."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first events: their times in ns, how many, the trades of them, and the bytes read to come there."""

    first_ns: int
    last_ns: int
    events: int = 0
    trades: int = 0
    consumed_bytes: int = 0

    def with_chunk(self, chunk: Chunk) -> Beginning:
        """The events of the next chunk, too."""
        trades = sum(map(len, chunk.trades))
        lasts = [int(part.time_ns[-1]) for part in (*chunk.trades, *chunk.book) if len(part)]
        return Beginning(
            self.first_ns,
            max(lasts, default=self.last_ns),
            self.events + trades + sum(map(len, chunk.book)),
            self.trades + trades,
            chunk.consumed_bytes,
        )


@dataclass(frozen=True, slots=True)
class Extent:
    """Length in ns and number of trades; beyond the beginning, as if the rest of the bytes were like those before."""

    length_ns: int
    trades: int

    @classmethod
    def of(cls, beginning: Beginning, size_bytes: int) -> Extent:
        """That of a dataset of `size_bytes`."""
        length_ns, read = beginning.last_ns - beginning.first_ns, beginning.consumed_bytes
        if not 0 < read < size_bytes:
            return cls(length_ns, beginning.trades)
        return cls(length_ns * size_bytes // read, beginning.trades * size_bytes // read)


def extent_of_store(manifest: Manifest) -> Extent | None:
    """That of a store; None as long as there is not enough of it."""
    found: Beginning | None = None
    for segment in manifest.segments:
        known = found or Beginning(segment.first_ns, segment.last_ns)
        found = Beginning(
            known.first_ns,
            segment.last_ns,
            known.events + segment.trades + segment.book_events,
            known.trades + segment.trades,
            segment.consumed_bytes,
        )
        if found.events >= ENOUGH_EVENTS:
            break
    if found is None:
        return Extent(0, 0) if manifest.complete else None
    if found.events < ENOUGH_EVENTS and not manifest.complete:
        return None
    return Extent.of(found, manifest.source_bytes)


def extent_of_chunks(chunks: Iterable[Chunk], size_bytes: int) -> Extent:
    """That of files, from their first chunks."""
    found: Beginning | None = None
    for chunk in chunks:
        if chunk.first_ns is None:
            continue
        found = (found or Beginning(chunk.first_ns, chunk.first_ns)).with_chunk(chunk)
        if found.events >= ENOUGH_EVENTS:
            return Extent.of(found, size_bytes)
    return Extent(0, 0) if found is None else Extent(found.last_ns - found.first_ns, found.trades)
