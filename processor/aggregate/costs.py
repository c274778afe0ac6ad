"""The tables of what trades cost: a row for each bar, and a row for each trade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import polars as pl

from processor.core.decimals import decimal_floats
from processor.core.intervals import labels_ms
from processor.core.measures.costs import TradeCosts, weighted_mean
from processor.units import NS_PER_SECOND

if TYPE_CHECKING:
    from fractions import Fraction

    from processor.core.aggregates.base import Batch
    from processor.core.measures.costs import Costs
    from processor.settings import Aggregation

TAU_NS: Final = 5 * NS_PER_SECOND
_NAMES: Final = ("effective_bp", "realised_bp", "impact_bp")
_TRADES_SCHEMA: Final[dict[str, Any]] = {
    "time_ns": pl.Int64,
    "side": pl.String,
    **dict.fromkeys(("price", "volume", "mid", "mid_later", *_NAMES), pl.Float64),
}
_BARS_SCHEMA: Final[dict[str, Any]] = {
    "timestamp_ms": pl.Int64,
    "trades": pl.Int64,
    "volume": pl.Float64,
    "effective_bp": pl.Float64,
    "later_trades": pl.Int64,
    "later_volume": pl.Float64,
    "realised_bp": pl.Float64,
    "impact_bp": pl.Float64,
}


class CostsOfTrades:
    """A row for each trade of a known side: see BookTable."""

    name: ClassVar = "trade_costs"
    counted: ClassVar = "trades of a known side"
    time: ClassVar = "time_ns"
    has_rows_of_price: ClassVar = False

    def __init__(self, aggregation: Aggregation, height: Fraction, tau_ns: int = TAU_NS) -> None:  # noqa: ARG002 - of BookTable
        self._costs = TradeCosts(tau_ns)

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        return _trades_frame(self._costs.take(batch))

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        return _trades_frame(self._costs.end())


class CostsOfBars:
    """A row for each bar with a trade of a known side: see BookTable."""

    name: ClassVar = "costs"
    counted: ClassVar = "bars"
    time: ClassVar = "timestamp_ms"
    has_rows_of_price: ClassVar = False

    def __init__(self, aggregation: Aggregation, height: Fraction, tau_ns: int = TAU_NS) -> None:  # noqa: ARG002 - of BookTable
        self._interval_ns = aggregation.interval_ns
        self._costs = TradeCosts(tau_ns)
        self._held: list[Costs] = []

    def take(self, batch: Batch) -> pl.DataFrame:
        """See BookTable."""
        found = self._costs.take(batch)
        if found is None:
            return pl.DataFrame(schema=_BARS_SCHEMA)
        self._held.append(found)
        waiting = self._costs.first_waiting
        return self._bars(int(found.bucket[-1]) if waiting is None else waiting)

    def end(self) -> pl.DataFrame:
        """See BookTable."""
        if (found := self._costs.end()) is not None:
            self._held.append(found)
        return self._bars(None)

    def _bars(self, before: int | None) -> pl.DataFrame:
        """The bars before the one of that name, None for all; the others are still held."""
        rows, held = [], []
        by_bar: dict[int, list[tuple[Costs, slice]]] = {}
        for each in self._held:
            starts = np.flatnonzero(np.diff(each.bucket, prepend=each.bucket[:1] - 1)).tolist()
            for start, end in zip(starts, [*starts[1:], len(each.bucket)], strict=True):
                by_bar.setdefault(int(each.bucket[start]), []).append((each, slice(start, end)))
            if before is not None and each.bucket[-1] >= before:
                held.append(_since(each, before))
        for bucket, parts in by_bar.items():
            if before is None or bucket < before:
                rows.append(self._bar(bucket, parts))
        self._held = held
        return pl.DataFrame(rows, schema=_BARS_SCHEMA, orient="row")

    def _bar(self, bucket: int, parts: list[tuple[Costs, slice]]) -> tuple[object, ...]:
        decimals = max(costs.trades.size_decimals for costs, _ in parts)
        known: list[tuple[int, int, int]] = []
        later: list[tuple[int, int, int, int]] = []
        for costs, where in parts:
            effective, realised, impact = (column[where].tolist() for column in costs.numerators())
            finer = 10 ** (decimals - costs.trades.size_decimals)
            lots = [each * finer for each in costs.trades.size_lots[where].tolist()]
            sums = costs.sums[where].tolist()
            counts = zip(costs.known[where].tolist(), costs.later_known[where].tolist(), strict=True)
            for row, (is_known, is_later) in enumerate(counts):
                if is_known:
                    known.append((effective[row], sums[row], lots[row]))
                if is_later:
                    later.append((realised[row], impact[row], sums[row], lots[row]))
        effective_parts, divisors, volumes = _columns(known, 3)
        realised_parts, impact_parts, later_divisors, later_volumes = _columns(later, 4)
        return (
            int(labels_ms(np.array([bucket]), self._interval_ns)[0]),
            len(known),
            sum(volumes) / 10**decimals,
            weighted_mean(effective_parts, divisors, volumes),
            len(later),
            sum(later_volumes) / 10**decimals,
            weighted_mean(realised_parts, later_divisors, later_volumes),
            weighted_mean(impact_parts, later_divisors, later_volumes),
        )


def _columns(rows: list[tuple[int, ...]] | list[Any], count: int) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def _since(costs: Costs, bucket: int) -> Costs:
    first = int(np.searchsorted(costs.bucket, bucket))
    where = slice(first, None)
    return type(costs)(
        costs.trades.rows(where),
        costs.bucket[where],
        costs.sums[where],
        costs.later_sums[where],
        costs.known[where],
        costs.later_known[where],
    )


def _trades_frame(costs: Costs | None) -> pl.DataFrame:
    if costs is None:
        return pl.DataFrame(schema=_TRADES_SCHEMA)
    trades = costs.trades
    divisors = np.abs(costs.sums).tolist()
    columns = zip(costs.numerators(), (costs.known, costs.later_known, costs.later_known), strict=True)
    quotients = [
        [
            part / whole if is_known else None
            for part, whole, is_known in zip(parts.tolist(), divisors, there, strict=True)
        ]
        for parts, there in columns
    ]
    mids = [
        [
            each / (2 * 10**trades.price_decimals) if is_known else None
            for each, is_known in zip(sums, there, strict=True)
        ]
        for sums, there in ((costs.sums.tolist(), costs.known), (costs.later_sums.tolist(), costs.later_known))
    ]
    columns_of_table = {
        "time_ns": trades.time_ns,
        "side": np.where(trades.aggressor > 0, "buy", "sell"),
        "price": decimal_floats(trades.price_ticks, trades.price_decimals),
        "volume": decimal_floats(trades.size_lots, trades.size_decimals),
        "mid": mids[0],
        "mid_later": mids[1],
        **dict(zip(_NAMES, quotients, strict=True)),
    }
    return pl.DataFrame(columns_of_table, schema=_TRADES_SCHEMA)
