"""What of a segment an engine need not replay: what a store keeps of its book tells heatmap and measures enough.

The book, its bars and the trades are replayed from the segment's begin, at little cost. Heatmap and measures are the
dear ones: they start close before the moment that is wanted, or before the oldest interval that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processor.core.engine import Ahead
from processor.core.intervals import number_of, start_of
from processor.store import measures
from processor.store.base_bars import BARS_KIND, adds_up
from processor.store.base_bars import BASE_NS as SECOND_NS
from processor.store.book_changes import STEP_NS, length_of
from processor.store.files import read_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from processor.core.engine import EngineState
    from processor.settings import Aggregation
    from processor.store.manifest import Manifest

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Known:
    """What is `ahead`; `buckets` name the intervals with trades and those with samples before it, the last ones."""

    ahead: Ahead
    buckets: tuple[Ints, Ints]


def known_at(
    folder: Path,
    manifest: Manifest,
    segment: int,
    aggregation: Aggregation,
    at_ns: int,
    state: EngineState,
    *,
    keep: int,
) -> Known | None:
    """What need not be replayed of `segment` after `state` to be right at `at_ns`; None if it all must be.

    The interval is one of whole seconds; see `adds_up`.

    Raises:
        DatasetError: a file of the store is damaged.
    """
    if aggregation.own and "measures" in aggregation.extras:
        # What stands of one's own measures within a segment is in no file.
        return None
    interval_ns = aggregation.interval_ns
    frame = read_parquet(manifest.index_path(folder, BARS_KIND, segment), ["bucket", "trades", "obi_open"])
    starts_ns = frame["bucket"].to_numpy() * SECOND_NS
    # Of a second that is not over, the events may all be later.
    is_over = starts_ns <= at_ns - (SECOND_NS - 1)
    if not is_over.any():
        return None
    last_ns = int(starts_ns[is_over][-1])
    of_kinds = [is_over & frame[name].is_not_null().to_numpy() for name in ("trades", "obi_open")]
    before = state.trade_bars["bucket"].to_numpy(), state.book_bars.bucket
    until_ns = last_ns - last_ns % STEP_NS
    if not _tells_bars(aggregation):
        every = [*before, *(number_of(starts_ns[of_kind], interval_ns) for of_kind in of_kinds)]
        buckets = np.unique(np.concatenate(every))
        if len(buckets) <= keep:
            return None
        oldest_ns = start_of(int(buckets[-keep - 1]), interval_ns)
        until_ns = min(until_ns, oldest_ns - oldest_ns % STEP_NS)
    if until_ns <= manifest.segments[segment].first_ns:
        return None
    traded, sampled = (
        np.union1d(names, number_of(starts_ns[of_kind & (starts_ns < until_ns)], interval_ns))
        for names, of_kind in zip(before, of_kinds, strict=True)
    )
    return Known(Ahead(until_ns, last_ns + SECOND_NS - 1), (traded, sampled))


def _tells_bars(aggregation: Aggregation) -> bool:
    """Whether what is kept adds up to the intervals of all that is wanted."""
    is_told = adds_up(aggregation)
    if "heatmap" in aggregation.extras:
        is_told &= length_of(aggregation.interval_ns) is not None
    if "measures" in aggregation.extras:
        is_told &= measures.adds_up(aggregation, measures.FINE_NS)
    return is_told
