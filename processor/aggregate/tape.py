"""Orders as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from processor.core.aggregates.large_orders import Hour
from processor.core.aggregates.orders import SIDES, whole_orders
from processor.core.decimals import decimal_floats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from processor.core.events import Trades

TAPE: Final = "tape"
TAPE_COLUMNS: Final[dict[str, type[pl.DataType]]] = {
    "time_ns": pl.Int64,
    "side": pl.String,
    "volume": pl.Float64,
    "trades": pl.Int64,
    "price_first": pl.Float64,
    "price_last": pl.Float64,
    "prices": pl.Int64,
    "large": pl.Boolean,
}


def order_tables(parts: Iterable[Trades]) -> Iterator[pl.DataFrame]:
    """The orders of successive trades in columns TAPE_COLUMNS, oldest first, in at least one part."""
    yield pl.DataFrame(schema=TAPE_COLUMNS)
    hour, size_decimals = Hour(), 0
    for trades, orders in whole_orders(parts):
        hour = hour.finer(trades.size_decimals - size_decimals)
        is_large, hour = hour.judged(orders.time_ns, orders.volume)
        size_decimals = trades.size_decimals
        yield _in_units(trades, orders.frame().with_columns(large=pl.Series(is_large)))


def _in_units(trades: Trades, orders: pl.DataFrame) -> pl.DataFrame:
    decimals = dict.fromkeys(("price_first", "price_last"), trades.price_decimals) | {"volume": trades.size_decimals}
    return orders.with_columns(
        pl.col("side").replace_strict(SIDES, return_dtype=pl.String),
        *(pl.Series(name, decimal_floats(orders[name], places)) for name, places in decimals.items()),
    ).select(list(TAPE_COLUMNS))
