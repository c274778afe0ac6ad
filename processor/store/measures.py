"""What a store keeps of the measures of the book: their bars of half a minute, which add up to any number of these.

A store has a file of them for each segment: the bars with samples in it, one that began before as it has become, and
the last one of all in any case. A segment with many events has another one, of bars of five seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.events import END_OF_TIME
from processor.core.intervals import origin_ns, start_of
from processor.core.lots import narrow_lots
from processor.core.measures import sampled
from processor.core.measures.frame import OF_BAR
from processor.core.measures.kept import MeasuresState
from processor.core.measures.layout import CLOSE, MEASURES, OFI_LEVELS
from processor.core.measures.own import NO_OWN
from processor.core.measures.sampled import MeasureBars, MeasuredBook, no_bars
from processor.core.measures.traded import TradedBars
from processor.store.ahead import read_ahead
from processor.store.base_bars import segment_before
from processor.store.book_changes import book_at
from processor.store.files import CHECKPOINT_KIND, book_of_segment, file_name, narrow, read_checkpoint, read_parquet
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from processor.core.book import BookState
    from processor.core.engine import EngineState
    from processor.core.events import BookEvents
    from processor.core.measures.layout import Floats, Ints
    from processor.core.measures.own import OwnMeasures
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest

MEASURES_KIND: Final = "measures"
BASE_NS: Final = 30 * NS_PER_SECOND
"""Interval of the bars that a store holds."""
FINE_KIND: Final = "measures-5s"
FINE_NS: Final = 5 * NS_PER_SECOND
"""That of those which it holds where they save time; a part of BASE_NS."""
_FINE_EVENTS: Final = 256
"""Events a bar of FINE_NS from which on reading it takes less than they do, and little room beside them."""
_VALUES: Final = len(OF_BAR) * len(MEASURES)
_FLOWS: Final = [f"ofi_{level}" for level in range(1, OFI_LEVELS + 1)]


class SegmentMeasures:
    """Bars of the segment that is being written."""

    def __init__(self, folder: Path, manifest: Manifest, book: BookState | None) -> None:
        """Start before the first event, or go on with `book` after the segments of `manifest`.

        Raises:
            DatasetError: a file of the store is damaged.
        """
        self._closed: list[MeasureBars] = []
        self._events = 0
        self._last = no_bars()
        """The last bar of BASE_NS."""
        if book is None:
            self._book = MeasuredBook(interval_ns=FINE_NS)
        else:
            self._last = _bars_of(folder, manifest, len(manifest.segments) - 1).rows(slice(-1, None))
            self._book = MeasuredBook.resumed(book, interval_ns=FINE_NS, standing=_standing(self._last))

    def add(self, events: BookEvents) -> None:
        """Take in book events of the segment.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        self._events += len(events)
        self._closed.append(self._book.advance(events))

    def end(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """End the segment; the kind and the rows of each of its files.

        A bar of BASE_NS is in them as far as it has come, and goes on in those of the next segment. One of FINE_NS is
        cut.
        """
        fine = _sampled([*self._closed, self._book.open_bars()])
        bars = coarser(sampled.joined([self._last, coarser(fine, BASE_NS // FINE_NS)]), 1)
        yield MEASURES_KIND, _frame(bars)
        if self._events and self._events >= _FINE_EVENTS * len(fine):
            yield FINE_KIND, _frame(fine)
        self._closed, self._events, self._last = [], 0, bars.rows(slice(-1, None))
        self._book.cut()


def _sampled(parts: Sequence[MeasureBars]) -> MeasureBars:
    """The bars of all parts that have samples: after a cut, the first one may have none."""
    bars = sampled.joined(parts)
    return bars.rows(np.flatnonzero(bars.samples))


def _frame(bars: MeasureBars) -> pl.DataFrame:
    values = bars.values.reshape(len(bars), _VALUES)
    return pl.DataFrame(
        {
            "bucket": bars.bucket,
            "samples": bars.samples,
            # A column for each would take twice the room and the time.
            "values": pl.Series(values, dtype=pl.Array(pl.Float64(), _VALUES)),
            **{name: narrow(bars.flow[:, level]) for level, name in enumerate(_FLOWS)},
        }
    )


def _bars_of(folder: Path, manifest: Manifest, segment: int, kind: str = MEASURES_KIND) -> MeasureBars:
    frame = read_parquet(manifest.index_path(folder, kind, segment))
    flows = [narrow_lots(frame[name].to_list()) for name in _FLOWS]
    return MeasureBars(
        frame["bucket"].to_numpy(),
        frame["samples"].to_numpy(),
        frame["values"].to_numpy().reshape(len(frame), len(OF_BAR), len(MEASURES)),
        np.column_stack(flows),
        manifest.segments[segment].book_decimals[1],
    )


def _fine_bars_of(folder: Path, manifest: Manifest, number: int, until_ns: int) -> MeasureBars:
    """The bars of FINE_NS of a segment as far as they end by a time, by its events where the store has none."""
    segment = manifest.segments[number]
    if file_name(FINE_KIND, number) in segment.files:
        return _ended(_bars_of(folder, manifest, number, FINE_KIND), until_ns, FINE_NS)
    book = book_before(folder, manifest, number, FINE_NS, None)
    events = (
        part.rows(slice(0, int(np.searchsorted(part.time_ns, until_ns))))
        for part in book_of_segment(folder, number, segment)
    )
    return _sampled([*(book.advance(part) for part in events), book.open_bars()])


def _ended(bars: MeasureBars, until_ns: int, base_ns: int) -> MeasureBars:
    """Those that end by a time."""
    return bars.rows(slice(0, int(np.searchsorted(bars.bucket, until_ns // base_ns))))


def _standing(bars: MeasureBars) -> Floats | None:
    """The values after the last of some bars; None where there is none."""
    found: Floats | None = bars.values[-1, CLOSE] if len(bars) else None
    return found


def adds_up(aggregation: Aggregation, base_ns: int = BASE_NS) -> bool:
    """Whether bars of so many ns add up to what is wanted."""
    # No bars of one's own measures are stored.
    return aggregation.activity is None and aggregation.interval_ns % base_ns == 0 and not aggregation.own


def bars_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    wanted: int | None,
    until_ns: int | None = None,
) -> MeasureBars:
    """The bars before `segment`, at least the last `wanted` if there are so many, None for all.

    They are whole multiples of FINE_NS. With `until_ns`, a multiple of BASE_NS in `segment`, they are those before it.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    base_ns = BASE_NS if adds_up(aggregation) else FINE_NS
    per_bucket = aggregation.interval_ns // base_ns
    origin = origin_ns(aggregation.interval_ns) // base_ns
    end_ns = END_OF_TIME if until_ns is None else until_ns

    def read(number: int) -> MeasureBars:
        if base_ns == FINE_NS:
            return _fine_bars_of(folder, manifest, number, end_ns)
        return _ended(_bars_of(folder, manifest, number), end_ns, base_ns)

    parts: list[MeasureBars] = []
    buckets: set[int] = set()
    segments = read_ahead(read, reversed(range(segment if until_ns is None else segment + 1)))
    for part in segments:
        parts.insert(0, part)
        if wanted is not None:
            buckets.update(((part.bucket - origin) // per_bucket).tolist())
            if len(buckets) >= wanted:
                break
    segments.close()
    every = sampled.joined(parts) if parts else no_bars()
    if base_ns == BASE_NS:
        # Of a bar that is in several files, the last one tells it all.
        _, from_end = np.unique(every.bucket[::-1], return_index=True)
        every = every.rows(len(every) - 1 - from_end)
    return coarser(every, per_bucket, origin)


def coarser(bars: MeasureBars, per_bucket: int, origin: int = 0) -> MeasureBars:
    """The same gathered `per_bucket` at a time from number `origin` on; what there is of one interval adds up."""
    bucket = (bars.bucket - origin) // per_bucket
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[:1] - 1))
    if not len(first):
        return bars
    last = np.append(first[1:], len(bucket)) - 1
    opens, highs, lows, closes = (bars.values[:, part] for part in range(len(OF_BAR)))
    values = np.stack(
        [
            _first_known(opens, first, last),
            np.fmax.reduceat(highs, first),
            np.fmin.reduceat(lows, first),
            closes[last],
        ],
        axis=1,
    )
    flow = np.add.reduceat(bars.flow.astype(object), first)
    columns = [narrow_lots(flow[:, level].tolist()) for level in range(OFI_LEVELS)]
    return MeasureBars(
        bucket[first], np.add.reduceat(bars.samples, first), values, np.column_stack(columns), bars.size_decimals
    )


def _first_known(opens: Floats, first: Ints, last: Ints) -> Floats:
    """The first open that is a value, of each group of bars and each measure."""
    found = opens[first]
    for group, measure in np.argwhere(np.isnan(found)).tolist():
        column = opens[first[group] : last[group] + 1, measure]
        known = column[~np.isnan(column)]
        if len(known):
            found[group, measure] = known[0]
    return found


def measures_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    state: EngineState,
    *,
    keep: int,
    has_bars: bool,
    until_ns: int | None = None,
) -> MeasuresState:
    """The measures of an engine that goes on with `state` from `segment`; with the bars before if `has_bars`.

    If it has, these are right about the last `keep` of them, as the trade bars of `state` are. With `until_ns`, a
    multiple of BASE_NS in `segment`, the book goes on from there; if bars do not add up, it is before the last `keep`.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    starts_ns = None if state.counter is None else state.counter.starts_ns
    traded = traded_of(state.trade_bars, state.totals.trade_decimals[1]) if has_bars else None
    if has_bars and adds_up(aggregation, FINE_NS):
        bars = bars_before(folder, manifest, segment, aggregation, keep + 1, until_ns)
        last = bars.rows(slice(-1, None))
        levels = state.book if until_ns is None else book_at(folder, manifest, segment, until_ns)
        book = MeasuredBook.resumed(levels, interval_ns=aggregation.interval_ns, open_bar=last)
        return MeasuresState(book, bars.rows(slice(0, -1)), traded)
    if until_ns is not None:
        book = _book_at(folder, manifest, segment, until_ns, aggregation.interval_ns)
        return MeasuresState(book, no_bars(), traded)
    if not has_bars:
        book = book_before(folder, manifest, segment, aggregation.interval_ns, starts_ns, own=aggregation.own)
        return MeasuresState(book, no_bars(), traded)
    if aggregation.own:
        # What stands of these is told at the begin of a segment.
        first, since_ns = segment_before(folder, manifest, segment, aggregation.interval_ns, keep + 1), 0
        book = book_before(folder, manifest, first, aggregation.interval_ns, starts_ns, own=aggregation.own)
    else:
        first, since_ns = _oldest_kept(state, aggregation.interval_ns, manifest, keep)
        book = _book_at(folder, manifest, first, since_ns, aggregation.interval_ns)
    closed = [no_bars()]
    for number in range(first, segment):
        for part in book_of_segment(folder, number, manifest.segments[number]):
            row = int(np.searchsorted(part.time_ns, since_ns))
            closed.append(book.advance(part.rows(slice(row, None))))
    return MeasuresState(book, sampled.joined(closed), traded)


def _oldest_kept(state: EngineState, interval_ns: int, manifest: Manifest, keep: int) -> tuple[int, int]:
    """A multiple of BASE_NS close before the last `keep` intervals and one more, with the segment that it is in."""
    buckets = np.union1d(state.trade_bars["bucket"].to_numpy(), state.book_bars.bucket)
    if len(buckets) <= keep:
        return 0, 0
    start_ns = int(start_of(int(buckets[-keep - 1]), interval_ns))
    since_ns = start_ns - start_ns % BASE_NS
    return bisect_left(manifest.segments, since_ns, key=lambda each: each.last_ns), since_ns


def _book_at(folder: Path, manifest: Manifest, segment: int, at_ns: int, interval_ns: int) -> MeasuredBook:
    """The book before `at_ns`, a multiple of BASE_NS in `segment` or before it, but after the segments before that."""
    if at_ns <= manifest.segments[segment].first_ns:
        return book_before(folder, manifest, segment, interval_ns, None)
    standing = _standing(_ended(_bars_of(folder, manifest, segment), at_ns, BASE_NS))
    return MeasuredBook.resumed(book_at(folder, manifest, segment, at_ns), interval_ns=interval_ns, standing=standing)


def book_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    interval_ns: int,
    starts_ns: Ints | None,
    *,
    own: OwnMeasures = NO_OWN,
) -> MeasuredBook:
    """The book before `segment`, whose interval opens with the values that stand there."""
    if not segment:
        return MeasuredBook(interval_ns=interval_ns, own=own)
    _, state = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, segment - 1))
    standing = _standing(_bars_of(folder, manifest, segment - 1))
    if standing is not None and own:
        standing = np.append(standing, _own_standing(folder, manifest, segment, state, own))
    return MeasuredBook.resumed(state, interval_ns=interval_ns, own=own, starts_ns=starts_ns, standing=standing)


def _own_standing(folder: Path, manifest: Manifest, segment: int, state: BookState, own: OwnMeasures) -> Floats:
    """The values of one's own measures before `segment`, whose book is `state`."""
    first = segment
    while first and own.sizes and not all(len(prices) for prices, _ in (state.bids, state.asks)):
        # What a size costs stands since both sides had a level, which the book does not know any more.
        first -= 1
        if first:
            _, state = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, first - 1))
    if first:
        book = MeasuredBook.resumed(state, interval_ns=BASE_NS, own=own)
    else:
        book = MeasuredBook(interval_ns=BASE_NS, own=own)
    for number in range(first, segment):
        for part in book_of_segment(folder, number, manifest.segments[number]):
            book.advance(part)
    return book.open_bars().values[-1, CLOSE, len(MEASURES) :]


def traded_of(bars: pl.DataFrame, size_decimals: int) -> TradedBars:
    """What bars of trades (see `core.aggregates.bars`) say of their flow."""
    flow = narrow_lots((bars["buy_volume"] - bars["sell_volume"]).to_list())
    return TradedBars(bars["bucket"].to_numpy(), flow, bars["trades"].to_numpy(), size_decimals)
