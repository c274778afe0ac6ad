"""The aggregation of one replay: trades and book events in, bars, imbalance, CVD and depth out.

Fed in any batches, it holds at every moment what one pass over the same events would give. Intervals are joined here:
a metrics row exists for each interval with a book sample or a trade, and what has no event of its own in an interval
repeats its previous close.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from processor.core.aggregates import bars
from processor.core.aggregates.bars import TradeBars
from processor.core.aggregates.batches import Batches
from processor.core.aggregates.imbalance import ImbalanceBars
from processor.core.aggregates.orders import RecentOrders
from processor.core.aggregates.standing import STANDING_CHECKS, Standing, standing_checks
from processor.core.alerts.kept import Alerts
from processor.core.book import Book
from processor.core.detected.kept import Detected, detects
from processor.core.flow.checks import FLOW_CHECKS, flow_checks
from processor.core.flow.counted import Counted
from processor.core.flow.kept import Flow
from processor.core.flow.shown import FlowShown
from processor.core.heatmap.checks import HEATMAP_CHECKS, heatmap_checks
from processor.core.heatmap.kept import KeptColumns
from processor.core.heatmap.shown import HeatmapShown
from processor.core.intervals import labels_ms, number_of
from processor.core.kernel import NO_PRICE
from processor.core.measures.checks import MEASURES_CHECKS, measures_checks
from processor.core.measures.kept import Measures
from processor.core.measures.sampled import MeasuredBook
from processor.core.price_step import NO_STEP
from processor.units import NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from processor.core.aggregates.activity import ActivityCounter
    from processor.core.aggregates.bars import Traded, TradeTotals
    from processor.core.aggregates.base import Aggregate, Batch
    from processor.core.aggregates.standing import StandingLevels
    from processor.core.alerts.kept import AlertsState
    from processor.core.book import BookBars, BookState
    from processor.core.detected.kept import DetectedState
    from processor.core.events import BookEvents, Trades
    from processor.core.flow.kept import FlowState
    from processor.core.heatmap.kept import HeatmapState
    from processor.core.measures.kept import MeasuresState
    from processor.core.price_step import PriceStep
    from processor.settings import Aggregation

_ORDERS_KEPT: Final = 500
OBI: Final = ("obi_open", "obi_high", "obi_low", "obi_close")


@dataclass(frozen=True, slots=True)
class FirstTimes:
    """Times in ns of a dataset's first event, trade and book event; None where there is none (yet)."""

    event_ns: int | None = None
    trade_ns: int | None = None
    book_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """Heatmap and measures have taken in what is before `until_ns`; from then on up to `by_ns` there is an event."""

    until_ns: int
    by_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """What an engine needs to go on after the events up to `event_ns`, as a store has it.

    `totals` are those of the trades, `book` is the order book. `trade_bars` (see `TradeBars.resumed`) and `book_bars`
    are the last intervals, each on the scale of these, the open one last; without a row, an interval of trades starts
    with the next trade, and one of the book with its last sample. `traded_before` is what was traded before
    `trade_bars`. `counter` has the open interval where intervals end by activity. `earlier_trades` are those up to
    `event_ns`, the newest part first; of them no more is read than the newest orders need. `flow` is what the order
    flow resumes from, `heatmap` the same of the heatmap, and `standing` the levels at the begin of the bar of the last
    event, where these are wanted; `detected` is what detection does, `measures` what the measures of the
    book do, `alerts` what alerts do. `price_step` is the step of all prices up to
    `event_ns`. Heatmap and measures may be `ahead` of the others.
    """

    event_ns: int
    first_times: FirstTimes
    totals: TradeTotals
    book: BookState
    trade_bars: pl.DataFrame
    book_bars: BookBars
    traded_before: Traded
    counter: ActivityCounter | None = None
    earlier_trades: Iterable[Trades] = ()
    flow: FlowState | None = None
    heatmap: HeatmapState | None = None
    standing: Callable[[], StandingLevels] | None = None
    detected: DetectedState | None = None
    measures: MeasuresState | None = None
    alerts: AlertsState | None = None
    price_step: PriceStep = NO_STEP
    ahead: Ahead | None = None


class Engine:
    """Feeds the aggregates, which keep all of their intervals, or only as many as are published.

    An interval's name, its `bucket`, is its number since the epoch, or its start in ms where it ends by activity.
    `keep` is how many intervals are remembered, None for all. `event_ns` is the time of the last event taken in, None
    before. `price_step` is that of the events taken in; only an engine that keeps some of its intervals computes it.
    As long as some aggregates are `ahead` of the others, nothing is to be shown.
    """

    def __init__(self, aggregation: Aggregation, *, keep: int | None = None, state: EngineState | None = None) -> None:
        """Start before the first event, or go on from `state`.

        `keep` is the number of intervals to remember, None for all.
        """
        self.aggregation = aggregation
        self.event_ns: int | None = None
        self.keep = keep
        self._batches = Batches(aggregation)
        self.recent_orders = None if keep is None else RecentOrders(_ORDERS_KEPT)
        self.price_step = NO_STEP if state is None else state.price_step
        self.ahead = None if state is None else state.ahead
        self.flow: Flow | None = None
        if keep and "flow" in aggregation.extras:
            self.flow = Flow(
                keep,
                None if state is None else state.flow,
                reset=aggregation.cvd_reset,
                session_ns=aggregation.session_ns,
            )
        self.measures: Measures | None = None
        if keep and "measures" in aggregation.extras and state is None:
            measured = MeasuredBook(interval_ns=aggregation.interval_ns, own=aggregation.own)
            self.measures = Measures(measured, keep=keep)
        self.heatmap: KeptColumns | None = None
        if keep and "heatmap" in aggregation.extras:
            counter = None if state is None else state.counter
            self.heatmap = KeptColumns(
                keep,
                aggregation.interval_ns,
                None if state is None else state.heatmap,
                None if counter is None else counter.starts_ns,
            )
        self.detected: Detected | None = None
        if keep and detects(aggregation):
            known = (None, None) if state is None else (state.detected, state.book)
            self.detected = Detected(aggregation, *known)
        self.alerts: Alerts | None = None
        if keep and "alerts" in aggregation.extras:
            self.alerts = Alerts(aggregation, self.detected, None if state is None else state.alerts)
        if state is None:
            self.book = Book(interval_ns=aggregation.interval_ns, obi_levels=aggregation.obi_levels)
            self.trade_bars = TradeBars(reset=aggregation.cvd_reset, keep=keep, session_ns=aggregation.session_ns)
            self.imbalance_bars = ImbalanceBars(self.book, keep=keep)
        else:
            self._resume(state)
        self.standing: Standing | None = None
        if keep and "ladder" in aggregation.extras:
            self.standing = self._standing(state)
        optional: tuple[Aggregate | None, ...] = (self.recent_orders, self.flow, self.detected, self.alerts)
        self.flow_shown = None if self.flow is None else FlowShown(self.flow)
        self.heatmap_shown = None if self.heatmap is None else HeatmapShown(self.heatmap)
        self._aggregates: Sequence[Aggregate] = [
            self.trade_bars,
            *(each for each in optional if each is not None),
        ]

    def _resume(self, state: EngineState) -> None:
        aggregation, first_times = self.aggregation, state.first_times
        self.event_ns = state.event_ns
        self._batches = Batches(aggregation, first_times.event_ns, state.counter)
        self.book = Book.resumed(
            state.book,
            interval_ns=aggregation.interval_ns,
            obi_levels=aggregation.obi_levels,
            open_bar=state.book_bars.tail(1) if len(state.book_bars) else None,
            starts_ns=None if state.counter is None else state.counter.starts_ns,
        )
        if state.counter is None:
            first_trade = _number(first_times.trade_ns, aggregation.interval_ns)
            first_book = _number(first_times.book_ns, aggregation.interval_ns)
        else:
            # The first trade is in the first interval, and a book with samples had one before those that count.
            first_trade = _number(first_times.event_ns, NS_PER_MS)
            first_book = first_trade if self.book.samples else None
        self.trade_bars = TradeBars.resumed(
            state.totals,
            state.trade_bars,
            state.traded_before,
            first_trade,
            reset=aggregation.cvd_reset,
            keep=self.keep,
            session_ns=aggregation.session_ns,
        )
        closed = state.book_bars.rows(slice(0, -1))
        self.imbalance_bars = ImbalanceBars.resumed(self.book, closed, first_book, keep=self.keep)
        if self.recent_orders is not None:
            self.recent_orders.put_before(state.earlier_trades)
        if state.measures is not None:
            self.measures = Measures.resumed(
                state.measures,
                Counted(state.totals.traded.volume, state.totals.trade_decimals[1]),
                first_trade,
                first_book,
                keep=self.keep,
            )

    def _standing(self, state: EngineState | None) -> Standing:
        if state is None or state.standing is None:
            return Standing(self.book, self.aggregation.interval_ns)
        starts_ns = np.empty(0, np.int64) if state.counter is None else state.counter.starts_ns
        return Standing.resumed(self.book, self.aggregation.interval_ns, state.standing, state.event_ns, starts_ns)

    @property
    def first_ns(self) -> int | None:
        """Time of the first event taken in, None before it."""
        return self._batches.first_ns

    @property
    def trades(self) -> int:
        """How many trades were taken in."""
        return self.trade_bars.trades

    def advance(self, trades: Iterable[Trades], book: Iterable[BookEvents]) -> bool:
        """Take in events that follow the earlier ones in time; return whether they closed an interval.

        Raises:
            ScaleOverflow: a value has no room in 64 bits on the finest scale seen.
        """
        batch = self._batches.of(trades, book)
        lasts = [int(part.time_ns[-1]) for part in (*batch.trades[-1:], *batch.book[-1:])]
        self.event_ns = max(lasts, default=self.event_ns)
        if self.keep is not None:
            self.price_step = self.price_step.advanced(batch.trades, batch.book)
        # The standing levels are those of the book alone, so nothing else needs to be cut for them.
        parts = (batch,) if self.standing is None else self.standing.parts(batch)
        closed = [self.imbalance_bars.advance(part) for part in parts]
        closed += [aggregate.advance(batch) for aggregate in self._aggregates]
        self._advance_of_book(batch)
        return any(closed)

    def _advance_of_book(self, batch: Batch) -> None:
        """Let heatmap and measures take in a batch, or what of it they do not know."""
        unknown = batch if self.ahead is None else batch.cut(self.ahead.until_ns)[1]
        if self.heatmap is not None:
            self.heatmap.advance(unknown)
        if self.measures is not None:
            # They know the book alone.
            self.measures.advance(replace(batch, book=unknown.book))
        if self.ahead is not None and self.event_ns is not None and self.event_ns >= self.ahead.until_ns:
            self.ahead = None

    def rows(self) -> pl.DataFrame:
        """Intervals with trades or samples, oldest first, the open one last.

        Columns of `bars.SCHEMA` (prices null, volumes 0 and CVD standing where there is no trade), the OBI, and
        `best_bid`, `best_ask` in ticks of the book, null for an empty side.
        """
        book = self.imbalance_bars.rows()
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
        rows = self.trade_bars.rows().join(samples, on="bucket", how="full", coalesce=True).sort("bucket")
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
            first = pl.col("bucket") == self.imbalance_bars.first_bucket
            rows = rows.with_columns(
                obi_open=pl.when(first).then(0.0).otherwise("obi_open"),
                obi_high=pl.when(first).then(pl.max_horizontal("obi_high", 0.0)).otherwise("obi_high"),
                obi_low=pl.when(first).then(pl.min_horizontal("obi_low", 0.0)).otherwise("obi_low"),
            )
        return rows if self.keep is None else rows.tail(self.keep)

    def _opens_on_trades(self) -> bool:
        first_trade, first_book = self.trade_bars.first_bucket, self.imbalance_bars.first_bucket
        return first_trade is not None and first_book is not None and first_trade < first_book

    def timestamps_ms(self, rows: pl.DataFrame) -> NDArray[np.int64]:
        """Start of each row's interval, ms since the Unix epoch."""
        return self.labels_ms(rows["bucket"].to_numpy())

    def labels_ms(self, buckets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Start of each interval, ms since the Unix epoch, by its name."""
        return labels_ms(buckets, self.aggregation.interval_ns)


def _number(time_ns: int | None, interval_ns: int) -> int | None:
    return None if time_ns is None else number_of(time_ns, interval_ns)


def checks(rows: pl.DataFrame, engine: Engine) -> dict[str, bool | None]:
    """The cross-checks of the contract over `Engine.rows`; null where there is nothing to check."""
    return bar_checks(rows, engine) | view_checks(rows, engine)


def bar_checks(rows: pl.DataFrame, engine: Engine) -> dict[str, bool | None]:
    """Those of the bars and of the metrics.

    What has been added up is compared with what was counted in other ways: volumes and CVD with what the trades come to
    (`TradeBars.traded`), the imbalance with the levels of the book. The CVD's step is not checked where a daily reset
    falls inside intervals.
    """
    if not len(rows):
        return dict.fromkeys(_CHECKS)
    traded = rows.filter(pl.col("trades") > 0)
    found = {name: _all(traded, check) for name, check in _CHECKS.items()}
    found["obi_within_one"] = _all(rows, _CHECKS["obi_within_one"])
    counted = {
        "volume_is_buy_sell_unknown": _lots_are_those_traded(rows, engine),
        "cvd_step_is_buy_minus_sell": rows["cvd_close"][-1] == engine.trade_bars.delta,
        "obi_within_one": not engine.book.samples or rows["obi_close"][-1] == engine.book.imbalance(),
    }
    for name, agrees in counted.items():
        found[name] = found[name] and agrees
    if engine.aggregation.cvd_reset == "day" and not engine.aggregation.divides_sessions:
        found["cvd_step_is_buy_minus_sell"] = None
    found["times_increase"] = bool((rows["bucket"].diff().drop_nulls() > 0).all())
    return found


def view_checks(rows: pl.DataFrame, engine: Engine) -> dict[str, bool | None]:
    """Those of the views that are made on request: of what is kept for them, none is left out until the next time."""
    if not len(rows):
        return dict.fromkeys((*FLOW_CHECKS, *HEATMAP_CHECKS, *STANDING_CHECKS, *MEASURES_CHECKS))
    found = flow_checks(engine.flow, rows, engine.trade_bars)
    found |= heatmap_checks(engine.heatmap_shown, engine.book, engine.aggregation.row, engine.price_step)
    found |= measures_checks(engine.measures, engine.book)
    return found | standing_checks(engine.standing, rows, engine.book.price_decimals)


def _lots_are_those_traded(rows: pl.DataFrame, engine: Engine) -> bool:
    traded = engine.trade_bars.traded
    before, shown = engine.trade_bars.lots_before(rows["bucket"][0]), bars.lots_of(rows)
    return tuple(map(sum, zip(before, shown, strict=True))) == (traded.volume, *astuple(traded))


_ANY_START: Final = pl.max_horizontal("cvd_open", 0), pl.min_horizontal("cvd_open", 0)
"""Highest and lowest value that the CVD of an interval can start with: with a daily reset it may start at 0 again."""
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
