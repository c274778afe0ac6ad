"""statistics_data.json."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.core.flow.cells import no_cells
from processor.core.flow.frames import statistics_columns
from processor.core.flow.statistics import nothing_before, statistics
from processor.core.intervals import labels_ms
from processor.publish.views.base import BARS, Published, array_of
from processor.publish.views.flow import EncodedBars, price_step
from shared import MAX_ROWS, encode
from shared.views.statistics import STATISTICS, StatisticsRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from processor.core.engine import Engine
    from processor.core.flow.shown import FlowShown

_ENCODED: Final[WeakKeyDictionary[FlowShown, EncodedBars]] = WeakKeyDictionary()


@cache
def _picked() -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """What a row publishes of a bar. Not known before it is asked for: that takes kernels, which take time to load."""
    names = list(statistics_columns(statistics(no_cells(), 1, nothing_before())[0]))
    return itemgetter(*map(names.index, StatisticsRow.__struct_fields__[2:]))


def statistics_payload(engine: Engine) -> bytes | None:
    """statistics_data.json: the newest bars with trades, the open one last."""
    shown = engine.flow_shown
    if shown is None:
        return None
    height = engine.aggregation.row or price_step(engine)
    row, interval_ns = float(height), engine.aggregation.interval_ns

    def encoded(rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
        labels = labels_ms(np.array([each[0] for each in rows], np.int64), interval_ns).tolist()
        picked = _picked()
        return [encode((label, row, *picked(each))) for label, each in zip(labels, rows, strict=True)]

    closed, last = shown.statistics(height)
    parts: list[bytes] = []
    if closed is not None:
        known = _ENCODED.setdefault(shown, EncodedBars())
        buckets = [each[0] for each in closed.rows]
        parts = known.of((closed.height_ticks, closed.decimals), buckets, lambda first: encoded(closed.rows[first:]))
    return array_of([*parts, *encoded(last)][-MAX_ROWS:])


PUBLISHED: Final = Published(STATISTICS, BARS, lambda moment: statistics_payload(moment.engine), needs="flow")
