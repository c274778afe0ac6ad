"""quotes_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import numpy as np

from processor.publish.views.base import BARS, Published, array_of
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
    best = [rows[name] for name in _BEST]
    shown = np.arange(len(rows))
    if all(column.null_count() for column in best):
        shown = np.flatnonzero(np.logical_or(*(column.is_not_null().to_numpy() for column in best)))
    shown = shown[-MAX_ROWS:]
    buckets = rows["bucket"].to_numpy()[shown]
    decimals = engine.book.price_decimals

    def encoded(first: int) -> list[bytes]:
        since = int(shown[first])
        places = (shown[first:] - since).tolist()
        ticks = (column[since:].to_list() for column in best)
        prices = ([None if side[at] is None else side[at] / 10**decimals for at in places] for side in ticks)
        return [encode(row) for row in zip(engine.labels_ms(buckets[first:]).tolist(), *prices, strict=True)]

    known = _ENCODED.setdefault(engine, EncodedBars())
    return array_of(known.with_open(decimals, buckets.tolist(), encoded))


PUBLISHED: Final = Published(QUOTES, BARS, lambda moment: quotes_payload(moment.engine, moment.rows))
