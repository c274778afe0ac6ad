"""Trades into intervals with Polars: OHLC, volumes by aggressor, and cumulative volume delta (CVD), all in integers.

CVD is the running sum of +size for a buyer-initiated trade, -size for a seller-initiated one and 0 where the side is
unknown. With a daily reset the first trade of a new UTC day finds it at 0. Sums of integers do not depend on the order
they are added in, so batches give what one piece gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from processor.events import BUY, NS_PER_DAY, SELL, UNKNOWN, Trades, scaled_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from processor.settings import CvdReset

PRICES: Final = ("open", "high", "low", "close")
LOTS: Final = ("volume", "buy_volume", "sell_volume", "unknown_volume")
CVD: Final = ("cvd_open", "cvd_high", "cvd_low", "cvd_close")
SCHEMA: Final = dict.fromkeys(("bucket", *PRICES, *LOTS, "trades", *CVD), pl.Int64)
"""Columns of a frame of trade bars: ticks, lots and counts; `bucket` names the interval: see `Engine`."""


def trade_bars(
    trades: Trades, buckets: NDArray[np.int64], *, cvd_lots: int, cvd_day: int, reset: CvdReset
) -> pl.DataFrame:
    """Gather time-ordered trades into intervals, one row each, oldest first (columns of SCHEMA).

    `buckets` names each trade's interval. `cvd_lots` is the CVD before the first of them, `cvd_day` the UTC day number
    of the trade it stands from. CVD highs and lows are over the values after each trade only: `finished` lets the open
    in, once an interval is whole.
    """
    rows = pl.DataFrame(
        {
            "time_ns": trades.time_ns,
            "price": trades.price_ticks,
            "size": trades.size_lots,
            "aggressor": trades.aggressor,
            # In time order, they are in the order of their intervals too, and Polars need not look for them.
            "bucket": pl.Series(buckets).set_sorted(),
        }
    ).with_columns(
        signed=pl.col("size") * pl.col("aggressor").cast(pl.Int64),
    )
    if reset == "day":
        day = pl.col("time_ns") // NS_PER_DAY
        rows = rows.with_columns(day=day).with_columns(
            cvd=pl.col("signed").cum_sum().over("day") + pl.when(pl.col("day") == cvd_day).then(cvd_lots).otherwise(0)
        )
    else:
        rows = rows.with_columns(cvd=pl.col("signed").cum_sum() + cvd_lots)
    before = pl.col("cvd") - pl.col("signed")
    return (
        rows.group_by("bucket", maintain_order=True)
        .agg(
            open=pl.col("price").first(),
            high=pl.col("price").max(),
            low=pl.col("price").min(),
            close=pl.col("price").last(),
            volume=pl.col("size").sum(),
            buy_volume=pl.col("size").filter(pl.col("aggressor") == BUY).sum(),
            sell_volume=pl.col("size").filter(pl.col("aggressor") == SELL).sum(),
            unknown_volume=pl.col("size").filter(pl.col("aggressor") == UNKNOWN).sum(),
            trades=pl.len().cast(pl.Int64),
            cvd_open=before.first(),
            cvd_high=pl.col("cvd").max(),
            cvd_low=pl.col("cvd").min(),
            cvd_close=pl.col("cvd").last(),
        )
        .select(*SCHEMA)
    )


def empty() -> pl.DataFrame:
    """No trade bars."""
    return pl.DataFrame(schema=SCHEMA)


def joined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames of trade bars that follow each other as one; an interval cut between two of them becomes one row."""
    bars = pl.concat([part for part in parts if len(part)] or [empty()])
    return bars if bars["bucket"].is_unique().all() else coarser(bars, 1)


def coarser(bars: pl.DataFrame, intervals: int) -> pl.DataFrame:
    """Trade bars in order, not `finished`, gathered `intervals` at a time; there may be several of one interval."""
    return (
        bars.group_by(pl.col("bucket") // intervals, maintain_order=True)
        .agg(
            pl.col("open").first(),
            pl.col("high").max(),
            pl.col("low").min(),
            pl.col("close").last(),
            *(pl.col(name).sum() for name in LOTS),
            pl.col("trades").sum(),
            pl.col("cvd_open").first(),
            pl.col("cvd_high").max(),
            pl.col("cvd_low").min(),
            pl.col("cvd_close").last(),
        )
        .select(*SCHEMA)
    )


def finished(bars: pl.DataFrame) -> pl.DataFrame:
    """Whole intervals with the CVD's open let into its high and low."""
    return bars.with_columns(
        cvd_high=pl.max_horizontal("cvd_open", "cvd_high"),
        cvd_low=pl.min_horizontal("cvd_open", "cvd_low"),
    )


class Tape:
    """Trades fed batch by batch; `advance` returns the intervals they closed, `open_bars` the one still open."""

    def __init__(self, *, reset: CvdReset) -> None:
        """Begin before the first trade."""
        self.price_decimals = 0
        self.size_decimals = 0
        self._reset: CvdReset = reset
        self._cvd_lots = 0
        self._cvd_day = 0
        self._open = empty()

    @classmethod
    def resumed(
        cls,
        *,
        reset: CvdReset,
        decimals: tuple[int, int],
        cvd_lots: int,
        cvd_day: int,
        open_bar: pl.DataFrame,
    ) -> Tape:
        """A tape that goes on after a trade of UTC day number `cvd_day` that left the CVD at `cvd_lots`.

        `decimals` are those of prices and sizes, `open_bar` the interval of that trade as `trade_bars` gives it, or no
        row for one that is not of interest.
        """
        tape = cls(reset=reset)
        tape.price_decimals, tape.size_decimals = decimals
        tape._cvd_lots, tape._cvd_day, tape._open = cvd_lots, cvd_day, open_bar
        return tape

    def advance(self, trades: Trades, buckets: NDArray[np.int64]) -> pl.DataFrame:
        """Take `trades` in, whose intervals are `buckets`, and return those they closed, on the scale now held.

        Raises:
            ScaleOverflow: a price or size has no room in 64 bits on the finest scale seen.
        """
        if not len(trades):
            return self._open.clear()
        price_decimals = max(trades.price_decimals, self.price_decimals)
        size_decimals = max(trades.size_decimals, self.size_decimals)
        grow_price, grow_size = price_decimals - self.price_decimals, size_decimals - self.size_decimals
        self._open = rescaled(self._open, grow_price, grow_size)
        self._cvd_lots *= 10**grow_size
        self.price_decimals, self.size_decimals = price_decimals, size_decimals
        bars = trade_bars(
            trades.rescaled(price_decimals, size_decimals),
            buckets,
            cvd_lots=self._cvd_lots,
            cvd_day=self._cvd_day,
            reset=self._reset,
        )
        self._cvd_lots = bars["cvd_close"][-1]
        self._cvd_day = int(trades.time_ns[-1]) // NS_PER_DAY
        bars = joined([self._open, bars])
        self._open = bars[-1:]
        return finished(bars[:-1])

    def open_bars(self) -> pl.DataFrame:
        """The open interval, one row, or none before the first trade."""
        return finished(self._open)


def rescaled(bars: pl.DataFrame, price_decimals: int, size_decimals: int) -> pl.DataFrame:
    """Trade bars with that many more decimals in prices and in lots.

    Raises:
        ScaleOverflow: a value has no room in 64 bits on that scale.
    """
    if price_decimals == size_decimals == 0:
        return bars
    growth = dict.fromkeys(PRICES, price_decimals) | dict.fromkeys((*LOTS, *CVD), size_decimals)
    return bars.with_columns(
        pl.Series(name, scaled_up(bars[name].to_numpy(), decimals)) for name, decimals in growth.items()
    )
