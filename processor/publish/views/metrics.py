"""metrics_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.aggregates import bars
from processor.core.decimals import decimal_floats
from processor.core.engine import OBI
from processor.publish.views.base import BARS, Published, encoded_rows
from shared import MAX_ROWS, METRICS

if TYPE_CHECKING:
    import polars as pl

    from processor.core.engine import Engine


def metrics_payload(engine: Engine, rows: pl.DataFrame) -> bytes:
    """metrics_data.json: the newest of `Engine.rows`, the open interval last."""
    rows = rows.tail(MAX_ROWS)
    obi = (rows[name].to_numpy() for name in OBI)
    cvd = (decimal_floats(rows[name], engine.trade_bars.size_decimals) for name in bars.CVD)
    return encoded_rows(engine.timestamps_ms(rows), *obi, *cvd)


PUBLISHED: Final = Published(METRICS, BARS, lambda moment: metrics_payload(moment.engine, moment.rows))
