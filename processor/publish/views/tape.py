"""tape_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.decimals import decimal_floats
from processor.core.flow.frames import lot_floats
from processor.publish.views.base import BARS, Published
from processor.units import NS_PER_MS
from shared import encode
from shared.views.tape import TAPE

if TYPE_CHECKING:
    from processor.core.engine import Engine


def tape_payload(engine: Engine) -> bytes:
    """tape_data.json: the newest orders, the last of which may go on."""
    found = None if engine.recent_orders is None else engine.recent_orders.newest()
    if found is None:
        return encode([])
    trades, orders, is_large = found
    before = engine.trades - len(trades)
    columns = (
        orders.first + before,
        orders.time_ns // NS_PER_MS,
        orders.side,
        lot_floats(orders.volume, trades.size_decimals),
        orders.trades,
        decimal_floats(orders.price_first, trades.price_decimals),
        decimal_floats(orders.price_last, trades.price_decimals),
        orders.prices,
        is_large,
    )
    return encode(list(zip(*(column.tolist() for column in columns), strict=True)))


PUBLISHED: Final = Published(TAPE, BARS, lambda moment: tape_payload(moment.engine))
