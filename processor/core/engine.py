"""The aggregation of one replay: trades and book events in, bars, imbalance, CVD and depth out.

Fed in any batches, it holds at every moment what one pass over the same events would give. Intervals are joined here:
a metrics row exists for each interval with a book sample or a trade, and what has no event of its own in an interval
repeats its previous close.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from processor.core import bars
from processor.core.activity import Fills
from processor.core.bars import Tape, Traded
from processor.core.book import Book, BookBars, concatenated
from processor.core.kernel import NO_PRICE
from processor.core.orders import RecentTrades
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from processor.core.events import BookEvents, Trades
    from processor.settings import Aggregation

_ORDERS_KEPT: Final = 500
OBI: Final = ("obi_open", "obi_high", "obi_low", "obi_close")
_NO_LOTS: Final = (0,) * len(bars.LOTS)
_EXACT_IN_FLOAT64: Final = 2**53
_EXACT_DECIMALS: Final = 22
"""10 to the power of more is no float."""


@dataclass(frozen=True, slots=True)
class Firsts:
    """Times in ns of a dataset's first event, trade and book event; None where there is none (yet)."""

    event_ns: int | None = None
    trade_ns: int | None = None
    book_ns: int | None = None


class Engine:
    """Feeds a book and a tape and keeps their intervals: all of them, or only as many rows as are published.

    An interval's name, its `bucket`, is its number since the epoch, or its begin in ms where it ends by activity.
    `first_ns` and `event_ns` are the times of the first and the last event taken in, None before.
    """

    def __init__(self, aggregation: Aggregation, *, keep: int | None = None) -> None:
        """Begin before the first event; `keep` bounds the intervals remembered, None remembers all."""
        self.aggregation = aggregation
        self.book = Book(interval_ns=aggregation.interval_ns, obi_levels=aggregation.obi_levels)
        self.tape = Tape(reset=aggregation.cvd_reset)
        self.trades = 0
        self.first_ns: int | None = None
        self.event_ns: int | None = None
        self._keep = keep
        self._recent = None if keep is None else RecentTrades(_ORDERS_KEPT)
        self._fills: Fills | None = None
        self._trade_bars: list[pl.DataFrame] = []
        self._book_bars: list[BookBars] = []
        self._lots_let_go = _NO_LOTS
        self._first_trade_bucket: int | None = None
        self._first_book_bucket: int | None = None

    @classmethod
    def resumed(
        cls,
        aggregation: Aggregation,
        *,
        keep: int | None,
        book: Book,
        tape: Tape,
        trades: int,
        firsts: Firsts,
        event_ns: int,
        closed: tuple[pl.DataFrame, BookBars],
        traded_before: Traded,
        fills: Fills | None = None,
    ) -> Engine:
        """An engine that goes on with `book` and `tape` after `trades` trades, and events up to `event_ns`.

        `closed` are the intervals before those that the two have open: of trades (as `Tape.advance` returns them, on
        the tape's scale) and of the book (on its). `traded_before` is what was traded before the first of the trades'.
        `fills` is how far the open interval of an activity is filled.
        """
        engine = cls(aggregation, keep=keep)
        engine.book, engine.tape, engine.trades, engine._fills = book, tape, trades, fills
        engine.first_ns, engine.event_ns = firsts.event_ns, event_ns
        if fills is None:
            engine._first_trade_bucket = _bucket(firsts.trade_ns, aggregation.interval_ns)
            engine._first_book_bucket = _bucket(firsts.book_ns, aggregation.interval_ns)
        else:
            # The first trade is in the first interval; a book that has begun did so before the intervals that count.
            engine._first_trade_bucket = _bucket(firsts.event_ns, NS_PER_MS)
            engine._first_book_bucket = engine._first_trade_bucket if book.samples else None
        trade_bars, book_bars = closed
        engine._book_bars = [book_bars if keep is None else book_bars.tail(keep)]
        engine._lots_let_go = (traded_before.volume, *astuple(traded_before))
        engine._add_trade_bars(trade_bars)
        return engine

    def advance(self, trades: Iterable[Trades], book: Iterable[BookEvents]) -> bool:
        """Take in events that follow the earlier ones in time; return whether they closed an interval.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        trade_parts = [part for part in trades if len(part)]
        book_parts = [part for part in book if len(part)]
        if self.first_ns is None:
            firsts = [int(part.time_ns[0]) for part in (*trade_parts[:1], *book_parts[:1])]
            self.first_ns = min(firsts, default=None)
        lasts = [int(part.time_ns[-1]) for part in (*trade_parts[-1:], *book_parts[-1:])]
        self.event_ns = max(lasts, default=self.event_ns)
        if self.aggregation.activity is not None and self._fills is None and self.first_ns is not None:
            self._fills = Fills(self.aggregation.activity, self.first_ns)
            self.book.expect(self._fills.starts_ns)
        closed = [self._advance_tape(*each) for each in zip(trade_parts, self._buckets(trade_parts), strict=True)]
        closed += [self._advance_book(part) for part in book_parts]
        return any(closed)

    def _buckets(self, parts: list[Trades]) -> list[NDArray[np.int64]]:
        """Each trade's interval; where it ends by activity, the book is told of those that these trades settle."""
        if self._fills is None:
            return [part.time_ns // self.aggregation.interval_ns for part in parts]
        taken = [self._fills.take(part) for part in parts]
        if taken:
            self.book.expect(np.concatenate([starts_ns for _, starts_ns in taken]))
        return [buckets for buckets, _ in taken]

    def _advance_tape(self, trades: Trades, buckets: NDArray[np.int64]) -> bool:
        if self._first_trade_bucket is None:
            self._first_trade_bucket = int(buckets[0])
        price_decimals, size_decimals = self.tape.price_decimals, self.tape.size_decimals
        closed = self.tape.advance(trades, buckets)
        if self._recent is not None:
            self._recent.add(trades)
        self.trades += len(trades)
        grown = (self.tape.price_decimals - price_decimals, self.tape.size_decimals - size_decimals)
        self._trade_bars = [bars.rescaled(part, *grown) for part in self._trade_bars]
        self._lots_let_go = tuple(lots * 10 ** grown[1] for lots in self._lots_let_go)
        if len(closed):
            self._add_trade_bars(closed)
        return bool(len(closed))

    def _add_trade_bars(self, closed: pl.DataFrame) -> None:
        """Remember those that were closed, and let as many of the earliest go as are too many."""
        self._trade_bars.append(closed)
        if self._keep is None:
            return
        every = pl.concat(self._trade_bars)
        kept = every.tail(self._keep)
        if len(kept) < len(every):
            self._lots_let_go = _added(self._lots_let_go, _lots_of(every[: -self._keep]))
        self._trade_bars = [kept]

    def _advance_book(self, book: BookEvents) -> bool:
        if self._first_book_bucket is None:
            first_ns = int(book.time_ns[0])
            by_time = self._fills is None
            self._first_book_bucket = (
                first_ns // self.aggregation.interval_ns if by_time else self.book.interval_at(first_ns)
            )
        price_decimals = self.book.price_decimals
        closed = self.book.advance(book)
        grown = self.book.price_decimals - price_decimals
        if grown:
            self._book_bars = [part.finer(grown) for part in self._book_bars]
        if len(closed):
            self._book_bars.append(closed)
            if self._keep is not None:
                self._book_bars = [concatenated(self._book_bars).tail(self._keep)]
        return bool(len(closed))

    def put_trades_before(self, earlier: Iterable[Trades]) -> None:
        """Take in trades from before those that this engine began with, newest part first, for `recent_orders` alone.

        Reads no more of them than that needs.
        """
        if self._recent is not None:
            self._recent.put_before(earlier)

    def recent_orders(self) -> tuple[Trades | None, pl.DataFrame]:
        """The newest 500 orders (see `orders.orders_of`) and the trades they are of; none where `keep` is None.

        `first` is the number of an order's first trade in the dataset.
        """
        return (None, pl.DataFrame()) if self._recent is None else self._recent.orders(self.trades)

    def trade_bars(self) -> pl.DataFrame:
        """Intervals with trades, oldest first, the open one last (columns of `bars.SCHEMA`: ticks and lots)."""
        return pl.concat([*self._trade_bars, self.tape.open_bars()])

    def book_bars(self) -> BookBars:
        """Intervals with samples, oldest first, the open one last."""
        return concatenated([*self._book_bars, self.book.open_bars()])

    def rows(self) -> pl.DataFrame:
        """Intervals with trades or samples, oldest first, the open one last.

        Columns of `bars.SCHEMA` (prices null, volumes 0 and CVD standing where there is no trade), the OBI, and
        `best_bid`, `best_ask` in ticks of the book, null for an empty side.
        """
        book = self.book_bars()
        samples = pl.DataFrame(
            {
                "bucket": book.bucket,
                "obi_open": book.open,
                "obi_high": book.high,
                "obi_low": book.low,
                "obi_close": book.close,
                "best_bid": book.bid_ticks,
                "best_ask": book.ask_ticks,
            }
        )
        rows = self.trade_bars().join(samples, on="bucket", how="full", coalesce=True).sort("bucket")
        obi_before = pl.col("obi_close").forward_fill().fill_null(0.0)
        cvd_before = pl.col("cvd_close").forward_fill().fill_null(0)
        best = (pl.col(name).forward_fill() for name in ("best_bid", "best_ask"))
        rows = rows.with_columns(
            *(pl.col(name).fill_null(obi_before) for name in OBI),
            *(pl.col(name).fill_null(cvd_before) for name in bars.CVD),
            *(pl.col(name).fill_null(0) for name in (*bars.LOTS, "trades")),
            *(pl.when(column != NO_PRICE).then(column) for column in best),
        )
        if self._opens_on_trades():
            # The book's first sample opens at the OBI of the row before it, which is 0.
            first = pl.col("bucket") == self._first_book_bucket
            rows = rows.with_columns(
                obi_open=pl.when(first).then(0.0).otherwise("obi_open"),
                obi_high=pl.when(first).then(pl.max_horizontal("obi_high", 0.0)).otherwise("obi_high"),
                obi_low=pl.when(first).then(pl.min_horizontal("obi_low", 0.0)).otherwise("obi_low"),
            )
        return rows if self._keep is None else rows.tail(self._keep)

    def _opens_on_trades(self) -> bool:
        return (
            self._first_book_bucket is not None
            and self._first_trade_bucket is not None
            and self._first_trade_bucket < self._first_book_bucket
        )

    def lots_before(self, bucket: int) -> tuple[int, ...]:
        """Volume, bought, sold and unknown lots of the intervals before interval `bucket`, whether kept or not."""
        return _added(self._lots_let_go, _lots_of(self.trade_bars().filter(pl.col("bucket") < bucket)))

    def timestamps_ms(self, rows: pl.DataFrame) -> NDArray[np.int64]:
        """Begin of each row's interval, ms since the Unix epoch."""
        bucket_ms = 1 if self.aggregation.activity else self.aggregation.interval_ns // NS_PER_MS
        return rows["bucket"].to_numpy() * bucket_ms


def _bucket(time_ns: int | None, interval_ns: int) -> int | None:
    return None if time_ns is None else time_ns // interval_ns


def _lots_of(rows: pl.DataFrame) -> tuple[int, ...]:
    """Sums of the columns of bars.LOTS."""
    return rows.select(pl.col(bars.LOTS).sum()).row(0)


def _added(some: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(some, more, strict=True))


def checks(rows: pl.DataFrame, engine: Engine) -> dict[str, bool | None]:
    """The cross-checks of the contract over `Engine.rows`; null where there is nothing to check.

    What has been added up is compared with what was counted in other ways: volumes and CVD with what the trades come to
    (`Tape.traded`), the imbalance with the levels of the book. The CVD's step is not checked where a daily reset falls
    inside intervals.
    """
    if not len(rows):
        return dict.fromkeys(_CHECKS)
    traded = rows.filter(pl.col("trades") > 0)
    found = {name: _all(traded, check) for name, check in _CHECKS.items()}
    found["obi_within_one"] = _all(rows, _CHECKS["obi_within_one"])
    counted = {
        "volume_is_buy_sell_unknown": _lots_are_those_traded(rows, engine),
        "cvd_step_is_buy_minus_sell": rows["cvd_close"][-1] == engine.tape.delta,
        "obi_within_one": not engine.book.samples or rows["obi_close"][-1] == engine.book.imbalance(),
    }
    for name, agrees in counted.items():
        found[name] = found[name] and agrees
    if engine.aggregation.cvd_reset == "day" and not engine.aggregation.divides_days:
        found["cvd_step_is_buy_minus_sell"] = None
    found["times_increase"] = bool((rows["bucket"].diff().drop_nulls() > 0).all())
    return found


def _lots_are_those_traded(rows: pl.DataFrame, engine: Engine) -> bool:
    traded = engine.tape.traded
    return _added(engine.lots_before(rows["bucket"][0]), _lots_of(rows)) == (traded.volume, *astuple(traded))


_ANY_START: Final = pl.max_horizontal("cvd_open", 0), pl.min_horizontal("cvd_open", 0)
"""Highest and lowest value that the CVD of an interval can begin with: with a daily reset it may begin at 0 again."""
_CHECKS: Final[dict[str, pl.Expr]] = {
    "volume_is_buy_sell_unknown": (pl.col("volume") == pl.sum_horizontal(bars.LOTS[1:]))
    & (pl.min_horizontal(bars.LOTS) >= 0),
    "cvd_step_is_buy_minus_sell": pl.col("cvd_close") - pl.col("cvd_open")
    == pl.col("buy_volume") - pl.col("sell_volume"),
    "high_is_highest": (pl.col("high") >= pl.max_horizontal("open", "close", "low"))
    & (pl.col("cvd_high") >= pl.max_horizontal("cvd_open", "cvd_close", "cvd_low"))
    & (pl.col("cvd_high") <= _ANY_START[0] + pl.col("buy_volume"))
    & (pl.col("obi_high") >= pl.max_horizontal("obi_open", "obi_close", "obi_low")),
    "low_is_lowest": (pl.col("low") <= pl.min_horizontal("open", "close", "high"))
    & (pl.col("cvd_low") <= pl.min_horizontal("cvd_open", "cvd_close", "cvd_high"))
    & (pl.col("cvd_low") >= _ANY_START[1] - pl.col("sell_volume"))
    & (pl.col("obi_low") <= pl.min_horizontal("obi_open", "obi_close", "obi_high")),
    "obi_within_one": (pl.col("obi_low") >= -1) & (pl.col("obi_high") <= 1),
    "times_increase": pl.lit(value=True),
}


def _all(rows: pl.DataFrame, check: pl.Expr) -> bool | None:
    return bool(rows.select(check.all()).item()) if len(rows) else None


def decimal_floats(values: pl.Series | NDArray[np.int64], decimals: int) -> NDArray[np.float64]:
    """Values / 10**decimals, each correctly rounded, so its shortest decimal is the one that went in.

    The values are whole numbers of any length, and none is null.
    """
    column = pl.Series(values)
    lowest: Any = column.min()
    highest: Any = column.max()
    if column.is_empty() or (max(-lowest, highest) < _EXACT_IN_FLOAT64 and decimals <= _EXACT_DECIMALS):
        return column.cast(pl.Int64).to_numpy() / np.float64(10**decimals)
    return np.array([value / 10**decimals for value in column.to_list()])
