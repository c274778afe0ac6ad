"""footprint_data.json."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from processor.core.intervals import labels_ms
from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import encodable, price_step
from shared import encode
from shared.views.footprint import FOOTPRINT, MAX_CELLS

if TYPE_CHECKING:
    from processor.core.engine import Engine
    from processor.core.flow.cells import Cells
    from processor.core.flow.shown import ClosedRows

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
    closed = [] if found.closed is None else _encoded(found.closed, row, interval_ns)[found.first :]
    return b"[" + b",".join([*closed, *_bars(found.open, row, interval_ns)]) + b"]"


@lru_cache(maxsize=2)
def _encoded(closed: ClosedRows, row: float, interval_ns: int) -> list[bytes]:
    """Bars that have closed, which are published again and again."""
    return _bars(closed.cells, row, interval_ns)


def _bars(bars: Cells, row: float, interval_ns: int) -> list[bytes]:
    cells, starts = encodable(bars), bars.starts.tolist()
    labels = labels_ms(bars.bucket, interval_ns).tolist()
    return [encode((label, row, cells[starts[i] : starts[i + 1]])) for i, label in enumerate(labels)]


PUBLISHED: Final = Published(FOOTPRINT, BARS, lambda moment: footprint_payload(moment.engine), needs_flow=True)
