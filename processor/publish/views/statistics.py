"""statistics_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import price_step
from shared import MAX_ROWS, encode
from shared.views.statistics import STATISTICS, StatisticsRow

if TYPE_CHECKING:
    from processor.core.engine import Engine

_COLUMNS: Final = StatisticsRow.__struct_fields__[2:]


def statistics_payload(engine: Engine) -> bytes | None:
    """statistics_data.json: the newest bars with trades, the open one last."""
    if engine.flow_shown is None:
        return None
    height = engine.aggregation.row or price_step(engine)
    frame = engine.flow_shown.statistics(height).tail(MAX_ROWS)
    labels = pl.Series("timestamp_ms", engine.labels_ms(frame["bucket"].to_numpy()))
    rows = frame.select(labels, pl.lit(float(height)).alias("row"), *_COLUMNS)
    return encode(rows.rows())


PUBLISHED: Final = Published(STATISTICS, BARS, lambda moment: statistics_payload(moment.engine), needs_flow=True)
