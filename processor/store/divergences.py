"""What an engine must know of the bars before it to tell divergences: any interval's, so that no store keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from processor.core.aggregates.batches import Batches
from processor.core.detected.divergences import REACH, Bars, Diverging, pivots
from processor.core.events import no_trades
from processor.store.base_bars import adds_up, intervals_before, segment_before, totals_before
from processor.store.detected import lots_of
from processor.store.files import trades_of_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

    from processor.core.aggregates.bars import TradeTotals
    from processor.core.detected.found import Found
    from processor.settings import Aggregation
    from processor.store.activity_index import ActivityIndex
    from processor.store.manifest import Manifest

MARGIN: Final = 64
"""Bars before those that are kept, among which there are pivots as good as always."""


def diverging_before(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    *,
    keep: int,
    index: ActivityIndex | None,
    known: pl.DataFrame | None,
) -> tuple[list[Found], Diverging]:
    """The divergences of at least the last `keep` bars before `segment`, and what is known for later ones.

    Both are on the scale of the trades before `segment`. `known` has the last `keep` bars and MARGIN more, or none.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    wanted = keep + MARGIN
    frame = known if known is not None and len(known) else None
    by_seconds = index is None and adds_up(aggregation)
    while True:
        if by_seconds:
            if frame is None:
                frame = intervals_before(folder, manifest, segment, aggregation, wanted).trade_bars
            state = _of_frame(folder, manifest, segment, frame, aggregation)
            is_all, frame = len(frame) < wanted, None
        else:
            state, first = _of_trades(folder, manifest, segment, aggregation, wanted, index)
            is_all = first == 0
        if not is_all:
            # The first bar may lack what came before.
            state = replace(state, bars=state.bars.rows(slice(1, None)))
        if is_all or _first_pivots_are_old(state, keep):
            until_ns = manifest.segments[segment - 1].last_ns + 1
            none = np.zeros(0, np.int64)
            return state.added(no_trades(*manifest.segments[segment - 1].trade_decimals), none, until_ns, aggregation)
        wanted *= 4


def _first_pivots_are_old(state: Diverging, keep: int) -> bool:
    """Whether the first pivots, which are compared with none, are known before the first of the last `keep` bars."""
    last = len(state.bars) - keep - REACH
    firsts = [pivots(extremes)[:1] for extremes in (state.bars.high_ticks, -state.bars.low_ticks)]
    return all(len(first) and first[0] < last for first in firsts)


def _of_frame(
    folder: Path, manifest: Manifest, segment: int, frame: pl.DataFrame, aggregation: Aggregation
) -> Diverging:
    """The state with trade bars of the end of which the checkpoint before `segment` tells."""
    totals = totals_before(folder, manifest, segment, aggregation)
    found = Bars(
        frame["bucket"].to_numpy(),
        frame["high"].to_numpy(),
        frame["low"].to_numpy(),
        lots_of(frame["cvd_close"].to_list()),
    )
    return replace(_after(totals, aggregation), bars=found)


def _of_trades(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    wanted: int,
    index: ActivityIndex | None,
) -> tuple[Diverging, int]:
    """The state with at least the last `wanted` bars, if there are so many, and the segment that they begin in."""
    if index is not None:
        first = index.first_of(segment, wanted)
    else:
        first = segment_before(folder, manifest, segment, aggregation.interval_ns, wanted)
    state, decimals = Diverging(), (0, 0)
    if first:
        totals = totals_before(folder, manifest, first, aggregation)
        state, decimals = _after(totals, aggregation), totals.trade_decimals
    counter = None if index is None else index.before(first)
    if counter is not None:
        state = replace(state, starts_ns=counter.starts_ns)
    batches = Batches(aggregation, manifest.first_ns, counter)
    for number in range(first, segment):
        state = _taken(folder, manifest, number, aggregation, batches, state.finer(*grown(manifest, number, decimals)))
        decimals = manifest.segments[number].trade_decimals
    return state, first


def _after(totals: TradeTotals, aggregation: Aggregation) -> Diverging:
    """No bar, and the CVD."""
    cvd_lots = totals.cvd_of_day_lots if aggregation.cvd_reset == "day" else totals.cvd_lots
    return Diverging(cvd_lots=cvd_lots, day=totals.cvd_day)


def _taken(
    folder: Path, manifest: Manifest, number: int, aggregation: Aggregation, batches: Batches, state: Diverging
) -> Diverging:
    """The state with the trades of a segment, on their scale."""
    batch = batches.of(trades_of_segment(folder, number, manifest.segments[number]), ())
    state = replace(state, starts_ns=np.concatenate([state.starts_ns, batch.starts_ns]))
    for trades, buckets in zip(batch.trades, batch.buckets, strict=True):
        state = state.traded(trades, buckets, aggregation)
    return state


def grown(manifest: Manifest, number: int, decimals: tuple[int, int]) -> tuple[int, int]:
    """How many decimals more than `decimals` the trades up to the end of a segment have."""
    of_segment = manifest.segments[number].trade_decimals
    return of_segment[0] - decimals[0], of_segment[1] - decimals[1]


def divergences_of_segments(
    folder: Path, manifest: Manifest, first: int, aggregation: Aggregation, index: ActivityIndex | None
) -> Iterator[list[Found]]:
    """The divergences that become known in each segment from `first` on, of those that there are when it is asked for.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    state, decimals = Diverging(), (0, 0)
    if first:
        _, state = diverging_before(folder, manifest, first, aggregation, keep=0, index=index, known=None)
        decimals = manifest.segments[first - 1].trade_decimals
    counter = None if index is None else index.before(first)
    if counter is not None and not first:
        state = replace(state, starts_ns=counter.starts_ns)
    batches = Batches(aggregation, manifest.first_ns, counter)
    for number, segment in enumerate(manifest.segments[first:], first):
        state = _taken(folder, manifest, number, aggregation, batches, state.finer(*grown(manifest, number, decimals)))
        decimals = segment.trade_decimals
        none = np.zeros(0, np.int64)
        found, state = state.added(no_trades(*decimals), none, segment.last_ns + 1, aggregation)
        yield found
