"""sizes_data.json."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.core.flow.sizes import BUCKETS, EDGES
from processor.core.intervals import labels_ms
from processor.publish.views.base import BARS, Published, array_of
from processor.publish.views.flow import EncodedBars
from shared import MAX_ROWS, encode
from shared.views.sizes import SIZES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.engine import Engine
    from processor.core.flow.kept import Flow
    from processor.core.flow.sizes import Row

_ENCODED: Final[WeakKeyDictionary[Flow, EncodedBars]] = WeakKeyDictionary()


def sizes_payload(engine: Engine, *, at_end: bool) -> bytes | None:
    """sizes_data.json: the newest bars with trades, the open one last; `at_end` as `OrderSizes.frame` has it."""
    flow = engine.flow
    if flow is None:
        return None
    rows, edges = flow.sizes.rows(at_end=at_end)
    if rows:
        # Bars that are shown nowhere else have too many trades after them.
        rows = rows[bisect_left(rows, int(flow.cells.bucket[0]), key=itemgetter(0)) :]
    decimals, interval_ns = flow.sizes.now.size_decimals, engine.aggregation.interval_ns
    of_edges = _in_units(edges, len(EDGES), decimals)

    def encoded(some: Sequence[Row]) -> list[bytes]:
        labels = labels_ms(np.array([bar for bar, _ in some], np.int64), interval_ns).tolist()
        units = (_in_units(lots, len(BUCKETS), decimals) for _, lots in some)
        return [encode((label, *values, *of_edges)) for label, values in zip(labels, units, strict=True)]

    known = _ENCODED.setdefault(flow, EncodedBars())
    parts = known.with_open((edges, decimals), [bar for bar, _ in rows], lambda first: encoded(rows[first:]))
    return array_of(parts[-MAX_ROWS:])


def _in_units(lots: Sequence[int], count: int, decimals: int) -> list[float | None]:
    """Lots in the instrument's own units, correctly rounded, and null for those that are not there."""
    return [*(each / 10**decimals for each in lots), *[None] * (count - len(lots))]


PUBLISHED: Final = Published(
    SIZES,
    BARS,
    lambda moment: sizes_payload(moment.engine, at_end=moment.situation.has_all),
    needs="flow",
)
