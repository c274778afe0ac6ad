"""footprint_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import encodable, price_step
from shared import encode
from shared.views.footprint import FOOTPRINT, MAX_CELLS

if TYPE_CHECKING:
    from processor.core.engine import Engine

BARS_IN_VIEW: Final = 400
ROWS_A_BAR: Final = 40
"""Rows are so high that this many bars fit, with so many rows in the mean."""


def footprint_payload(engine: Engine) -> bytes | None:
    """footprint_data.json: the newest bars that fit, the open one last."""
    if engine.flow_shown is None:
        return None
    bars, height = engine.flow_shown.footprint(
        engine.aggregation.row,
        price_step(engine),
        most_rows=MAX_CELLS,
        bars=BARS_IN_VIEW,
        rows_a_bar=ROWS_A_BAR,
    )
    cells, starts, row = encodable(bars), bars.starts.tolist(), float(height)
    labels = engine.labels_ms(bars.bucket).tolist()
    return encode([(label, row, cells[starts[i] : starts[i + 1]]) for i, label in enumerate(labels)])


PUBLISHED: Final = Published(FOOTPRINT, BARS, lambda moment: footprint_payload(moment.engine), needs_flow=True)
