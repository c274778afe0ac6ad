"""The whole history of a dataset as one table.

What is read for the first time is computed as it comes, in this process. What is in a store already can be divided into
days, which several processes or a cluster compute at the same time.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import polars as pl
import structlog

from processor.aggregate.cluster import on_cluster
from processor.aggregate.partitions import computed, engine_of_parts, partitions, pieces
from processor.aggregate.processes import gathered, in_processes
from processor.core.aggregates import bars
from processor.core.decimals import decimal_floats
from processor.core.engine import OBI, Engine
from processor.core.events import Trades, concatenated
from processor.core.intervals import number_of, start_of
from processor.errors import DatasetError, SettingError
from processor.formats import in_order
from processor.prefetch import SMALL_BYTES, prefetched
from processor.settings import resolved
from processor.sources.files import FileSource
from processor.sources.opening import complete_store, open_source
from processor.store.base_bars import adds_up
from processor.store.reader import read_segment, segment_holding, state_of_bars
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from processor.aggregate.partitions import Part, Partition
    from processor.core.merge.chunk import Chunk
    from processor.core.report import Report
    from processor.formats import Dataset
    from processor.settings import Moment, Settings
    from processor.sources.base import Source
    from processor.sources.store import StoreSource
    from processor.store.cache import Cache
    from processor.store.manifest import Manifest, Segment

_log = structlog.get_logger()

COLUMNS: Final = (
    "timestamp_ms",
    *bars.PRICES,
    *bars.LOTS,
    "trades",
    *OBI,
    *bars.CVD,
    "best_bid",
    "best_ask",
)
INSTRUMENT: Final = "instrument"
"""The column before them in a table of several instruments."""

_CHUNKS_AHEAD: Final = 6
"""Reading comes in bursts: a few chunks of some megabytes in stock keep the engine from waiting."""
_SEGMENTS_AHEAD: Final = 1
"""A store's are larger, and come evenly."""
_TRADES_AT_ONCE: Final = 131_072
"""Polars takes a millisecond for a call, however few the trades in it are."""

_NOT_CACHED_BYTES: Final = 256 << 10
"""Where there are many instruments, one with files up to this long is not cached: they are read each time."""
_MOST_THREADS: Final = 6
"""Each holds a book and a segment, some 40 MB: with these the process stays below 600 MB."""


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The whole history of an instrument: its table, what went into it, and what was found in the data."""

    instrument: str
    rows: pl.DataFrame
    trades: int
    samples: int
    report: Report


def aggregate(source: Source, settings: Settings, on_progress: Callable[[int], None] = lambda _: None) -> Engine:
    """Run the whole of `source`, or its part up to `settings.until`, through an engine here and return it.

    `on_progress` is called with the bytes of the dataset read so far. Closes `source`.

    Raises:
        DatasetError: the dataset turns out unusable.
    """
    with closing(source):
        state, chunks = source.start(settings.aggregation, None, keep=None)
        engine = Engine(settings.aggregation, state=state)
        # The source is closed before what reads it ahead, which may be waiting for more.
        ahead = _CHUNKS_AHEAD if isinstance(source, FileSource) else _SEGMENTS_AHEAD
        with closing(prefetched(chunks, ahead if source.size_bytes > SMALL_BYTES else 0)) as some, closing(source):
            wanted = chunks_until(some, settings.until)
            # A book can be sampled into intervals that end by activity only once the trades before have been seen.
            by_time = settings.aggregation.activity is None
            for chunk in _with_trades_gathered(wanted) if by_time else wanted:
                engine.advance(chunk.trades, chunk.book)
                on_progress(chunk.consumed_bytes)
    source.refresh()
    return engine


def aggregate_all(
    dataset: Dataset,
    instruments: Sequence[str],
    settings: Settings,
    cache: Cache | None,
    *,
    workers: int = 1,
    cluster: str | None = None,
    from_bars: bool = True,
    on_progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> list[Aggregated]:
    """Aggregate each of `instruments`.

    What is in a store already is divided into days, which are spread over `workers` processes (1: threads of this one,
    on stretches of equal length) or the Dask cluster at the address `cluster`. The rest is read here, one instrument
    after the other, and into the `cache`. Where a store's bars of a second add up to the intervals wanted, they are
    added up, unless `from_bars` is false or workers are to compute. The result is the same.
    `on_progress` is called with what is being done, and how much of how much.

    Raises:
        DatasetError: the dataset turns out unusable, or holds no event.
        SettingError: there is a cluster, but no store that it could read.
        FanOutFailed: processes or cluster cannot be used.
    """
    return in_order(
        dataset,
        lambda found: _aggregate_all(
            found, instruments, settings, cache, workers, cluster, from_bars=from_bars, on_progress=on_progress
        ),
    )


def _aggregate_all(
    dataset: Dataset,
    instruments: Sequence[str],
    settings: Settings,
    cache: Cache | None,
    workers: int,
    cluster: str | None,
    *,
    from_bars: bool,
    on_progress: Callable[[str, int, int], None],
) -> list[Aggregated]:
    found: dict[str, Aggregated] = {}
    plans: list[_Plan] = []
    with ExitStack() as held:
        for name in instruments:
            # What is read faster than a store of it is written needs none.
            sizes = (file.size_bytes for file in dataset.files_of(name))
            is_small = len(instruments) > 1 and not cluster and sum(sizes) <= _NOT_CACHED_BYTES
            source = open_source(dataset, name, settings.clock, None if is_small else cache)
            held.callback(source.close)
            store = complete_store(source)
            if store is not None and (plan := _planned(source, store, settings)).partitions:
                plans.append(plan)
                continue
            if cluster and isinstance(source, FileSource):
                expected = "a cache to read the dataset into, or a dataset made by `processor convert`"
                raise SettingError("cluster", cluster, expected)
            found[name] = _here(source, settings, on_progress)
        parts = _spread(plans, workers, cluster, on_progress)
        for plan in plans:
            name = plan.source.instrument
            if parts is None:
                found[name] = _of_store(plan, settings, on_progress, from_bars=from_bars)
            else:
                engine = _of_parts(plan, list(islice(parts, len(plan.partitions))), settings)
                found[name] = _aggregated(engine, plan.source, settings)
    if not any(each.trades or each.samples for each in found.values()):
        msg = f"there is no event of {', '.join(instruments)} in the dataset"
        raise DatasetError(msg)
    return [found[name] for name in instruments]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A source whose store in `folder` has its segments before `end` divided into `partitions`."""

    source: Source
    folder: Path
    manifest: Manifest
    end: int
    partitions: list[Partition]


def _planned(source: Source, store: StoreSource, settings: Settings) -> _Plan:
    """Divide what certainly lies before `settings.until`."""
    folder, manifest = store.folder, store.manifest
    end = len(manifest.segments)
    if settings.until is not None and manifest.first_ns is not None:
        end = segment_holding(manifest, resolved(settings.until, manifest.first_ns))
    return _Plan(source, folder, manifest, end, partitions(folder, manifest, settings.aggregation, end))


def _spread(
    plans: Sequence[_Plan], workers: int, cluster: str | None, on_progress: Callable[[str, int, int], None]
) -> Iterator[Part] | None:
    """All parts of all plans, in their order; None where this process is to compute them itself."""
    tasks = [partition for plan in plans for partition in plan.partitions]
    done, total = 0, sum(task.events for task in tasks)

    def count(task: Partition) -> None:
        nonlocal done
        done += task.events
        on_progress(f"{len(tasks)} days", done, total)

    if cluster and tasks:
        return iter(on_cluster(computed, tasks, cluster, count))
    if min(workers, len(tasks)) <= 1:
        return None
    try:
        return iter(in_processes(computed, tasks, workers, count))
    except DatasetError as error:
        # What is damaged in a cache can be read from the dataset itself; where nothing else is there, it is said again.
        _log.warning("days_not_readable", reason=str(error))
        return None


def _of_store(
    plan: _Plan, settings: Settings, on_progress: Callable[[str, int, int], None], *, from_bars: bool
) -> Aggregated:
    """A store's history computed here."""
    try:
        if from_bars and adds_up(settings.aggregation):
            engine = _from_bars(plan, settings, on_progress)
        else:
            engine = _in_threads(plan, settings, on_progress)
    except DatasetError as error:
        # What is damaged in a cache can be read from the dataset itself; where nothing else is there, it is said again.
        _log.warning("store_not_readable", reason=str(error))
        return _here(plan.source, settings, on_progress)
    return _aggregated(engine, plan.source, settings)


def _from_bars(plan: _Plan, settings: Settings, on_progress: Callable[[str, int, int], None]) -> Engine:
    """From the bars of a second that lie in the store, without an event but those of the last segment."""
    source, manifest = plan.source, plan.manifest
    done, total = 0, sum(segment.trades + segment.book_events for segment in manifest.segments[: plan.end])

    def count(segment: Segment) -> None:
        nonlocal done
        done += segment.trades + segment.book_events
        on_progress(source.instrument, done, total)

    state = state_of_bars(plan.folder, manifest, plan.end, settings.aggregation, count)
    return _to_the_end(plan, Engine(settings.aggregation, state=state), settings)


def threads_here() -> int:
    """How many threads compute stretches of a store at the same time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST_THREADS)


def _in_threads(plan: _Plan, settings: Settings, on_progress: Callable[[str, int, int], None]) -> Engine:
    """By a thread for each core: what takes time in them does not hold the interpreter's lock."""
    source = plan.source
    threads = threads_here()
    tasks = pieces(plan.folder, plan.manifest, settings.aggregation, plan.end, threads)
    done, total = 0, sum(task.events for task in tasks)
    parts: dict[int, Part] = {}
    with ThreadPoolExecutor(threads) as pool:
        for number, part in gathered(pool, computed, tasks, range(len(tasks))):
            parts[number] = part
            done += tasks[number].events
            on_progress(source.instrument, done, total)
    return _of_parts(plan, [parts[number] for number in range(len(tasks))], settings)


def _here(source: Source, settings: Settings, on_progress: Callable[[str, int, int], None]) -> Aggregated:
    total = source.size_bytes
    engine = aggregate(source, settings, lambda done: on_progress(source.instrument, done, total))
    return _aggregated(engine, source, settings)


def _aggregated(engine: Engine, source: Source, settings: Settings) -> Aggregated:
    rows = table(engine, settings)
    return Aggregated(source.instrument, rows, engine.trades, engine.book.samples, source.report)


def _of_parts(plan: _Plan, parts: list[Part], settings: Settings) -> Engine:
    """The engine of what `parts` are of, and of the rest."""
    folder, manifest, end = plan.folder, plan.manifest, plan.end
    return _to_the_end(plan, engine_of_parts(folder, manifest, parts, settings.aggregation, end), settings)


def _to_the_end(plan: _Plan, engine: Engine, settings: Settings) -> Engine:
    """Takes in the rest up to `settings.until`, which is within one segment."""
    folder, manifest, end = plan.folder, plan.manifest, plan.end
    if end < len(manifest.segments) and settings.until is not None and manifest.first_ns is not None:
        rest = read_segment(folder, end, manifest.segments[end])
        rest = rest.until(resolved(settings.until, manifest.first_ns))
        engine.advance(rest.trades, rest.book)
    return engine


def chunks_until(chunks: Iterable[Chunk], until: Moment | None) -> Iterator[Chunk]:
    """What `chunks` hold up to `until`, None for all."""
    limit_ns: int | None = None
    for chunk in chunks:
        if until is None:
            yield chunk
            continue
        if limit_ns is None:
            limit_ns = resolved(until, min(int(part.time_ns[0]) for part in (*chunk.trades, *chunk.book)))
        yield chunk.until(limit_ns)
        if chunk.until_ns >= limit_ns:
            return


def _with_trades_gathered(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The same chunks with their trades held back until there are many: an engine needs no order between the kinds."""
    waiting: list[Trades] = []
    started = False
    for chunk in chunks:
        waiting += chunk.trades
        # The first chunk goes whole: from it the engine knows when the dataset starts.
        if not started or sum(map(len, waiting)) >= _TRADES_AT_ONCE:
            yield replace(chunk, trades=(concatenated(waiting),) if waiting else ())
            waiting = []
        else:
            yield replace(chunk, trades=())
        started = True
    if waiting:
        yield replace(chunk, trades=(concatenated(waiting),), book=())


def table(engine: Engine, settings: Settings) -> pl.DataFrame:
    """The engine's intervals in the instrument's own units, columns of COLUMNS, oldest first.

    With `settings.start`, from the interval that holds it.
    """
    rows = engine.rows()
    trade_bars = engine.trade_bars
    decimals = (
        dict.fromkeys(bars.PRICES, trade_bars.price_decimals)
        | dict.fromkeys((*bars.LOTS, *bars.CVD), trade_bars.size_decimals)
        | dict.fromkeys(("best_bid", "best_ask"), engine.book.price_decimals)
    )
    columns = {"timestamp_ms": pl.Series(engine.timestamps_ms(rows), dtype=pl.Int64)}
    columns |= {name: rows[name] for name in COLUMNS if name not in columns}
    columns |= {name: _floats(rows[name], places) for name, places in decimals.items()}
    rows = pl.DataFrame(columns)
    if settings.start is not None and engine.first_ns is not None:
        start_ns = resolved(settings.start, engine.first_ns)
        interval_ns = settings.aggregation.interval_ns
        if interval_ns:
            first_ns = start_of(number_of(start_ns, interval_ns), interval_ns)
            return rows.filter(pl.col("timestamp_ms") >= first_ns // NS_PER_MS)
        # Every interval reaches to the start of the next one.
        return rows[max(0, rows["timestamp_ms"].search_sorted(start_ns // NS_PER_MS, "right") - 1) :]
    return rows


def combined(found: Sequence[Aggregated]) -> pl.DataFrame:
    """One table of several instruments: a column `instrument` and then COLUMNS, one instrument after the other."""
    return pl.concat(each.rows.select(pl.lit(each.instrument).alias(INSTRUMENT), pl.all()) for each in found)


def _floats(column: pl.Series, decimals: int) -> pl.Series:
    nulls = column.null_count()
    if nulls == len(column):
        return column.cast(pl.Float64)
    if not nulls:
        return pl.Series(column.name, decimal_floats(column, decimals))
    floats = pl.Series(column.name, decimal_floats(column.fill_null(0), decimals))
    return floats.zip_with(column.is_not_null(), pl.Series([None], dtype=pl.Float64))
