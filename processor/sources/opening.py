"""Chooses where the events of an instrument come from: a store, the cache, or the vendor's files themselves.

The first time a dataset is read it becomes a store in the cache while it plays; the next time the store is all that is
read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import structlog

from processor.formats.opening import stores
from processor.sources.cached import CachedSource
from processor.sources.conversion import Conversion, new_manifest
from processor.sources.files import FileSource
from processor.sources.key import key_when_sorted
from processor.sources.store import StoreSource
from processor.store.cache import CacheUnusable

if TYPE_CHECKING:
    from processor.formats import Dataset
    from processor.sources.base import Source
    from processor.store.cache import Cache

_log = structlog.get_logger()


def open_source(dataset: Dataset, instrument: str | None, clock: str, cache: Cache | None) -> Source:
    """The best source there is of an instrument (None: the most active) of `dataset`.

    Raises:
        SettingError: there is no such instrument.
        DatasetError: the dataset is a store, but an incomplete or damaged one.
    """
    name = dataset.resolved(instrument)
    if (store := stores.whole(dataset, name, clock)) is not None:
        folder, manifest = store
        return StoreSource(folder, lambda: manifest)
    if cache is not None and dataset.sort:
        dataset = replace(dataset, scratch=cache.folder)
    files = FileSource(dataset, name, clock)
    if cache is None:
        return files
    try:
        return _cached(dataset, files, clock, cache)
    except (CacheUnusable, OSError) as reason:
        _log.warning("cache_unusable", reason=str(reason))
        files.cache = "abandoned"
        return files


def _cached(dataset: Dataset, files: FileSource, clock: str, cache: Cache) -> CachedSource:
    """The source that reads the cache, and fills it where it has not all of the dataset.

    Raises:
        OSError: a file of the dataset cannot be read.
        CacheUnusable: the cache cannot hold the dataset now.
    """
    fresh = new_manifest(dataset, files.instrument, clock, cache.digests.of)
    cache.digests.save()
    if not dataset.sort:
        # A dataset that turned out far from sorted is known by what was made of it then.
        key = key_when_sorted(fresh.key)
        fresh = msgspec.structs.replace(fresh, key=key) if cache.has(key) else fresh
    entry = cache.entry(fresh.key)
    manifest = entry.manifest() or fresh
    if manifest.complete:
        return CachedSource(entry, manifest, files, None)
    try:
        cache.make_room(entry)
    except BaseException:
        entry.release()
        raise
    conversion = Conversion(
        dataset, entry.folder, manifest, check=lambda: cache.make_room(entry), on_complete=entry.share
    )
    conversion.start()
    return CachedSource(entry, manifest, files, conversion)


def complete_store(source: Source) -> StoreSource | None:
    """The store that `source` reads, where it has the whole instrument."""
    store = source.store if isinstance(source, CachedSource) else source
    return store if isinstance(store, StoreSource) and store.manifest.complete else None
