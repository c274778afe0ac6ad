"""depth_data.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processor.core.decimals import decimal_floats
from processor.publish.views.base import EACH, Published
from shared import DEPTH, encode

if TYPE_CHECKING:
    from processor.core.engine import Engine


def depth_payload(engine: Engine, levels: int) -> bytes:
    """depth_data.json: the best `levels` levels of each side."""
    book = engine.book
    bids, asks = (
        list(
            zip(
                decimal_floats(prices, book.price_decimals).tolist(),
                decimal_floats(sizes, book.size_decimals).tolist(),
                strict=True,
            )
        )
        for prices, sizes in book.levels(levels)
    )
    return encode({"bids": bids, "asks": asks})


PUBLISHED: Final = Published(DEPTH, EACH, lambda moment: depth_payload(moment.engine, moment.subject.depth_levels))
