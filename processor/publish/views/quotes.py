"""quotes_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from processor.publish.views.base import BARS, Published
from shared import MAX_ROWS, encode
from shared.views.quotes import QUOTES

if TYPE_CHECKING:
    from processor.core.engine import Engine

_BEST: Final = ("best_bid", "best_ask")


def quotes_payload(engine: Engine, rows: pl.DataFrame) -> bytes:
    """quotes_data.json: the newest of `Engine.rows` from the first with a book on, the open interval last."""
    rows = rows.filter(pl.any_horizontal(pl.col(_BEST).is_not_null())).tail(MAX_ROWS)
    decimals = engine.book.price_decimals
    prices = ([None if ticks is None else ticks / 10**decimals for ticks in rows[name].to_list()] for name in _BEST)
    return encode(list(zip(engine.timestamps_ms(rows).tolist(), *prices, strict=True)))


PUBLISHED: Final = Published(QUOTES, BARS, lambda moment: quotes_payload(moment.engine, moment.rows))
