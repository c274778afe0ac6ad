"""One pass over an instrument's events, from its files or from a store, for a table that is made of them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from processor.aggregate.table import chunks_until
from processor.prefetch import prefetched
from processor.sources.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from processor.core.merge.chunk import Chunk
    from processor.formats import Dataset
    from processor.settings import Settings
    from processor.store.cache import Cache

    OnProgress = Callable[[str, int, int], None]


class Reading:
    """Gives the chunks of one instrument; the time of the first event and the number of trades are known at the end."""

    def __init__(self, dataset: Dataset, instrument: str, settings: Settings, cache: Cache | None) -> None:
        self.first_ns: int | None = None
        self.trades = 0
        self._settings = settings
        self.source = open_source(dataset, instrument, settings.clock, cache)

    def chunks(self, on_progress: OnProgress) -> Iterator[Chunk]:
        """What there is up to `settings.until`; closes the source."""
        source = self.source
        with closing(source):
            _, ahead = source.start(self._settings.aggregation, None, keep=None)
            with closing(prefetched(ahead)) as chunks, closing(source):
                for chunk in chunks_until(chunks, self._settings.until):
                    self.first_ns = chunk.first_ns if self.first_ns is None else self.first_ns
                    self.trades += sum(map(len, chunk.trades))
                    yield chunk
                    on_progress(source.instrument, chunk.consumed_bytes, source.size_bytes)
        source.refresh()
