"""The whole history of a dataset as a table of orders."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import polars as pl

from processor.aggregate.table import Aggregated, chunks_until
from processor.core.aggregates.orders import SIDES, whole_orders
from processor.core.engine import decimal_floats
from processor.errors import DatasetError
from processor.formats import in_order
from processor.prefetch import prefetched
from processor.settings import resolved
from processor.sources.opening import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from processor.core.events import Trades
    from processor.formats import Dataset
    from processor.settings import Settings
    from processor.store.cache import Cache

TAPE_COLUMNS: Final[dict[str, type[pl.DataType]]] = {
    "time_ns": pl.Int64,
    "side": pl.String,
    "volume": pl.Float64,
    "trades": pl.Int64,
    "price_first": pl.Float64,
    "price_last": pl.Float64,
    "prices": pl.Int64,
}


def tapes(
    dataset: Dataset,
    instruments: Sequence[str],
    settings: Settings,
    cache: Cache | None,
    on_progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> list[Aggregated]:
    """The orders of each of `instruments`, oldest first, in columns TAPE_COLUMNS; from `settings.start` to `.until`.

    Raises:
        DatasetError: the dataset turns out unusable, or holds no trade.
    """

    def attempt(found: Dataset) -> list[Aggregated]:
        return [_tape(found, name, settings, cache, on_progress) for name in instruments]

    made = in_order(dataset, attempt)
    if not any(each.trades for each in made):
        msg = f"there is no trade of {', '.join(instruments)} in the dataset"
        raise DatasetError(msg)
    return made


def _tape(
    dataset: Dataset,
    instrument: str,
    settings: Settings,
    cache: Cache | None,
    on_progress: Callable[[str, int, int], None],
) -> Aggregated:
    trades = 0
    first_ns: int | None = None
    source = open_source(dataset, instrument, settings.clock, cache)

    def parts() -> Iterator[Trades]:
        nonlocal trades, first_ns
        for chunk in chunks_until(chunks, settings.until):
            first_ns = chunk.first_ns if first_ns is None else first_ns
            for part in chunk.trades:
                trades += len(part)
                yield part
            on_progress(instrument, chunk.consumed_bytes, source.size_bytes)

    with closing(source):
        _, ahead = source.start(settings.aggregation, None, keep=None)
        with closing(prefetched(ahead)) as chunks, closing(source):
            tables = [_in_units(part, orders) for part, orders in whole_orders(parts())]
    source.refresh()
    rows = pl.concat([pl.DataFrame(schema=TAPE_COLUMNS), *tables])
    if settings.start is not None and first_ns is not None:
        rows = rows.filter(pl.col("time_ns") >= resolved(settings.start, first_ns))
    return Aggregated(instrument, rows, trades, 0, source.report)


def _in_units(trades: Trades, orders: pl.DataFrame) -> pl.DataFrame:
    decimals = dict.fromkeys(("price_first", "price_last"), trades.price_decimals) | {"volume": trades.size_decimals}
    return orders.with_columns(
        pl.col("side").replace_strict(SIDES, return_dtype=pl.String),
        *(pl.Series(name, decimal_floats(orders[name], places)) for name, places in decimals.items()),
    ).select(list(TAPE_COLUMNS))
