"""sizes_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from processor.publish.views.base import BARS, Published
from shared import MAX_ROWS, encode
from shared.views.sizes import SIZES, SizesRow

if TYPE_CHECKING:
    from processor.core.engine import Engine

_COLUMNS: Final = SizesRow.__struct_fields__[1:]


def sizes_payload(engine: Engine, *, at_end: bool) -> bytes | None:
    """sizes_data.json: the newest bars with trades, the open one last; `at_end` as `OrderSizes.frame` has it."""
    flow = engine.flow
    if flow is None:
        return None
    frame = flow.sizes.frame(at_end=at_end).tail(MAX_ROWS)
    if len(frame):
        # Bars that are shown nowhere else have too many trades after them.
        frame = frame.filter(pl.col("bucket") >= int(flow.cells.bucket[0]))
    labels = pl.Series("timestamp_ms", engine.labels_ms(frame["bucket"].to_numpy()))
    return encode(frame.select(labels, *_COLUMNS).rows())


PUBLISHED: Final = Published(
    SIZES,
    BARS,
    lambda moment: sizes_payload(moment.engine, at_end=moment.situation.has_all),
    needs_flow=True,
)
