"""What trades cost, against fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.aggregate.costs import CostsOfBars, CostsOfTrades
from processor.core.aggregates.batches import Batches
from processor.core.events import ASK, BID, BUY, SELL
from processor.core.measures.costs import weighted_mean
from processor.settings import Aggregation
from tests.core.measures.measures_reference import measured
from tests.core.streams import (
    EDGE_SIZES,
    TRADE_SIZES,
    Trade,
    Update,
    book_streams,
    columns_of_book,
    columns_of_trades,
    trade_streams,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND_NS = 1_000_000_000
TAU_NS = 2 * SECOND_NS
PRICE, SIZE = Fraction(1, 10), Fraction(1, 100)


def tabled(
    kind: type[CostsOfBars | CostsOfTrades], trades: Sequence[Trade], updates: Sequence[Update], ends_ns: Sequence[int]
) -> list[dict[str, Any]]:
    aggregation = Aggregation(interval_ns=SECOND_NS)
    table = kind(aggregation, Fraction(1), TAU_NS)
    batches, parts = Batches(aggregation), []
    for after, until in pairwise([-1, *sorted(ends_ns), 2**62]):
        here = [trade for trade in trades if after < trade.time_ns <= until]
        there = [update for update in updates if after < update.time_ns <= until]
        parts.append(table.take(batches.of([columns_of_trades(here)], [columns_of_book(there)])))
    return pl.concat([*parts, table.end()]).to_dicts()


def costs_of(trades: Sequence[Trade], updates: Sequence[Update]) -> list[tuple[Trade, list[Fraction | None]]]:
    """Each trade of a known side with its effective and realised spread and its impact."""
    mids = {
        begin: mid
        for begin, row in measured([], updates, PRICE, SIZE, lambda time_ns: time_ns).items()
        if (mid := row.values.get("mid", [None])[-1]) is not None
    }
    end_ns = max(event[0] for event in (*trades, *updates)) if trades else 0
    found = []
    for trade in trades:
        if not trade.aggressor:
            continue
        before = [mids[time] for time in sorted(mids) if time < trade.time_ns]
        later = [mids[time] for time in sorted(mids) if time <= trade.time_ns + TAU_NS]
        costs: list[Fraction | None] = [None] * 3
        if before and before[-1]:
            m, p, d = before[-1], trade.price_ticks * PRICE, trade.aggressor
            costs[0] = 20_000 * d * (p - m) / abs(m)
            if trade.time_ns + TAU_NS <= end_ns:
                costs[1:] = [20_000 * d * (p - later[-1]) / abs(m), 20_000 * d * (later[-1] - m) / abs(m)]
        found.append((trade, costs))
    return found


def as_float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


ANY_TRADES = trade_streams(max_size=12, sizes=st.one_of(TRADE_SIZES, EDGE_SIZES))


@given(ANY_TRADES, book_streams(max_size=25), st.data())
def test_each_trade_costs_what_the_definition_says_whatever_the_batches(
    trades: list[Trade], updates: list[Update], data: st.DataObject
) -> None:
    times = [event[0] for event in (*trades, *updates)]
    ends_ns = data.draw(st.lists(st.sampled_from(times), max_size=4)) if times else []
    expected = costs_of(trades, updates)
    rows = tabled(CostsOfTrades, trades, updates, ends_ns)

    assert [(row["time_ns"], row["side"]) for row in rows] == [
        (trade.time_ns, "buy" if trade.aggressor == BUY else "sell") for trade, _ in expected
    ]
    for row, (_, costs) in zip(rows, expected, strict=True):
        assert [row["effective_bp"], row["realised_bp"], row["impact_bp"]] == [as_float(cost) for cost in costs]


@given(ANY_TRADES, book_streams(max_size=25))
def test_the_effective_spread_of_a_trade_is_its_realised_spread_and_its_impact(
    trades: list[Trade], updates: list[Update]
) -> None:
    for row in tabled(CostsOfTrades, trades, updates, ()):
        if row["realised_bp"] is not None:
            parts = row["realised_bp"], row["impact_bp"]
            assert row["effective_bp"] == pytest.approx(sum(parts), rel=1e-12, abs=1e-12 * max(map(abs, parts)))


@given(ANY_TRADES, book_streams(max_size=25), st.data())
def test_a_bar_costs_the_mean_of_its_trades_weighted_by_volume(
    trades: list[Trade], updates: list[Update], data: st.DataObject
) -> None:
    times = [event[0] for event in (*trades, *updates)]
    ends_ns = data.draw(st.lists(st.sampled_from(times), max_size=4)) if times else []
    bars: dict[int, list[tuple[Trade, list[Fraction | None]]]] = {}
    for trade, costs in costs_of(trades, updates):
        bars.setdefault(trade.time_ns // SECOND_NS * 1000, []).append((trade, costs))
    rows = tabled(CostsOfBars, trades, updates, ends_ns)

    assert [row["timestamp_ms"] for row in rows] == sorted(bars)
    for row in rows:
        here = bars[row["timestamp_ms"]]
        for number, (name, count, volume) in enumerate(
            [
                ("effective_bp", "trades", "volume"),
                ("realised_bp", "later_trades", "later_volume"),
                ("impact_bp", "later_trades", "later_volume"),
            ]
        ):
            known = [(trade.size_lots, costs[number]) for trade, costs in here if costs[number] is not None]
            lots = sum(size for size, _ in known)
            assert (row[count], row[volume]) == (len(known), float(lots * SIZE))
            mean = sum((size * cost for size, cost in known if cost is not None), Fraction(0)) / lots if lots else None
            assert row[name] == as_float(mean)


def test_a_mid_of_zero_has_no_basis_points() -> None:
    updates = [Update(0, BID, -1, 5), Update(0, ASK, 1, 5), Update(9 * SECOND_NS, BID, -1, 4)]
    (row,) = tabled(CostsOfTrades, [Trade(SECOND_NS, 1, 5, SELL)], updates, ())

    assert row["effective_bp"] is None
    assert row["realised_bp"] is None


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**6), st.integers(1, 2**63)), max_size=30))
def test_a_mean_of_quotients_is_the_nearest_float(parts: list[tuple[int, int, int]]) -> None:
    numerators, divisors, lots = ([part[column] for part in parts] for column in range(3))
    exact = sum((Fraction(n * each, divisor) for n, divisor, each in parts), Fraction(0))

    assert weighted_mean(numerators, divisors, lots) == (float(exact / sum(lots)) if parts else None)
