"""The engine against the slow reference, on arbitrary streams in arbitrary batches."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.core.aggregates import bars
from processor.core.decimals import decimal_floats
from processor.core.engine import OBI, Engine, checks
from processor.core.intervals import WEEK_NS, start_of
from processor.settings import Aggregation
from processor.units import NS_PER_DAY, NS_PER_MS
from tests import reference
from tests.core.streams import (
    EDGE_SIZES,
    Trade,
    Update,
    aggregations,
    book_streams,
    columns_of_book,
    columns_of_trades,
    cuts,
    trade_streams,
)

SECOND_NS = 1_000_000_000
PRICE_DECIMALS, SIZE_DECIMALS = 1, 2

ANY_AGGREGATION = aggregations(
    intervals_ns=[SECOND_NS, 60 * SECOND_NS, 420 * SECOND_NS, NS_PER_DAY, 3 * NS_PER_DAY, WEEK_NS],
    obi_levels=[0, 1, 3, 10],
)


EITHER_MARKET = (
    st.one_of(trade_streams(), trade_streams(sizes=EDGE_SIZES)),
    st.one_of(book_streams(), book_streams(sizes=st.one_of(st.just(0), EDGE_SIZES))),
)


def moments_of(trades: list[Trade], book: list[Update]) -> list[int]:
    """The distinct times of both streams."""
    return sorted({trade.time_ns for trade in trades} | {update.time_ns for update in book})


def fed(engine: Engine, trades: list[Trade], book: list[Update], moments: list[int]) -> Engine:
    """The engine after both streams, cut at the same moments in time."""
    for after_ns, until_ns in pairwise(moments):
        engine.advance(
            [columns_of_trades([t for t in trades if after_ns < t.time_ns <= until_ns], PRICE_DECIMALS, SIZE_DECIMALS)],
            [columns_of_book([u for u in book if after_ns < u.time_ns <= until_ns], PRICE_DECIMALS, SIZE_DECIMALS)],
        )
    return engine


def expected(trades: list[Trade], book: list[Update], aggregation: Aggregation) -> reference.Reference:
    def price(ticks: int) -> Decimal:
        return Decimal(ticks).scaleb(-PRICE_DECIMALS)

    def size(lots: int) -> Decimal:
        return Decimal(lots).scaleb(-SIZE_DECIMALS)

    activity = aggregation.activity
    return reference.aggregate(
        [reference.Trade(t.time_ns, price(t.price_ticks), size(t.size_lots), t.aggressor) for t in trades],
        [reference.BookEvent(u.time_ns, u.side, price(u.price_ticks), size(u.size_lots)) for u in book],
        interval_ns=aggregation.interval_ns,
        obi_levels=aggregation.obi_levels,
        cvd_reset=aggregation.cvd_reset,
        session_ns=aggregation.session_ns,
        activity=None if activity is None else (activity.unit, activity.limit),
    )


def as_rows(rows: pl.DataFrame, aggregation: Aggregation) -> list[tuple[Any, ...]]:
    def price(ticks: int | None) -> Decimal | None:
        return None if ticks is None else Decimal(ticks).scaleb(-PRICE_DECIMALS)

    return [
        (
            row["bucket"] * NS_PER_MS if aggregation.activity else start_of(row["bucket"], aggregation.interval_ns),
            *(price(row[name]) for name in bars.PRICES),
            *(Decimal(row[name]).scaleb(-SIZE_DECIMALS) for name in (*bars.LOTS, *bars.CVD)),
            row["trades"],
            *(price(row[name]) for name in ("best_bid", "best_ask")),
        )
        for row in rows.iter_rows(named=True)
    ]


def reference_rows(found: reference.Reference) -> list[tuple[Any, ...]]:
    zero = Decimal(0)
    rows: list[tuple[Any, ...]] = []
    for row in found.intervals:
        bar, cvd = row.bar, row.cvd
        prices = (bar.open, bar.high, bar.low, bar.close) if bar else (None,) * 4
        lots = (bar.volume, bar.buy_volume, bar.sell_volume, bar.unknown_volume) if bar else (zero,) * 4
        rows.append(
            (
                row.start_ns,
                *prices,
                *lots,
                *(cvd.open, cvd.high, cvd.low, cvd.close),
                bar.trades if bar else 0,
                row.best_bid,
                row.best_ask,
            )
        )
    return rows


@given(*EITHER_MARKET, ANY_AGGREGATION, st.data())
def test_every_number_is_that_of_the_reference_whatever_the_batches(
    trades: list[Trade], book: list[Update], aggregation: Aggregation, data: st.DataObject
) -> None:
    times = moments_of(trades, book)
    places = data.draw(cuts(len(times)))
    moments = [-1, *(times[place - 1] for place in places if place), *times[-1:]]
    found = fed(Engine(aggregation), trades, book, moments)
    wanted = expected(trades, book, aggregation)

    rows = found.rows()
    assert as_rows(rows, aggregation) == reference_rows(wanted)
    assert rows.select(OBI).rows() == [
        (row.obi.open, row.obi.high, row.obi.low, row.obi.close) for row in wanted.intervals
    ]
    assert found.book.samples == wanted.samples
    assert found.trades == len(trades)
    for (prices, sizes), levels in zip(found.book.levels(1000), (wanted.bids, wanted.asks), strict=True):
        assert [
            (Decimal(ticks).scaleb(-PRICE_DECIMALS), Decimal(lots).scaleb(-SIZE_DECIMALS))
            for ticks, lots in zip(prices.tolist(), sizes.tolist(), strict=True)
        ] == levels


@given(*EITHER_MARKET, ANY_AGGREGATION, st.sampled_from([None, 1, 3]))
def test_the_cross_checks_hold_for_every_stream(
    trades: list[Trade], book: list[Update], aggregation: Aggregation, keep: int | None
) -> None:
    engine = fed(Engine(aggregation, keep=keep), trades, book, [-1, *moments_of(trades, book)])

    assert False not in checks(engine.rows(), engine).values()


@given(trade_streams(), book_streams(), ANY_AGGREGATION, st.integers(1, 5))
def test_an_engine_that_keeps_few_rows_ends_with_the_rows_of_one_that_keeps_all(
    trades: list[Trade], book: list[Update], aggregation: Aggregation, keep: int
) -> None:
    moments = [-1, *moments_of(trades, book)]
    every, few = (fed(Engine(aggregation, keep=kept), trades, book, moments) for kept in (None, keep))

    assert few.rows().equals(every.rows().tail(keep))
    assert few.trade_bars.rows().tail(keep).equals(every.trade_bars.rows().tail(keep))


@given(trade_streams(), st.integers(1, 4), st.integers(1, 4))
def test_trades_that_need_more_decimals_later_change_no_value(
    trades: list[Trade], price_growth: int, size_growth: int
) -> None:
    half = len(trades) // 2
    fine = [
        trade._replace(
            price_ticks=trade.price_ticks * 10**price_growth + 1, size_lots=trade.size_lots * 10**size_growth + 1
        )
        for trade in trades[half:]
    ]
    coarse_as_fine = [
        trade._replace(price_ticks=trade.price_ticks * 10**price_growth, size_lots=trade.size_lots * 10**size_growth)
        for trade in trades[:half]
    ]
    scale = (1 + price_growth, 2 + size_growth)
    grown, known = (Engine(Aggregation(interval_ns=SECOND_NS)) for _ in range(2))
    grown.advance([columns_of_trades(trades[:half])], [])
    grown.advance([columns_of_trades(fine, *scale)], [])
    known.advance([columns_of_trades([*coarse_as_fine, *fine], *scale)], [])

    if fine:
        assert grown.rows().equals(known.rows())


def test_a_wrong_row_fails_its_check() -> None:
    trades = [Trade(0, 5, 10, 1), Trade(1, 6, 4, -1), Trade(SECOND_NS, 4, 3, 0)]
    book = [Update(0, 0, 5, 1)]
    aggregation = Aggregation(interval_ns=SECOND_NS)
    engine = fed(Engine(aggregation), trades, book, [-1, 2**62])
    rows = engine.rows()
    wrong = {
        "volume_is_buy_sell_unknown": rows.with_columns(volume=pl.col("volume") + 1),
        "cvd_step_is_buy_minus_sell": rows.with_columns(buy_volume=pl.col("buy_volume") + 1),
        "high_is_highest": rows.with_columns(high=rows["low"] - 1),
        "low_is_lowest": rows.with_columns(low=rows["high"] + 1),
        "obi_within_one": rows.with_columns(obi_high=rows["obi_high"] + 1),
        "times_increase": rows.with_columns(bucket=-rows["bucket"]),
    }

    assert False not in checks(rows, engine).values()
    for name, bad in wrong.items():
        assert checks(bad, engine)[name] is False, name


def test_without_rows_there_is_nothing_to_check() -> None:
    engine = Engine(Aggregation())
    assert set(checks(engine.rows(), engine).values()) == {None}


@pytest.mark.parametrize(
    ("value", "decimals", "expected_float"),
    [
        (6183763, 2, 61837.63),
        (1, 8, 1e-8),
        (437_91552, 5, 437.91552),
        (2**62 + 1, 9, 4611686018.427387905),
        (-5, 1, -0.5),
    ],
)
def test_the_decimal_that_comes_out_is_the_one_that_went_in(value: int, decimals: int, expected_float: float) -> None:
    assert decimal_floats(np.array([value]), decimals).tolist() == [expected_float]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.integers(0, 40))
def test_a_published_number_is_the_nearest_to_its_decimal(values: list[int], decimals: int) -> None:
    found = decimal_floats(np.array(values, np.int64), decimals)
    assert found.tolist() == [float(Fraction(value, 10**decimals)) for value in values]


@given(st.lists(st.one_of(st.integers(-9, 9), st.integers(-(2**126), 2**126))), st.integers(0, 40))
def test_so_is_one_that_has_no_room_in_64_bits(values: list[int], decimals: int) -> None:
    found = decimal_floats(pl.Series(values, dtype=pl.Int128), decimals)
    assert found.tolist() == [float(Fraction(value, 10**decimals)) for value in values]
