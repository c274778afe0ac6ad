"""heatmap_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.core.flow.frames import lot_floats
from processor.publish.views.base import BARS, Published, array_of
from processor.publish.views.flow import EncodedBars, newest_within, price_step
from shared import encode
from shared.views.heatmap import HEATMAP, MAX_HEATMAP_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from processor.core.engine import Engine
    from processor.core.heatmap.shown import HeatmapShown, Window, Windows

_ENCODED: Final[WeakKeyDictionary[HeatmapShown, EncodedBars]] = WeakKeyDictionary()


def heatmap_payload(engine: Engine) -> bytes | None:
    """heatmap_data.json: the newest columns that fit, the open one last."""
    shown = engine.heatmap_shown
    if shown is None:
        return None
    found = shown.windows(engine.aggregation.row, price_step(engine))

    def encoded(windows: Sequence[Window]) -> list[bytes]:
        labels = engine.labels_ms(np.array([each.bucket for each in windows], np.int64)).tolist()
        return [encode((label, *row)) for label, row in zip(labels, _rows(found, windows), strict=True)]

    known = _ENCODED.setdefault(shown, EncodedBars())
    closed = [*found.closed]
    parts = known.of(found.made_with, [each.bucket for each in closed], lambda first: encoded(closed[first:]))
    parts = [*parts, *encoded(found.open)]
    return array_of(newest_within(parts, MAX_HEATMAP_BYTES - 1))


def _rows(found: Windows, windows: Sequence[Window]) -> list[tuple[Any, ...]]:
    """The columns of `HeatmapRow` but the time."""
    if not windows:
        return []
    lots = np.stack([each.lots for each in windows])
    sizes = lot_floats(lots.reshape(-1), found.size_decimals).reshape(lots.shape)
    there = sizes > 0
    lowest = there.argmax(axis=2)
    past = found.rows - there[:, :, ::-1].argmax(axis=2)
    row, scale = float(found.height), 10**found.price_decimals
    ticks, divisor = found.height.as_integer_ratio()
    rows = []
    for number, window in enumerate(windows):
        best = (window.extent.best_bid, window.extent.best_ask)
        made: list[Any] = [row, *(None if ticks is None else ticks / scale for ticks in best)]
        for side in (0, 1):
            first, end = int(lowest[number, side]), int(past[number, side])
            if there[number, side, first]:
                # As `float` of the product would be, which takes long to be made.
                edge = (window.first_row + first) * ticks / divisor
                made += [edge, sizes[number, side, first:end].tolist()]
            else:
                made += [None, ()]
        rows.append(tuple(made))
    return rows


PUBLISHED: Final = Published(HEATMAP, BARS, lambda moment: heatmap_payload(moment.engine), needs="heatmap")
