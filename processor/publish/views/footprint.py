"""footprint_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from processor.core.intervals import labels_ms
from processor.publish.views.base import BARS, Published, array_of
from processor.publish.views.flow import EncodedBars, encodable, price_step
from shared import encode
from shared.views.footprint import FOOTPRINT, MAX_CELLS

if TYPE_CHECKING:
    from processor.core.engine import Engine
    from processor.core.flow.cells import Cells
    from processor.core.flow.shown import FlowShown

_ENCODED: Final[WeakKeyDictionary[FlowShown, EncodedBars]] = WeakKeyDictionary()
BARS_IN_VIEW: Final = 400
ROWS_A_BAR: Final = 40
"""Rows are so high that this many bars fit, with so many rows in the mean."""


def footprint_payload(engine: Engine) -> bytes | None:
    """footprint_data.json: the newest bars that fit, the open one last."""
    if engine.flow_shown is None:
        return None
    found = engine.flow_shown.footprint(
        engine.aggregation.row,
        price_step(engine),
        most_rows=MAX_CELLS,
        bars=BARS_IN_VIEW,
        rows_a_bar=ROWS_A_BAR,
    )
    row, interval_ns = float(found.height), engine.aggregation.interval_ns
    parts: list[bytes] = []
    if (closed := found.closed) is not None:
        known = _ENCODED.setdefault(engine.flow_shown, EncodedBars())
        every = known.of(
            (closed.height_ticks, closed.decimals),
            closed.cells.bucket.tolist(),
            lambda first: _bars(closed.cells.pieces(slice(first, None)), row, interval_ns),
        )
        parts = every[found.first :]
    return array_of([*parts, *_bars(found.open, row, interval_ns)])


def _bars(bars: Cells, row: float, interval_ns: int) -> list[bytes]:
    cells, starts = encodable(bars), bars.starts.tolist()
    labels = labels_ms(bars.bucket, interval_ns).tolist()
    return [encode((label, row, cells[starts[i] : starts[i + 1]])) for i, label in enumerate(labels)]


PUBLISHED: Final = Published(FOOTPRINT, BARS, lambda moment: footprint_payload(moment.engine), needs="flow")
