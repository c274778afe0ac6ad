"""Reads a store: its events from any segment on, and the state of an engine before it.

An engine that goes on from the state before segment k is, as far as the intervals that it keeps, what one pass over
segments 0 to k-1 makes of it, to the last bit. The book and the CVD come from the checkpoint before k. Intervals come
from the stored bars of a second where these add up to the interval wanted. Where they do not (part of a second, another
number of levels), the engine starts at an earlier segment, so that all intervals that it keeps come from events.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from processor.core.aggregates import bars
from processor.core.aggregates.bars import Traded
from processor.core.aggregates.standing import StandingLevels, levels_now
from processor.core.book import Book, BookBars, concatenated, no_bars
from processor.core.detected.kept import DetectedState, detects
from processor.core.engine import EngineState, FirstTimes
from processor.core.flow.kept import FlowState
from processor.core.heatmap.kept import HeatmapState
from processor.core.intervals import begin_at
from processor.core.merge.chunk import Chunk
from processor.store import divergences
from processor.store.base_bars import (
    Intervals,
    adds_up,
    all_intervals_before,
    intervals_before,
    segment_before,
    totals_before,
)
from processor.store.book_changes import book_at, heatmap_before, length_of
from processor.store.detected import found_before, known_before
from processor.store.files import CHECKPOINT_KIND, book_of_segment, read_checkpoint, trades_of_segment
from processor.store.flow_minutes import flow_of_minutes, has_minutes
from processor.store.known import known_at
from processor.store.measures import measures_before
from processor.store.order_sizes import orders_before
from processor.store.sessions import flow_before, traded_before
from processor.units import NS_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import polars as pl

    from processor.core.aggregates.activity import ActivityCounter
    from processor.core.alerts.kept import AlertsState
    from processor.settings import Aggregation
    from processor.store.activity_index import ActivityIndex
    from processor.store.known import Known
    from processor.store.manifest import Manifest, Segment

    TradePart = tuple[pl.DataFrame, tuple[int, int]]
    """Trade bars, and the decimals of their prices and of their sizes."""
    BookPart = tuple[BookBars, int]
    """Bars of the book, and the decimals of their prices."""


def segment_holding(manifest: Manifest, at_ns: int) -> int:
    """The segment that holds `at_ns`, the last one that starts by then; 0 before all of them."""
    return max(0, bisect_left(manifest.segments, at_ns + 1, key=lambda segment: segment.first_ns) - 1)


def read_segment(folder: Path, number: int, segment: Segment) -> Chunk:
    """A segment's events.

    Raises:
        DatasetError: a file is damaged.
    """
    return Chunk(
        trades=trades_of_segment(folder, number, segment),
        book=book_of_segment(folder, number, segment),
        until_ns=segment.last_ns,
        consumed_bytes=segment.consumed_bytes,
    )


def state_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    *,
    keep: int,
    index: ActivityIndex | None = None,
    alerts: Callable[[int], AlertsState] | None = None,
    at_ns: int | None = None,
) -> tuple[EngineState | None, int]:
    """The state of an engine, and the segment from which it has to go on to be right about its last `keep` intervals.

    They are right from `segment` on, or where that is given from `at_ns` in it; the state before the first event is
    None. For intervals that end by activity,
    `index` says where they start. The trades before are read when an engine takes them from the state. `alerts` tells
    what alerts go on with from a segment, where some are wanted.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    state, first = _state_before(folder, manifest, segment, aggregation, keep=keep, index=index)
    earlier = (
        part
        for number in reversed(range(first))
        for part in reversed(trades_of_segment(folder, number, manifest.segments[number]))
    )
    if state is None:
        return None, first
    known = None
    if at_ns is not None and first == segment and adds_up(aggregation) and aggregation.extras & {"heatmap", "measures"}:
        known = known_at(folder, manifest, segment, aggregation, at_ns, state, keep=keep)
    flow = (
        _flow_before(folder, manifest, segment, first, aggregation, keep=keep) if "flow" in aggregation.extras else None
    )
    heatmap = None
    if "heatmap" in aggregation.extras:
        heatmap = _heatmap_before(folder, manifest, segment, first, aggregation, state, known, keep=keep)
    standing = None
    if "ladder" in aggregation.extras:
        standing = partial(_standing_before, folder, manifest, state, aggregation)
    detected = None
    if detects(aggregation):
        # Bars that come from events are kept from there on: before, no divergence is to be told.
        told = keep if first == segment else 0
        detected = _detected_before(folder, manifest, first, aggregation, told, index, state.trade_bars)
    measures = None
    if "measures" in aggregation.extras:
        has_bars = first == segment and adds_up(aggregation)
        until_ns = None if known is None else known.ahead.until_ns
        measures = measures_before(
            folder, manifest, first, aggregation, state, keep=keep, has_bars=has_bars, until_ns=until_ns
        )
    state = replace(
        state,
        measures=measures,
        earlier_trades=earlier,
        flow=flow,
        heatmap=heatmap,
        standing=standing,
        detected=detected,
        alerts=None if alerts is None else alerts(first),
        ahead=None if known is None else known.ahead,
    )
    return state, first


def _detected_before(
    folder: Path,
    manifest: Manifest,
    first: int,
    aggregation: Aggregation,
    keep: int,
    index: ActivityIndex | None,
    known: pl.DataFrame,
) -> DetectedState:
    """What is detected before segment `first`, divergences in the last `keep` bars."""
    trades, walls = known_before(folder, manifest, first)
    told, diverging = divergences.diverging_before(
        folder, manifest, first, aggregation, keep=keep, index=index, known=known
    )
    decimals = manifest.segments[first - 1].trade_decimals
    grown = trades.decimals[0] - decimals[0], trades.decimals[1] - decimals[1]
    return DetectedState(
        replace(trades, diverging=diverging.finer(*grown)), walls, [*found_before(folder, manifest, first), *told]
    )


def _standing_before(folder: Path, manifest: Manifest, state: EngineState, aggregation: Aggregation) -> StandingLevels:
    """The levels at the begin of the bar of the last event before `state`, from the checkpoint before that begin."""
    starts_ns = np.empty(0, np.int64) if state.counter is None else state.counter.starts_ns
    begin_ns = begin_at(state.event_ns, aggregation.interval_ns, starts_ns)
    number = bisect_left(manifest.segments, begin_ns, key=lambda segment: segment.last_ns)
    book = Book(interval_ns=NS_PER_DAY, obi_levels=1)
    if number:
        _, checkpoint = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, number - 1))
        book = Book.resumed(checkpoint, interval_ns=NS_PER_DAY, obi_levels=1)
    segment = manifest.segments[number]
    if segment.first_ns < begin_ns and length_of(begin_ns) is not None:
        book = Book.resumed(book_at(folder, manifest, number, begin_ns), interval_ns=NS_PER_DAY, obi_levels=1)
    elif segment.first_ns < begin_ns:
        for part in book_of_segment(folder, number, segment):
            book.advance(part.rows(slice(0, int(np.searchsorted(part.time_ns, begin_ns)))))
    return levels_now(book)


def _flow_before(
    folder: Path, manifest: Manifest, segment: int, first: int, aggregation: Aggregation, *, keep: int
) -> FlowState:
    """The order flow of an engine that goes on from `first` to be right from `segment` on."""
    if first < segment or not adds_up(aggregation):
        before = traded_before(folder, manifest, first, aggregation.session_ns)
        return FlowState(before, orders_before(folder, manifest, first, aggregation))
    if has_minutes(manifest, first, aggregation):
        return flow_of_minutes(folder, manifest, first, aggregation, keep)
    return flow_before(folder, manifest, first, aggregation, keep)


def _heatmap_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    first: int,
    aggregation: Aggregation,
    state: EngineState,
    known: Known | None,
    *,
    keep: int,
) -> HeatmapState:
    """The heatmap of an engine that goes on with `state` from `first` to be right from `segment` on."""
    if known is not None:
        until_ns = known.ahead.until_ns
        return heatmap_before(folder, manifest, segment, aggregation.interval_ns, known.buckets, keep, until_ns)
    if first == segment and adds_up(aggregation):
        buckets = state.trade_bars["bucket"].to_numpy(), state.book_bars.bucket
        return heatmap_before(folder, manifest, segment, aggregation.interval_ns, buckets, keep)
    return HeatmapState(
        bids=state.book.bids,
        asks=state.book.asks,
        price_decimals=state.book.price_decimals,
        size_decimals=state.book.size_decimals,
        traded=np.empty(0, np.int64),
    )


def _state_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    *,
    keep: int,
    index: ActivityIndex | None,
) -> tuple[EngineState | None, int]:
    if segment == 0:
        return None, 0
    # One interval more than are kept, for the open one.
    wanted = keep + 1
    if detects(aggregation) and index is None and adds_up(aggregation):
        wanted = keep + divergences.MARGIN
    if index is not None:
        first = index.first_of(segment, wanted)
        return bare_state_before(folder, manifest, first, aggregation, counter=index.before(first)), first
    if adds_up(aggregation):
        intervals = intervals_before(folder, manifest, segment, aggregation, wanted)
        return _state(folder, manifest, segment, aggregation, intervals), segment
    first = segment_before(folder, manifest, segment, aggregation.interval_ns, wanted)
    return bare_state_before(folder, manifest, first, aggregation), first


def state_of_bars(
    folder: Path, manifest: Manifest, end: int, aggregation: Aggregation, on_segment: Callable[[Segment], None]
) -> EngineState | None:
    """The state after the segments before `end`, with all intervals, from the stored bars alone; see `adds_up`.

    It is None before the first event. `on_segment` is called with each segment that has been read.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if end == 0:
        return None
    intervals = all_intervals_before(folder, manifest, end, aggregation, on_segment)
    return _state(folder, manifest, end, aggregation, intervals)


def state_of_parts(
    folder: Path,
    manifest: Manifest,
    end: int,
    aggregation: Aggregation,
    trade_parts: Sequence[TradePart],
    book_parts: Sequence[BookPart],
) -> EngineState:
    """The state after the segments before `end`, at least one, from the intervals of all of them.

    An interval that is cut between two parts is in both of them.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    last = manifest.segments[end - 1]
    trade_bars = bars.joined(
        [
            bars.rescaled(part, *(now - then for now, then in zip(last.trade_decimals, decimals, strict=True)))
            for part, decimals in trade_parts
        ]
    )
    # Gathered one interval at a time, so that only those cut in two change.
    book_bars = concatenated([part.finer(last.book_decimals[0] - decimals) for part, decimals in book_parts])
    return _state(folder, manifest, end, aggregation, Intervals(trade_bars, book_bars.coarser(1), Traded()))


def bare_state_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    *,
    counter: ActivityCounter | None = None,
) -> EngineState | None:
    """The state with the book and the CVD before `segment`, but none of the intervals; None before the first event.

    Its first interval of the book is the one of the last sample before `segment`, as that sample leaves it; its first
    interval of trades holds what is traded from `segment` on. `counter` has the open interval of an activity there.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    return _state(folder, manifest, segment, aggregation, None, counter) if segment else None


def _state(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    intervals: Intervals | None,
    counter: ActivityCounter | None = None,
) -> EngineState:
    """The state before `segment`, with these intervals or none of them."""
    metadata, book = read_checkpoint(manifest.index_path(folder, CHECKPOINT_KIND, segment - 1))
    totals = totals_before(folder, manifest, segment, aggregation, metadata)
    if intervals is None:
        intervals = Intervals(bars.empty(), no_bars(), metadata.traded)
    return EngineState(
        event_ns=metadata.event_ns,
        first_times=FirstTimes(manifest.first_ns, manifest.first_trade_ns, manifest.first_book_ns),
        totals=totals,
        book=book,
        trade_bars=intervals.trade_bars,
        book_bars=intervals.book_bars,
        traded_before=intervals.traded_before,
        counter=counter,
        price_step=manifest.segments[segment - 1].price_step,
    )
