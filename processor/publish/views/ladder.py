"""ladder_data.json."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processor.core.aggregates.standing import levels_now
from processor.core.decimals import decimal_floats
from processor.core.flow.frames import lot_floats
from processor.core.intervals import number_of
from processor.core.price_ladder import COLUMNS, ladder_rows
from processor.core.sessions import begin_of
from processor.publish.views.base import EACH, Published
from processor.publish.views.flow import price_step
from processor.units import NS_PER_MS
from shared import encode
from shared.views.ladder import LADDER, MAX_LADDER_ROWS

if TYPE_CHECKING:
    from processor.core.aggregates.orders import Order
    from processor.core.engine import Engine
    from processor.core.flow.cells import Cells


def ladder_payload(engine: Engine) -> bytes | None:
    """ladder_data.json: the rows nearest to the best prices; None before the first event."""
    if engine.flow is None or engine.standing is None or engine.standing.begin_ns is None:
        return None
    begin_ns = engine.standing.begin_ns
    last = None if engine.recent_orders is None else engine.recent_orders.last()
    height = engine.aggregation.row or price_step(engine)
    session = engine.flow.now.session
    session_ns = begin_of(int(session.day[0]), engine.aggregation.session_ns) if len(session) else None
    found = ladder_rows(
        levels_now(engine.book),
        engine.standing.levels,
        _cells_of(engine.flow.cells, begin_ns, engine.aggregation.interval_ns),
        session,
        None if last is None else Fraction(last.price_ticks, 10**last.price_decimals),
        height=height,
        most_rows=MAX_LADDER_ROWS // 2,
    )
    prices = decimal_floats(found.price_ticks, found.price_decimals)
    # One conversion for all of them takes a fraction of the time that one for each does.
    lots = lot_floats(np.concatenate([found.lots[name] for name in COLUMNS]), found.size_decimals)
    columns: dict[str, list[float] | list[None]] = dict(
        zip(COLUMNS, lots.reshape(len(COLUMNS), len(prices)).tolist(), strict=True)
    )
    if not engine.book.samples:
        # What is traded tells nothing of a book that is not there.
        columns |= dict.fromkeys(("bid_change", "ask_change"), [None] * len(prices))
    return encode(
        {
            "row": float(height),
            "bar_ms": begin_ns // NS_PER_MS,
            "session_ms": None if session_ns is None else session_ns // NS_PER_MS,
            "rows": list(zip(prices.tolist(), *columns.values(), strict=True)),
            "last": None if last is None else _encodable(last, engine.trades - last.trades),
        }
    )


def _cells_of(cells: Cells, begin_ns: int, interval_ns: int) -> Cells:
    """Those of the bar that begins at `begin_ns`."""
    bucket = number_of(begin_ns, interval_ns) if interval_ns else begin_ns // NS_PER_MS
    first = int(np.searchsorted(cells.bucket, bucket))
    return cells.pieces(slice(first, None)).of_bars()


def _encodable(order: Order, first: int) -> dict[str, Any]:
    return {
        "first": first,
        "time_ms": order.time_ns // NS_PER_MS,
        "side": order.side,
        "price": order.price_ticks / 10**order.price_decimals,
        "volume": order.lots / 10**order.size_decimals,
        "trades": order.trades,
    }


PUBLISHED: Final = Published(LADDER, EACH, lambda moment: ladder_payload(moment.engine), needs="ladder")
