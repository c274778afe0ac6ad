"""tape_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.decimals import decimal_floats
from processor.publish.views.base import BARS, Published
from processor.units import NS_PER_MS
from shared import encode
from shared.views.tape import TAPE

if TYPE_CHECKING:
    from processor.core.engine import Engine


def tape_payload(engine: Engine) -> bytes:
    """tape_data.json: the newest orders, the last of which may go on."""
    recent = engine.recent_orders
    trades, orders = (None, None) if recent is None else recent.newest(engine.trades)
    if trades is None or orders is None:
        return encode([])
    columns = (
        orders["first"].to_list(),
        (orders["time_ns"] // NS_PER_MS).to_list(),
        orders["side"].to_list(),
        decimal_floats(orders["volume"], trades.size_decimals).tolist(),
        orders["trades"].to_list(),
        decimal_floats(orders["price_first"], trades.price_decimals).tolist(),
        decimal_floats(orders["price_last"], trades.price_decimals).tolist(),
        orders["prices"].to_list(),
        orders["large"].to_list(),
    )
    return encode(list(zip(*columns, strict=True)))


PUBLISHED: Final = Published(TAPE, BARS, lambda moment: tape_payload(moment.engine))
