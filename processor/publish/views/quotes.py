"""quotes_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.publish.views.base import BARS, Published
from processor.publish.views.flow import EncodedBars
from shared import MAX_ROWS, encode
from shared.views.quotes import QUOTES

if TYPE_CHECKING:
    import polars as pl

    from processor.core.engine import Engine

_ENCODED: Final[WeakKeyDictionary[Engine, EncodedBars]] = WeakKeyDictionary()

_BEST: Final = ("best_bid", "best_ask")


def quotes_payload(engine: Engine, rows: pl.DataFrame) -> bytes:
    """quotes_data.json: the newest of `Engine.rows` from the first with a book on, the open interval last."""
    has_price = np.logical_or(*(rows[name].is_not_null().to_numpy() for name in _BEST))
    shown = np.flatnonzero(has_price)[-MAX_ROWS:]
    buckets: list[int] = rows["bucket"].to_numpy()[shown].tolist()
    decimals = engine.book.price_decimals

    def encoded(first: int) -> list[bytes]:
        some = rows[shown[first:]]
        prices = ([None if ticks is None else ticks / 10**decimals for ticks in some[name].to_list()] for name in _BEST)
        return [encode(row) for row in zip(engine.timestamps_ms(some).tolist(), *prices, strict=True)]

    known = _ENCODED.setdefault(engine, EncodedBars())
    return b"[" + b",".join(known.with_open(decimals, buckets, encoded)) + b"]"


PUBLISHED: Final = Published(QUOTES, BARS, lambda moment: quotes_payload(moment.engine, moment.rows))
