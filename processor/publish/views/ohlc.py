"""ohlc_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.aggregates import bars
from processor.core.decimals import decimal_floats
from processor.publish.views.base import BARS, Published, encoded_rows
from shared import MAX_ROWS, OHLC

if TYPE_CHECKING:
    from processor.core.engine import Engine


def ohlc_payload(engine: Engine) -> bytes:
    """ohlc_data.json: the newest rows, the open bar last."""
    rows = engine.trade_bars.rows().tail(MAX_ROWS)
    prices = (decimal_floats(rows[name], engine.trade_bars.price_decimals) for name in bars.PRICES)
    volume = decimal_floats(rows["volume"], engine.trade_bars.size_decimals)
    return encoded_rows(engine.timestamps_ms(rows), *prices, volume)


PUBLISHED: Final = Published(OHLC, BARS, lambda moment: ohlc_payload(moment.engine))
