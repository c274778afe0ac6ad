"""Trades into intervals with Polars: OHLC, volumes by aggressor, and cumulative volume delta (CVD), all in integers.

CVD is the running sum of +size for a buyer-initiated trade, -size for a seller-initiated one and 0 where the side is
unknown. With a daily reset the first trade of a session finds it at 0. Sums of integers do not depend on the order
they are added in, so batches give what one piece gives.

A size has 64 bits, a sum of sizes 128. The sums of a batch are made in 64 where they certainly fit, which is faster.
What has been traded in all is counted beside them in another way, so that they can be checked.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from processor.core.events import BUY, SELL, UNKNOWN, Trades, read_only, scaled_up
from processor.core.sessions import begin_of, session_of
from processor.errors import ScaleOverflow
from processor.units import NS_PER_DAY
from processor.with_numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from processor.core.aggregates.base import Batch
    from processor.settings import CvdReset

PRICES: Final = ("open", "high", "low", "close")
LOTS: Final = ("volume", "buy_volume", "sell_volume", "unknown_volume")
CVD: Final = ("cvd_open", "cvd_high", "cvd_low", "cvd_close")
_WIDE: Final = pl.Int128()
SCHEMA: Final[dict[str, pl.DataType]] = dict.fromkeys(
    ("bucket", *PRICES, *LOTS, "trades", *CVD), pl.Int64()
) | dict.fromkeys((*LOTS, *CVD), _WIDE)
"""Columns of a frame of trade bars: ticks, lots and counts; `bucket` names the interval: see `Engine`."""
_AS_IN_SCHEMA: Final = [pl.col(name).cast(kind) for name, kind in SCHEMA.items()]

_NARROW: Final = 2**62
"""Sums of lots below this stay within 64 bits."""
_MOST_LOTS: Final = 2**126
"""More than this is not counted: what can become of it within 128 bits is not certain."""
_HALF: Final = 32
_LOW: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Traded:
    """Lots bought, sold and traded from an unknown side, as Python's integers, which are as long as need be.

    Raises ScaleOverflow for more than the columns of trade bars are certain to hold.
    """

    bought: int = 0
    sold: int = 0
    unknown: int = 0

    def __post_init__(self) -> None:
        if self.volume >= _MOST_LOTS:
            msg = f"{self.volume} lots, which were traded in all, have no room in 128 bits"
            raise ScaleOverflow(msg)

    def __add__(self, other: Traded) -> Traded:
        return Traded(self.bought + other.bought, self.sold + other.sold, self.unknown + other.unknown)

    def __sub__(self, other: Traded) -> Traded:
        return Traded(self.bought - other.bought, self.sold - other.sold, self.unknown - other.unknown)

    def finer(self, decimals: int) -> Traded:
        """The same in lots of that many more decimals."""
        factor = 10**decimals
        return Traded(self.bought * factor, self.sold * factor, self.unknown * factor)

    @property
    def volume(self) -> int:
        """Of all sides."""
        return self.bought + self.sold + self.unknown

    @property
    def delta(self) -> int:
        """What the CVD comes to from this."""
        return self.bought - self.sold


def traded(trades: Trades) -> Traded:
    """What `trades` come to, in another way than `trade_bars`: the halves of their sizes are added up apart."""
    halves: list[int] = _halves(read_only(trades.size_lots), read_only(trades.aggressor)).tolist()
    return Traded(*((high << _HALF) + low for high, low in zip(halves[::2], halves[1::2], strict=True)))


@njit(cache=True, nogil=True)
def _halves(size_lots: NDArray[np.int64], aggressor: NDArray[np.int8]) -> NDArray[np.int64]:
    """Sums of the sizes' high halves and of their low ones: of buyers, of sellers, of unknown sides."""
    bought_high, bought_low, sold_high, sold_low, high, low = 0, 0, 0, 0, 0, 0
    for i in range(len(size_lots)):
        of_high, of_low = size_lots[i] >> _HALF, size_lots[i] & _LOW
        buys, sells = aggressor[i] == BUY, aggressor[i] == SELL
        bought_high += of_high if buys else 0
        bought_low += of_low if buys else 0
        sold_high += of_high if sells else 0
        sold_low += of_low if sells else 0
        high += of_high
        low += of_low
    high, low = high - bought_high - sold_high, low - bought_low - sold_low
    return np.array([bought_high, bought_low, sold_high, sold_low, high, low])


def trade_bars(
    trades: Trades,
    buckets: NDArray[np.int64],
    *,
    volume: int,
    cvd_lots: int,
    cvd_day: int,
    reset: CvdReset,
    session_ns: int = 0,
) -> pl.DataFrame:
    """Gather time-ordered trades into intervals, one row each, oldest first (columns of SCHEMA).

    `buckets` names each trade's interval, `volume` is what the trades come to. `cvd_lots` is the CVD before the first
    of them, `cvd_day` the session of the trade it stands from. Sessions start at `session_ns` of a day. CVD highs and
    lows are over the values after each trade only: `finished` lets the open in, once an interval is whole.
    """
    lots = pl.Int64() if volume + abs(cvd_lots) < _NARROW else _WIDE
    rows = pl.DataFrame(
        {
            "time_ns": trades.time_ns,
            "price": trades.price_ticks,
            "size": pl.Series(trades.size_lots).cast(lots),
            "aggressor": trades.aggressor,
            # In time order, they are in the order of their intervals too, and Polars need not look for them.
            "bucket": pl.Series(buckets).set_sorted(),
        }
    ).with_columns(
        signed=pl.col("size") * pl.col("aggressor").cast(lots),
    )
    before_lots = pl.lit(cvd_lots, lots)
    if reset == "day":
        day = (pl.col("time_ns") - session_ns) // NS_PER_DAY
        rows = rows.with_columns(day=day).with_columns(
            cvd=pl.col("signed").cum_sum().over("day")
            + pl.when(pl.col("day") == cvd_day).then(before_lots).otherwise(0)
        )
    else:
        rows = rows.with_columns(cvd=pl.col("signed").cum_sum() + before_lots)
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
        .select(_AS_IN_SCHEMA)
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


class TradeTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the trades up to a moment come to, on a scale of `trade_decimals` (of prices, of sizes).

    `cvd_lots` is the CVD without resets, `cvd_of_day_lots` the one that restarts with session `cvd_day`, that of the
    last trade. `traded` is what was traded in all, `traded_before_day` what was traded before that session.
    """

    trades: int
    trade_decimals: tuple[int, int]
    cvd_lots: int
    cvd_of_day_lots: int
    cvd_day: int
    traded: Traded
    traded_before_day: Traded


class TradeBars:
    """Bars of the trades: the closed ones that are kept, and the open one.

    `trades` counts the trades, `traded` is what they come to, `first_bucket` names the interval of the first one (None
    before it).
    """

    def __init__(self, *, reset: CvdReset, keep: int | None, session_ns: int = 0) -> None:
        """Start before the first trade; only the last `keep` closed intervals are remembered, with None all.

        Sessions, with which the CVD may restart, start at `session_ns` of a day.
        """
        self.price_decimals = 0
        self.size_decimals = 0
        self.trades = 0
        self.traded = Traded()
        self.first_bucket: int | None = None
        self._reset: CvdReset = reset
        self._session_ns = session_ns
        self._keep = keep
        self._cvd_lots = 0
        self._cvd_day = 0
        self._traded_before_cvd = Traded()
        self._open = empty()
        self._closed: list[pl.DataFrame] = []
        self._forgotten_lots = (0,) * len(LOTS)

    @classmethod
    def resumed(
        cls,
        totals: TradeTotals,
        bars: pl.DataFrame,
        traded_before: Traded,
        first_bucket: int | None,
        *,
        reset: CvdReset,
        keep: int | None,
        session_ns: int = 0,
    ) -> TradeBars:
        """Go on after the trades that `totals` counts.

        `bars` are the last intervals up to the last trade, the open one last, as `trade_bars` gives them on the scale
        of `totals`; without a row, nothing is known of any. `traded_before` is what was traded before the first.
        """
        found = cls(reset=reset, keep=keep, session_ns=session_ns)
        found.price_decimals, found.size_decimals = totals.trade_decimals
        found.trades, found.traded, found.first_bucket = totals.trades, totals.traded, first_bucket
        found._cvd_day = totals.cvd_day
        if reset == "day":
            found._cvd_lots, found._traded_before_cvd = totals.cvd_of_day_lots, totals.traded_before_day
        else:
            found._cvd_lots = totals.cvd_lots
        found._open = bars[-1:]
        found._forgotten_lots = (traded_before.volume, *astuple(traded_before))
        found._add_closed(finished(bars[:-1]))
        return found

    def advance(self, batch: Batch) -> bool:
        """See Aggregate."""
        closed = [self._advance(*each) for each in zip(batch.trades, batch.buckets, strict=True)]
        return any(closed)

    def _advance(self, trades: Trades, buckets: NDArray[np.int64]) -> bool:
        if self.first_bucket is None:
            self.first_bucket = int(buckets[0])
        self._rescale(
            max(trades.price_decimals, self.price_decimals) - self.price_decimals,
            max(trades.size_decimals, self.size_decimals) - self.size_decimals,
        )
        trades = trades.rescaled(self.price_decimals, self.size_decimals)
        bars = trade_bars(
            trades,
            buckets,
            volume=self._count(trades),
            cvd_lots=self._cvd_lots,
            cvd_day=self._cvd_day,
            reset=self._reset,
            session_ns=self._session_ns,
        )
        self._cvd_lots = bars["cvd_close"][-1]
        self._cvd_day = session_of(int(trades.time_ns[-1]), self._session_ns)
        bars = joined([self._open, bars])
        self._open = bars[-1:]
        closed = finished(bars[:-1])
        if len(closed):
            self._add_closed(closed)
        return bool(len(closed))

    def _rescale(self, grow_price: int, grow_size: int) -> None:
        """Keep everything with that many more decimals."""
        if grow_price == grow_size == 0:
            return
        self._open = rescaled(self._open, grow_price, grow_size)
        self._closed = [rescaled(part, grow_price, grow_size) for part in self._closed]
        self._cvd_lots *= 10**grow_size
        self._forgotten_lots = tuple(lots * 10**grow_size for lots in self._forgotten_lots)
        self.traded = self.traded.finer(grow_size)
        self._traded_before_cvd = self._traded_before_cvd.finer(grow_size)
        self.price_decimals += grow_price
        self.size_decimals += grow_size

    def _count(self, trades: Trades) -> int:
        """Count `trades`, which are on the scale held, and return their volume in lots."""
        found = traded(trades)
        self.trades += len(trades)
        self.traded += found
        day = session_of(int(trades.time_ns[-1]), self._session_ns)
        if self._reset == "day" and day != self._cvd_day:
            first_of_day = int(np.searchsorted(trades.time_ns, begin_of(day, self._session_ns)))
            self._traded_before_cvd = self.traded - traded(trades.rows(slice(first_of_day, None)))
        return found.volume

    def _add_closed(self, closed: pl.DataFrame) -> None:
        """Remember `closed`, and forget the earliest of all those that are too many."""
        self._closed.append(closed)
        if self._keep is None:
            return
        every = pl.concat(self._closed)
        kept = every.tail(self._keep)
        if len(kept) < len(every):
            self._forgotten_lots = _added(self._forgotten_lots, lots_of(every[: -self._keep]))
        self._closed = [kept]

    @property
    def delta(self) -> int:
        """What the CVD must be by now, from what was traded since it last started at 0."""
        return (self.traded - self._traded_before_cvd).delta

    def rows(self) -> pl.DataFrame:
        """Intervals with trades, oldest first, the open one last (columns of SCHEMA: ticks and lots)."""
        return pl.concat([*self._closed, finished(self._open)])

    def oldest_of(self, newest: int) -> int | None:
        """Name of the oldest of so many newest intervals that are kept, at least one; None before the first trade."""
        found: int | None = None
        for part in (self._open, *reversed(self._closed)):
            count = min(newest, len(part))
            if count:
                found = part["bucket"][-count]
                newest -= count
        return found

    def lots_before(self, bucket: int) -> tuple[int, ...]:
        """Sums of LOTS over the intervals before interval `bucket`, whether they are kept or not."""
        return _added(self._forgotten_lots, lots_of(self.rows().filter(pl.col("bucket") < bucket)))


def lots_of(bars: pl.DataFrame) -> tuple[int, ...]:
    """Sums of the columns LOTS of some trade bars."""
    return bars.select(pl.col(LOTS).sum()).row(0)


def _added(some: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(some, more, strict=True))


def rescaled(bars: pl.DataFrame, price_decimals: int, size_decimals: int) -> pl.DataFrame:
    """Trade bars with that many more decimals in prices and in lots.

    Raises:
        ScaleOverflow: a price has no room in 64 bits on that scale, or lots have none in 128.
    """
    if price_decimals == size_decimals == 0 or not len(bars):
        return bars
    prices = (pl.Series(name, scaled_up(bars[name].to_numpy(), price_decimals)) for name in PRICES)
    lots = bars.select(*LOTS, *CVD)
    largest = max(map(abs, (*lots.min().row(0), *lots.max().row(0))))
    if largest * 10**size_decimals >= _MOST_LOTS:
        msg = f"{largest} lots have no room in 128 bits with {size_decimals} more decimals, which a later size needs"
        raise ScaleOverflow(msg)
    finer = pl.lit(10**size_decimals if largest else 1, _WIDE)
    return bars.with_columns(*prices, *(pl.col(name) * finer for name in (*LOTS, *CVD)))
